"""Documents are PDF/A-2a as veraPDF sees it: before any signature, after one, after both, whatever is in them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from services.contract.adapters.papers.typeset import typeset
from tests.support.brokers import PROJECT, lacking
from tests.unit.contract.paper_makers import draft, facts, half_signed, signed
from tests.unit.contract.test_papers import HOSTILE

VERAPDF = PROJECT / "tests" / "support" / "verapdf"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetched once, beside the jars of Apache Kafka."""
    for tool in ("javac", "mvn"):
        if shutil.which(tool) is None:
            lacking(f"veraPDF needs {tool}")
    library = Path(os.environ.get("ZAYTON_VERAPDF_LIB") or PROJECT / ".zayton" / "verapdf" / "lib")
    if not library.exists():
        folder = tmp_path_factory.mktemp("verapdf")
        pom = shutil.copy(VERAPDF / "pom.xml", folder)
        command = ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'lib'}"]
        subprocess.run(command, check=True, capture_output=True)
        library.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder / "lib", library, dirs_exist_ok=True)
    return library


@pytest.mark.slow
def test_documents_conform(library: Path, tmp_path: Path) -> None:
    free = {"fixed_fee": None, "royalty_basis_points": 0, "minimum_annual_royalty": None, "other_terms": ""}
    documents = {
        "draft": draft(),
        "signed once": half_signed(),
        "signed twice": signed(),
        "short": typeset(facts(terms=free, broker=None)),
        "long": typeset(facts(terms={"other_terms": "双方同意如下。All of it. " * 800})),
        "hostile": typeset(facts(terms={"other_terms": "\n".join(HOSTILE)}, right={"title": HOSTILE[5]})),
    }
    for name, content in documents.items():
        (tmp_path / f"{name}.pdf").write_bytes(content)
    command = ["java", "-cp", f"{library}/*", VERAPDF / "Validate.java", *sorted(tmp_path.iterdir())]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    said = [line.removeprefix(f"{tmp_path}/") for line in result.stdout.splitlines()]
    assert said == sorted(f"{name}.pdf 2a compliant" for name in documents)

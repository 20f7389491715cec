"""What is derived from the contract is up to date, and a change that breaks the contract does not pass unseen."""

import shutil
from pathlib import Path

import generate
import pytest
from generate import PROTO


def test_nothing_derived_is_out_of_date() -> None:
    assert generate.drift() == [], "run: python proto/generate.py"


def test_drift_is_seen(contract: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "PROTO", contract / "proto")
    (contract / "proto/asyncapi.yaml").write_text("asyncapi: 2.0.0\n")
    (contract / "proto/zayton/common/v1/types_pb2.py").unlink()
    (contract / "proto/zayton/common/v1/old_pb2.py").write_text("")
    (contract / "proto/examples/listing.imports.v1/ImportFinished.base64").unlink()

    assert generate.drift() == [
        "asyncapi.yaml is out of date",
        "examples/listing.imports.v1/ImportFinished.base64 is missing",
        "zayton/common/v1/old_pb2.py belongs to no .proto",
        "zayton/common/v1/types_pb2.py is missing",
    ]


def test_the_contract_is_in_good_style() -> None:
    assert generate.lint() == ""


def test_the_contract_breaks_nothing_released() -> None:
    assert generate.breaking() == ""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A copy of the contract that may be spoilt."""
    shutil.copytree(PROTO, tmp_path / "proto", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROTO.parent / "buf.yaml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("released", "changed", "said"),
    [
        ("  string message = 2;\n", "", 'Previously present field "2" with name "message"'),
        ("  string message = 2;", "  int64 message = 2;", "changed type"),
        ("DEAL_STATE_SIGNED = 10", "DEAL_STATE_SIGNATURE = 10", "DEAL_STATE_SIGNED"),
        ("message DealClosed ", "message DealIsClosed ", "DealClosed"),
    ],
    ids=["field removed", "type changed", "enum value renamed", "message renamed"],
)
def test_a_breaking_change_is_refused_with_advice(contract: Path, released: str, changed: str, said: str) -> None:
    source = contract / "proto/zayton/contract/v1/events.proto"
    text = source.read_text(encoding="utf-8")
    assert released in text
    source.write_text(text.replace(released, changed), encoding="utf-8")

    found = generate.breaking(contract)

    assert said in found
    assert "package v2" in found


def test_an_addition_breaks_nothing(contract: Path) -> None:
    source = contract / "proto/zayton/contract/v1/events.proto"
    addition = "message DealRated {\n  Deal deal = 1;\n  int32 stars = 2;\n}\n"
    source.write_text(source.read_text(encoding="utf-8") + addition, encoding="utf-8")

    assert generate.breaking(contract) == ""

"""Schemas of others, fetched by the package managers that keep them, and never copied into the project.

What was fetched once stays in the manager's own cache. Where the manager or the network is missing, tests are skipped,
or fail where everything is asked for.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.support.brokers import PROJECT, lacking

STRIMZI = "1.2.0"
OLDEST_JAVA = 21  # for Strimzi's generator
STRIMZI_KINDS = {
    "Kafka": "io.strimzi.api.kafka.model.kafka.Kafka",
    "KafkaTopic": "io.strimzi.api.kafka.model.topic.KafkaTopic",
    "KafkaNodePool": "io.strimzi.api.kafka.model.nodepool.KafkaNodePool",
}
POM = f"""
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>zayton</groupId><artifactId>schemas</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>io.strimzi</groupId><artifactId>crd-generator</artifactId><version>{STRIMZI}</version></dependency>
    <dependency><groupId>io.strimzi</groupId><artifactId>api</artifactId><version>{STRIMZI}</version></dependency>
  </dependencies>
</project>
"""


@cache
def go_module(path: str, version: str) -> Path:
    """The folder of a Go module, as its proxy has it."""
    go = shutil.which("go")
    if go is None:
        lacking(f"{path} has a schema that is wanted here; it comes by Go (Debian: apt install golang-go).")
    # Only files are wanted: whether this Go could build them is no matter.
    command = [str(go), "mod", "download", "-json", f"{path}@{version}"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd="/", env={**os.environ, "GOFLAGS": "-mod=mod"}, check=False
    )
    told = json.loads(done.stdout or "{}")
    if "Dir" not in told:
        lacking(f"Go could not fetch {path} {version}: {told.get('Error') or done.stderr}")
    return Path(told["Dir"])


@cache
def strimzi_crds() -> Path:
    """A folder with the CRDs of Strimzi, written by its own generator from its own classes."""
    folder = PROJECT / ".zayton" / f"strimzi-{STRIMZI}"
    if not all((folder / f"{kind}.yaml").exists() for kind in STRIMZI_KINDS):
        _generate(folder)
    return folder


def _generate(folder: Path) -> None:
    java, mvn = _java(), shutil.which("mvn")
    if java is None or mvn is None:
        lacking(f"Strimzi's schemas need Maven and Java {OLDEST_JAVA} or newer.")
    with tempfile.TemporaryDirectory() as scratch:
        pom = Path(scratch) / "pom.xml"
        pom.write_text(POM, encoding="utf-8")
        copy = [
            str(mvn),
            "-q",
            "-B",
            "-f",
            str(pom),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={scratch}/lib",
        ]
        fetched = subprocess.run(copy, capture_output=True, text=True, check=False)
        if fetched.returncode != 0:
            lacking(f"Maven could not fetch Strimzi {STRIMZI}: {fetched.stdout[-500:]}")
        folder.mkdir(parents=True, exist_ok=True)
        classes = [f"{name}={folder / kind}.yaml" for kind, name in STRIMZI_KINDS.items()]
        generate = [str(java), "-cp", f"{scratch}/lib/*", "io.strimzi.crdgenerator.CrdGenerator", "--yaml", *classes]
        subprocess.run(generate, check=True, capture_output=True)


def _java() -> Path | None:
    """A Java that is new enough: of the path, or of those that lie beside each other where Linux keeps them."""
    on_path = shutil.which("java")
    for java in [*([Path(on_path)] if on_path else []), *sorted(Path("/usr/lib/jvm").glob("*/bin/java"))]:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
        version = re.search(r'version "(\d+)', told)
        if version and int(version.group(1)) >= OLDEST_JAVA:
            return java
    return None

"""asyncapi.yaml against the official JSON Schema, which is an npm package (@asyncapi/specs) and not ours to copy."""

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from generate import PROTO

from tests.support.brokers import lacking

SPECS = "@asyncapi/specs@6.11.1"


@pytest.fixture
def official_schema(tmp_path: Path) -> Any:
    npm = shutil.which("npm")
    if npm is None:
        lacking("npm is not installed, so the official AsyncAPI schema cannot be had")
    command = [npm, "pack", SPECS, "--prefer-offline", "--pack-destination", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    if run.returncode != 0:
        lacking(f"npm could not fetch {SPECS}: {run.stderr[-300:]}")
    with tarfile.open(next(tmp_path.glob("*.tgz"))) as package:
        schema = package.extractfile("package/schemas/3.0.0-without-$id.json")
        assert schema is not None
        return json.load(schema)


def test_asyncapi_keeps_the_official_schema(official_schema: Any) -> None:
    document = yaml.safe_load((PROTO / "asyncapi.yaml").read_text(encoding="utf-8"))
    validator = jsonschema_rs.validator_for(official_schema)

    faults = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(document)]

    assert faults == []
    assert not validator.is_valid(document | {"channels": {"x": {"address": 1}}})

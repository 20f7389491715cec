"""Schemas of others, fetched by the package managers that keep them, and never copied into the project.

What was fetched once stays in the manager's own cache. Where the manager or the network is missing, tests are skipped,
or fail where everything is asked for.
"""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.support.brokers import lacking


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

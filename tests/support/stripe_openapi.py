"""Stripe's published OpenAPI, and stripe-mock, which checks requests against it: both from the Go module proxy."""

import asyncio
import functools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs

from deploy.local.child import free_port
from tests.support.brokers import lacking

MODULE = "github.com/stripe/stripe-mock@v0.203.0"


@functools.cache
def module() -> Path:
    """The folder of the module's source, which has the specification in it. Skips where Go is missing."""
    if shutil.which("go") is None:
        lacking("Go is not installed, which brings Stripe's specification and stripe-mock")
    found = subprocess.run(["go", "mod", "download", "-json", MODULE], capture_output=True, text=True, check=False)
    if found.returncode:
        lacking(f"the Go module proxy does not answer: {found.stderr[-200:]}")
    return Path(json.loads(found.stdout)["Dir"])


@functools.cache
def specification() -> dict[str, Any]:
    loaded = json.loads((module() / "embedded" / "openapi" / "spec3.json").read_text(encoding="utf-8"))
    return dict(loaded)


@functools.cache
def validator(schema: str) -> jsonschema_rs.Validator:
    """Checks an answer against a schema of the specification."""
    components = _as_json_schema(specification()["components"])
    root = {"$ref": f"#/components/schemas/{schema}", "components": components}
    return jsonschema_rs.Draft7Validator(root)


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema says that null is one of the types."""
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _as_json_schema(value) for name, value in node.items() if name not in {"nullable", "discriminator"}}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


@asynccontextmanager
async def stripe_mock() -> AsyncIterator[httpx.AsyncClient]:
    """stripe-mock on a free port, stopped at the end of the block."""
    module()  # skips where it cannot be had
    with tempfile.TemporaryDirectory(prefix="zayton-stripe-mock-") as folder:
        binary = shutil.which("stripe-mock") or await asyncio.to_thread(_build, Path(folder))
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            binary, "-http-addr", f"127.0.0.1:{port}", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        headers = {"authorization": "Bearer sk_test_123"}
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
                await _until_it_answers(client)
                yield client
        finally:
            process.terminate()
            await process.wait()


def _build(folder: Path) -> str:
    environment = {**os.environ, "GOBIN": str(folder)}
    subprocess.run(["go", "install", MODULE], env=environment, check=True, capture_output=True)
    return str(folder / "stripe-mock")


async def _until_it_answers(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await client.get("/v1/charges")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return

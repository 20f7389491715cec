"""The one OpenAPI document told the truth about, by requests made from it: no 5xx, and answers as described."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.halls import HallProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Signing out would end the test's own session; the stream does not end by itself.
LEFT_OUT = {"DELETE /api/v1/sessions/current", "GET /api/v1/stream"}
EXAMPLES = 12
PASSWORD = "correct horse battery staple"


@schemathesis.serializer("application/x-ndjson")
def as_lines(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HallProcess]:
    hall = HallProcess(tmp_path_factory.mktemp("openapi") / "home")
    hall.start()
    yield hall
    hall.stop()


def signed_in(hall: HallProcess, kind: str) -> dict[str, str]:
    email = f"{kind}@example.org"
    admin = {"name": "Lin", "email": email, "password": PASSWORD, "language": "en"}
    with httpx.Client(base_url=f"{hall.url}/api/v1", timeout=30) as client:
        client.post("/organisations", json={"name": kind, "kind": kind, "admin": admin}).raise_for_status()
        session = client.post("/sessions", json={"email": email, "password": PASSWORD}).raise_for_status().json()
    return {"Authorization": f"Bearer {session['access_token']}"}


def faults_of(operation: Any, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    """How often an operation was asked, and by status what was wrong with its answers."""
    asked = 0
    faults: dict[str, str] = {}

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        nonlocal asked
        case.headers.pop("X-API-Key", None)
        response = case.call(headers=headers, timeout=30)
        asked += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except (AssertionError, FailureGroup) as fault:
            faults.setdefault(f"{operation.label} {response.status_code}", f"{fault}\n{case.as_curl_command()}"[:1_500])

    ask()
    return asked, faults


@pytest.mark.parametrize("kind", ["university", "company", None])
def test_every_operation_answers_as_it_is_described(hall: HallProcess, kind: str | None) -> None:
    headers = signed_in(hall, kind) if kind else {}
    schema = schemathesis.openapi.from_url(f"{hall.url}/api/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    results = [faults_of(operation, headers) for operation in operations if operation.label not in LEFT_OUT]
    faults = {where: what for _, found in results for where, what in found.items()}
    assert not faults, "\n\n".join(f"{where}: {what}" for where, what in faults.items())
    assert len(results) >= 40
    assert all(asked for asked, _ in results)

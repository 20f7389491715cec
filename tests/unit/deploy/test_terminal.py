"""Where commands find their hall: the one that runs on this folder, or the one that the settings lead to."""

from pathlib import Path

import pytest

from deploy.local.terminal import running

ELSEWHERE = {
    "DATABASE_URL": "postgresql://zayton@postgres-rw/zayton",
    "KAFKA_BOOTSTRAP_SERVERS": "hall-kafka-bootstrap:9092",
    "ZAYTON_PUBLIC_URL": "https://hall.example.org",
    "ZAYTON_JWKS_URL": "http://gateway-api:8000/.well-known/jwks.json",
}


@pytest.fixture(autouse=True)
def _no_hall_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAYTON_HOME", str(tmp_path))
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)


def test_in_a_container_commands_find_the_servers_of_the_settings_and_the_gateway_from_inside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    found = running()
    assert found.base_url == "http://gateway-api:8000"
    assert found.database_url == ELSEWHERE["DATABASE_URL"]
    assert found.kafka == ELSEWHERE["KAFKA_BOOTSTRAP_SERVERS"]


def test_one_server_alone_is_no_hall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE["DATABASE_URL"])
    with pytest.raises(SystemExit, match=r"No hall runs on .* KAFKA_BOOTSTRAP_SERVERS"):
        running()

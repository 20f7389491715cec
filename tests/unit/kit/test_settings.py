import pytest
from pydantic import ValidationError

from services.kit.settings import Settings


def test_every_setting_is_documented() -> None:
    undocumented = [
        name
        for name, field in Settings.model_fields.items()
        if not field.description and name not in {"log_level", "log_format"}
    ]
    assert undocumented == []


def test_production_without_a_secret_does_not_start() -> None:
    with pytest.raises(ValidationError, match="ZAYTON_SECRET_KEY is needed in production"):
        Settings(environment="production")


def test_the_inbox_must_remember_longer_than_the_outbox_can_replay() -> None:
    with pytest.raises(ValidationError, match="must exceed"):
        Settings(outbox_retention_days=30, inbox_retention_days=30)


@pytest.mark.parametrize("name", ["DATABASE_URL", "ZAYTON_DATABASE_URL"])
def test_shared_names_work_with_and_without_the_prefix(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "postgresql://elsewhere/zayton")
    assert Settings().database_url.get_secret_value() == "postgresql://elsewhere/zayton"


def test_a_secret_does_not_show_itself() -> None:
    assert "hunter2" not in repr(Settings(database_url="postgresql://u:hunter2@h/d", secret_key="hunter2"))

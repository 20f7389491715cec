"""What docs/operations.md tells somebody at night exists: commands, settings, files, figures of retention."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from deploy.local.cli import app
from deploy.local.databases import DatabaseSettings
from deploy.process import Upstreams
from gateway.settings import GatewaySettings
from services.kit.settings import Settings

PROJECT = Path(__file__).parents[3]
PAGE = PROJECT / "docs" / "operations.md"
TEXT = PAGE.read_text(encoding="utf-8").partition("\n## Alerts")[0]


def commands() -> dict[str, Any]:
    """Commands by what one types."""
    root: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for name, command in root.commands.items():
        found[name] = command
        found |= {f"{name} {inner}": each for inner, each in getattr(command, "commands", {}).items()}
    return found


def test_commands_and_options_exist() -> None:
    known = commands()
    for code in re.findall(r"`zayton ([^`]+)`", TEXT):
        words = [word for word in code.split() if word.islower() and not word.startswith("-")]
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
        assert name in known, code
        options = {name for parameter in known[name].params for name in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", code)) <= options, code


def test_every_command_is_on_the_page() -> None:
    others = {"demo", "import"}  # for users, not for whoever looks after the hall
    told = set(re.findall(r"[a-z-]+", TEXT))
    missing = {word for name in commands() if name.partition(" ")[0] not in others for word in name.split()} - told
    # Commands of parts that have pages of their own are told there.
    assert missing <= {"search", "rebuild", "verify"}


def test_settings_exist() -> None:
    known = {
        f"ZAYTON_{name.upper()}"
        for settings in (Settings, GatewaySettings, DatabaseSettings, Upstreams)
        for name in settings.model_fields
    }
    named = set(re.findall(r"ZAYTON_[A-Z_]+", TEXT)) - {"ZAYTON_HOME", "ZAYTON_PORT"}
    assert named <= known


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("outbox_retention_days", "7 days"),
        ("inbox_retention_days", "30 days"),
        ("dead_letter_retention_days", "90 days"),
        ("idempotency_retention_hours", "48 hours"),
        ("stream_retention_hours", "72 hours"),
    ],
)
def test_retention_is_as_told(setting: str, told: str) -> None:
    (row,) = [line for line in TEXT.splitlines() if f"`ZAYTON_{setting.upper()}`" in line and line.startswith("|")]
    assert told in row
    assert str(GatewaySettings.model_fields[setting].default) == told.partition(" ")[0]


def test_pages_it_points_to_are_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (PAGE.parent / link).exists(), link

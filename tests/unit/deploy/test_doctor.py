"""The doctor on what needs no server: each fault is made, and found with its cure in both languages."""

import inspect
import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.local.doctor import Finding, Level, database, machine, outside
from deploy.local.doctor.findings import TEXTS
from deploy.local.home import Home
from services.kit.messages import LANGUAGES

DAY_S = 86_400


def slugs(findings: list[Finding]) -> dict[str, Level]:
    return {each.slug: each.level for each in findings}


def test_every_finding_has_its_texts_and_every_fault_a_cure() -> None:
    orders = sys.modules["deploy.local.doctor.examine"]  # the package exports its function by the same name
    code = "".join(inspect.getsource(module) for module in (machine, database, outside, orders))
    said = set(re.findall(r'\b(ok|warn|fail)\(\s*f?[\w".{}]+,\s*"([a-z-]+)"', code))
    said |= {("fail", f"{part}-away") for part in ("search", "accounts")}
    said |= {("ok", f"{part}-fine") for part in ("search", "accounts")}
    said |= {("fail", "schema-behind"), ("fail", "schema-newer")}
    known = {key.partition(".")[0] for key in TEXTS}
    assert {slug for _, slug in said} == known
    without_cure = {slug for level, slug in said if level != "ok" and f"{slug}.cure" not in TEXTS}
    assert without_cure == set()


@pytest.mark.parametrize(
    ("environment", "slug", "level"),
    [
        ({}, "settings-fine", "ok"),
        ({"ZAYTON_POOL_SIZE": "0"}, "settings-invalid", "fail"),
        ({"ZAYTON_ENVIRONMENT": "production"}, "settings-invalid", "fail"),
        ({"ZAYTON_TRUSTED_PROXIES": '["proxy"]'}, "settings-invalid", "fail"),
        ({"ZAYTON_SECRET_KEY": "short"}, "secret-short", "fail"),
        ({"ZAYTON_SECRET_KEY_OLD": "x" * 32}, "secret-old-set", "warn"),
        ({"ZAYTON_ENVIRONMENT": "production", "ZAYTON_SECRET_KEY": "x" * 32}, "public-url-plain", "fail"),
        ({"ZAYTON_ENVIRONMENT": "production", "ZAYTON_SECRET_KEY": "x" * 32}, "no-proxies", "warn"),
    ],
)
def test_settings(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], slug: str, level: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _, findings = machine.settings()
    assert slugs(findings)[slug] == level
    for each in findings:
        for language in LANGUAGES:
            assert each.what(language)
            assert bool(each.cure(language)) == (each.level != "ok")
    assert "x" * 32 not in "".join(each.what("en") + each.cure("en") for each in findings)


@pytest.mark.parametrize(("free", "slug"), [(10**11, "disk-fine"), (10**9, "disk-filling"), (10**8, "disk-full")])
def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, slug: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))
    assert machine.room(Home(tmp_path / "not" / "there" / "yet")).slug == slug


def test_who_may_read_what(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert slugs(machine.permissions(Home(tmp_path / "new"))) == {"folder-new": "ok"}
    (tmp_path / "secret_key").touch(mode=0o600)
    assert slugs(machine.permissions(home)) == {"folder-fine": "ok"}
    (tmp_path / "secret_key").chmod(0o644)
    (found,) = machine.permissions(home)
    assert (found.slug, found.level) == ("file-readable", "fail")
    assert f"chmod 600 {tmp_path / 'secret_key'}" in found.cure("en")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert slugs(machine.permissions(home)) == {"folder-not-writable": "fail"}


@pytest.mark.parametrize(
    ("days", "slug", "level"),
    [
        (90, "certificate-fine", "ok"),
        (10, "certificate-ends", "warn"),
        (1, "certificate-ends", "fail"),
        (-1, "certificate-ends", "fail"),
    ],
)
def test_how_long_a_certificate_is_good(days: int, slug: str, level: str) -> None:
    found = outside.certificate_age("hall.example:443", days * DAY_S + 60, 0)
    assert (found.slug, found.level) == (slug, level)

"""The machine: settings, room on the disk, who may read what, the port."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from deploy.local.doctor.findings import Finding, fail, ok, warn
from deploy.local.home import Home
from deploy.web import PortTaken, listener
from gateway.settings import GatewaySettings

GB = 1_000_000_000
LITTLE_ROOM, NO_ROOM = 2 * GB, GB // 2
SHORTEST_SECRET = 32
# Of these only their owner may know what is in them.
_PRIVATE = ("secret_key", "secret_key_old", "first-login", "hall.json", "postgres.json")


def settings() -> tuple[GatewaySettings | None, list[Finding]]:
    """The settings, and what is wrong with them. None where a process would not start with them."""
    try:
        found = GatewaySettings()
    except ValidationError as error:
        return None, [
            fail("settings", "settings-invalid", name=".".join(map(str, each["loc"])) or "settings", error=each["msg"])
            for each in error.errors()
        ]
    return found, list(_of_settings(found)) or [ok("settings", "settings-fine", environment=found.environment)]


def _of_settings(found: GatewaySettings) -> Iterator[Finding]:
    secret = found.secret_key.get_secret_value() if found.secret_key else None
    if secret is not None and len(secret) < SHORTEST_SECRET:
        yield fail("settings", "secret-short", length=len(secret), shortest=SHORTEST_SECRET)
    if found.secret_key_old is not None:
        yield warn("settings", "secret-old-set")
    if found.environment != "production":
        return
    if not found.public_url.startswith("https://"):
        yield fail("settings", "public-url-plain", url=found.public_url)
    if not found.trusted_proxies:
        yield warn("settings", "no-proxies")


def room(home: Home) -> Finding:
    folder = home.path
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    params = {"folder": str(folder), "free_gb": round(usage.free / GB, 1)}
    if usage.free < NO_ROOM:
        return fail("disk", "disk-full", **params)
    return warn("disk", "disk-filling", **params) if usage.free < LITTLE_ROOM else ok("disk", "disk-fine", **params)


def permissions(home: Home) -> list[Finding]:
    if not home.path.exists():
        return [ok("folder", "folder-new", folder=str(home.path))]
    if not os.access(home.path, os.W_OK | os.X_OK):
        return [fail("folder", "folder-not-writable", folder=str(home.path))]
    open_ones = [path for name in _PRIVATE if (path := home.path / name).exists() and _readable_by_others(path)]
    return [fail("folder", "file-readable", file=str(path)) for path in open_ones] or [
        ok("folder", "folder-fine", folder=str(home.path))
    ]


def _readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def port(home: Home) -> Finding:
    """Whether the gateway's port is free, where no hall of ours has it."""
    number = int(os.environ.get("ZAYTON_PORT", "8700"))
    if running := home.running():
        return ok("port", "hall-runs", url=running.base_url)
    try:
        listener("127.0.0.1", number).close()
    except PortTaken:
        return fail("port", "port-taken", port=number, other=number + 1)
    return ok("port", "port-free", port=number)

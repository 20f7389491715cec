from pathlib import Path

from services.kit.auth import Verifier
from services.kit.db import Database
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.web import create_app
from services.notify.adapters import catalogue
from services.notify.entrypoints.api import notifications_router
from services.notify.entrypoints.events import handlers_for

_MESSAGES = Path(__file__).parent / "messages.toml"


def build(settings: Settings, *, verifier: Verifier | None = None) -> Service:
    """Everything of notify, wired. Tests pass a verifier of their own keys."""
    database = Database.of(settings, "notify")
    rules, _ = catalogue.load()
    app = create_app(
        "notify",
        routers=[notifications_router(rules)],
        database=database,
        verifier=verifier or Verifier.of(settings),
        messages=_MESSAGES,
        max_body_bytes=settings.max_body_bytes,
    )
    return Service("notify", database, app, handlers_for(rules))

from pathlib import Path

from services.contract.entrypoints.api import deals
from services.contract.entrypoints.events import handlers, timers
from services.contract.entrypoints.figures import figures
from services.contract.entrypoints.messages import messages
from services.kit.auth import Verifier
from services.kit.db import Database
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.web import create_app

_MESSAGES = Path(__file__).parent / "messages.toml"


def build(settings: Settings, *, verifier: Verifier | None = None) -> Service:
    """Everything of contract, wired. Tests pass a verifier of their own keys."""
    database = Database.of(settings, "contract")
    app = create_app(
        "contract",
        routers=[figures, deals, messages],
        database=database,
        verifier=verifier or Verifier.of(settings),
        messages=_MESSAGES,
        max_body_bytes=settings.max_body_bytes,
    )
    return Service("contract", database, app, handlers, timers)

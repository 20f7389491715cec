from pathlib import Path

from services.kit.auth import Verifier
from services.kit.db import Database
from services.kit.search.index import Index
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.web import create_app
from services.matching.adapters.board import DemandSource
from services.matching.adapters.board_documents import DECLARATION
from services.matching.application.find_matches import Finder
from services.matching.entrypoints import board, demands, matches
from services.matching.entrypoints.events import handlers
from services.matching.entrypoints.jobs import jobs_for, timers_for

_MESSAGES = Path(__file__).parent / "messages.toml"


def build(settings: Settings, *, verifier: Verifier | None = None) -> Service:
    """Everything of matching, wired. Tests pass a verifier of their own keys."""
    database = Database.of(settings, "matching")
    finder = Finder()
    index = Index.of(settings, database, DECLARATION, DemandSource())
    app = create_app(
        "matching",
        routers=[board.r, demands.r, matches.r],  # the board first: /demands/board is no id
        database=database,
        verifier=verifier or Verifier.of(settings),
        messages=_MESSAGES,
        max_body_bytes=settings.max_body_bytes,
    )
    app.state.finder = finder
    app.state.index = index
    return Service("matching", database, app, handlers, timers_for(), [*jobs_for(finder), *index.jobs], index)

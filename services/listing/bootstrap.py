from pathlib import Path

from services.kit.auth import Verifier
from services.kit.db import Database
from services.kit.search.index import Index
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.web import create_app
from services.listing.adapters.documents import DECLARATION
from services.listing.adapters.search import ListingSource
from services.listing.domain.limits import Limit
from services.listing.entrypoints.catalogue import catalogue
from services.listing.entrypoints.events import handlers
from services.listing.entrypoints.imports import imports
from services.listing.entrypoints.jobs import JOBS
from services.listing.entrypoints.listings import listings
from services.listing.entrypoints.rights import rights

_MESSAGES = Path(__file__).parent / "messages.toml"


def build(settings: Settings, *, verifier: Verifier | None = None) -> Service:
    """Everything of listing, wired. Tests pass a verifier of their own keys."""
    database = Database.of(settings, "listing")
    index = Index.of(settings, database, DECLARATION, ListingSource())
    app = create_app(
        "listing",
        routers=[catalogue, rights, listings, imports],
        database=database,
        verifier=verifier or Verifier.of(settings),
        messages=_MESSAGES,
        max_body_bytes=settings.max_body_bytes,
        body_limits={"/api/v1/imports": int(Limit.IMPORT_BYTES)},
    )
    app.state.index = index
    return Service("listing", database, app, handlers, jobs=[*JOBS, *index.jobs], index=index)

"""Where each service's database is, for commands that look after a hall whether it runs or not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.child import CannotStart
from deploy.local.home import Home
from deploy.local.postgres import Postgres
from deploy.local.server import Progress, silent
from deploy.services import SCHEMAS


class DatabaseSettings(BaseSettings):
    """Needed by commands alone, and only where services have databases of their own: a process is given its own."""

    model_config = SettingsConfigDict(env_prefix="ZAYTON_", extra="ignore")

    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DATABASE_URL", "ZAYTON_DATABASE_URL"),
        description="The database of every service that has none of its own here.",
    )
    listing_database_url: SecretStr | None = Field(None, description="The database of listing alone.")
    matching_database_url: SecretStr | None = Field(None, description="The database of matching alone.")
    contract_database_url: SecretStr | None = Field(None, description="The database of contract alone.")
    notify_database_url: SecretStr | None = Field(None, description="The database of notify alone.")
    gateway_database_url: SecretStr | None = Field(None, description="The database of gateway alone.")

    def by_service(self, common: str | None) -> dict[str, str]:
        """`common` where a service has none of its own. Services without either are left out."""
        found = {}
        for name in SCHEMAS:
            own: SecretStr | None = getattr(self, f"{name}_database_url")
            url = own.get_secret_value() if own else common
            if url:
                found[name] = url
        return found


Databases = Mapping[str, str]  # service → URL


def known_databases(home: Home) -> dict[str, str]:
    """Of the hall that runs here, else of the settings. Empty where it is the embedded one, which does not run."""
    settings = DatabaseSettings()
    running = home.running()
    given = settings.database_url.get_secret_value() if settings.database_url else None
    return settings.by_service(running.database_url if running else given)


@asynccontextmanager
async def databases(home: Home, say: Progress = silent, *, make_new: bool = False) -> AsyncIterator[Databases]:
    """Those of the hall that runs here; else those of the settings; else the embedded one, started for the block.

    Raises CannotStart where there is none. `make_new` makes an embedded one where this folder has no data yet.
    """
    found = known_databases(home)
    if len(found) == len(SCHEMAS):
        yield found
        return
    if not make_new and not (home.path / "postgres" / "PG_VERSION").exists():
        raise CannotStart(
            f"There is no hall in {home.path}. Set ZAYTON_HOME to the folder of yours, or DATABASE_URL to its database."
        )
    with home.locked():
        server = Postgres(home.path, progress=say)
        await server.start()
        try:
            yield DatabaseSettings().by_service(server.url())
        finally:
            await asyncio.shield(server.stop())

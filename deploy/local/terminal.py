"""What the commands of `zayton` share: where the hall is, and how results are shown."""

import asyncio
import json
import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console

if TYPE_CHECKING:
    from deploy.local.home import Home, Running

T = TypeVar("T")
out = Console(highlight=False)

Service = Annotated[str | None, typer.Option(help="One service: listing, matching, contract, notify or gateway.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of what is shown.")]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work. What it lacks is said in a line, not in a traceback."""
    from aiokafka.errors import KafkaError

    from deploy.local.child import CannotStart
    from services.kit.db import is_outside_fault

    try:
        return asyncio.run(work)
    except CannotStart as error:
        raise SystemExit(str(error)) from error
    except Exception as error:
        if isinstance(error, KafkaError) or is_outside_fault(error):
            raise SystemExit(f"A server of the hall does not answer: {error}") from error
        raise


def show(data: Any, *tables: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(data, ensure_ascii=False, default=str))
        return
    for table in tables:
        out.print(table)


def home() -> "Home":
    from deploy.local.home import Home

    return Home()


def running() -> "Running":
    """The hall that runs here, or where the settings lead, as in a container. Ends the command where there is none."""
    here = home()
    found = here.running() or _of_settings()
    if found is None:
        raise SystemExit(
            f"No hall runs on {here.path}. Start one with `zayton up`, or set ZAYTON_HOME to that of yours, or "
            "DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS to its servers."
        )
    return found


def _of_settings() -> "Running | None":
    from deploy.local.home import Running
    from services.kit.settings import Settings

    settings = Settings()
    if not {"database_url", "kafka_bootstrap_servers"} <= settings.model_fields_set:
        return None
    key = settings.meilisearch_key
    return Running(
        pid=os.getpid(),
        # Where keys are had the gateway is, and from inside: its public address may not lead back in.
        base_url=settings.keys_url.removesuffix("/.well-known/jwks.json"),
        database_url=settings.database_url.get_secret_value(),
        kafka=settings.kafka_bootstrap_servers,
        separate=True,
        meilisearch_url=settings.meilisearch_url,
        meilisearch_key=key.get_secret_value() if key else None,
    )


def base_url(given: str | None) -> str:
    found = None if given else home().running()
    return given or (found.base_url if found else f"http://127.0.0.1:{os.environ.get('ZAYTON_PORT', '8700')}")


def services(chosen: str | None) -> tuple[str, ...]:
    from deploy.services import SCHEMAS

    if chosen is not None and chosen not in SCHEMAS:
        raise typer.BadParameter(f"There is no service {chosen}; there are {', '.join(SCHEMAS)}.")
    return (chosen,) if chosen else SCHEMAS

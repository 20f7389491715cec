"""The command `zayton`. Commands import what they need when they run, so that help comes at once."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.local.care import care, keys
from deploy.local.terminal import AsJson, Service, out
from deploy.local.terminal import base_url as _base_url
from deploy.local.terminal import home as _home
from deploy.local.terminal import run as _run
from deploy.local.terminal import running as _running
from deploy.local.terminal import services as _services
from deploy.local.terminal import show as _show

app = typer.Typer(
    name="zayton",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    help=(
        "Zayton, an open trading hall for intellectual property, on this machine.\n\n"
        "Start with [bold]zayton up[/], then try [bold]zayton demo[/] in another terminal. "
        "Data is kept in [bold].zayton/[/], or where ZAYTON_HOME says."
    ),
)
letters = typer.Typer(
    no_args_is_help=True, help="Look at dead letters (events that a service gave up on), and replay them."
)
app.add_typer(letters, name="dlq")
search = typer.Typer(no_args_is_help=True, help="Look after the indexes that searches are answered from.")
app.add_typer(search, name="search")
app.add_typer(care)
app.add_typer(keys, name="keys")

Url = Annotated[
    str | None, typer.Option(help="The hall's address; by default the one that runs here.", envvar="ZAYTON_URL")
]


@app.command()
def up(
    *,
    separate: Annotated[
        bool, typer.Option("--separate", help="Run each api and each worker as its own process.")
    ] = False,
    kafka: Annotated[
        Literal["mesh", "apache"],
        typer.Option(help="mesh: the embedded broker, memory only. apache: Apache Kafka, needs Java and Maven."),
    ] = "mesh",
    port: Annotated[
        int, typer.Option(help="Where the gateway listens on 127.0.0.1.", envvar="ZAYTON_PORT", min=1, max=65_535)
    ] = 8700,
) -> None:
    """Start the whole hall and keep it running until Ctrl-C.

    PostgreSQL and Kafka are embedded. To use your own, set DATABASE_URL or KAFKA_BOOTSTRAP_SERVERS.
    Search is PostgreSQL's, until MEILISEARCH_URL names a Meilisearch.
    """
    from deploy.local.hall import Wanted
    from deploy.local.up import run

    raise typer.Exit(run(out, Wanted(port=port, separate=separate, kafka=kafka)))


@app.command()
def demo(
    *,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of what is shown.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per step.")] = False,
    data: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Patents as JSON Lines, instead of the sample.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(file_okay=False, help="Save the signed contract and its evidence in this folder.")
    ] = None,
    url: Url = None,
) -> None:
    """Play one story against a running hall: from patents to a signed deal."""
    from deploy.local.demo import run

    raise typer.Exit(_run(run(_base_url(url), lang=lang, as_json=as_json, data=data, keep=keep)))


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Patents as JSON Lines.")],
    *,
    email: Annotated[str | None, typer.Option(help="Who imports.", envvar="ZAYTON_EMAIL")] = None,
    password: Annotated[str | None, typer.Option(help="Asked for if left out.", envvar="ZAYTON_PASSWORD")] = None,
    api_key: Annotated[
        str | None, typer.Option(help="Instead of e-mail and password.", envvar="ZAYTON_API_KEY")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Also list each patent for transfer.")] = False,
    url: Url = None,
) -> None:
    """Import patents for your organisation, with progress and what was wrong with which row."""
    from deploy.local.importing import run

    if not api_key:
        email = email or typer.prompt("E-mail")
        password = password or typer.prompt("Password", hide_input=True)
    raise typer.Exit(
        _run(run(out, _base_url(url), file, email=email, password=password, api_key=api_key, publish=publish))
    )


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A signed PDF, or a deal's evidence as a zip.")],
    *,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="Authorities to believe, as PEM; by default those of the hall kept in ZAYTON_HOME."),
    ] = None,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of what is shown.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Check a document or a deal's evidence, offline: who signed it, when, and whether anything changed since.

    Exit code 0 only where all of it holds and an authority you believe vouches for it.
    """
    from deploy.local.verify import run

    own = _home().path / "authority.pem"
    believed = trust or ([own] if own.exists() else [])
    raise typer.Exit(run(out, file, believed, language=lang, as_json=as_json))


@app.command()
def topics(*, as_json: AsJson = False) -> None:
    """List the topics of the hall: their partitions, and whether they exist."""
    from dataclasses import asdict

    from deploy.local.tables import topics_table
    from deploy.local.topics import topic_states

    states = _run(topic_states(_running().kafka))
    _show([asdict(state) | {"exists": state.exists} for state in states], topics_table(states), as_json=as_json)


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Show services, backlog, search, consumer positions and dead letters. Exit code 1 where a service is down."""
    from deploy.local.status import status_of
    from deploy.local.tables import consumers_table, searches_table, services_table

    found = _run(status_of(_running()))
    tables = (services_table(found), searches_table(found.searches), consumers_table(found))
    _show(found.as_json(), *tables, as_json=as_json)
    raise typer.Exit(0 if found.well else 1)


@app.command()
def replay(
    *,
    service: Service = None,
    since: Annotated[datetime | None, typer.Option(help="Only what happened since then, in your local time.")] = None,
) -> None:
    """Send the events that outboxes retain once more. Harmless: what was consumed already has no second effect."""
    from deploy.services import resend_outboxes

    resent = _run(resend_outboxes(_running().database_url, _services(service), since.astimezone() if since else None))
    out.print(f"{resent} events are sent again.")


@search.command(name="rebuild")
def rebuild_search() -> None:
    """Build the indexes anew from what the services hold, in PostgreSQL and in Meilisearch. Searches go on."""
    from deploy.local.searching import rebuild

    _run(rebuild(_running(), out))


@letters.command(name="list")
def list_letters(*, service: Service = None, as_json: AsJson = False) -> None:
    """List dead letters that wait, oldest first."""
    from deploy.local.letters import waiting
    from deploy.local.tables import letters_table

    found = _run(waiting(_running().database_url, _services(service)))
    _show([letter.as_json() for letter in found], letters_table(found), as_json=as_json)


@letters.command(name="show")
def show_letter(
    letter: Annotated[str, typer.Argument(help="As `zayton dlq list` shows it: matching/7.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter whole: why it died, its headers and what it says."""
    from deploy.local.letters import find
    from deploy.local.tables import letter_table

    found = _run(find(_running().database_url, *_letter_id(letter)))
    if found is None:
        raise SystemExit(f"There is no dead letter {letter}.")
    _show(found.as_json(), letter_table(found), as_json=as_json)


@letters.command(name="replay")
def replay_letters(
    letters: Annotated[list[str] | None, typer.Argument(help="Letters as matching/7; none for all that wait.")] = None,
    *,
    service: Service = None,
) -> None:
    """Send dead letters back to the service that gave up on them, after the cause was mended."""
    from deploy.local.letters import replay_waiting

    chosen = [_letter_id(letter) for letter in letters or ()]
    replayed = _run(replay_waiting(_running().database_url, _services(service), chosen))
    out.print(f"{replayed} dead letters are sent again.")


def main() -> None:
    app()


def _letter_id(text: str) -> tuple[str, int]:
    service, _, number = text.partition("/")
    if not number.isdigit():
        raise typer.BadParameter(f"{text} is no dead letter; they look like matching/7.")
    return _services(service)[0], int(number)


if __name__ == "__main__":
    main()

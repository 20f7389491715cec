"""Commands of `zayton` for whoever looks after a hall: backup, restore, doctor, the first operator, keys."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from deploy.local.terminal import AsJson, Language, home, out, run, show

if TYPE_CHECKING:
    from rich.progress import Progress

    from deploy.local.backup.save import Saved
    from deploy.local.keys import KeyState

care = typer.Typer()
keys = typer.Typer(
    no_args_is_help=True, help="Look at the keys that sign access tokens, change them, and the secret they are kept by."
)


@care.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A file that is not there yet, or a folder.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Save all services as of one moment, while the hall goes on.

    The secret that reads the encrypted columns is not in it: keep a copy of that elsewhere.
    """
    from deploy.local.backup.save import save
    from deploy.local.databases import databases
    from deploy.local.keys import settings_of
    from services.kit.secret import secrets_of

    settings = settings_of(home().path)

    async def work() -> "Saved":
        secret = None if settings.oidc_issuer else secrets_of(settings)[0]
        with _progress() as progress:
            async with databases(home()) as found:
                return await save(found, target, secret, progress)

    saved = run(work())
    if as_json:
        print(json.dumps({"path": str(saved.path), "bytes": saved.bytes, "rows": saved.rows}))
        return
    out.print(f"{saved.path}: {saved.rows} rows of {len(saved.manifest.services)} services, {saved.bytes} bytes.")
    if saved.manifest.secret_check:
        kept = "ZAYTON_SECRET_KEY" if settings.secret_key else str(settings.home / "secret_key")
        out.print(f"Not in it: the secret its signing keys are encrypted with. Keep a copy of {kept}, apart from it.")


@care.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A backup.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the data that is there.")] = False,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="The backup's secret is lost: make signing keys anew.")
    ] = False,
) -> None:
    """Bring back a backup, on a machine that is empty or was: all of it, or nothing.

    The hall has to be stopped. When it is started again, it sends what its outboxes retain, and catches up.
    """
    from deploy.local.backup.restore import restore as bring_back
    from deploy.local.backup.topics import pass_over, set_aside_local_kafka
    from deploy.local.databases import databases
    from deploy.local.keys import settings_of
    from services.kit.secret import known_secrets

    kafka = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or os.environ.get("ZAYTON_KAFKA_BOOTSTRAP_SERVERS")
    settings = settings_of(home().path)

    async def work() -> None:
        with _progress() as progress:
            async with databases(home(), make_new=True) as found:
                made = await bring_back(
                    found, file, known_secrets(settings), progress, force=force, new_secret=new_secret
                )
            if kafka:
                await pass_over(kafka)
            else:
                set_aside_local_kafka(home().path)
        out.print(f"The hall is as it was on {made.made_at:%Y-%m-%d at %H:%M:%S} UTC. Start it: zayton up")

    run(work())


def _progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


@care.command()
def doctor(
    *,
    language: Language = "en",
    as_json: AsJson = False,
    deep: Annotated[bool, typer.Option("--deep", help="Also compare what services have heard of one another.")] = False,
) -> None:
    """Look at everything the hall needs and say what to do where something is wrong. Exit code 1 where it is."""
    from rich.table import Table

    from deploy.local.doctor import Level, examine

    findings = run(examine(home(), deep=deep))
    colours = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}
    table = Table.grid(padding=(0, 2))
    for each in findings:
        cure = f"\n[bold]→[/] {escape(each.cure(language))}" if each.cure(language) else ""
        table.add_row(f"[{colours[each.level]}]{each.level}[/]", each.part, escape(each.what(language)) + cure)
    show([each.as_json(language) for each in findings], table, as_json=as_json)
    raise typer.Exit(1 if any(each.level is Level.FAIL for each in findings) else 0)


@care.command(name="seed-operator")
def seed_operator(
    *,
    email: Annotated[str, typer.Option(help="The operator's e-mail, to sign in with.")],
    name: Annotated[str, typer.Option(help="The operator's own name.")],
    organisation: Annotated[str, typer.Option(help="The name of the hall's operator.")] = "Zayton",
    generate: Annotated[bool, typer.Option("--generate", help="Make a password and show it once.")] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Another administrator, where there is an operator already.")
    ] = False,
    language: Language = "zh",
) -> None:
    """Make the first operator of a hall. The password is asked for, or read from standard input, or made.

    A second one is refused without --add.
    """
    from pydantic import validate_email
    from pydantic_core import PydanticCustomError

    from deploy.local.databases import databases
    from deploy.local.operators import NotSeeded, generated_password, seed

    try:
        email = validate_email(email)[1].lower()
    except PydanticCustomError as error:
        raise typer.BadParameter(f"{email} is no e-mail address: {error}") from error
    password = generated_password() if generate else _password()

    async def work() -> None:
        async with databases(home()) as found:
            await seed(
                found,
                email=email,
                name=name,
                organisation=organisation,
                password=password,
                language=language,
                add=add,
            )

    try:
        run(work())
    except NotSeeded as reason:
        raise SystemExit(str(reason)) from reason
    out.print(f"{email} may sign in as an operator.")
    if generate:
        out.print(f"Password, shown once: {password}", markup=False)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@keys.command(name="list")
def list_keys(*, as_json: AsJson = False) -> None:
    """List signing keys: which one signs, which are still good, and whether the secret opens them."""
    from deploy.local.databases import databases
    from deploy.local.keys import key_states, keys_table, settings_of

    async def work() -> "list[KeyState]":
        async with databases(home()) as found:
            return await key_states(found, settings_of(home().path))

    states = run(work())
    show([each.as_json() for each in states], keys_table(states), as_json=as_json)


@keys.command(name="rotate")
def rotate_keys() -> None:
    """Publish a new signing key that takes over in half a minute. Nobody is signed out."""
    from deploy.local.databases import databases
    from deploy.local.keys import rotate_now, settings_of

    async def work() -> None:
        async with databases(home()) as found:
            kid, after = await rotate_now(found, settings_of(home().path))
        out.print(f"Key {kid} is published and signs in {after.seconds} seconds. Tokens of the old one stay good.")

    run(work())


@keys.command(name="reencrypt")
def reencrypt() -> None:
    """Encrypt with ZAYTON_SECRET_KEY what is encrypted with ZAYTON_SECRET_KEY_OLD. Run it twice without harm."""
    from deploy.local.databases import databases
    from deploy.local.keys import encrypt_all_anew, settings_of

    async def work() -> None:
        async with databases(home()) as found:
            changed = await encrypt_all_anew(found, settings_of(home().path))
        out.print(f"{changed} keys are encrypted anew. Now ZAYTON_SECRET_KEY_OLD can go.")

    run(work())


@keys.command(name="new-secret")
def new_secret() -> None:
    """Replace the secret that is kept in ZAYTON_HOME. Nobody is signed out."""
    from deploy.local.databases import databases
    from deploy.local.keys import change_local_secret, settings_of

    async def work() -> None:
        async with databases(home()) as found:
            changed = await change_local_secret(found, settings_of(home().path))
        out.print(f"There is a new secret; {changed} keys are encrypted with it. Keep a copy apart from your backups.")

    run(work())

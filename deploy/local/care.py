"""Commands of `zayton` for whoever looks after a hall: backup, restore, doctor, the first operator, keys."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.terminal import AsJson, Language, home, out, run, show

if TYPE_CHECKING:
    from deploy.local.keys import KeyState

care = typer.Typer()
keys = typer.Typer(
    no_args_is_help=True, help="Look at the keys that sign access tokens, change them, and the secret they are kept by."
)


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

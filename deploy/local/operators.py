"""`zayton seed-operator`: the first login of a hall in production, and further ones where all others are lost."""

import secrets

from deploy.local.databases import Databases
from deploy.services import GATEWAY
from gateway.domain.errors import EmailTaken, WeakPassword
from gateway.identity.organisations import add_operator, seed_operator
from gateway.identity.passwords import Passwords
from services.kit.db import Database


class NotSeeded(Exception):
    """Why there is no new operator, for the person at the terminal."""


def generated_password() -> str:
    return secrets.token_urlsafe(15)


async def seed(
    found: Databases, *, email: str, name: str, organisation: str, password: str, language: str, add: bool
) -> None:
    """Raises NotSeeded, and then nothing was done."""
    database = Database(found[GATEWAY], GATEWAY, pool_size=1)
    who = {"name": name, "email": email.strip().lower(), "password": password, "language": language}
    try:
        async with database.transaction() as session:
            if add:
                made = await add_operator(session, Passwords(), **who)
            else:
                made = await seed_operator(session, Passwords(), **who, organisation=organisation)
    except WeakPassword as error:
        raise NotSeeded(
            "This password is too weak: at least 10 characters, not all the same, and not the e-mail address."
        ) from error
    except EmailTaken as error:
        raise NotSeeded(f"{email} has a login already.") from error
    finally:
        await database.close()
    if made is None and add:
        raise NotSeeded("There is no operator yet to add one to. Leave --add out.")
    if made is None:
        raise NotSeeded("The hall has an operator already. --add gives their organisation another administrator.")

"""What the gateway's handlers share, found on the app they belong to."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from gateway.domain.errors import ExternalAccounts
from gateway.identity.issuer import Issuer
from gateway.identity.passwords import Passwords
from gateway.openapi.documents import Documents
from gateway.proxy.forward import Forwarder
from gateway.settings import GatewaySettings
from gateway.stream.tail import Tail
from services.kit.auth import EVERYONE, OrganisationKind, Principal
from services.kit.db import Database
from services.kit.web import allow


@dataclass(frozen=True)
class Parts:
    settings: GatewaySettings
    database: Database
    passwords: Passwords
    issuer: Issuer
    tail: Tail
    documents: Documents
    services: dict[str, Forwarder]


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]
Operator = Annotated[Principal, Depends(allow(roles=EVERYONE, kinds={OrganisationKind.OPERATOR}))]


def _own_accounts(parts: PartsOf) -> None:
    if parts.settings.oidc_issuer:
        raise ExternalAccounts(issuer=parts.settings.oidc_issuer)


# For what an external provider of identities takes over.
OwnAccounts = Depends(_own_accounts)

from typing import Annotated

from fastapi import Depends, Request

from services.kit.auth import EVERYONE, Principal
from services.kit.messages import Catalogue
from services.kit.web import Tx, allow
from services.listing.adapters.store import SqlStore
from services.listing.application.access import HOLDERS


def _store(tx: Tx) -> SqlStore:
    return SqlStore(tx)


def _texts(request: Request) -> Catalogue:
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


Stored = Annotated[SqlStore, Depends(_store)]
Texts = Annotated[Catalogue, Depends(_texts)]
# Those whose organisation can hold rights, and may act for it.
Holder = Annotated[Principal, Depends(allow(kinds=HOLDERS))]
# Those who may act, operators among them.
Agent = Annotated[Principal, Depends(allow())]
Reader = Annotated[Principal, Depends(allow(roles=EVERYONE))]

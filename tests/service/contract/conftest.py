from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from services.contract.bootstrap import build
from services.contract.settings import ContractSettings
from services.kit.settings import Settings
from tests.conftest import ServiceDatabase
from tests.service.contract import till
from tests.service.contract.hall import Hall
from tests.support.tokens import Issuer


@pytest.fixture
async def hall(
    service_database: ServiceDatabase, settings_for: Callable[..., Settings], issuer: Issuer, tmp_path: Path
) -> AsyncIterator[Hall]:
    database = await service_database("contract")
    settings = ContractSettings(**settings_for(database, pool_size=6, home=tmp_path).model_dump())
    service = build(settings, verifier=issuer.verifier(), money=till.SETTINGS)
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://contract") as client:
        the_hall = Hall(service, issuer, client)
        await the_hall.organisations()
        yield the_hall
    await service.close()


@pytest.fixture
async def money(hall: Hall) -> AsyncIterator[till.Till]:
    the_till = till.Till(hall)
    yield the_till
    the_till.double.store.close()

"""The double on a port of this machine, with what it knows kept in a file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex

from deploy.local.child import free_port
from deploy.local.stripe_double.api import StripeDouble
from deploy.local.stripe_double.store import Store
from deploy.serving import serving
from deploy.web import listener

HOST = "127.0.0.1"


@asynccontextmanager
async def serving_double(path: Path, webhook_url: str) -> AsyncIterator[StripeDouble]:
    """Serve it for the length of the block. Port, key and secret stay those of the first start, where they can."""
    kept = Store(path)
    key = kept.setting("api_key", f"sk_test_double_{token_hex(16)}")
    secret = kept.setting("webhook_secret", f"whsec_{token_hex(16)}")
    port = free_port(int(kept.setting("port", str(free_port()))))
    kept.close()
    double = StripeDouble(key, secret, path=path, base_url=f"http://{HOST}:{port}")
    double.webhook_url = webhook_url
    with listener(HOST, port) as bound:
        async with serving(double.app, bound), double.delivering():
            yield double
    double.store.close()

"""One process of the hall: `python -m deploy.process SERVICE api|worker [--port N] [--host H]`.

SERVICE is listing, matching, contract, notify or gateway. An api serves HTTP; a worker consumes events, relays, fires
timers, and serves /healthz, /readyz and /metrics alone. SIGTERM ends either gracefully. Settings come from the
environment (services.kit.settings, gateway.settings, and Upstreams below).
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import make_asgi_app
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from deploy.services import GATEWAY, SCHEMAS, build
from deploy.serving import serving
from deploy.web import PortTaken, listener, loop_factory, settled, stop_signals
from services.kit import telemetry
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.worker import working

# The api takes the first of its pair, the worker the second.
DEFAULT_PORTS = {"gateway": 8700, "listing": 8710, "matching": 8720, "contract": 8730, "notify": 8740}


class Upstreams(BaseSettings):
    """Where the gateway reaches each service."""

    model_config = SettingsConfigDict(env_prefix="ZAYTON_", extra="ignore")

    listing_url: str = Field("http://127.0.0.1:8710", description="The api of listing.")
    matching_url: str = Field("http://127.0.0.1:8720", description="The api of matching.")
    contract_url: str = Field("http://127.0.0.1:8730", description="The api of contract.")
    notify_url: str = Field("http://127.0.0.1:8740", description="The api of notify.")

    def by_service(self) -> dict[str, str]:
        return {name.removesuffix("_url"): url for name, url in self.model_dump().items()}


@asynccontextmanager
async def api(name: str, settings: Settings, host: str, port: int) -> AsyncIterator[None]:
    """The api process of a service, for the length of the block."""
    bound = listener(host, port)
    if name == GATEWAY:
        from gateway import bootstrap

        gateway = bootstrap.build(settings, Upstreams().by_service())
        async with serving(gateway.asgi, bound, before_stop=gateway.hang_up):
            yield
        await gateway.close()
        return
    service = build(name, settings)
    async with serving(service.app, bound):
        yield
    await service.close()


@asynccontextmanager
async def worker(name: str, settings: Settings, host: str, port: int) -> AsyncIterator[None]:
    """The worker process of a service, for the length of the block."""
    bound = listener(host, port)
    service = _gateway_part(settings) if name == GATEWAY else build(name, settings)
    joined = asyncio.Event()
    async with serving(_health(service, joined), bound), working(service, settings):
        joined.set()
        yield
    await service.close()


def _gateway_part(settings: Settings) -> Service:
    from gateway import bootstrap

    return bootstrap.build(settings, {}).service


def _health(service: Service, joined: asyncio.Event) -> Starlette:
    async def alive(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> JSONResponse:
        if not joined.is_set():
            return JSONResponse({"status": "waiting for the broker"}, status_code=503)
        try:
            await service.database.ping()
        except Exception as error:  # noqa: BLE001  # whatever keeps the database away, this worker is not ready
            return JSONResponse({"status": "waiting for the database", "error": repr(error)}, status_code=503)
        return JSONResponse({"status": "ready"})

    return Starlette(routes=[Route("/healthz", alive), Route("/readyz", ready), Mount("/metrics", make_asgi_app())])


async def run(name: str, role: str, host: str, port: int) -> None:
    settings = Settings()
    telemetry.configure(settings, f"{name}-{role}")
    async with stop_signals() as stopping, {"api": api, "worker": worker}[role](name, settings, host, port):
        settled()
        await stopping.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.process", description="Run one process of the hall.")
    parser.add_argument("service", choices=SCHEMAS)
    parser.add_argument("role", choices=("api", "worker"))
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 8700 for the gateway, 8710 … 8741)")
    given = parser.parse_args()
    port = given.port if given.port is not None else DEFAULT_PORTS[given.service] + (given.role == "worker")
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run(given.service, given.role, given.host, port))
    except PortTaken as error:
        sys.exit(f"{error.strerror}. Choose another with --port.")


if __name__ == "__main__":
    main()

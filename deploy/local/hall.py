"""The whole hall on one machine: servers, services, workers, gateway; in one process, or each in its own."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal

from deploy.local.broker import ApacheKafka, MeshBroker
from deploy.local.child import CannotStart
from deploy.local.home import FirstLogin, Home, Running
from deploy.local.logs import kept_small
from deploy.local.postgres import Postgres
from deploy.local.server import Progress, Server, silent
from deploy.local.service_process import ServiceProcess
from deploy.local.supervisor import Supervisor
from deploy.services import GATEWAY, SERVICES, build, migrate, resend_outboxes, resending_outboxes
from deploy.web import PortTaken, listener

# What the embedded broker asks of its clients: it knows no idempotent producers, and lets a consumer that joins wait
# for half its session.
EMBEDDED_MESH = {"ZAYTON_KAFKA_IDEMPOTENT_PRODUCER": "false", "ZAYTON_KAFKA_SESSION_TIMEOUT_MS": "6000"}
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Wanted:
    """What kind of hall to run."""

    port: int = 8700
    separate: bool = False
    kafka: Literal["mesh", "apache"] = "mesh"
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def external(self, name: str) -> str | None:
        """A server of the user's own that takes the place of an embedded one."""
        return self.environment.get(name) or self.environment.get(f"ZAYTON_{name}")

    @property
    def embedded_mesh(self) -> bool:
        return self.kafka == "mesh" and not self.external("KAFKA_BOOTSTRAP_SERVERS")


@dataclass(frozen=True)
class Ready:
    """What a person needs to know of a hall that is ready."""

    running: Running
    login: FirstLogin | None
    login_is_new: bool
    started_in_s: float


@asynccontextmanager
async def hall(home: Home, wanted: Wanted, say: Progress = silent) -> AsyncIterator[Ready]:
    """The hall for the length of the block. Raises CannotStart with the reason and the cure."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        stack.enter_context(home.locked())
        await stack.enter_async_context(kept_small(home.log.parent))
        bound = stack.enter_context(_port(wanted.port))
        supervisor = await stack.enter_async_context(Supervisor(say=say))
        code = asyncio.create_task(asyncio.to_thread(_load_code, wanted))
        running = await _start_servers(supervisor, home, wanted, say)
        await code
        await _prepare_servers(running, wanted, say)
        login, login_is_new = await _first_login(home, running.database_url)
        os.environ.update(_environment(home, running, wanted))
        os.environ.update(await stack.enter_async_context(_stripe(home, running, wanted, say)))
        say("Starting the services")
        if wanted.separate:
            bound.close()
            await _start_processes(supervisor, home, wanted.port)
        else:
            await stack.enter_async_context(_in_this_process(bound))
        home.announce(running)
        yield Ready(running, login, login_is_new, time.monotonic() - began)
        say("Stopping")


@contextmanager
def _port(number: int) -> Iterator[socket.socket]:
    try:
        bound = listener(HOST, number)
    except PortTaken as error:
        raise CannotStart(
            f"Port {number} of {HOST} is in use. End the program that has it, or choose another port: "
            f"ZAYTON_PORT={number + 1} zayton up"
        ) from error
    with bound:
        yield bound


def _load_code(wanted: Wanted) -> None:
    """Importing all libraries takes seconds; meanwhile the servers start."""
    import_module("alembic.command")
    if not wanted.separate:
        for module in (
            "services.kit.worker",
            "gateway.bootstrap",
            *(f"services.{name}.bootstrap" for name in SERVICES),
        ):
            import_module(module)


async def _start_servers(supervisor: Supervisor, home: Home, wanted: Wanted, say: Progress) -> Running:
    """Start the embedded servers, except those that a setting replaces."""
    database_url, kafka = wanted.external("DATABASE_URL"), wanted.external("KAFKA_BOOTSTRAP_SERVERS")
    postgres = None if database_url else Postgres(home.path, progress=say)

    def postgres_url() -> str:
        return postgres.url() if postgres else ""

    @asynccontextmanager
    async def restarting() -> AsyncIterator[None]:
        from deploy.local.topics import make_topics_again

        async with resending_outboxes(database_url or postgres_url()) as resent:
            yield
            await make_topics_again(broker.address if broker else "")
        say(f"The broker has forgotten all: {resent} events are sent again")

    broker = None if kafka else _broker(home, wanted, say, restarting)
    say(f"PostgreSQL: {'embedded' if postgres else 'yours'}; Kafka: {broker.name if broker else 'yours'}")
    say(f"Search: {'your Meilisearch' if wanted.external('MEILISEARCH_URL') else 'PostgreSQL'}")
    await supervisor.start(*(server for server in (postgres, broker) if server))
    return Running(
        pid=os.getpid(),
        base_url=f"http://{HOST}:{wanted.port}",
        database_url=database_url or postgres_url(),
        kafka=kafka or (broker.address if broker else ""),
        separate=wanted.separate,
        meilisearch_url=wanted.external("MEILISEARCH_URL"),
        meilisearch_key=wanted.external("MEILISEARCH_KEY"),
    )


def _broker(
    home: Home, wanted: Wanted, say: Progress, restarting: Callable[[], AbstractAsyncContextManager[None]]
) -> Server:
    if wanted.kafka == "mesh":
        return MeshBroker(home.path, restarting=restarting)
    return ApacheKafka(home.path, progress=say)


async def _prepare_servers(running: Running, wanted: Wanted, say: Progress) -> None:
    from aiokafka.errors import KafkaError

    from deploy.local.backup.schemas import is_broken_off
    from deploy.local.topics import ensure_topics
    from services.kit.migrations import SchemaIsNewer

    say("Bringing the database up to date")
    if await is_broken_off(running.database_url):
        raise CannotStart("A restore of this database was begun and not finished. Run `zayton restore` again.")
    try:
        await asyncio.to_thread(migrate, running.database_url)
    except SchemaIsNewer as error:
        raise CannotStart(str(error)) from error
    say("Making the topics")
    try:
        await ensure_topics(running.kafka)
    except KafkaError as error:
        raise CannotStart(f"The topics cannot be made on the Kafka at {running.kafka}: {error}") from error
    if wanted.embedded_mesh and (resent := await resend_outboxes(running.database_url)):
        say(f"The embedded broker starts empty: {resent} events are sent again")


async def _first_login(home: Home, database_url: str) -> tuple[FirstLogin | None, bool]:
    """The first operator's login, and whether this start made it. None where somebody else made the first operator."""
    from gateway.identity.organisations import seed_operator
    from gateway.identity.passwords import Passwords
    from services.kit.db import Database

    login, written_now = home.first_login()
    database = Database(database_url, GATEWAY, pool_size=1)
    try:
        async with database.transaction() as session:
            made = await seed_operator(
                session, Passwords(), name="Zayton", email=login.email, password=login.password, language="en"
            )
    finally:
        await database.close()
    if made is None and written_now:
        home.forget_first_login()
        return None, False
    return login, made is not None


def _environment(home: Home, running: Running, wanted: Wanted) -> dict[str, str]:
    """Settings of this hall, for this process and for those it starts."""
    return {
        "DATABASE_URL": running.database_url,
        "KAFKA_BOOTSTRAP_SERVERS": running.kafka,
        "ZAYTON_HOME": str(home.path),
        # An identity provider of the user's own publishes keys of its own.
        **({} if wanted.external("OIDC_ISSUER") else {"ZAYTON_JWKS_URL": f"{running.base_url}/.well-known/jwks.json"}),
        "ZAYTON_PUBLIC_URL": wanted.environment.get("ZAYTON_PUBLIC_URL") or running.base_url,
        **(EMBEDDED_MESH if wanted.embedded_mesh else {}),
    }


@asynccontextmanager
async def _stripe(home: Home, running: Running, wanted: Wanted, say: Progress) -> AsyncIterator[dict[str, str]]:
    """A double of Stripe beside the hall, unless there is a key of the user's own. Yields the settings to reach it."""
    if wanted.external("STRIPE_API_KEY"):
        yield {}
        return
    from deploy.local.stripe_double import serving_double

    webhook = f"{running.base_url}/api/v1/payments/stripe/events"
    async with serving_double(home.path / "stripe-double.sqlite", webhook) as double:
        say(f"Payments: a double of Stripe at {double.base_url} (no money moves)")
        yield {
            "STRIPE_API_KEY": double.api_key,
            "STRIPE_WEBHOOK_SECRET": double.webhook_secret,
            "STRIPE_API_BASE": double.base_url,
        }


@asynccontextmanager
async def _in_this_process(bound: socket.socket) -> AsyncIterator[None]:
    """All services, their workers and the gateway, which reaches them without a network between."""
    from deploy.serving import serving
    from gateway import bootstrap
    from services.kit import telemetry
    from services.kit.settings import Settings
    from services.kit.worker import working

    settings = Settings()
    telemetry.configure(settings, "hall")
    async with AsyncExitStack() as stack:
        services = [build(name, settings) for name in SERVICES]
        for service in services:
            stack.push_async_callback(service.close)
        gateway = bootstrap.build(settings, {service.name: service.app for service in services})
        stack.push_async_callback(gateway.close)
        # Each joins its consumer group, which takes a moment: all at once.
        await asyncio.gather(
            *(stack.enter_async_context(working(each, settings)) for each in (*services, gateway.service))
        )
        await stack.enter_async_context(serving(gateway.asgi, bound, before_stop=gateway.hang_up))
        yield


async def _start_processes(supervisor: Supervisor, home: Home, port: int) -> None:
    """Each api and each worker as a process of its own; the gateway, which needs the others, last."""
    apis = {name: ServiceProcess(name, "api", home.path) for name in SERVICES}
    workers = [ServiceProcess(name, "worker", home.path) for name in (*SERVICES, GATEWAY)]
    upstreams = {f"ZAYTON_{name.upper()}_URL": api.address for name, api in apis.items()}
    await supervisor.start(*apis.values(), *workers)
    await supervisor.start(ServiceProcess(GATEWAY, "api", home.path, port=port, environment=upstreams))

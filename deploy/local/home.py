"""ZAYTON_HOME: the folder of one hall. One hall at a time may run on it, and says in hall.json where to find it."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import psutil

from deploy.local.child import CannotStart

FIRST_OPERATOR = "operator@zayton.example"


@dataclass(frozen=True)
class Running:
    """What a running hall tells the commands that look for it. Holds passwords and keys: for its owner only."""

    pid: int
    base_url: str
    database_url: str
    kafka: str
    separate: bool
    meilisearch_url: str | None = None
    meilisearch_key: str | None = None


@dataclass(frozen=True)
class FirstLogin:
    email: str
    password: str


class Home:
    def __init__(self, path: Path | None = None) -> None:
        self.path = (path or Path(os.environ.get("ZAYTON_HOME", ".zayton"))).resolve()
        self._running = self.path / "hall.json"
        self.login_file = self.path / "first-login"
        self.log = self.path / "logs" / "hall.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process. Raises CannotStart where another hall has it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The system lets go of the lock with the process, however that ends.
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CannotStart(self._already_running()) from error
            self._running.unlink(missing_ok=True)
            yield
            self._running.unlink(missing_ok=True)

    def announce(self, running: Running) -> None:
        _write_private(self._running, running)

    def running(self) -> Running | None:
        """The hall that runs on this folder, if one does."""
        try:
            found = Running(**orjson.loads(self._running.read_bytes()))
        except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
            return None
        return found if psutil.pid_exists(found.pid) else None

    def first_login(self) -> tuple[FirstLogin, bool]:
        """The first operator's login, and whether it was made just now. Kept before it is used: never lost."""
        if self.login_file.exists():
            return FirstLogin(**orjson.loads(self.login_file.read_bytes())), False
        login = FirstLogin(email=FIRST_OPERATOR, password=secrets.token_urlsafe(15))
        _write_private(self.login_file, login)
        return login, True

    def forget_first_login(self) -> None:
        self.login_file.unlink(missing_ok=True)

    def _already_running(self) -> str:
        other = self.running()
        where = f" at {other.base_url} (process {other.pid})" if other else ""
        return (
            f"A hall already runs on {self.path}{where}. "
            "Stop it first, or set ZAYTON_HOME and ZAYTON_PORT to run another beside it."
        )


def _write_private(path: Path, content: Running | FirstLogin) -> None:
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_bytes(orjson.dumps(asdict(content), option=orjson.OPT_INDENT_2))
    new.replace(path)

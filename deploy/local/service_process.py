"""Each api and each worker of the hall as a process of its own."""

import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.child import Child, EndSignals, free_port
from deploy.local.server import Server


class ServiceProcess(Server):
    """`python -m deploy.process SERVICE ROLE`, on 127.0.0.1."""

    def __init__(
        self,
        service: str,
        role: str,
        home: Path,
        *,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = f"{service}-{role}"
        self._command = [sys.executable, "-m", "deploy.process", service, role]
        self._environment = environment or {}
        self._child = Child(self.name, home, EndSignals(patience_s=20))
        self._port = free_port() if port is None else port

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def running(self) -> bool:
        return self._child.running()

    async def start(self) -> None:
        await self._child.end_orphan()
        self._child.spawn([*self._command, "--port", str(self._port)], environment=self._environment)
        await self._child.until(lambda: self._answers("/readyz"), within_s=180)

    async def stop(self) -> None:
        await self._child.stop()

    async def alive(self) -> bool:
        # Not /readyz: a process that waits for the database is not helped by a restart.
        return self.running() and await self._answers("/healthz")

    async def _answers(self, path: str) -> bool:
        import httpx

        async with httpx.AsyncClient(timeout=5) as client:
            try:
                return (await client.get(f"{self.address}{path}")).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

"""The wire to a Meilisearch server: pooled connections, and the outcome of every task.

`Accept-Encoding: identity` and no SDK, for reasons that ADR 0008 measures.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

_SLOW_CALL_S = 30.0  # of the calls that nobody waits for: batches of documents, settings
_TASK_PATIENCE_S = 600.0  # a big batch on a small machine
_FIRST_LOOK_S, _LONGEST_PAUSE_S = 0.01, 0.1


class MeilisearchFailed(OSError):
    """The server did not answer, or not with what was asked for. `reason` is short: timeout, index_not_found, …"""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"Meilisearch: {reason} {detail}".strip())
        self.reason = reason


@dataclass(frozen=True)
class MeilisearchServer:
    """Calls raise MeilisearchFailed, whatever went wrong."""

    client: httpx.AsyncClient

    @classmethod
    def at(cls, url: str, key: str | None = None, *, timeout_s: float = 0.5) -> "MeilisearchServer":
        """`timeout_s` is for searches: the fallback answers after it."""
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
        limits = httpx.Limits(max_connections=50, max_keepalive_connections=50, keepalive_expiry=60)
        return cls(httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, limits=limits))

    async def close(self) -> None:
        await self.client.aclose()

    async def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A question that somebody waits for."""
        timeout = self.client.timeout.read
        try:
            # httpx limits each wait for bytes; this limits the whole answer.
            async with asyncio.timeout(timeout):
                return await self._call("POST", path, body, timeout)
        except TimeoutError as error:
            raise MeilisearchFailed("timeout") from error

    async def get(self, path: str) -> dict[str, Any]:
        return await self._call("GET", path, None, _SLOW_CALL_S)

    async def order(self, method: str, path: str, body: Any = None) -> int:
        """Something to be done: the task's uid. A 2xx only means that it is queued."""
        return int((await self._call(method, path, body, _SLOW_CALL_S))["taskUid"])

    async def done(self, tasks: Sequence[int], *, allow: frozenset[str] = frozenset()) -> None:
        """Wait until all are done. Raises MeilisearchFailed for one that failed, but for the errors to `allow`."""
        give_up_at = time.monotonic() + _TASK_PATIENCE_S
        pause = _FIRST_LOOK_S
        for task in tasks:
            while True:
                state = await self.get(f"/tasks/{task}")
                if state["status"] in {"succeeded", "failed", "canceled"}:
                    break
                if time.monotonic() > give_up_at:
                    raise MeilisearchFailed("task_timeout", f"task {task} is {state['status']}")
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_S)
            error = state.get("error") or {}
            if state["status"] != "succeeded" and error.get("code") not in allow:
                raise MeilisearchFailed(str(error.get("code") or state["status"]), str(error.get("message", "")))

    async def carry_out(self, method: str, path: str, body: Any = None, *, allow: frozenset[str] = frozenset()) -> None:
        """Order something, and wait until it is done."""
        await self.done([await self.order(method, path, body)], allow=allow)

    async def _call(self, method: str, path: str, body: Any, timeout_s: float | None) -> dict[str, Any]:
        content = None if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {} if content is None else {"Content-Type": "application/json"}
        try:
            response = await self.client.request(method, path, content=content, headers=headers, timeout=timeout_s)
            answer = orjson.loads(response.content) if response.content else {}
        except httpx.TimeoutException as error:
            raise MeilisearchFailed("timeout") from error
        except (httpx.HTTPError, ValueError) as error:
            raise MeilisearchFailed("unreachable", repr(error)) from error
        if not isinstance(answer, dict):
            raise MeilisearchFailed("unreadable")
        if response.is_error:
            raise MeilisearchFailed(str(answer.get("code") or response.status_code), str(answer.get("message", "")))
        return answer

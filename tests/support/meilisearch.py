"""A Meilisearch server in memory, for what is asked of one here: indexes, documents, tasks, swaps. It finds nothing:
searching is tested over a real server. Answers have the form of those of Meilisearch 1.50.
"""

import json
from collections.abc import Callable
from typing import Any

import httpx

Answer = tuple[int, dict[str, Any]]


class ModelledMeilisearch:
    def __init__(self) -> None:
        self.indexes: dict[str, dict[str, dict[str, Any]]] = {}
        self.settings: dict[str, dict[str, Any]] = {}
        self.tasks: list[dict[str, Any]] = []
        self.requests: list[httpx.Request] = []
        self.answer: Answer | None = None  # to every search
        self.fails: Callable[[httpx.Request], Exception | Answer | None] = lambda _request: None
        self.refuses: str | None = None  # the code of the error that every task ends with

    def client(self) -> httpx.AsyncClient:
        headers = {"Accept-Encoding": "identity"}
        transport = httpx.MockTransport(self._handle)
        return httpx.AsyncClient(transport=transport, base_url="http://meilisearch.test", headers=headers, timeout=0.5)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        failure = self.fails(request)
        if isinstance(failure, Exception):
            raise failure
        status, body = failure or self._answer(request)
        return httpx.Response(status, json=body)

    def _answer(self, request: httpx.Request) -> Answer:
        body = json.loads(request.content) if request.content else None
        match request.method, request.url.path.strip("/").split("/"):
            case "GET", ["tasks", uid]:
                return 200, self.tasks[int(uid)]
            case "GET", ["tasks"]:
                return 200, {"results": [task for task in reversed(self.tasks) if task["status"] == "failed"][:1]}
            case "GET", ["indexes"]:
                return 200, {"results": [{"uid": uid} for uid in self.indexes]}
            case "GET", ["indexes", uid]:
                return (200, {"uid": uid}) if uid in self.indexes else _missing(uid)
            case "POST", ["indexes", uid, "search"]:
                return self.answer or _missing(uid)
            case method, path:
                return 202, {"taskUid": self._work(method, path, body), "status": "enqueued"}

    def _work(self, method: str, path: list[str], body: Any) -> int:
        error = {"code": self.refuses, "message": "refused"} if self.refuses else self._carry_out(method, path, body)
        finished = {"error": error, "finishedAt": "2026-11-25T09:00:00Z"}
        self.tasks.append({"status": "failed" if error else "succeeded", **finished})
        return len(self.tasks) - 1

    def _carry_out(self, method: str, path: list[str], body: Any) -> dict[str, Any] | None:
        match method, path:
            case "POST", ["indexes"]:
                if body["uid"] in self.indexes:
                    return {"code": "index_already_exists"}
                self.indexes[body["uid"]] = {}
            case "DELETE", ["indexes", uid]:
                if self.indexes.pop(uid, None) is None:
                    return {"code": "index_not_found"}
            case "PATCH", ["indexes", uid, "settings"]:
                self.settings[uid] = body
            case "POST", ["indexes", uid, "documents"]:
                self.indexes.setdefault(uid, {}).update({document["id"]: document for document in body})
            case "POST", ["indexes", uid, "documents", "delete-batch"]:
                for identity in body:
                    self.indexes[uid].pop(identity, None)
            case "POST", ["swap-indexes"]:
                return self._swap(body[0])
            case other:
                raise AssertionError(other)
        return None

    def _swap(self, swap: dict[str, Any]) -> dict[str, Any] | None:
        one, other = swap["indexes"]
        if swap["rename"]:
            if other in self.indexes:
                return {"code": "index_already_exists"}
            self.indexes[other] = self.indexes.pop(one)
            return None
        if one not in self.indexes or other not in self.indexes:
            return {"code": "index_not_found"}
        self.indexes[one], self.indexes[other] = self.indexes[other], self.indexes[one]
        return None


def _missing(uid: str) -> Answer:
    return 404, {"message": f"Index `{uid}` not found.", "code": "index_not_found", "type": "invalid_request"}

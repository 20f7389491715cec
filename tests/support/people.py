"""People who knock at a gateway, for tests."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from gateway.bootstrap import Gateway

PASSWORD = "correct horse battery"
_numbers = count(1)


@dataclass
class Person:
    """A signed-in member. `http` sends their access token."""

    http: httpx.AsyncClient
    member: dict[str, Any]
    organisation: dict[str, Any]
    email: str
    refresh_token: str

    @property
    def organisation_id(self) -> str:
        return str(self.organisation["organisation_id"])

    @property
    def user_id(self) -> str:
        return str(self.member["user_id"])

    @property
    def path(self) -> str:
        return f"/api/v1/organisations/{self.organisation_id}"

    @property
    def token(self) -> str:
        return str(self.http.headers["authorization"].partition(" ")[2])


def problem(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert response.json()["status"] == response.status_code
    return str(response.json()["type"]).rpartition("/")[2]


class Hall:
    """Registers and signs in people at a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._clients: list[httpx.AsyncClient] = []
        self.anonymous = self.client()

    def client(self, token: str | None = None, *, address: str = "127.0.0.1") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app=self.gateway.asgi, client=(address, 1))
        self._clients.append(httpx.AsyncClient(transport=transport, base_url="http://hall", headers=headers))
        return self._clients[-1]

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def sign_in(self, email: str, password: str = PASSWORD) -> Person:
        answer = await self.anonymous.post("/api/v1/sessions", json={"email": email, "password": password})
        assert answer.status_code == 201, answer.text
        session = answer.json()
        return Person(
            http=self.client(session["access_token"]),
            member=session["member"],
            organisation=session["organisation"],
            email=email,
            refresh_token=session["refresh_token"],
        )

    async def administrator(self, kind: str = "university", **changes: Any) -> Person:
        """The administrator of a new organisation."""
        email = new_email()
        answer = await self.anonymous.post("/api/v1/organisations", json=registration(kind, email, **changes))
        assert answer.status_code == 201, answer.text
        return await self.sign_in(email)

    async def colleague(self, of: Person, role: str) -> Person:
        """A new member beside an administrator."""
        email = new_email()
        body = {"name": "Chen", "email": email, "password": PASSWORD, "role": role, "language": "en"}
        answer = await of.http.post(f"{of.path}/members", json=body)
        assert answer.status_code == 201, answer.text
        return await self.sign_in(email)

    async def operator(self) -> Person:
        await self.gateway.seed_operator(name="Operator", email="operator@hall.local", password=PASSWORD)
        return await self.sign_in("operator@hall.local")


def new_email() -> str:
    return f"person{next(_numbers)}@hall.test"


def registration(kind: str = "university", email: str | None = None, **changes: Any) -> dict[str, Any]:
    admin = {"name": "Lin", "email": email or new_email(), "password": PASSWORD, "language": "en"}
    return {"name": "泉州试验大学", "kind": kind, "admin": admin} | changes

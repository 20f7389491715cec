"""A market for pages to show: a university that lists the sample's patents, a company that posts its demands."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

SAMPLE = Path(__file__).parents[2] / "deploy" / "local" / "sample"
PASSWORD = "seven-harbours-of-zayton"
_WITHIN_S = 60.0


@dataclass(frozen=True)
class Account:
    organisation_id: str
    name: str
    email: str
    token: str
    password: str = PASSWORD


@dataclass(frozen=True)
class Market:
    university: Account
    company: Account
    listings: list[dict[str, Any]]  # as the API shows them, newest first
    demands: list[dict[str, Any]]


def build_market(url: str) -> Market:
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as http:
        university = register(http, "泉州试验大学", "university", "tto@university.test")
        company = register(http, "Harbour Footwear Ltd", "company", "engineer@company.test")
        _import(http, university, (SAMPLE / "listings.jsonl").read_bytes())
        demands = [_post_demand(http, company, line) for line in _lines("demands.jsonl")[:8]]
        listings = _listings(http, len(_lines("listings.jsonl")))
    return Market(university, company, listings, demands)


def register(http: httpx.Client, name: str, kind: str, email: str, language: str = "zh") -> Account:
    admin = {"name": "林晓海", "email": email, "password": PASSWORD, "language": language}
    made = _ok(http.post("/organisations", json={"name": name, "kind": kind, "admin": admin}))
    session = _ok(http.post("/sessions", json={"email": email, "password": PASSWORD}))
    return Account(made["organisation"]["organisation_id"], name, email, session["access_token"])


def bearer(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {account.token}"}


def _import(http: httpx.Client, university: Account, lines: bytes) -> None:
    headers = {**bearer(university), "content-type": "application/x-ndjson"}
    job = _ok(http.post("/imports", params={"publish": "true"}, content=lines, headers=headers))
    deadline = time.monotonic() + _WITHIN_S
    while job["state"] in {"queued", "running"}:
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
        job = _ok(http.get(f"/imports/{job['import_id']}", headers=headers))
    assert job["published"], job


def _listings(http: httpx.Client, many: int) -> list[dict[str, Any]]:
    """When the catalogue shows them all."""
    deadline = time.monotonic() + _WITHIN_S
    while (found := _ok(http.get("/catalogue", params={"limit": 1, "facets": ""})))["total"] < many:
        assert time.monotonic() < deadline, found["total"]
        time.sleep(0.2)
    return list(_ok(http.get("/listings", params={"limit": 100}))["items"])


def _post_demand(http: httpx.Client, company: Account, demand: dict[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in demand.items() if name not in {"fictional", "expects"}}
    body |= {"visibility": "public", "budget_public": True}
    return _ok(http.post("/demands", json=body, headers=bearer(company)))


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def _ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    return dict(answer.json())

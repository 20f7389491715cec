"""A market for pages to show: a university that lists the sample's patents, a company that posts its demands."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.kit.clock import utcnow

SAMPLE = Path(__file__).parents[2] / "deploy" / "local" / "sample"
PASSWORD = "seven-harbours-of-zayton"
_WITHIN_S = 60.0
MATCHES = 6  # the company's demands have more in the end; so many will do
CO_OWNER = "晋江鞋材研究所"
TERMS: dict[str, Any] = {
    "form": "ordinary_licence",
    "territories": ["CN"],
    "field_of_use": "运动鞋",
    "fixed_fee": {"minor_units": 80_000_000, "currency": "CNY"},
    "royalty_basis_points": 250,
}


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
    matches: list[dict[str, Any]]  # of the company's demands, one of each listing
    co_owned: list[dict[str, Any]]  # of these matches, those with a right that is shared with CO_OWNER
    deals: list[dict[str, Any]]  # between the two: one being negotiated, one signed
    import_id: str  # of the university's sheet
    webhook: dict[str, Any]  # of the university


def operator_of(url: str, home: Path) -> Account:
    """Who came with the hall itself."""
    login = json.loads((home / "first-login").read_bytes())
    session = _ok(httpx.post(f"{url}/api/v1/sessions", json=login, timeout=30))
    organisation = session["organisation"]
    return Account(
        organisation["organisation_id"],
        organisation["name"],
        login["email"],
        session["access_token"],
        login["password"],
    )


def build_market(url: str) -> Market:
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as http:
        university = register(http, "泉州试验大学", "university", "tto@university.test")
        company = register(http, "Harbour Footwear Ltd", "company", "engineer@company.test")
        import_id = _import(http, university, (SAMPLE / "listings.jsonl").read_bytes())
        demands = [_post_demand(http, company, line) for line in _lines("demands.jsonl")[:8]]
        listings = _listings(http, len(_lines("listings.jsonl")))
        matches = _until(lambda: _matches(http, company))
        co_owned = [match for match in matches if _share(http, university, match["listing"]["id"])]
        deals = _deals(http, university, company, listings, demands[0]["id"])
        endpoint = {"url": "https://hooks.example.org/zayton", "description": "技术转移管理系统"}
        webhook = _ok(http.post("/webhook-endpoints", json=endpoint, headers=bearer(university)))
    return Market(university, company, listings, demands, matches, co_owned, deals, import_id, webhook)


def register(http: httpx.Client, name: str, kind: str, email: str, language: str = "zh") -> Account:
    admin = {"name": "林晓海", "email": email, "password": PASSWORD, "language": language}
    made = _ok(http.post("/organisations", json={"name": name, "kind": kind, "admin": admin}))
    session = _ok(http.post("/sessions", json={"email": email, "password": PASSWORD}))
    return Account(made["organisation"]["organisation_id"], name, email, session["access_token"])


def bearer(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {account.token}"}


def _import(http: httpx.Client, university: Account, lines: bytes) -> str:
    headers = {**bearer(university), "content-type": "application/x-ndjson"}
    job = _ok(http.post("/imports", params={"publish": "true"}, content=lines, headers=headers))
    deadline = time.monotonic() + _WITHIN_S
    while job["state"] in {"queued", "running"}:
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
        job = _ok(http.get(f"/imports/{job['import_id']}", headers=headers))
    assert job["published"], job
    return str(job["import_id"])


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


def _deals(
    http: httpx.Client,
    university: Account,
    company: Account,
    listings: list[dict[str, Any]],
    demand_id: str,
) -> list[dict[str, Any]]:
    """One with two rounds of offers and a conversation, waiting for the university; one that is signed."""
    talked = open_deal(http, company, listings[0]["listing_id"], "这项技术能否用于老人跑鞋？", demand_id)
    first = {**TERMS, "other_terms": "许可方提供两次现场技术指导。"}
    _act(http, university, talked, "offers", {"terms": first})
    second = {
        **first,
        "form": "exclusive_licence",
        "fixed_fee": {"minor_units": 60_000_000, "currency": "CNY"},
        "other_terms": "许可方提供三次现场技术指导，费用由许可方承担。",
    }
    _act(http, company, talked, "offers", {"terms": second})
    _act(http, company, talked, "messages", {"text": "第一年产量还小，入门费希望能低一些。"})
    _act(
        http,
        university,
        talked,
        "messages",
        {"text": f"We will discuss this on Monday. Data: https://example.org/{'0123456789' * 12}"},
    )
    signed = sign_deal(http, (university, company), listings[1]["listing_id"], TERMS)
    return [_ok(http.get(f"/deals/{deal_id}", headers=bearer(company))) for deal_id in (talked, signed)]


def sign_deal(http: httpx.Client, parties: tuple[Account, Account], listing_id: str, terms: dict[str, Any]) -> str:
    """From an inquiry to the last signature, licensor and licensee agreeing at once. Returns the deal's id."""
    licensor, licensee = parties
    deal_id = open_deal(http, licensee, listing_id, "Is this still to be had?")
    offer = _act(http, licensor, deal_id, "offers", {"terms": terms})
    _act(http, licensee, deal_id, f"offers/{offer['open_offer_id']}/accept", {})
    for party in parties:
        _act(http, party, deal_id, "signatures", {})
    return deal_id


def pay_by_card(http: httpx.Client, company: Account, deal_id: str) -> None:
    """At the local double of Stripe; done when the hall holds the money."""
    deal = _ok(http.get(f"/deals/{deal_id}", headers=bearer(company)))
    invoice = f"/invoices/{deal['invoice_id']}"
    _ok(http.post(f"{invoice}/checkout", json={}, headers=bearer(company)))
    url = _until(lambda: _ok(http.get(invoice, headers=bearer(company)))["checkout_url"])
    assert httpx.post(url, timeout=30).is_success
    _until(lambda: _ok(http.get(invoice, headers=bearer(company)))["state"] == "held")


def file_recordal(http: httpx.Client, licensor: Account, deal_id: str, number: str) -> None:
    filing = {"filing_number": number, "filed_on": utcnow().date().isoformat()}
    _act(http, licensor, deal_id, "recordal", filing)


def open_deal(http: httpx.Client, company: Account, listing_id: str, message: str, demand_id: str | None = None) -> str:
    """An inquiry; a listing just published may take a moment to be heard of. Returns the deal's id."""
    body = {"listing_id": listing_id, "message": message, "demand_id": demand_id}

    def ask() -> httpx.Response | None:
        answer = http.post("/deals", json=body, headers=bearer(company))
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer

    return str(_ok(_until(ask))["deal_id"])


def _act(http: httpx.Client, who: Account, deal_id: str, act: str, body: dict[str, Any]) -> dict[str, Any]:
    return _ok(http.post(f"/deals/{deal_id}/{act}", json=body, headers=bearer(who)))


def _share(http: httpx.Client, university: Account, listing_id: str) -> bool:
    """Let the right be owned by another, too, whose consent an exclusive licence needs (G4). False where the listing
    offers what could then be offered no more.
    """
    listing = _ok(http.get(f"/listings/{listing_id}"))
    if listing["deal_forms"] != ["ordinary_licence"]:
        return False
    burden = {"kind": "co_ownership", "holder": CO_OWNER, "holder_consents": False}
    path = f"/rights/{listing['right']['right_id']}/encumbrances"
    _ok(http.post(path, json=burden, headers=bearer(university)))
    return True


def _matches(http: httpx.Client, company: Account) -> list[dict[str, Any]] | None:
    """One of each listing, so that a deal on one is none on another; None until there are enough."""
    one_each = {match["listing"]["id"]: match for match in reversed(_mine(http, company, "/matches"))}
    return list(reversed(one_each.values())) if len(one_each) >= MATCHES else None


def _mine(http: httpx.Client, who: Account, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = _ok(http.get(path, headers=bearer(who)))["items"]
    return items


def _until(look: Callable[[], Any]) -> Any:
    """What `look` gives, as soon as it gives something."""
    deadline = time.monotonic() + _WITHIN_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)
    return found


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def _ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    return dict(answer.json())

"""The five kinds of people, each going on with what such a person does until told to stop."""

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

from bench.soak.diary import Diary
from deploy.local.demo.hall import Hall, Json, Party, Refused, Unreachable, once_known

PASSWORD = "a pass phrase for soaking"
WORDS = ("锂电池隔膜", "石墨烯涂层", "运动鞋中底", "茶叶烘焙", "陶瓷釉料", "水泵密封", "建筑保温", "海带加工")
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_IMPORT_ROWS = 12
_serials = count(1)


@dataclass
class Market:
    """What people know of one another's doings, as they would from the pages of the hall."""

    run_id: str = field(default_factory=lambda: secrets.token_hex(3))
    year: int = field(default_factory=lambda: random.randint(2014, 2023))
    for_deals: deque[tuple[Party, str]] = field(default_factory=lambda: deque(maxlen=200))  # owner, listing id
    to_withdraw: deque[tuple[Party, str]] = field(default_factory=lambda: deque(maxlen=200))

    def mark(self, kind: str) -> str:
        """A text that no other request has in it."""
        return f"soak-{self.run_id}-{kind}-{next(_serials)}"

    def number(self) -> str:
        """A patent number with its check digit (DOMAIN.md §1), each once."""
        digits = f"{self.year}1{int(self.run_id, 16) % 100:02d}{next(_serials):05d}"
        check = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11
        return f"CN{digits}.{'X' if check == 10 else check}"


@dataclass
class Person:
    hall: Hall
    diary: Diary
    market: Market
    party: Party

    async def post(self, kind: str, mark: str | None, path: str, body: Json | None = None) -> Json:
        async with self.diary.asking(kind, mark):
            return await self.hall.post(self.party, path, body)

    async def get(self, kind: str, path: str, **params: Any) -> Json:
        async with self.diary.asking(kind):
            return await self.hall.get(self.party, path, **params)


Doing = Callable[[Person], Awaitable[None]]


async def go_on(person: Person, doings: list[Doing], enough: asyncio.Event, pause_s: float) -> None:
    """Do one thing after another. What the hall refuses is in the diary; a person then does something else."""
    while not enough.is_set():
        with suppress(Refused, Unreachable, IndexError):  # IndexError: nothing there to do it with yet
            await random.choice(doings)(person)
        with suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(0.2, 1.8) * pause_s):
                await enough.wait()


async def register(hall: Hall, diary: Diary, market: Market, kind: str, by: Party | None = None) -> Party:
    name = market.mark("organisation")
    email = f"{name}@soak.example"
    admin = {"name": "林", "email": email, "password": PASSWORD, "language": random.choice(("zh", "en"))}
    async with diary.asking("organisation", name):
        made = await hall.post(by, "/organisations", {"name": name, "kind": kind, "admin": admin})
    return Party(kind, made["organisation"]["organisation_id"], name, email, PASSWORD)


# A university


async def list_one(person: Person) -> None:
    """Register a right and publish a listing of it."""
    market, word = person.market, random.choice(WORDS)
    number = market.number()
    right = await person.post(
        "right",
        number,
        "/rights",
        {"number": number, "title": f"一种{word}的制备方法", "abstract": f"本发明公开{word}。", "ipc": ["H01M10/0525"]},
    )
    mark = market.mark("listing")
    listing = await person.post(
        "listing",
        mark,
        "/listings",
        {
            "right_id": right["right_id"],
            "summary": mark,
            "deal_forms": ["ordinary_licence"],
            "price": {"form": "negotiable"},
            "maturity": "prototype",
            "industries": [],
            "territories": [],
        },
    )
    await person.post("published", listing["listing_id"], f"/listings/{listing['listing_id']}/publish")
    random.choice((market.for_deals, market.for_deals, market.to_withdraw)).append(
        (person.party, listing["listing_id"])
    )


async def import_many(person: Person) -> None:
    """A sheet of patents, and a look at how far it is."""
    numbers = [person.market.number() for _ in range(_IMPORT_ROWS)]
    rows = [
        {"number": number, "title": f"{random.choice(WORDS)}的生产设备", "abstract": "一种设备。", "kind": "发明专利"}
        for number in numbers
    ]
    lines = b"\n".join(map(orjson.dumps, rows))
    async with person.diary.asking("import"):
        job = await person.hall.post_lines(person.party, "/imports", lines, publish="true")
    person.diary.accepted["import"].add(job["import_id"])
    person.diary.accepted["imported row"] |= set(numbers)
    await person.get("look at import", f"/imports/{job['import_id']}")


async def withdraw_own(person: Person) -> None:
    owner, listing_id = person.market.to_withdraw.popleft()
    reason = {"reason": person.market.mark("withdrawal")}
    owner_person = Person(person.hall, person.diary, person.market, owner)
    await owner_person.post("withdrawn", listing_id, f"/listings/{listing_id}/withdraw", reason)


# A company


async def post_demand(person: Person) -> None:
    mark = person.market.mark("demand")
    await person.post(
        "demand", mark, "/demands", {"title": mark, "problem": f"需要{random.choice(WORDS)}", "language": "zh"}
    )


async def judge_match(person: Person) -> None:
    found = await person.get("look at matches", "/matches", limit=20)
    for match in found["items"]:
        if not match["judgements"]:
            verdict = {"verdict": "accepted"}
            await person.post("judged", match["id"], f"/matches/{match['id']}/judgement", verdict)
            return


async def negotiate(person: Person) -> None:
    """A deal from inquiry to both signatures; sometimes left on the way."""
    market = person.market
    owner, listing_id = market.for_deals.popleft()
    licensor = Person(person.hall, person.diary, market, owner)
    mark = market.mark("deal")
    body = {"listing_id": listing_id, "message": mark}
    # The contract service may not have heard of the listing yet: then it refuses, and is asked again.
    async with person.diary.asking("deal", mark):
        deal = await once_known(lambda: person.hall.post(person.party, "/deals", body), within_s=60)
    path = f"/deals/{deal['deal_id']}"
    await _offer(person, path, 1)
    if random.random() < 0.2:
        leave = {"reason_code": "price", "note": ""}
        await licensor.post("left", deal["deal_id"], f"{path}/reject", leave)
        return
    countered = await _offer(licensor, path, 2)
    offer_id = countered["offers"][-1]["offer_id"]
    await person.post("accepted", deal["deal_id"], f"{path}/offers/{offer_id}/accept")
    for side in (licensor, person):
        await side.post("signature", f"{deal['deal_id']} {side.party.organisation_id}", f"{path}/signatures")


async def _offer(side: Person, path: str, round_: int) -> Json:
    terms = {
        "form": "ordinary_licence",
        "territories": ["CN"],
        "field_of_use": "",
        "sublicensing_allowed": False,
        "fixed_fee": {"minor_units": 20_000_000, "currency": "CNY"},
    }
    return await side.post("offer", f"{path.rpartition('/')[2]} {round_}", f"{path}/offers", {"terms": terms})


async def read_notices(person: Person) -> None:
    await person.get("look at notices", "/notifications", limit=20)


# An operator, a visitor


async def look_after(person: Person) -> None:
    await person.get("look at status", "/status")
    await person.get("look at catalogue", "/listings", limit=20)


async def withdraw_for_owner(person: Person) -> None:
    _, listing_id = person.market.to_withdraw.popleft()
    body = {"reason": person.market.mark("withdrawal")}
    await person.post("withdrawn", listing_id, f"/listings/{listing_id}/withdraw", body)


async def enrol_broker(person: Person) -> None:
    await register(person.hall, person.diary, person.market, "broker", by=person.party)


async def search(person: Person) -> None:
    visitor = person.hall
    async with person.diary.asking("search"):
        found = await visitor.get(None, "/listings", limit=20, q=random.choice(WORDS))
    if found["items"]:
        async with person.diary.asking("look at listing"):
            await visitor.get(None, f"/listings/{random.choice(found['items'])['listing_id']}")


UNIVERSITY: list[Doing] = [list_one, list_one, list_one, import_many, withdraw_own, read_notices]
COMPANY: list[Doing] = [post_demand, post_demand, negotiate, negotiate, judge_match, read_notices]
BROKER: list[Doing] = [negotiate, negotiate, post_demand, search]
OPERATOR: list[Doing] = [look_after, withdraw_for_owner, enrol_broker]
VISITOR: list[Doing] = [search]

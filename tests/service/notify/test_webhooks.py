"""Webhooks to a real receiver that fails on demand; signatures are checked by Standard Webhooks' own library."""

import asyncio
import json
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from zayton.contract.v1.events_pb2 import DealOpened
from zayton.matching.v1.events_pb2 import MatchFound

from services.kit.auth import Principal, Role
from services.notify.adapters.endpoints import encrypt_anew, vault_of
from services.notify.adapters.tables import EndpointRow
from tests.service.notify.servers import Call, Receiver, silence, status

if TYPE_CHECKING:
    from tests.service.notify.conftest import Clock, Org, World
else:
    Clock = Org = World = Any

ENDPOINTS = "/api/v1/webhook-endpoints"


@pytest.fixture
def changes() -> dict[str, Any]:
    return {"webhook_private_networks": ["127.0.0.1/32"], "webhook_timeout_s": 1.0}


@pytest.fixture
def clock(clock: Clock) -> Clock:
    """Verifiers compare the time of a call with their own clock."""
    clock.now = datetime.now(UTC)
    return clock


@pytest.fixture
async def university(world: World) -> Org:
    return await world.organisation("Uni")


@pytest.fixture
async def admin(world: World, university: Org) -> Principal:
    return await world.member(university)


class Desk:
    """The admin's API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def add(self, url: str, **fields: Any) -> dict[str, Any]:
        answer = await self.client.post(ENDPOINTS, json={"url": url, **fields})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def read(self, endpoint: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(f"{ENDPOINTS}/{endpoint['endpoint_id']}")).json()
        return found

    async def log(self, endpoint: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.client.get(f"{ENDPOINTS}/{endpoint['endpoint_id']}/deliveries")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def detail(self, endpoint: dict[str, Any], delivery: dict[str, Any]) -> dict[str, Any]:
        path = f"{ENDPOINTS}/{endpoint['endpoint_id']}/deliveries/{delivery['delivery_id']}"
        found: dict[str, Any] = (await self.client.get(path)).json()
        return found

    async def do(self, endpoint: dict[str, Any], action: str, body: Any = None) -> httpx.Response:
        return await self.client.post(f"{ENDPOINTS}/{endpoint['endpoint_id']}/{action}", json=body or {})


@pytest.fixture
async def desk(world: World, admin: Principal) -> Any:
    async with world.client(admin) as client:
        yield Desk(client)


async def inquire(world: World, university: Org, title: str = "窑炉余热回收") -> None:
    message = DealOpened()
    message.deal.deal_id, message.deal.title = str(uuid4()), title
    message.deal.licensor_organisation_id, message.deal.licensee_organisation_id = str(university.id), str(uuid4())
    await world.hear(world.record(message, UUID(message.deal.deal_id)))


def verified(call: Call, secret: str) -> Any:
    return Webhook(secret).verify(call.body, call.headers)


async def test_a_call_is_signed_so_that_the_standards_own_library_trusts_it(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    endpoint = await desk.add(receiver.url)
    assert endpoint["secret"].startswith("whsec_")
    await inquire(world, university)
    await world.send_calls()
    (call,) = receiver.calls
    content = verified(call, endpoint["secret"])
    assert content["type"] == "deal_opened"
    assert content["data"]["text"]["zh"].endswith("就“窑炉余热回收”发来询盘。")
    assert content["data"]["link"].startswith("https://hall.test/api/v1/deals/")
    assert content["data"]["organisation_id"] == str(university.id)
    (logged,) = await desk.log(endpoint)
    assert (logged["state"], logged["attempts"], logged["delivery_id"]) == ("delivered", 1, call.headers["webhook-id"])
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint["secret"]).verify(call.body + b" ", call.headers)


async def test_the_secret_is_shown_once_and_lies_encrypted(world: World, desk: Desk, receiver: Receiver) -> None:
    endpoint = await desk.add(receiver.url)
    assert "secret" not in await desk.read(endpoint)
    async with world.service.database.transaction() as session:
        stored = (await session.execute(text("SELECT secret FROM webhook_endpoints"))).scalar_one()
        assert endpoint["secret"] not in stored
        assert await encrypt_anew(session, ["new", "a secret of tests"]) == 1
        row = await session.get(EndpointRow, UUID(endpoint["endpoint_id"]))
        assert row is not None
        assert vault_of(["new"]).open(row.secret) == endpoint["secret"]


async def test_after_a_rotation_both_secrets_hold_for_a_day(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    old = await desk.add(receiver.url)
    new = (await desk.do(old, "rotate-secret")).json()
    await inquire(world, university)
    await world.send_calls()
    (call,) = receiver.calls
    assert call.headers["webhook-signature"].count("v1,") == 2
    assert verified(call, old["secret"]) == verified(call, new["secret"])
    assert (await desk.read(old))["previous_secret_until"]
    await inquire(world, university)
    await world.send_calls(hours=25)
    assert receiver.calls[1].headers["webhook-signature"].count("v1,") == 1
    assert (await desk.read(old))["previous_secret_until"] is None


async def test_tries_go_on_for_about_three_days_with_one_id_and_one_body(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    endpoint = await desk.add(receiver.url)
    receiver.answer = status("503 Service Unavailable")
    began = world.now
    await inquire(world, university)
    while (await desk.log(endpoint))[0]["state"] != "failed":
        await world.send_calls(hours=1)
        assert (world.now - began).days < 5
    assert len(receiver.calls) == 10
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len({call.body for call in receiver.calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in receiver.calls}) == 10
    assert 2.8 < (world.now - began).total_seconds() / 86_400 < 4
    (logged,) = await desk.log(endpoint)
    tries = (await desk.detail(endpoint, logged))["tries"]
    assert [(each["number"], each["status"], each["error"]) for each in tries] == [
        (number, 503, "status-503") for number in range(1, 11)
    ]


async def test_an_endpoint_that_never_got_through_is_turned_off_and_the_admins_told(
    world: World, university: Org, admin: Principal, desk: Desk, receiver: Receiver
) -> None:
    endpoint = await desk.add(receiver.url)
    receiver.answer = status("500 Oops")
    await inquire(world, university, "first")
    await world.send_calls()
    assert (await desk.read(endpoint))["failing_since"]
    while (await desk.read(endpoint))["enabled"]:
        await world.send_calls(hours=10)
        assert len(receiver.calls) <= 10
    await inquire(world, university, "while it is off")
    assert (await desk.read(endpoint))["disabled_reason"] == "failing"
    await world.hear_own()
    kinds = [told["kind"] for told in await world.sees(admin)]
    assert {"webhook_disabled", "webhook_failed"} <= set(kinds)
    told = next(told for told in await world.sees(admin) if told["kind"] == "webhook_disabled")
    assert f"127.0.0.1:{receiver.port}" in told["text"]
    assert "/hook" not in told["text"]
    receiver.answer = status("200 OK")
    before = len(receiver.calls)
    await world.send_calls(hours=1)
    assert len(receiver.calls) == before
    assert (await desk.do(endpoint, "test")).status_code == 409
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    on = await desk.client.patch(path, json={"enabled": True}, headers={"If-Match": "*"})
    assert (on.json()["enabled"], on.json()["disabled_reason"], on.json()["failing_since"]) == (True, None, None)
    failed = (await desk.log(endpoint))[-1]
    assert (await desk.do(endpoint, f"deliveries/{failed['delivery_id']}/replay")).status_code == 202
    await world.send_calls()
    assert receiver.calls[-1].headers["webhook-id"] == failed["delivery_id"]
    assert (await desk.log(endpoint))[-1]["state"] == "delivered"


async def test_410_turns_it_off_at_once_and_what_waits_is_kept_in_the_log(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    endpoint = await desk.add(receiver.url)
    receiver.answer = status("410 Gone")
    for number in range(6):
        await inquire(world, university, str(number))
    await world.send_calls()
    found = await desk.read(endpoint)
    assert (found["enabled"], found["disabled_reason"]) == (False, "gone")
    log = await desk.log(endpoint)
    assert {each["state"] for each in log} == {"failed"}
    assert {each["error"] for each in log} <= {"gone", "endpoint-off"}
    assert len(receiver.calls) <= 4


@pytest.mark.parametrize("line", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
async def test_a_redirect_is_not_followed_wherever_it_leads(
    world: World, university: Org, desk: Desk, receiver: Receiver, line: str
) -> None:
    async with Receiver().running() as inner:
        endpoint = await desk.add(receiver.url)
        receiver.answer = status(line, f"Location: {inner.url}")
        await inquire(world, university)
        await world.send_calls()
        assert inner.calls == []
        (logged,) = await desk.log(endpoint)
        assert (logged["state"], logged["error"]) == ("waiting", f"status-{line[:3]}")


async def test_a_receiver_that_never_answers_holds_up_nobody_but_itself(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    async with Receiver().running() as good:
        slow, quick = await desk.add(receiver.url), await desk.add(good.url)
        receiver.answer = silence
        await inquire(world, university)
        await world.send_calls()
        assert (await desk.log(slow))[0]["error"] == "timeout"
        assert (await desk.log(quick))[0]["state"] == "delivered"
        await inquire(world, university)
        await world.work("webhooks-answering")  # not held up by the silent one any more
        assert len(good.calls) == 2
        assert len(receiver.calls) == 1


async def test_an_answer_of_two_gigabytes_is_cut_off(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    endpoint = await desk.add(receiver.url)
    receiver.answer = receiver.two_gigabytes
    await inquire(world, university)
    await world.send_calls()
    (logged,) = await desk.log(endpoint)
    assert logged["state"] == "delivered"  # it said 200
    (only,) = (await desk.detail(endpoint, logged))["tries"]
    assert len(only["answer"]) <= 2_048
    assert receiver.sent_bytes < 50_000_000


async def broken(_call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SMTP 220 hello\r\n\r\n")
    await writer.drain()


async def test_an_answer_that_is_no_http_and_a_port_where_nobody_listens_are_tried_again(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        nobody = await desk.add(f"http://127.0.0.1:{bound.getsockname()[1]}/")
        receiver.answer = broken
        odd = await desk.add(receiver.url)
        await inquire(world, university)
        await world.send_calls()
    assert [(each["state"], each["error"]) for each in await desk.log(odd)] == [("waiting", "broken-answer")]
    assert [(each["state"], each["error"]) for each in await desk.log(nobody)] == [("waiting", "unreachable")]


async def test_a_name_that_resolves_to_a_private_address_is_not_called(
    world: World, university: Org, desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked up once; what it answers later does not matter."""
    loop = asyncio.get_running_loop()
    asked = []

    async def resolve(host: str, port: int, **_options: Any) -> Any:
        asked.append(host)
        address = {"rebind.example": "10.0.0.7", "mixed.example": "93.184.216.34"}[host]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        if host == "mixed.example":
            found.append((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fd00::1", port, 0, 0)))
        return found

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    endpoints = [await desk.add(f"https://{name}/hook") for name in ("rebind.example", "mixed.example")]
    await inquire(world, university)
    await world.send_calls()
    for endpoint in endpoints:
        (logged,) = await desk.log(endpoint)
        assert (logged["state"], logged["error"]) == ("waiting", "private-address")
    assert sorted(asked) == ["mixed.example", "rebind.example"]
    assert receiver.calls == []


async def test_a_name_is_connected_to_at_the_address_that_was_checked(
    world: World, university: Org, desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    answers = iter(["127.0.0.1", "10.0.0.7"])

    async def resolve(_host: str, port: int, **_options: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    endpoint = await desk.add(f"http://hooks.example:{receiver.port}/hook")
    await inquire(world, university)
    await world.send_calls()
    (call,) = receiver.calls
    assert call.headers["host"] == f"hooks.example:{receiver.port}"
    assert (await desk.log(endpoint))[0]["state"] == "delivered"


async def test_matches_come_as_one_call_when_their_burst_is_over(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    endpoint = await desk.add(receiver.url, kinds=["matches_for_demand"])
    demand = uuid4()
    for _ in range(3):
        records = []
        for _ in range(100):
            message = MatchFound()
            message.match.match_id, message.match.demand_id = str(uuid4()), str(demand)
            message.match.demand_organisation_id = str(university.id)
            message.match.listing_organisation_id = str(uuid4())
            records.append(world.record(message, uuid4()))
        await world.hear(*records)
        await world.send_calls(minutes=2)
    await inquire(world, university)  # of a kind it did not ask for
    await world.send_calls()
    assert receiver.calls == []
    await world.send_calls(minutes=5)
    (call,) = receiver.calls
    assert verified_later(call, endpoint["secret"])["data"]["count"] == 300


def verified_later(call: Call, secret: str) -> Any:
    """The test's clock has gone ahead of the verifier's by more than it takes: only the signature is looked at."""
    moment = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    assert (
        Webhook(secret).sign(call.headers["webhook-id"], moment, call.body.decode())
        == (call.headers["webhook-signature"])
    )
    return json.loads(call.body)


async def test_a_call_stays_below_twenty_kilobytes(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    endpoint = await desk.add(receiver.url)
    await inquire(world, university, "长" * 20_000)
    await world.send_calls()
    (call,) = receiver.calls
    assert len(call.body) < 20_000
    content = verified(call, endpoint["secret"])
    assert content["data"]["notice_id"]
    assert content["data"]["link"]


async def test_a_test_call_and_a_replay(world: World, desk: Desk, receiver: Receiver) -> None:
    endpoint = await desk.add(receiver.url)
    asked = await desk.do(endpoint, "test")
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    under_way = await desk.do(endpoint, f"deliveries/{asked.json()['delivery_id']}/replay")
    assert (under_way.status_code, under_way.json()["type"].rpartition("/")[2]) == (409, "delivery-under-way")
    await world.send_calls()
    assert verified(receiver.calls[0], endpoint["secret"])["type"] == "test"
    assert (await desk.do(endpoint, f"deliveries/{asked.json()['delivery_id']}/replay")).status_code == 202
    await world.send_calls()
    first, second = receiver.calls
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    (logged,) = await desk.log(endpoint)
    assert (logged["attempts"], logged["state"]) == (2, "delivered")


async def test_a_crash_while_calling_calls_again_after_the_lease(
    world: World, university: Org, desk: Desk, receiver: Receiver
) -> None:
    endpoint = await desk.add(receiver.url)
    await inquire(world, university)
    (job,) = [job for job in world.service.jobs if job.name == "webhooks-answering"]
    caller = job.step.__self__  # type: ignore[attr-defined]  # a bound method
    async with world.service.database.transaction() as session:
        await caller.calling.claim_due(session, world.now, failing=False, limit=10)  # and then the power goes
    await world.send_calls(minutes=4)
    assert receiver.calls == []
    await world.send_calls(minutes=2)
    assert len(receiver.calls) == 1
    assert (await desk.log(endpoint))[0]["attempts"] == 2


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://10.0.0.1/x", "private-address"),
        ("https://169.254.169.254/latest/meta-data", "private-address"),
        ("https://[::1]/x", "private-address"),
        ("https://[fd00::1]/x", "private-address"),
        ("https://[::ffff:10.0.0.1]/x", "private-address"),
        ("https://224.0.0.1/x", "private-address"),
        ("https://100.64.0.1/", "private-address"),
        ("ftp://example.org/x", "url-scheme"),
        ("file:///etc/passwd", "url-form"),
        ("//example.org", "url-scheme"),
        ("https://user:secret@example.org/", "url-credentials"),
        ("https://example.org:99999/", "url-form"),
        ("https://example.org/#fragment", "url-form"),
        ("nonsense", "url-form"),
        ("", "too-short"),
        ("https://" + "a" * 2_000, "too-long"),
    ],
)
async def test_a_bad_url_is_refused_with_its_place(desk: Desk, url: str, code: str) -> None:
    answer = await desk.client.post(ENDPOINTS, json={"url": url, "kinds": []})
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("/url", code)]
    assert (await desk.client.get(ENDPOINTS)).json() == []


@pytest.mark.parametrize("kind", ["nonsense", "webhook_disabled"])
async def test_kinds_that_are_not_offered_are_refused(desk: Desk, kind: str) -> None:
    answer = await desk.client.post(ENDPOINTS, json={"url": "https://example.org", "kinds": ["offer_made", kind]})
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/kinds/1"]


async def test_a_change_needs_the_version_that_was_read(desk: Desk, receiver: Receiver) -> None:
    endpoint = await desk.add(receiver.url)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    assert (await desk.client.patch(path, json={"description": "x"})).status_code == 428
    tag = (await desk.client.get(path)).headers["etag"]
    first = await desk.client.patch(path, json={"description": "x"}, headers={"If-Match": tag})
    assert (first.status_code, first.json()["description"]) == (200, "x")
    assert (await desk.client.patch(path, json={"description": "y"}, headers={"If-Match": tag})).status_code == 412


async def test_an_organisation_has_twenty_endpoints_at_most(desk: Desk, receiver: Receiver) -> None:
    for _ in range(20):
        await desk.add(receiver.url)
    answer = await desk.client.post(ENDPOINTS, json={"url": receiver.url})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "too-many-webhook-endpoints")


async def test_deleting_ends_it_with_its_log(world: World, university: Org, desk: Desk, receiver: Receiver) -> None:
    endpoint = await desk.add(receiver.url)
    await inquire(world, university)
    assert (await desk.client.delete(f"{ENDPOINTS}/{endpoint['endpoint_id']}")).status_code == 204
    await world.send_calls()
    assert receiver.calls == []
    assert (await desk.client.get(f"{ENDPOINTS}/{endpoint['endpoint_id']}")).status_code == 404


async def test_others_see_and_change_nothing(world: World, university: Org, desk: Desk, receiver: Receiver) -> None:
    endpoint = await desk.add(receiver.url)
    await inquire(world, university)
    await world.send_calls()
    (logged,) = await desk.log(endpoint)
    path = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    stranger = await world.member(await world.organisation("Other"))
    agent = await world.member(university, Role.AGENT)
    for person, expected in ((stranger, 404), (agent, 403), (None, 401)):
        async with world.client(person) as client:
            answers = [
                await client.get(path),
                await client.patch(path, json={"enabled": False}, headers={"If-Match": "*"}),
                await client.delete(path),
                await client.post(f"{path}/rotate-secret", json={}),
                await client.post(f"{path}/test", json={}),
                await client.get(f"{path}/deliveries"),
                await client.get(f"{path}/deliveries/{logged['delivery_id']}"),
                await client.post(f"{path}/deliveries/{logged['delivery_id']}/replay", json={}),
            ]
            assert [answer.status_code for answer in answers] == [expected] * len(answers)
            listed = await client.get(ENDPOINTS)
            assert listed.json() == [] if person is stranger else listed.status_code == expected
    assert (await desk.read(endpoint))["enabled"]
    mine = await desk.add(receiver.url)
    other = await desk.client.get(f"{ENDPOINTS}/{mine['endpoint_id']}/deliveries/{logged['delivery_id']}")
    assert other.status_code == 404

"""E-mail by a real mail server: who is written to, when, in which words, and what happens when it does not work."""

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from zayton.contract.v1.events_pb2 import DealOpened, OfferMade
from zayton.matching.v1.events_pb2 import MatchFound

from services.kit.auth import Principal
from tests.service.notify.servers import MailServer

if TYPE_CHECKING:
    from tests.service.notify.conftest import Org, World
else:
    Org = World = Any

PREFERENCES = "/api/v1/notification-preferences"


@pytest.fixture
def changes(mail_server: MailServer) -> dict[str, Any]:
    return {"smtp_url": f"smtp://127.0.0.1:{mail_server.port}", "mail_from": "Zayton <hall@zayton.test>"}


@pytest.fixture
async def two_sides(world: World) -> tuple[Org, Org]:
    return await world.organisation("Uni"), await world.organisation("安溪<茶业>")


async def inquire(world: World, sides: tuple[Org, Org], title: str = "Kiln heat recovery") -> None:
    message = DealOpened()
    message.deal.deal_id, message.deal.title = str(uuid4()), title
    message.deal.licensor_organisation_id, message.deal.licensee_organisation_id = str(sides[0].id), str(sides[1].id)
    await world.hear(world.record(message, UUID(message.deal.deal_id)))


async def offer(world: World, sides: tuple[Org, Org]) -> None:
    message = OfferMade()
    message.deal.deal_id, message.deal.title, message.offer.round = str(uuid4()), "Kiln heat recovery", 1
    message.deal.licensor_organisation_id, message.deal.licensee_organisation_id = str(sides[0].id), str(sides[1].id)
    message.offer.from_organisation_id = str(sides[1].id)
    await world.hear(world.record(message, UUID(message.deal.deal_id)))


async def match(world: World, sides: tuple[Org, Org], number: int, demand: UUID | None = None) -> None:
    records = []
    for _ in range(number):
        message = MatchFound()
        message.match.match_id, message.match.demand_id = str(uuid4()), str(demand or uuid4())
        message.match.demand_title, message.match.listing_title = "Lead-free glaze wanted", "A glaze"
        message.match.demand_organisation_id = str(sides[0].id)
        message.match.listing_organisation_id = str(sides[1].id)
        records.append(world.record(message, uuid4()))
    await world.hear(*records)


async def prefer(world: World, person: Principal, **change: Any) -> dict[str, Any]:
    async with world.client(person) as client:
        answer = await client.patch(PREFERENCES, json=change, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def parts(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain
    assert html
    return plain.get_content(), html.get_content()


async def states(world: World) -> list[tuple[str, str | None]]:
    async with world.service.database.transaction() as session:
        rows = await session.execute(text("SELECT state, error FROM deliveries ORDER BY position"))
        return [(row.state, row.error) for row in rows]


async def test_a_mail_tells_in_the_readers_language_as_text_and_html(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    english, chinese = await world.member(two_sides[0]), await world.member(two_sides[0], language="zh")
    await inquire(world, two_sides, "Kiln <b>heat</b> recovery")
    await world.send_mails(minutes=2)
    assert sorted(mail_server.recipients) == sorted(f"{who.user_id}@example.org" for who in (english, chinese))
    by_language = {mail["Content-Language"]: mail for mail in mail_server.mails}
    plain, html = parts(by_language["en"])
    assert by_language["en"]["Subject"] == "A new inquiry"
    assert "安溪<茶业> asks about “Kiln <b>heat</b> recovery”." in plain
    assert "&lt;b&gt;heat&lt;/b&gt;" in html
    assert "<b>heat" not in html
    assert 'lang="en"' in html
    assert "https://hall.test/en/deals/" in plain
    assert "2026-05-04 20:00 (Asia/Shanghai)" in plain
    zh_plain, _ = parts(by_language["zh"])
    assert by_language["zh"]["Subject"] == "收到新的询盘"
    assert "Lin，您好：" in zh_plain
    assert "2026 年 5 月 4 日 20:00（Asia/Shanghai）" in zh_plain
    assert by_language["zh"]["From"] == "Zayton <hall@zayton.test>"
    assert by_language["zh"]["Auto-Submitted"] == "auto-generated"
    assert await states(world) == [("delivered", None)] * 2


async def test_redelivered_events_write_to_nobody_twice(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    await world.member(two_sides[0])
    demand = uuid4()
    await match(world, two_sides, 1, demand)
    message = DealOpened()
    message.deal.deal_id = str(uuid4())
    message.deal.licensor_organisation_id, message.deal.licensee_organisation_id = map(str, (two_sides[0].id, uuid4()))
    record = world.record(message, uuid4())
    await world.hear(record)
    await world.send_mails(minutes=2)
    async with world.service.database.transaction() as session:
        await session.execute(text("TRUNCATE inbox"))
    await world.hear(record)
    await world.send_mails(hours=1)
    assert len(mail_server.mails) == 1


async def test_a_burst_is_one_mail_and_the_next_one_waits(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    await world.member(two_sides[0])
    for _ in range(30):
        await inquire(world, two_sides)
        world.later(seconds=1)
    await world.send_mails(seconds=45)
    (mail,) = mail_server.mails
    assert mail["Subject"] == "30 pieces of news from the trading hall"
    assert parts(mail)[0].count("asks about") == 30
    await inquire(world, two_sides)
    await world.send_mails(minutes=2)
    assert len(mail_server.mails) == 1
    await world.send_mails(minutes=9)
    assert len(mail_server.mails) == 2


async def test_the_server_is_away_for_an_hour_and_nothing_is_lost(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    people = [await world.member(two_sides[0]) for _ in range(3)]
    await mail_server.stop()
    await inquire(world, two_sides)
    for _ in range(60):
        await world.send_mails(minutes=1)
    assert await states(world) == [("waiting", "mail-server-unreachable")] * 3
    await mail_server.start()
    await world.send_mails(minutes=1)
    assert sorted(mail_server.recipients) == sorted(f"{who.user_id}@example.org" for who in people)
    assert await states(world) == [("delivered", None)] * 3


async def test_greylisting_is_met_with_patience_and_the_same_message_id(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    await world.member(two_sides[0])
    asked = []

    def greylist(recipient: str) -> str | None:
        asked.append(recipient)
        return "451 4.7.1 try again later" if len(asked) < 3 else None

    mail_server.reply = greylist
    await inquire(world, two_sides)
    await world.send_mails(minutes=2)
    await world.send_mails(seconds=10)
    assert (len(asked), mail_server.mails) == (2, [])
    await world.send_mails(minutes=7)
    (mail,) = mail_server.mails
    async with world.service.database.transaction() as session:
        delivery = (await session.execute(text("SELECT delivery_id, attempts FROM deliveries"))).one()
        tries = (await session.execute(text("SELECT status, error FROM delivery_attempts ORDER BY number"))).all()
    assert mail["Message-ID"] == f"<{delivery.delivery_id}@zayton.test>"
    assert [tuple(each) for each in tries] == [(451, "recipient-refused")] * 2 + [(250, None)]


async def test_a_crash_after_sending_sends_again_under_the_same_message_id(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    await world.member(two_sides[0])
    await inquire(world, two_sides)
    await world.send_mails(minutes=2)
    async with world.service.database.transaction() as session:  # as if the process had died before recording
        await session.execute(
            text("UPDATE deliveries SET state = 'sending', finished_at = NULL, due_at = :due"),
            {"due": world.now},
        )
        await session.execute(text("DELETE FROM delivery_attempts"))
    await world.send_mails(seconds=1)
    first, second = mail_server.mails
    assert first["Message-ID"] == second["Message-ID"]


async def test_an_unknown_recipient_is_given_up_at_once_and_the_admins_hear_of_it(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    person, colleague = await world.member(two_sides[0]), await world.member(two_sides[0])
    mail_server.reply = lambda who: "550 5.1.1 no such user" if who.startswith(str(person.user_id)) else None
    await inquire(world, two_sides)
    await world.send_mails(minutes=2)
    assert sorted(await states(world), key=str) == [("delivered", None), ("failed", "recipient-refused")]
    await world.hear_own()
    (told, _) = await world.sees(colleague)
    assert told["kind"] == "email_failed"
    assert str(person.user_id) in told["text"]
    assert "example.org" not in told["text"]


async def test_a_mail_that_breaks_the_connection_does_not_hold_up_the_others_for_ever(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    for _ in range(3):
        await world.member(two_sides[0])
    await inquire(world, two_sides)
    mail_server.hang_up = True
    await world.send_mails(minutes=2)
    assert mail_server.mails == []
    mail_server.hang_up = False
    await world.send_mails(minutes=2)
    assert len(mail_server.mails) == 3


async def test_quiet_hours_hold_mail_back_until_morning_in_the_persons_zone(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    person = await world.member(two_sides[0])
    quiet = {"start": "08:00", "end": "15:30"}
    await prefer(world, person, time_zone="Europe/Berlin", quiet_hours=quiet)  # noon UTC is 14:00 there
    await inquire(world, two_sides)
    await world.send_mails(minutes=30)
    await world.send_mails(minutes=50)
    assert mail_server.mails == []
    await world.send_mails(minutes=15)
    assert len(mail_server.mails) == 1


async def test_ending_quiet_hours_lets_go_what_waits(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    person = await world.member(two_sides[0])
    await prefer(world, person, time_zone="UTC", quiet_hours={"start": "11:00", "end": "10:00"})
    await inquire(world, two_sides)
    await world.send_mails(minutes=5)
    assert mail_server.mails == []
    await prefer(world, person, quiet_hours=None)
    await world.send_mails(seconds=1)
    assert len(mail_server.mails) == 1


async def test_a_daily_digest_collects_until_its_hour(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    person = await world.member(two_sides[0])
    await prefer(world, person, time_zone="UTC", digest={"hour": 18, "weekday": 2})
    await match(world, two_sides, 3)
    await world.send_mails(hours=3)
    await match(world, two_sides, 1)
    await world.send_mails(minutes=30)
    assert mail_server.mails == []
    await world.send_mails(hours=3)
    (mail,) = mail_server.mails
    assert mail["Subject"] == "Your daily digest: 4"
    await prefer(world, person, kinds={"matches_for_demand": {"email": "weekly"}})
    await match(world, two_sides, 2)  # a Monday evening; the digest comes on Wednesday
    await world.send_mails(days=1)
    assert len(mail_server.mails) == 1
    await world.send_mails(days=1)
    assert mail_server.mails[-1]["Subject"] == "Your weekly digest: 2"


async def test_what_was_switched_off_meanwhile_is_not_mailed(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    person, leaver = await world.member(two_sides[0]), await world.member(two_sides[0])
    await inquire(world, two_sides)
    await prefer(world, person, kinds={"deal_opened": {"email": "off", "in_app": False}})
    await world.leave(two_sides[0], leaver)
    await inquire(world, two_sides)
    await world.send_mails(hours=1)
    assert mail_server.mails == []
    assert len(await world.sees(person)) == 1  # the first one was told before


async def test_one_click_unsubscribes_without_signing_in_and_looking_does_not(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    person = await world.member(two_sides[0])
    await inquire(world, two_sides)
    await world.send_mails(minutes=2)
    (mail,) = mail_server.mails
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = mail["List-Unsubscribe"].strip("<>")
    # As it is on the wire: mail programs do not look for an address in an encoded word.
    assert f"List-Unsubscribe: <{url}>".encode() in mail_server.raw[0]
    assert url.startswith("https://hall.test/api/v1/notification-preferences/unsubscribe/")
    async with world.client(None) as anonymous:
        looked = await anonymous.get(url.removeprefix("https://hall.test"), headers={"Accept-Language": "zh"})
        assert (looked.status_code, looked.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "退订" in looked.text
        await inquire(world, two_sides)
        await world.send_mails(hours=1)
        assert len(mail_server.mails) == 2
        clicked = await anonymous.post(url.removeprefix("https://hall.test"), data={"List-Unsubscribe": "One-Click"})
        assert clicked.status_code == 200
        forged = await anonymous.post(f"{url.removeprefix('https://hall.test')}x")
        assert forged.status_code == 404
    await inquire(world, two_sides)
    await world.send_mails(hours=1)
    assert len(mail_server.mails) == 2
    await offer(world, two_sides)  # another kind goes on
    await world.send_mails(hours=1)
    assert len(mail_server.mails) == 3
    assert len(await world.sees(person)) == 4


async def test_unsubscribing_from_a_mail_about_several_kinds_ends_all_mail(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    await world.member(two_sides[0])
    await inquire(world, two_sides)
    await offer(world, two_sides)
    await world.send_mails(minutes=2)
    (mail,) = mail_server.mails
    async with world.client(None) as anonymous:
        path = mail["List-Unsubscribe"].strip("<>").removeprefix("https://hall.test")
        assert (await anonymous.post(path)).status_code == 200
    await inquire(world, two_sides)
    await match(world, two_sides, 2)
    await world.send_mails(days=8)
    assert len(mail_server.mails) == 1


async def test_finished_deliveries_are_forgotten_after_their_time(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    await world.member(two_sides[0])
    await inquire(world, two_sides)
    await world.send_mails(minutes=2)
    assert len(mail_server.mails) == 1
    world.later(days=29)
    await world.work("forgetting")
    assert len(await states(world)) == 1
    world.later(days=2)
    await world.work("forgetting")
    assert await states(world) == []


async def test_an_address_in_chinese_is_written_to_as_such(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org]
) -> None:
    person = await world.member(two_sides[0])
    async with world.service.database.transaction() as session:
        await session.execute(text("UPDATE members SET email = '林@示例.cn', name = '林\r\nBcc: x@y.z'"))
    await inquire(world, two_sides)
    await world.send_mails(minutes=2)
    assert mail_server.recipients == ["林@示例.cn"]
    assert "Bcc" not in mail_server.mails[0]
    assert person.name


@pytest.mark.parametrize("address", ["no address", "a@b@c\r\nRCPT TO:<x@y.z>", "@nowhere.org"])
async def test_an_address_that_is_none_fails_alone(
    world: World, mail_server: MailServer, two_sides: tuple[Org, Org], address: str
) -> None:
    await world.member(two_sides[0])
    async with world.service.database.transaction() as session:
        await session.execute(text("UPDATE members SET email = :address"), {"address": address})
    good = await world.member(two_sides[0])
    await inquire(world, two_sides)
    await world.send_mails(minutes=2)
    assert mail_server.recipients == [f"{good.user_id}@example.org"]
    assert ("failed", "address-unusable") in await states(world)

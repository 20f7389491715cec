"""The demo from the first registration to the last notification, each step one function."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex

from deploy.local.demo import market, money
from deploy.local.demo.deal import Deal, agree, open_deal, sign
from deploy.local.demo.document import verify_document
from deploy.local.demo.hall import Hall, Json, Party, Refused, Unreachable, listening
from deploy.local.demo.parties import Cast, register
from deploy.local.demo.report import Failed, Report
from deploy.local.demo.sample import Material, UnusableData, material

_LANGUAGES = ("zh", "en")
NOTIFIED_WITHIN_S = 60.0
_SHOWN_LATEST = 8


async def run(
    base_url: str, *, lang: str = "en", as_json: bool = False, data: Path | None = None, keep: Path | None = None
) -> int:
    """Play the demo against the hall at `base_url`. Returns the exit code: 0, or 1 after saying what went wrong."""
    report = Report(lang if lang in _LANGUAGES else "en", as_json=as_json)
    hall = Hall(base_url, language=report.language)
    try:
        await _play(hall, report, data, keep)
    except Failed as failed:
        report.failed(str(failed))
    except Refused as refused:
        report.failed(report.text("failed.refused", reason=refused))
    except Unreachable as lost:
        report.failed(report.text("failed.unreachable", url=base_url, seconds=round(lost.seconds), reason=lost))
    else:
        return 0
    finally:
        await hall.close()
    return 1


async def _play(hall: Hall, report: Report, data: Path | None, keep: Path | None) -> None:
    stuff = _read(report, data)
    await hall.ready()
    report.step("hall", str(hall.client.base_url), rows=stuff.rows)
    cast = await _register_all(hall, report)
    await market.import_patents(hall, report, cast.university, stuff.lines)
    await market.see_them_listed(hall, report, cast.university)
    async with AsyncExitStack() as while_matching:
        # Listening before the first demand is posted, so that no match can be missed.
        stream = await while_matching.enter_async_context(listening(hall, cast.company, "match_found"))
        if not await stream.until_listening(market.STREAM_WITHIN_S):
            raise report.failure("stream", seconds=round(market.STREAM_WITHIN_S))
        demands = await market.post_demands(hall, report, cast.company, stuff)
        found = await market.await_matches(report, stream, cast.university, demands, borrowed=stuff.borrowed)
    chosen = await market.choose(hall, report, cast.company, demands, found)
    deal = await open_deal(hall, report, cast, chosen)
    await agree(hall, report, deal)
    await sign(hall, report, deal)
    await verify_document(hall, report, deal, keep)
    released = await money.play(hall, report, cast, deal)
    await _show_notifications(hall, report, cast, deal, "deal_activated" if released else "document_sealed")
    report.step("done" if released else "done-signed", deal.deal_id)


def _read(report: Report, data: Path | None) -> Material:
    try:
        return material(data)
    except UnusableData as error:
        raise report.failure("data", path=error.path, line=error.line, reason=error.reason) from error
    except OSError as error:
        raise report.failure("file", path=data, reason=error.strerror or error) from error


async def _register_all(hall: Hall, report: Report) -> Cast:
    # Names of their own each time, so that the demo can be played again on the same hall.
    run_id = token_hex(4)
    parties = {kind: await register(hall, report, kind, run_id) for kind in ("university", "company", "broker")}
    return Cast(**parties)


async def _show_notifications(hall: Hall, report: Report, cast: Cast, deal: Deal, last: str) -> None:
    """Show what each party was told, once it has heard of the `last` kind of news."""
    deadline = time.monotonic() + NOTIFIED_WITHIN_S
    for party in cast.all():
        got = await _notifications(hall, party)
        while not any(_tells_of(each, deal, last) for each in got):
            if time.monotonic() > deadline:
                raise report.failure("notifications", party=party.name, seconds=round(NOTIFIED_WITHIN_S))
            await asyncio.sleep(0.3)
            got = await _notifications(hall, party)
        _show(report, party, got)


def _tells_of(notification: Json, deal: Deal, kind: str) -> bool:
    return notification["kind"] == kind and deal.deal_id in notification["link"]


async def _notifications(hall: Hall, party: Party) -> list[Json]:
    answer = await hall.get(party, "/notifications", limit=100)
    return list(reversed(answer["items"]))


def _show(report: Report, party: Party, got: list[Json]) -> None:
    shown = [{"notification_id": each["notification_id"], "title": each["title"], "text": each["text"]} for each in got]
    report.step("notifications", party.organisation_id, party=party.name, count=len(got), notifications=shown)
    if earlier := shown[:-_SHOWN_LATEST]:
        report.detail(report.text("note.earlier", count=len(earlier)))
    for each in shown[-_SHOWN_LATEST:]:
        report.detail(f"{each['title']}: {each['text']}")

"""Bringing patents to the hall, posting demands, and hearing what fits."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from deploy.local.demo.hall import Hall, Json, Party, Refused, Stream, once_known
from deploy.local.demo.report import Report
from deploy.local.demo.sample import Material, Wanted

STREAM_WITHIN_S = 60.0
IMPORT_STANDS_STILL_S = 120.0
LISTED_WITHIN_S = 60.0
FIRST_MATCH_WITHIN_S = 90.0
QUIET_S = 30.0  # so long without a further match (also after a restart), and no more are waited for
LAST_S = 1.0
NOT_NEGOTIATED = "open_licence"  # declared to all, taken by notice (PL 50-51)
PREFERRED_FORM = "ordinary_licence"


@dataclass(frozen=True)
class Chosen:
    """The match a deal is made of."""

    match_id: str
    listing: Json
    demand_id: str
    demand: Wanted
    form: str


async def import_patents(hall: Hall, report: Report, university: Party, lines: bytes) -> None:
    begun = time.monotonic()
    job = await hall.post_lines(university, "/imports", lines, publish="true")
    import_id, last_change, seen = job["import_id"], time.monotonic(), -1
    with report.bar("import", job["rows"]) as bar:
        while job["state"] in ("queued", "running"):
            if job["done"] != seen:
                seen, last_change = job["done"], time.monotonic()
            if time.monotonic() - last_change > IMPORT_STANDS_STILL_S:
                raise report.failure("import-still", done=seen, rows=job["rows"], seconds=round(IMPORT_STANDS_STILL_S))
            bar.at(job["done"], job["rows"])
            await asyncio.sleep(0.25)
            job = await hall.get(university, f"/imports/{import_id}")
    if job["state"] != "finished":
        raise report.failure("import", state=job["state"])
    if not job["published"]:
        raise report.failure(
            "nothing-published", rejected=job["rejected"], first=await _fault(hall, report, university, job)
        )
    report.step(
        "imported",
        import_id,
        **{name: job[name] for name in ("rows", "accepted", "rejected", "published")},
        rows_per_s=round(job["rows"] / max(time.monotonic() - begun, 0.001)),
    )
    if job["rejected"]:
        report.detail(await _fault(hall, report, university, job))


async def _fault(hall: Hall, report: Report, university: Party, job: Json) -> str:
    """The first of the rows that were not taken, and why."""
    answer = await hall.get(university, f"/imports/{job['import_id']}/errors", limit=1)
    if not answer["items"]:
        return ""
    first = answer["items"][0]
    return report.text(
        "note.rejected", row=first["row"], pointer=first["pointer"], reason=first["text"][report.language]
    )


async def see_them_listed(hall: Hall, report: Report, university: Party) -> None:
    """Wait until the public catalogue shows them, to somebody who is not signed in."""
    query = {"organisation_id": university.organisation_id, "limit": 1}
    deadline = time.monotonic() + LISTED_WITHIN_S
    while not (items := (await hall.get(None, "/listings", **query))["items"]):
        if time.monotonic() > deadline:
            raise report.failure("not-listed", seconds=round(LISTED_WITHIN_S))
        await asyncio.sleep(0.3)
    report.step("listed", items[0]["listing_id"], title=title_of(items[0]))


async def post_demands(hall: Hall, report: Report, company: Party, stuff: Material) -> dict[str, Wanted]:
    """Demands by id, as posted."""
    if stuff.borrowed:
        report.detail(report.text("note.borrowed"))
    posted = {}
    for wanted in stuff.demands:
        answer = await hall.post(company, "/demands", wanted.body)
        posted[answer["id"]] = wanted
        report.step("demand", answer["id"], title=wanted.body["title"])
    return posted


async def await_matches(
    report: Report, stream: Stream, university: Party, demands: Mapping[str, Wanted], *, borrowed: bool
) -> list[Json]:
    """Matches as the stream brings them, best first: until each demand that should have one does, or it falls quiet.

    Of this run's patents alone: what others list, and what an earlier run of the demo listed, may fit as well.
    """
    hoped_for = {demand_id for demand_id, wanted in demands.items() if wanted.expects}
    found: dict[str, Json] = {}
    until = time.monotonic() + FIRST_MATCH_WITHIN_S
    while heard := await stream.next(until - time.monotonic()):
        match = heard.data
        if match.get("demand_id") in demands and match.get("listing_organisation_id") == university.organisation_id:
            found[match["match_id"]] = match
            hoped_for.discard(match["demand_id"])
            # With the last one hoped for, only what is on its way already is waited for.
            until = time.monotonic() + (QUIET_S if hoped_for else LAST_S)
    if not found:
        raise report.failure("no-match", seconds=round(FIRST_MATCH_WITHIN_S))
    ranked = sorted(found.values(), key=lambda match: float(match["score"]), reverse=True)
    best = {match["demand_id"]: match for match in reversed(ranked)}
    right = sum(match["listing_title"] in demands[demand_id].expects for demand_id, match in best.items())
    report.step(
        "matches-of-own-words" if borrowed else "matches",
        ranked[0]["match_id"],
        matches=len(ranked),
        matched=len(best),
        demands=len(demands),
        right=right,
    )
    return ranked


async def choose(
    hall: Hall, report: Report, company: Party, demands: Mapping[str, Wanted], ranked: list[Json]
) -> Chosen:
    """The best match that can be negotiated, with the reasons the hall gives for it."""
    for match in ranked:
        listing = await _listing(hall, company, match["listing_id"])
        wanted = demands[match["demand_id"]]
        form = _form(listing, wanted) if listing else None
        if listing and form:
            chosen = Chosen(match["match_id"], listing, match["demand_id"], wanted, form)
            await _explain(hall, report, company, chosen, float(match["score"]))
            return chosen
    raise report.failure("no-deal-form")


async def _listing(hall: Hall, company: Party, listing_id: str) -> Json | None:
    try:
        listing = await hall.get(company, f"/listings/{listing_id}")
    except Refused as refused:
        if refused.status == httpx.codes.NOT_FOUND:  # withdrawn since, on a hall where others trade too
            return None
        raise
    return listing if listing["status"] == "published" else None


def _form(listing: Json, wanted: Wanted) -> str | None:
    """A form of deal that one side offers and the other wants."""
    wishes = wanted.body.get("deal_forms") or listing["deal_forms"]
    both = [form for form in listing["deal_forms"] if form in wishes and form != NOT_NEGOTIATED]
    return PREFERRED_FORM if PREFERRED_FORM in both else next(iter(both), None)


async def _explain(hall: Hall, report: Report, company: Party, chosen: Chosen, score: float) -> None:
    match = await once_known(lambda: hall.get(company, f"/matches/{chosen.match_id}"))
    reasons = [str(reason["text"]) for reason in match["reasons"]]
    title = title_of(chosen.listing)
    report.step(
        "best-match",
        chosen.match_id,
        demand=chosen.demand.body["title"],
        listing=title,
        score=round(score, 3),
        expected=title in chosen.demand.expects,
        reasons=reasons,
    )
    for reason in reasons:
        report.detail(f"· {reason}")


def title_of(listing: Json) -> str:
    return str(listing["right"]["title"])

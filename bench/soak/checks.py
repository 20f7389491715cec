"""Afterwards: is the effect of every accepted request there, once? Was all sent, and heard? Does money balance?"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.soak.diary import Diary
from deploy.local.agreement import disagreements
from deploy.local.backup.schemas import connected
from deploy.services import SCHEMAS

# Kind of effect → where it is, and the query that gives one row with its mark for each time it happened.
EFFECTS: dict[str, tuple[str, str]] = {
    "organisation": ("gateway", "SELECT name FROM organisations"),
    "right": ("listing", "SELECT number_as_given FROM rights"),
    "imported row": ("listing", "SELECT number_as_given FROM rights"),
    "listing": ("listing", "SELECT summary FROM listings"),
    "import": ("listing", "SELECT import_id::text FROM imports WHERE state = 'finished'"),
    "published": ("listing", "SELECT key FROM outbox WHERE headers->>'ce_type' LIKE '%.ListingPublished'"),
    "withdrawn": ("listing", "SELECT key FROM outbox WHERE headers->>'ce_type' LIKE '%.ListingWithdrawn'"),
    "demand": ("matching", "SELECT title FROM demands"),
    "judged": ("matching", "SELECT match_id::text FROM matches, jsonb_array_elements(judgements)"),
    "deal": ("contract", "SELECT message FROM deals"),
    "offer": ("contract", "SELECT deal_id || ' ' || round FROM offers"),
    "left": ("contract", "SELECT deal_id::text FROM history WHERE event = 'closed'"),
    "accepted": ("contract", "SELECT deal_id::text FROM history WHERE event = 'offer_accepted'"),
    "signature": ("contract", "SELECT deal_id || ' ' || organisation_id FROM signatures"),
}
# What consumers wrote: an event that took effect twice is a row that is there twice.
DOUBLES: dict[str, tuple[str, str]] = {
    "live stream": ("gateway", "SELECT type || coalesce(audience::text, '') || data::text FROM stream_rows"),
    "licences on rights": ("listing", "SELECT deal_id || ' ' || right_id FROM encumbrances WHERE deal_id IS NOT NULL"),
    "notices": ("notify", "SELECT organisation_id || kind || cause FROM notices WHERE is_open"),
}


@dataclass
class Findings:
    """`lost` and `doubled` are effects by kind; `others` is whatever else is not as it should be, in words."""

    lost: Counter[str] = field(default_factory=Counter)
    doubled: Counter[str] = field(default_factory=Counter)
    unwanted: Counter[str] = field(default_factory=Counter)  # refused, and there all the same
    examples: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost.total() or self.doubled.total() or self.unwanted.total() or self.others)


async def examine(found: Mapping[str, str], diary: Diary) -> Findings:
    """To be called when the hall is quiet: nothing to be sent, nothing unheard."""
    findings = Findings()
    for kind, (service, query) in EFFECTS.items():
        _hold_against(kind, diary, Counter(await _column(found, service, query)), findings)
    for kind, (service, query) in DOUBLES.items():
        again = [mark for mark, times in Counter(await _column(found, service, query)).items() if times > 1]
        if again:
            findings.doubled[kind] += len(again)
            findings.examples += [f"doubled {kind}: {mark[:300]}" for mark in again[:3]]
    (imports,) = await _column(found, "listing", "SELECT count(*) FROM imports")
    if int(imports) > (asked := len(diary.accepted["import"]) + diary.refusals["import: no answer"]):
        findings.others.append(f"{imports} imports were made of {asked} that were asked for")
    findings.others += [str(each) for each in await disagreements(found)]
    for service in SCHEMAS:
        findings.others += await _of_service(found, service)
    findings.others += await check_ledger(found)
    findings.others += [f"an answer nobody deserves: {each}" for each in diary.faulty]
    return findings


def _hold_against(kind: str, diary: Diary, there: Counter[str], findings: Findings) -> None:
    lost = [mark for mark in diary.accepted[kind] if not there[mark]]
    doubled = [mark for mark in diary.accepted[kind] | diary.unanswered[kind] if there[mark] > 1]
    unwanted = [mark for mark in diary.refused[kind] if there[mark] and mark not in diary.accepted[kind]]
    for name, marks, counter in (
        ("lost", lost, findings.lost),
        ("doubled", doubled, findings.doubled),
        ("unwanted", unwanted, findings.unwanted),
    ):
        if marks:
            counter[kind] += len(marks)
            findings.examples += [f"{name} {kind}: {mark}" for mark in marks[:5]]


async def _of_service(found: Mapping[str, str], service: str) -> list[str]:
    (waiting,) = await _column(found, service, "SELECT count(*) FROM outbox WHERE published_at IS NULL")
    (dead,) = await _column(found, service, "SELECT count(*) FROM dead_letters")
    wrong = []
    if waiting != "0":
        wrong.append(f"{service}: {waiting} outbox rows were never published")
    if dead != "0":
        reasons = await _column(found, service, "SELECT DISTINCT reason || ': ' || left(error, 200) FROM dead_letters")
        wrong.append(f"{service}: {dead} dead letters that nobody provoked: {'; '.join(reasons)}")
    return wrong


async def check_ledger(found: Mapping[str, str]) -> list[str]:
    """Whether every account of money adds up. Where the ledger joins: returns what does not, in words."""
    tables = await _column(found, "contract", "SELECT tablename FROM pg_tables WHERE schemaname = 'contract'")
    if "ledger_postings" not in tables:
        return []
    unbalanced = await _column(
        found,
        "contract",
        "SELECT entry_id || ' in ' || currency FROM ledger_postings JOIN ledger_accounts USING (account_id)"
        " GROUP BY entry_id, currency HAVING sum(minor_units) <> 0",
    )
    return [f"ledger entry {each} does not balance" for each in unbalanced]


async def _column(found: Mapping[str, str], service: str, query: str) -> list[str]:
    async with connected(found[service]) as connection, connection.transaction():
        await connection.execute("SELECT set_config('search_path', $1, true)", service)
        return [str(row[0]) for row in await connection.fetch(query)]

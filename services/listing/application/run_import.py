"""Work through imports, a chunk of rows at a time.

Everything a chunk does (rights, listings, facts, findings, progress, the rows taken) is one transaction: a process
killed at any point leaves the chunk done or untouched, and the next worker goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import structlog

from services.kit.problems import FieldError, Problem, Refusal
from services.listing.application.ports import Store
from services.listing.domain import listings
from services.listing.domain.errors import OpenLicenceNotPossible
from services.listing.domain.facts import Fact, ImportFinished, ListingPublished, RightRegistered
from services.listing.domain.imports.progress import Finding, Import, ImportState, Severity, findings_of
from services.listing.domain.imports.rows import BadRow, Row, read_row, without_refused_forms
from services.listing.domain.listings import Listing, ListingTerms
from services.listing.domain.rights import Registration, Right, register
from services.listing.domain.vocabulary import DealForm

log = structlog.get_logger()

CHUNK = 200


@dataclass
class _Chunk:
    """What a chunk of rows comes to."""

    registrations: dict[int, Registration] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    rejected: int = 0


async def run_chunk(store: Store, import_id: UUID, now: datetime) -> None:
    """Work through the next rows of an import."""
    this = await store.imports.lock(import_id)
    if this is None or this.state in (ImportState.FINISHED, ImportState.FAILED):
        return
    lines = await store.imports.take_rows(import_id, CHUNK)
    chunk = _read(this, lines, now)
    await _reject_known(store, this, chunk)
    facts, offers = _offers(this, chunk, now)
    await store.listings.add(offers)
    await store.imports.add_findings(import_id, chunk.findings)
    advanced = this.advanced(
        accepted=len(lines) - chunk.rejected, rejected=chunk.rejected, published=len(offers), now=now
    )
    await store.imports.save(advanced)
    if advanced.state is ImportState.FINISHED:
        facts.append(_end(advanced))
    await store.announce(facts)


async def fail_import(store: Store, import_id: UUID, now: datetime) -> None:
    """Give up an import whose next chunk cannot be done. What was done before stays."""
    this = await store.imports.lock(import_id)
    if this is None or this.state in (ImportState.FINISHED, ImportState.FAILED):
        return
    failed = this.failed(now)
    await store.imports.save(failed)
    await store.announce([_end(failed)])


def _end(this: Import) -> ImportFinished:
    return ImportFinished(
        import_id=this.import_id,
        organisation_id=this.organisation_id,
        requested_by=this.requested_by,
        rows=this.rows,
        accepted=this.accepted,
        rejected=this.rejected,
        version=this.version,
    )


def _read(this: Import, lines: Sequence[tuple[int, bytes]], now: datetime) -> _Chunk:
    chunk = _Chunk()
    for number, line in lines:
        try:
            row = read_row(line)
            chunk.registrations[number] = register(
                row.draft, organisation_id=this.organisation_id, by=this.requested_by, now=now
            )
            chunk.rows[number] = row
        except BadRow as bad:
            _reject(chunk, number, "invalid-row", bad.faults)
        except Problem as problem:
            _reject(chunk, number, problem.slug, [_as_in_sheet(fault) for fault in problem.errors])
        except Exception:  # one row that we cannot deal with must not hold up the others; the log tells us
            log.exception("import_row_failed", import_id=str(this.import_id), row=number)
            _reject(chunk, number, "invalid-row", [FieldError("", "row-failed")])
    return chunk


def _reject(chunk: _Chunk, number: int, problem: str, faults: Sequence[FieldError]) -> None:
    chunk.rejected += 1
    chunk.findings += findings_of(number, Severity.ERROR, problem, faults)


def _as_in_sheet(fault: FieldError) -> FieldError:
    """Sheets call the date of grant grant_date."""
    return replace(fault, pointer="/grant_date") if fault.pointer == "/granted_at" else fault


async def _reject_known(store: Store, this: Import, chunk: _Chunk) -> None:
    """Add the rights; rows whose number is registered already, here or further up the sheet, are rejected."""
    added = await store.rights.add(list(chunk.registrations.values()))
    known = {row: reg.right for row, reg in chunk.registrations.items() if reg.right.right_id not in added}
    if not known:
        return
    numbers = {right.number.canonical for right in known.values()}
    ids = await store.rights.registered(this.organisation_id, numbers)
    for row, right in known.items():
        number = right.number.canonical
        params = {"number": number, "right_id": str(ids[number])}
        _reject(chunk, row, "already-registered", [FieldError("/number", "already-registered", params=params)])
        del chunk.registrations[row], chunk.rows[row]


def _offers(this: Import, chunk: _Chunk, now: datetime) -> tuple[list[Fact], list[Listing]]:
    facts: list[Fact] = []
    offers: list[Listing] = []
    for number, row in chunk.rows.items():
        right = chunk.registrations[number].right
        facts.append(RightRegistered(right))
        remarks = findings_of(number, Severity.WARNING, "row-remark", [*row.warnings, *right.warnings()])
        if this.publish and row.offer is not None:
            listing, refusals = _published(this, right, row.offer, now)
            remarks += [_remark(number, refusal) for refusal in refusals]
            if listing is not None:
                offers.append(listing)
                facts.append(ListingPublished(listing, right))
        chunk.findings += remarks
    return facts, offers


def _published(this: Import, right: Right, terms: ListingTerms, now: datetime) -> tuple[Listing | None, list[Refusal]]:
    """The published listing, or none where a guard rail forbids it. An open licence is left out where it cannot be."""
    draft = listings.draft(right, this.organisation_name, terms, now)
    try:
        return draft.published(right, now), []
    except OpenLicenceNotPossible as refusal:
        rest = without_refused_forms(terms, frozenset({DealForm.OPEN_LICENCE}))
        if not rest.deal_forms:
            return None, [refusal]
        listing, refusals = _published(this, right, rest, now)
        return listing, [refusal, *refusals]
    except Refusal as refusal:
        return None, [refusal]


def _remark(row: int, refusal: Refusal) -> Finding:
    fault = FieldError("", refusal.slug, params={name: str(value) for name, value in refusal.params.items()})
    return Finding(row, Severity.WARNING, refusal.slug, fault, refusal.rule, refusal.article)

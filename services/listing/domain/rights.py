"""A right: what the register and its owner say of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.kit.ids import new_id
from services.kit.problems import FieldError
from services.listing.domain import terms
from services.listing.domain.characters import Fault
from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.errors import InvalidRight, located
from services.listing.domain.ipc import parse_ipc
from services.listing.domain.numbers import Form, PatentNumber, parse_number
from services.listing.domain.register import NOT_IN_FORCE, Category, StatusEvent, project, read_event
from services.listing.domain.vocabulary import EncumbranceKind, Language, RightKind, RightStatus

_HAN = re.compile("[\u4e00-\u9fff]")
_PATENTS = frozenset({RightKind.INVENTION, RightKind.UTILITY_MODEL, RightKind.DESIGN})


@dataclass(frozen=True)
class RightDraft:
    """What a holder says when registering a right."""

    number: str
    title: str
    abstract: str
    kind: RightKind | None = None
    owner_name: str = ""
    ipc: Sequence[str] = ()
    filed_at: datetime | None = None
    granted_at: datetime | None = None
    status: RightStatus | None = None
    status_as_given: str = ""
    language: Language | None = None


@dataclass(frozen=True)
class Right:
    right_id: UUID
    organisation_id: UUID
    number: PatentNumber
    kind: RightKind
    title: str
    abstract: str
    owner_name: str
    ipc: tuple[str, ...]
    status: RightStatus
    status_as_given: str
    filed_at: datetime | None
    granted_at: datetime | None
    language: Language
    created_at: datetime
    encumbrances: tuple[Encumbrance, ...] = ()
    assignment_deal_id: UUID | None = None  # signed away; ownership passes on registration (PL 10)
    version: int = 1

    @property
    def expires_at(self) -> datetime | None:
        """The end of the term; None where the filing date is not known."""
        return terms.term_end(self.number.office, self.kind, self.filed_at) if self.filed_at else None

    @property
    def ends_by(self) -> datetime | None:
        """When it has surely ended, from whatever is known of its dates."""
        return terms.latest_term_end(self.number, self.kind, self.filed_at, self.granted_at)

    def in_force(self, now: datetime) -> bool:
        """Whether it, or an application for it, still stands. A status nobody could map is taken to stand."""
        return self.status not in NOT_IN_FORCE and not (self.ends_by is not None and self.ends_by < now)

    def running(self, kind: EncumbranceKind, now: datetime) -> list[Encumbrance]:
        return [burden for burden in self.encumbrances if burden.kind is kind and burden.runs_at(now)]

    def warnings(self) -> list[FieldError]:
        """What is no reason to refuse, but the holder should know."""
        if self.number.is_passing_off(self.status):
            return [FieldError("/number", "zl-not-granted", self.number.raw.upper().find("ZL"))]
        return []

    def changed(self, **changes: object) -> "Right":
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]  # fields by name


@dataclass(frozen=True)
class Registration:
    """A new right and the first entries of its event log."""

    right: Right
    events: tuple[StatusEvent, ...] = field(repr=False)


def register(draft: RightDraft, *, organisation_id: UUID, by: UUID | None, now: datetime) -> Registration:
    """Raises InvalidNumber or InvalidRight, with the place of every fault."""
    number = parse_number(draft.number, now.date())
    faults = _date_faults(number, draft.filed_at, draft.granted_at, now)
    kind = draft.kind or number.kind or RightKind.INVENTION
    if kind not in _PATENTS or (number.kind is not None and kind is not number.kind):
        faults.append(FieldError("/kind", "kind-against-number", params={"kind": number.kind or RightKind.INVENTION}))
    symbols = _symbols(draft.ipc, faults)
    if faults:
        raise InvalidRight(errors=faults)
    ends_by = terms.latest_term_end(number, kind, draft.filed_at, draft.granted_at)
    events = _first_events(draft, number, ends_by, by, now)
    status, words = project(events)
    right = Right(
        right_id=new_id(),
        organisation_id=organisation_id,
        number=number,
        kind=kind,
        title=draft.title,
        abstract=draft.abstract,
        owner_name=draft.owner_name,
        ipc=symbols,
        status=status,
        status_as_given=words,
        filed_at=draft.filed_at,
        granted_at=draft.granted_at,
        language=draft.language or language_of(draft.title + draft.abstract),
        created_at=now,
    )
    return Registration(right, events)


def described(right: Right, changes: Mapping[str, Any], now: datetime) -> Right:
    """The right as its holder now describes it; `changes` by field name. Raises InvalidRight."""
    dates = {"filed_at": right.filed_at, "granted_at": right.granted_at, **changes}
    faults = _date_faults(right.number, dates["filed_at"], dates["granted_at"], now)
    ipc = _symbols(changes.get("ipc", right.ipc), faults)
    if faults:
        raise InvalidRight(errors=faults)
    return right.changed(**{**changes, "ipc": ipc})


def _symbols(raws: Sequence[str], faults: list[FieldError]) -> tuple[str, ...]:
    """Canonical IPC symbols, each once; what is none is added to `faults`."""
    symbols = {}
    for place, raw in enumerate(raws):
        try:
            symbols[parse_ipc(raw)] = raw
        except Fault as fault:
            faults.append(located(f"/ipc/{place}", fault))
    return tuple(symbols)


def _date_faults(
    number: PatentNumber, filed_at: datetime | None, granted_at: datetime | None, now: datetime
) -> list[FieldError]:
    faults = [
        FieldError(pointer, "in-the-future")
        for pointer, moment in (("/filed_at", filed_at), ("/granted_at", granted_at))
        if moment is not None and moment > now
    ]
    if filed_at is None:
        return faults
    if number.form is Form.CN_APPLICATION and number.year is not None and filed_at.year > number.year:
        faults.append(FieldError("/filed_at", "filed-after-number", params={"year": number.year}))
    if granted_at is not None and granted_at < filed_at:
        faults.append(FieldError("/granted_at", "granted-before-filing"))
    return faults


def _first_events(
    draft: RightDraft, number: PatentNumber, ends_by: datetime | None, by: UUID | None, now: datetime
) -> tuple[StatusEvent, ...]:
    """The state at registration. Of an application nothing but its filing is known unless the holder says more."""
    if draft.status is not None or draft.status_as_given:
        # A state read off the register today says nothing of the day it came about.
        words = draft.status_as_given
        return (read_event(Category.OTHER, draft.status, words, occurred_at=None, now=now, recorded_by=by),)
    granted = number.form is Form.US_GRANT or draft.granted_at is not None
    category, day = (Category.GRANTED, draft.granted_at) if granted else (Category.FILED, draft.filed_at)
    first = read_event(category, None, "", occurred_at=day, now=now, recorded_by=by)
    if ends_by is None or ends_by >= now:
        return (first,)
    return first, read_event(Category.TERMINATED, None, "", occurred_at=ends_by, now=now, recorded_by=by)


def language_of(text: str) -> Language:
    """Chinese if a tenth of the text are Han characters: Chinese patents are full of Latin formulae."""
    return Language.CHINESE if len(_HAN.findall(text)) * 10 >= max(len(text), 1) else Language.ENGLISH

"""Legal status: an event log after WIPO ST.27, and what it comes to (DOMAIN.md §2)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.kit.ids import new_id
from services.kit.problems import FieldError
from services.listing.domain.errors import InvalidStatusEvent
from services.listing.domain.vocabulary import RightStatus


class Category(StrEnum):
    """Event categories of WIPO ST.27, by their letters."""

    FILED = "A"
    DISCONTINUED = "B"
    REVIVED = "C"
    SEARCH_OR_EXAMINATION = "D"
    PRE_GRANT_REVIEW = "E"
    GRANTED = "F"
    PROTECTION_BEYOND_TERM = "G"
    CEASED = "H"
    REVIVED_AFTER = "K"
    REVIEW_REQUESTED = "L"
    MAINTAINED = "M"
    TERMINATED = "N"
    DOCUMENT_MODIFIED = "P"
    DOCUMENT_PUBLISHED = "Q"
    PARTY_CHANGED = "R"
    LICENCE_RECORDED = "S"
    PROCEDURE = "T"
    FEE_PAID = "U"
    APPEAL = "V"
    OTHER = "W"
    CORRECTED = "Y"


S = RightStatus

# What an event of a category may make of the right; the first is what it says when nothing more is known.
# Categories that are missing here leave the status as it was and go with any.
OUTCOMES: dict[Category, tuple[RightStatus, ...]] = {
    Category.FILED: (S.PENDING,),
    Category.DISCONTINUED: (S.WITHDRAWN_OR_REJECTED, S.RECOVERABLE),
    Category.REVIVED: (S.PENDING,),
    Category.SEARCH_OR_EXAMINATION: (S.PENDING,),
    Category.PRE_GRANT_REVIEW: (S.PENDING,),
    Category.GRANTED: (S.GRANTED,),
    Category.PROTECTION_BEYOND_TERM: (S.GRANTED,),
    Category.CEASED: (S.TERMINATED, S.RECOVERABLE, S.GRACE),
    Category.REVIVED_AFTER: (S.GRANTED,),
    Category.MAINTAINED: (S.GRANTED,),
    Category.TERMINATED: (S.TERMINATED, S.INVALIDATED),
}

# Entries that complete the log of a right first stated as granted must not make it pending again. None is the start.
_ONLY_AFTER: dict[Category, tuple[RightStatus | None, ...]] = {
    Category.FILED: (None, S.PENDING),
    Category.SEARCH_OR_EXAMINATION: (None, S.PENDING),
    Category.PRE_GRANT_REVIEW: (None, S.PENDING),
    Category.REVIVED: (None, S.PENDING, S.WITHDRAWN_OR_REJECTED, S.RECOVERABLE),
}

# A right that ceased can be recovered; nothing can be granted on it until it is.
NOT_IN_FORCE = frozenset({S.RECOVERABLE, S.TERMINATED, S.INVALIDATED, S.WITHDRAWN_OR_REJECTED})


@dataclass(frozen=True)
class Wording:
    """A register's printed status and what it means, while the register prints it so. None is open."""

    words: str
    status: RightStatus
    in_force_from: date
    in_force_to: date | None
    source: str


_CNIPA = (date(1985, 4, 1), None, "CNIPA patent search, legal status as printed in April 2025")
WORDINGS = (
    Wording("专利权维持", S.GRANTED, *_CNIPA),
    Wording("等年费滞纳金", S.GRACE, *_CNIPA),
    Wording("未缴年费专利权终止,等恢复", S.RECOVERABLE, *_CNIPA),
    Wording("届满终止失效", S.TERMINATED, *_CNIPA),
    Wording("无效宣告失效", S.INVALIDATED, *_CNIPA),
    Wording("驳回失效", S.WITHDRAWN_OR_REJECTED, *_CNIPA),
    Wording("逾期视撤,等恢复", S.RECOVERABLE, *_CNIPA),
    Wording("等年登印费", S.PENDING, *_CNIPA),
)


def status_of_words(words: str, on: date) -> RightStatus | None:
    """What a register's printed status means on a day; None where it is not known."""
    plain = "".join(words.split()).replace("，", ",")
    for wording in WORDINGS:
        in_force = wording.in_force_from <= on and (wording.in_force_to is None or on <= wording.in_force_to)
        if in_force and wording.words == plain:
            return wording.status
    return None


@dataclass(frozen=True)
class StatusEvent:
    """One entry of the register. `as_given` keeps its own words; `status` is None where it changes nothing.

    `occurred_at` None is a state whose day nobody told: whatever is dated comes after it.
    """

    category: Category
    status: RightStatus | None
    as_given: str
    occurred_at: datetime | None
    recorded_at: datetime
    recorded_by: UUID | None = None
    status_event_id: UUID = field(default_factory=new_id)

    @property
    def by_hall(self) -> bool:
        """Whether no person entered it: the hall saw by itself that a term had run out."""
        return self.recorded_by is None


def read_event(
    category: Category,
    status: RightStatus | None,
    as_given: str,
    *,
    occurred_at: datetime | None,
    now: datetime,
    recorded_by: UUID | None,
) -> StatusEvent:
    """An event whose parts agree. Raises InvalidStatusEvent where they contradict each other."""
    if occurred_at is not None and occurred_at > now:
        raise InvalidStatusEvent(errors=[FieldError("/occurred_at", "in-the-future")])
    said = status_of_words(as_given, (occurred_at or now).date())
    if status is not None and said is not None and status not in (said, S.UNMAPPED):
        # The register's own words stand against what the holder makes of them.
        raise InvalidStatusEvent(errors=[FieldError("/status", "status-against-words", params={"said": said})])
    outcome = said or status or _by_default(category, as_given)
    possible = OUTCOMES.get(category)
    if possible and outcome not in (*possible, S.UNMAPPED):
        pointer = "/status" if status is not None else "/as_given"
        choices = ", ".join(possible)
        raise InvalidStatusEvent(errors=[FieldError(pointer, "status-against-category", params={"choices": choices})])
    return StatusEvent(category, outcome, as_given, occurred_at, now, recorded_by)


def _by_default(category: Category, as_given: str) -> RightStatus | None:
    if possible := OUTCOMES.get(category):
        return possible[0]
    # Words that nobody has mapped yet are shown as such, never dropped; only known neutral entries change nothing.
    return S.UNMAPPED if as_given and category is Category.OTHER else None


def project(events: Iterable[StatusEvent]) -> tuple[RightStatus, str]:
    """The status that an event log comes to, and the register's words for it. Late entries take their place by date."""
    status: RightStatus | None = None
    words = ""
    for event in in_order(events):
        if event.status is not None and status in _ONLY_AFTER.get(event.category, (status,)):
            status, words = event.status, event.as_given
    return status or S.UNMAPPED, words


def in_order(events: Iterable[StatusEvent]) -> list[StatusEvent]:
    """By what happened, not by what was recorded; a state of unknown day comes first."""
    return sorted(events, key=_order)


def _order(event: StatusEvent) -> tuple[float, datetime, UUID]:
    occurred = event.occurred_at.timestamp() if event.occurred_at else float("-inf")
    return occurred, event.recorded_at, event.status_event_id

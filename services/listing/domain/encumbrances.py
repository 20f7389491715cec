"""Burdens on a right: pledges, preservation, licences, co-ownership, open-licence declarations."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.kit.ids import new_id
from services.kit.problems import FieldError
from services.listing.domain.vocabulary import LICENCES, DealForm, EncumbranceKind

_TERRITORY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class Encumbrance:
    """`territories` are WIPO ST.3 codes; none means everywhere the right reaches. No `field_of_use` means every field.

    `ends_at` None means to the end of the right; `deal_id` is set where a deal of this hall made it.
    """

    kind: EncumbranceKind
    holder: str
    holder_consents: bool = False
    licence_form: DealForm | None = None
    territories: tuple[str, ...] = ()
    field_of_use: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    deal_id: UUID | None = None
    encumbrance_id: UUID = field(default_factory=new_id)

    def runs_at(self, moment: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= moment) and (self.ends_at is None or moment < self.ends_at)

    def ended_by(self, moment: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= moment

    def covers(self, territories: Collection[str]) -> bool:
        """Whether a licence leaves nothing of these territories free, in any field."""
        everywhere = not self.territories
        return not self.field_of_use and (everywhere or (bool(territories) and set(territories) <= {*self.territories}))

    def faults(self) -> Iterator[FieldError]:
        is_licence = self.kind is EncumbranceKind.LICENCE
        if is_licence and self.licence_form not in LICENCES:
            yield FieldError("/licence_form", "licence-form-needed")
        if not is_licence and self.licence_form is not None:
            yield FieldError("/licence_form", "licence-form-alien")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            yield FieldError("/ends_at", "ends-before-start")
        yield from territory_faults(self.territories)


def territory_faults(territories: Collection[str]) -> Iterator[FieldError]:
    for place, code in enumerate(territories):
        if not _TERRITORY.fullmatch(code):
            yield FieldError(f"/territories/{place}", "territory")

"""From a row of a sheet to a right, and to what its holder offers of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from services.kit.problems import FieldError
from services.listing.domain.imports import prices
from services.listing.domain.imports.fields import Fields, NotARow, decode
from services.listing.domain.imports.wording import DEAL_WISHES, DEFAULT_FORMS, KINDS, MATURITIES
from services.listing.domain.limits import Limit
from services.listing.domain.listings import ListingTerms
from services.listing.domain.prices import Money
from services.listing.domain.rights import RightDraft
from services.listing.domain.vocabulary import DealForm, Language, Maturity, RightKind, RightStatus

V = TypeVar("V")

# Fields of shared sheets; self_rating is the holder's own praise and is not kept.
KNOWN = frozenset(
    {
        *("number", "owner", "kind", "title", "abstract", "prospect", "ipc", "industry", "strategic_industry"),
        *("deal_wish", "fee_wan_cny", "price_band", "maturity", "self_rating", "grant_date"),
        *("filed_at", "status", "status_as_given", "language", "fictional"),
    }
)
_SENTENCE_END = re.compile(r"[。！？]|[.!?](?=\s|$)")


@dataclass(frozen=True)
class Row:
    """A row that can be registered. `offer` is None where its holder wants no deal."""

    draft: RightDraft
    offer: ListingTerms | None
    warnings: tuple[FieldError, ...] = ()


class BadRow(Exception):
    def __init__(self, faults: Sequence[FieldError]) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.faults = tuple(faults)


def read_row(line: bytes) -> Row:
    """Raises BadRow with the place of every fault of the line's form. What the number says is judged later."""
    try:
        values = decode(line)
    except NotARow as error:
        raise BadRow((error.fault,)) from error
    return _Reader(values).row()


class _Reader:
    def __init__(self, values: dict[str, Any]) -> None:
        self._fields = Fields(values)
        self._values = values
        self._warnings = [FieldError(f"/{_escaped(name)}", "field-ignored") for name in values if name not in KNOWN][
            : Limit.WARNINGS
        ]

    def row(self) -> Row:
        draft = self._draft()
        offer = self._offer(draft)
        if self._fields.faults:
            raise BadRow(tuple(self._fields.faults))
        return Row(draft, offer, tuple(self._warnings))

    def _draft(self) -> RightDraft:
        fields = self._fields
        kind, status = self._kind()
        return RightDraft(
            number=fields.text("number", Limit.NUMBER, needed=True),
            title=fields.text("title", Limit.TITLE, needed=True),
            abstract=fields.text("abstract", Limit.ABSTRACT),
            kind=kind,
            owner_name=fields.text("owner", Limit.NAME),
            ipc=fields.texts("ipc", Limit.SYMBOLS, Limit.NUMBER),
            filed_at=fields.day("filed_at"),
            granted_at=fields.day("grant_date"),
            status=status,
            status_as_given=fields.text("status_as_given", Limit.NAME),
            language=self._choice("language", {language.value: language for language in Language}),
        )

    def _kind(self) -> tuple[RightKind | None, RightStatus | None]:
        status = self._choice("status", {status.value: status for status in RightStatus})
        given = self._fields.text("kind", Limit.NAME)
        if not given:
            return None, status
        if given not in KINDS:
            # The number tells the kind too, so the row stands.
            self._warnings.append(FieldError("/kind", "wording-unknown", params={"given": given}))
            return None, status
        kind, implied = KINDS[given]
        said_otherwise = status is not None or self._values.get("status_as_given")
        return kind, status if said_otherwise else implied

    def _choice(self, name: str, choices: dict[str, V]) -> V | None:
        given = self._fields.text(name, Limit.NAME)
        if given and given not in choices:
            self._fields.faults.append(FieldError(f"/{name}", "choice", params={"expected": ", ".join(choices)}))
        return choices.get(given)

    def _offer(self, draft: RightDraft) -> ListingTerms | None:
        fields = self._fields
        forms = self._forms()
        prospects = fields.text("prospect", Limit.ABSTRACT)
        industries = [
            *fields.texts("industry", Limit.INDUSTRIES, Limit.NAME),
            *fields.texts("strategic_industry", Limit.INDUSTRIES, Limit.NAME),
        ]
        price, oddities = prices.asking_price(self._fee(), fields.text("price_band", Limit.NAME))
        self._warnings += oddities
        maturity = self._maturity()
        if forms is None:
            return None
        return ListingTerms(
            summary=first_sentence(draft.abstract) or draft.title,
            deal_forms=forms,
            price=price,
            prospects=prospects,
            maturity=maturity,
            industries=tuple(dict.fromkeys(industries)),
        )

    def _fee(self) -> Money | None:
        try:
            return prices.fee(self._values.get("fee_wan_cny"))
        except prices.NoAmount:
            self._fields.faults.append(FieldError("/fee_wan_cny", "fee"))
            return None

    def _maturity(self) -> Maturity | None:
        given = self._fields.text("maturity", Limit.NAME)
        if given and given not in MATURITIES:
            self._warnings.append(FieldError("/maturity", "wording-unknown", params={"given": given}))
        return MATURITIES.get(given)

    def _forms(self) -> tuple[DealForm, ...] | None:
        """The forms wished for; None where the holder wants no deal at all."""
        wishes = self._fields.texts("deal_wish", Limit.INDUSTRIES, Limit.NAME)
        forms: list[DealForm] = []
        for place, wish in enumerate(wishes):
            form = DEAL_WISHES.get(wish)
            if form is not None:
                forms.append(form)
            elif wish not in DEAL_WISHES:
                pointer = f"/deal_wish/{place}"
                self._warnings.append(FieldError(pointer, "wording-unknown", params={"given": wish}))
        if forms:
            return tuple(dict.fromkeys(forms))
        if wishes and all(wish in DEAL_WISHES for wish in wishes):
            self._warnings.append(FieldError("/deal_wish", "no-deal-wanted"))
            return None
        return DEFAULT_FORMS


def first_sentence(text: str, most: int = 200) -> str:
    end = _SENTENCE_END.search(text)
    sentence = text[: end.end()] if end else text
    return sentence if len(sentence) <= most else f"{sentence[: most - 1]}…"


def without_refused_forms(terms: ListingTerms, refused: frozenset[DealForm]) -> ListingTerms:
    return replace(terms, deal_forms=tuple(form for form in terms.deal_forms if form not in refused))


def _escaped(name: str) -> str:
    # A JSON pointer (RFC 6901), with what no text column takes left out.
    plain = name.replace("\0", "").encode("utf-8", "replace").decode()
    return plain[: Limit.NAME].replace("~", "~0").replace("/", "~1")

"""From facts to words: which clauses a contract has, in both languages. The template only lays them out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from services.contract.adapters.papers.amounts import money, percent
from services.contract.domain.facts import RightKind, RightStatus
from services.contract.domain.terms import TRANSFERS, DealForm
from services.kit.messages import Catalogue

TEMPLATES = Path(__file__).parent / "templates"
BEIJING = timezone(timedelta(hours=8))

Facts = dict[str, Any]
Pair = dict[str, str]  # {"zh": …, "en": …}
Row = dict[str, Pair]  # {"label": …, "value": …}

PATENTS = frozenset({RightKind.INVENTION, RightKind.UTILITY_MODEL, RightKind.DESIGN})
COPYRIGHTS = frozenset({RightKind.COPYRIGHT, RightKind.SOFTWARE})
# Their contracts are technology contracts in the law's sense, by themselves or by analogy (CC 876).
TECHNOLOGY = PATENTS | {RightKind.SOFTWARE, RightKind.IC_LAYOUT, RightKind.PLANT_VARIETY}
UNGRANTED = frozenset({RightStatus.PENDING})


@dataclass
class Clause:
    heading: str
    before: list[Pair] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    verbatim: str = ""
    after: list[Pair] = field(default_factory=list)


class Wording:
    """One contract in the words of one template."""

    def __init__(self, facts: Facts, catalogue: Catalogue) -> None:
        self.facts = facts
        self.terms = facts["terms"]
        self.right = facts["right"]
        self.kind = RightKind(self.right["kind"])
        self.form = DealForm(self.terms["form"] or DealForm.ORDINARY_LICENCE)
        self.is_transfer = self.form in TRANSFERS
        self.text = catalogue

    def content(self) -> dict[str, Any]:
        """All that the template shows, as plain strings and lists."""
        sides = ("assignor", "assignee") if self.is_transfer else ("licensor", "licensee")
        parties = list(zip(sides, (self.facts["licensor"], self.facts["licensee"]), strict=True))
        clauses = [clause for clause in self._clauses() if clause is not None]
        return {
            "hall": "Zayton",
            "title": self._say(f"title.{self._subject()}-{'transfer' if self.is_transfer else 'licence'}"),
            "identity": [
                self._row("number", same(self.facts["deal_id"])),
                self._row("made", self._moment(self.facts["made_at"])),
            ],
            "notices": [self._say("notice.generated"), self._say("notice.languages")],
            "parties": [self._party(f"party.{side}", party) for side, party in self._named(parties)],
            "clauses": [{**vars(clause), "heading": self._say(f"heading.{clause.heading}")} for clause in clauses],
            "signatures": [
                {
                    "role": self._say(f"party.{side}"),
                    "name": party["name"] or party["organisation_id"],
                    "signature": self._say("value.signed-in-file"),
                }
                for side, party in parties
            ],
            "footer": self._footer(),
        }

    def _named(self, parties: list[tuple[str, Facts]]) -> list[tuple[str, Facts]]:
        broker = self.facts["broker"]
        return [*parties, *([("broker", broker)] if broker else [])]

    def _footer(self) -> dict[str, str]:
        template, terms, notice = (
            " ".join(self._say(f"footer.{key}").values()) for key in ("template", "hash", "notice")
        )
        line = f"{template} {self.facts['template']} · {terms} SHA-256 {self.facts['terms_sha256']}"
        return {"line": line, "notice": notice}

    def _subject(self) -> str:
        if self.kind in PATENTS:
            pending = self.is_transfer and RightStatus(self.right["status"]) in UNGRANTED
            return "patent-application" if pending else "patent"
        if self.kind in COPYRIGHTS:
            return "copyright"
        return "trademark" if self.kind is RightKind.TRADEMARK else "technology"

    def _clauses(self) -> Iterator[Clause | None]:
        yield self._subject_matter()
        if self.is_transfer:
            yield self._transfer()
        else:
            yield self._grant()
            yield self._scope()
        yield self._price()
        yield Clause("validity", before=list(self._validity()))
        if self.kind in TECHNOLOGY:
            yield self._clause("competition", "competition")
        if not self.is_transfer:
            yield Clause("recordal", before=list(self._recordal()))
        other = self.terms["other_terms"].strip()
        yield Clause("other", [self._say("clause.other")], verbatim=other) if other else None
        yield self._clause("unagreed", "unagreed")
        yield self._clause("signature", "signature-order", "signature-electronic", "signature-check")

    def _subject_matter(self) -> Clause:
        right = self.right
        rows = [
            self._row("kind", self._say(f"kind.{self.kind.value}")),
            self._row("right-number", same(right["number"])),
            self._row("right-title", same(right["title"])),
            *([self._row("owner", same(right["owner_name"]))] if right["owner_name"] else []),
            self._row("status", self._say(f"status.{right['status']}")),
            *([self._row("expires", self._date(right["expires_at"]))] if right["expires_at"] else []),
        ]
        return Clause("subject", [self._say(f"clause.subject-{'transfer' if self.is_transfer else 'licence'}")], rows)

    def _grant(self) -> Clause:
        law = "form-by-law" if self.kind in TECHNOLOGY else "form-by-agreement"
        unclear = [] if self.terms["form"] else [self._say("clause.unclear-is-ordinary")]
        rows = [self._row("form", self._say(f"form.{self.form.value}"))]
        return Clause(
            "grant", unclear, rows, after=[self._say(f"clause.{self.form.value}"), self._say(f"clause.{law}")]
        )

    def _scope(self) -> Clause:
        terms = self.terms
        field_of_use = same(terms["field_of_use"]) if terms["field_of_use"] else self._say("value.every-field")
        rows = [
            self._row("territory", self._territory()),
            self._row("field", field_of_use),
            self._row("starts", self._moment(terms["starts_at"], "from-signature")),
            self._row("ends", self._moment(terms["ends_at"], "to-end-of-right")),
            self._row("sublicence", self._say(f"value.sublicence-{'yes' if terms['sublicensing_allowed'] else 'no'}")),
        ]
        after = [self._say("clause.sublicence-patent")] if self.kind in PATENTS else []
        if terms["sublicensing_allowed"] and self.kind in TECHNOLOGY:
            after.append(self._say("clause.sublicence-ordinary"))
        return Clause("scope", [self._say("clause.scope")], rows, after=after)

    def _transfer(self) -> Clause:
        by_kind = {
            **dict.fromkeys(PATENTS, "transfer-patent"),
            **dict.fromkeys(COPYRIGHTS, "transfer-copyright"),
            RightKind.TRADEMARK: "transfer-trademark",
        }
        capital = ["capital"] if self.form is DealForm.EQUITY else []
        return self._clause("transfer", "transfer", *capital, by_kind.get(self.kind, "transfer-analogy"))

    def _price(self) -> Clause:
        fee, rate, minimum = (
            self.terms[name] for name in ("fixed_fee", "royalty_basis_points", "minimum_annual_royalty")
        )
        paid = bool(fee and fee["minor_units"])
        rows = [self._row("price-form", self._say(f"value.{self._price_form(paid=paid, running=bool(rate))}"))]
        if paid:
            rows.append(self._row("price" if self.is_transfer else "fee", money(fee, self.text)))
        if rate:
            rows.append(self._row("royalty", self._say("value.royalty", percent=percent(rate))))
        if minimum:
            rows.append(self._row("minimum", money(minimum, self.text)))
        after = ["price-forms"] if self.kind in TECHNOLOGY and (paid or rate) else []
        after += ["royalty-base"] if rate else []
        after += ["minimum-credited"] if minimum else []
        after += ["release"] if self.is_transfer and paid else []
        before = [self._say("clause.price")] if paid or rate else []
        return Clause("price", before, rows, after=[self._say(f"clause.{each}") for each in after])

    def _price_form(self, *, paid: bool, running: bool) -> str:
        if self.form is DealForm.EQUITY and not (paid or running):
            return "capital"
        return {(True, True): "entry-and-running", (True, False): "lump", (False, True): "running"}.get(
            (paid, running), "free"
        )

    def _validity(self) -> Iterator[Pair]:
        if not self.is_transfer:
            yield self._say(f"clause.ends-with-{'right' if self.kind in PATENTS else 'registration'}")
        if self.kind in PATENTS and not self.is_transfer and RightStatus(self.right["status"]) in UNGRANTED:
            yield self._say("clause.know-how-before-publication")
        if self.kind in PATENTS:
            yield self._say("clause.invalidation")
            yield self._say("clause.co-owners")
        yield self._say("clause.pledge")

    def _recordal(self) -> Iterator[Pair]:
        by_kind = {
            **dict.fromkeys(PATENTS, "recordal-patent"),
            **dict.fromkeys(COPYRIGHTS, "recordal-copyright"),
            RightKind.TRADEMARK: "recordal-trademark",
        }
        yield self._say(f"clause.{by_kind.get(self.kind, 'recordal-analogy')}")
        if self.kind in TECHNOLOGY:
            yield self._say("clause.export")

    def _party(self, role: str, party: Facts) -> dict[str, Any]:
        rows = [self._row("name", same(party["name"]))] if party["name"] else []
        rows += [self._row("code", same(party["code"]))] if party["code"] else []
        return {"role": self._say(role), "rows": [*rows, self._row("organisation", same(party["organisation_id"]))]}

    def _territory(self) -> Pair:
        codes = self.terms["territories"]
        if not codes:
            return self._say("value.whole-territory")
        from babel import Locale  # loads its data when first asked

        names = {language: Locale(language).territories for language in ("zh", "en")}
        return {
            language: separator.join(f"{names[language].get(code, code)} {code}" for code in codes)
            for language, separator in (("zh", "、"), ("en", ", "))
        }

    def _moment(self, text: str | None, otherwise: str = "none-stated") -> Pair:
        if text is None:
            return self._say(f"value.{otherwise}")
        at = datetime.fromisoformat(text).astimezone(BEIJING)
        return {
            "zh": self.text.text("value.moment", "zh", date=_chinese(at), time=f" {at:%H:%M}"),
            "en": self.text.text("value.moment", "en", date=_english(at), time=f"{at:%H:%M}"),
        }

    def _date(self, text: str) -> Pair:
        # A day of the register is kept as its first moment in UTC; a zone could only shift it.
        at = datetime.fromisoformat(text).astimezone(UTC)
        return {"zh": _chinese(at), "en": _english(at)}

    def _clause(self, heading: str, *keys: str) -> Clause:
        return Clause(heading, [self._say(f"clause.{key}") for key in keys])

    def _row(self, label: str, value: Pair) -> Row:
        return {"label": self._say(f"label.{label}"), "value": value}

    def _say(self, key: str, **params: Any) -> Pair:
        return {language: self.text.text(key, language, **params) for language in ("zh", "en")}


def same(text: str) -> Pair:
    """What a party wrote, which nobody translated."""
    return {"zh": text, "en": text}


def _chinese(at: datetime) -> str:
    return f"{at.year}年{at.month}月{at.day}日"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _english(at: datetime) -> str:
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"

"""What is known of a right on offer, who says so, and since when."""

from dataclasses import dataclass
from typing import Literal

from gateway.pages.api import Json
from gateway.pages.texts import Language

Verdict = Literal["verified", "stated", "warning", "none"]
_IN_DOUBT = frozenset({"grace", "recoverable", "terminated", "invalidated", "withdrawn_or_rejected", "unmapped"})


@dataclass(frozen=True)
class Claim:
    what: str
    verdict: Verdict
    by: str
    when: str | None = None
    note: str = ""


def claims(language: Language, listing: Json, events: list[Json]) -> list[Claim]:
    right = listing["right"]
    found = [_number(language, right), _status(language, right, events), _owner(language, listing)]
    if right["expires_at"]:
        found.append(
            Claim(
                language.t("trust.term", day=language.day(right["expires_at"])),
                "stated",
                language.t("trust.by_term", day=language.day(right["filed_at"])),
            )
        )
    found += [_burden(language, burden) for burden in right["encumbrances"]]
    if not right["encumbrances"]:
        found.append(Claim(language.t("trust.no_burden"), "none", language.t("trust.by_records")))
    found += [
        Claim(remark["text"][language.code], "warning", language.t("trust.by_hall")) for remark in right["warnings"]
    ]
    return found


def _number(language: Language, right: Json) -> Claim:
    # Only a Chinese number carries a check digit, after its full stop; one that is wrong is never registered.
    if right["office"] == "CN" and "." in right["number"]:
        what = language.t("trust.check_digit", number=right["number"])
        return Claim(what, "verified", language.t("trust.by_hall"), right["created_at"])
    what = language.t("trust.number_form", number=right["number"])
    return Claim(what, "stated", language.t("trust.by_holder"), right["created_at"])


def _status(language: Language, right: Json, events: list[Json]) -> Claim:
    last = next((event for event in reversed(events) if event["status"] == right["status"]), None)
    by_hall = last is not None and last["by_hall"]
    words = right["status_as_given"]
    return Claim(
        language.t("trust.status", status=language.word("status", right["status"])),
        "warning" if right["status"] in _IN_DOUBT else "stated",
        language.t("trust.by_hall" if by_hall else "trust.by_register"),
        last["recorded_at"] if last else right["created_at"],
        language.t("trust.in_words", words=language.said(words)) if words else "",
    )


def _owner(language: Language, listing: Json) -> Claim:
    what = language.t("trust.owner", owner=language.said(listing["right"]["owner_name"]))
    return Claim(what, "stated", language.t("trust.by_holder"), listing["right"]["created_at"])


def _burden(language: Language, burden: Json) -> Claim:
    holder = language.said(burden["holder"]) if burden["holder"] else ""
    parts = [language.word("deal_form", burden["licence_form"])] if burden["licence_form"] else []
    if burden["ends_at"]:
        parts.append(language.t("trust.until", day=language.day(burden["ends_at"])))
    if burden["holder_consents"]:
        parts.append(language.t("trust.consents"))
    kind = language.word("encumbrance", burden["kind"])
    what = language.t("trust.burden", kind=kind, holder=holder) if holder else kind
    source = "trust.by_deal" if burden["deal_id"] else "trust.by_register"
    return Claim(what, "warning", language.t(source), burden["starts_at"], language.listed([*parts]))

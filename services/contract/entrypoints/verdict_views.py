"""Verdicts as programs and as people read them."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from services.contract.domain.verdict import Fault, SignatureVerdict, TrailVerdict, Verdict
from services.kit.messages import Catalogue


@cache
def verdict_texts() -> Catalogue:
    return Catalogue.load(Path(__file__).parent.parent / "verdicts.toml")


class FaultView(BaseModel):
    code: str = Field(examples=["changed-after-signing"])
    text: str


class SignatureVerdictView(BaseModel):
    """Who signed, when, and what is wrong with it. `organisation_id` is the hall's, where the certificate names one."""

    field: str
    signer: str
    signatory: str
    reason: str
    organisation_id: str | None
    code: str | None = Field(description="Unified social credit code, where the certificate has it.")
    issuer: str
    certificate_sha256: str
    signed_at: datetime | None = Field(description="As the signer says.")
    stamped_at: datetime | None = Field(description="As a time-stamping authority says.")
    stamped_by: str | None
    covers_whole_document: bool
    good: bool
    faults: list[FaultView]


class TrailView(BaseModel):
    deal_id: str
    entries: int
    last_hash: str
    exported_at: datetime | None


class VerdictView(BaseModel):
    good: bool = Field(description="Nothing at all is wrong, and a trusted authority vouches for every signature.")
    kind: str = Field(description="pdf or evidence")
    sha256: str = Field(description="Of the PDF.")
    sealed: bool = Field(description="Whether this very file left this hall as a final document.")
    summary: str
    signatures: list[SignatureVerdictView]
    trail: TrailView | None
    faults: list[FaultView] = Field(description="Those of no single signature.")

    @classmethod
    def of(cls, verdict: Verdict, language: str, *, sealed: bool) -> "VerdictView":
        trail = verdict.trail
        return cls(
            good=verdict.good,
            kind=verdict.kind,
            sha256=verdict.sha256,
            sealed=sealed,
            summary=verdict_texts().text(f"verdict.{'good' if verdict.good else 'bad'}", language),
            signatures=[_signature(each, language) for each in verdict.signatures],
            trail=_trail(trail) if trail else None,
            faults=_faults(verdict.faults, language),
        )


def fault_text(fault: Fault, language: str) -> str:
    return verdict_texts().text(f"fault.{fault.code}", language, **fault.params)


def _signature(verdict: SignatureVerdict, language: str) -> SignatureVerdictView:
    values: dict[str, Any] = dict(vars(verdict))
    values["faults"] = _faults(verdict.faults, language)
    return SignatureVerdictView(good=not verdict.faults, **values)


def _trail(verdict: TrailVerdict) -> TrailView:
    return TrailView.model_validate(vars(verdict))


def _faults(faults: tuple[Fault, ...], language: str) -> list[FaultView]:
    return [FaultView(code=fault.code, text=fault_text(fault, language)) for fault in faults]

"""What a check of a document or of a deal's evidence found. Faults are named; texts are in verdicts.toml."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Fault:
    """Something that must not be. `code` selects its text, `params` fill it."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SignatureVerdict:
    """One signature: who, when, and what is wrong with it. `organisation_id` is the hall's, where it names one."""

    field: str
    signer: str = ""
    signatory: str = ""
    reason: str = ""
    organisation_id: str | None = None
    code: str | None = None
    issuer: str = ""
    certificate_sha256: str = ""
    signed_at: datetime | None = None
    stamped_at: datetime | None = None
    stamped_by: str | None = None
    covers_whole_document: bool = False
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class TrailVerdict:
    """The hash chain of a deal's history, as far as it was there."""

    deal_id: str
    entries: int
    last_hash: str
    exported_at: datetime | None


@dataclass(frozen=True)
class Verdict:
    """`sha256` is that of the PDF; `kind` is pdf or evidence."""

    kind: str
    sha256: str
    signatures: tuple[SignatureVerdict, ...] = ()
    trail: TrailVerdict | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def good(self) -> bool:
        """Nothing at all is wrong, and a trusted authority vouches for every signature."""
        return not any(self.every_fault())

    def every_fault(self) -> Iterator[Fault]:
        yield from self.faults
        for signature in self.signatures:
            yield from signature.faults

"""`zayton verify`: says of a document or of a deal's evidence whether it holds, offline, to people and programs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from services.contract.adapters.seals.keyring import certificates_of
from services.contract.adapters.seals.sandbox import check, kind_of
from services.contract.domain.evidence import utc_text
from services.contract.domain.verdict import Fault, SignatureVerdict, Verdict
from services.contract.entrypoints.verdict_views import fault_text, verdict_texts

AUTHORITY_PATH = "/api/v1/certificates/authority"
_ABOUT_TRUST = frozenset({"signer-not-trusted", "timestamp-not-trusted", "manifest-stamp-not-trusted"})


def run(out: Console, file: Path, trust: Sequence[Path], *, language: str, as_json: bool) -> int:
    """Returns the exit code: 0 where everything holds and is vouched for, 1 otherwise."""
    words = _Words(language)
    try:
        content = file.read_bytes()
    except OSError as error:
        return _refused(out, words.say("no-file", path=file, reason=error.strerror), as_json=as_json)
    if kind_of(content) is None:
        return _refused(out, words.say("neither", path=file), as_json=as_json)
    roots = []
    for path in trust:
        try:
            roots.append(path.read_text("ascii"))
            names = [each.subject.rfc4514_string() for each in certificates_of("".join(roots))]
        except (OSError, ValueError):
            return _refused(out, words.say("no-root-file", path=path), as_json=as_json)
    verdict = check(content, "".join(roots))
    if as_json:
        print(json.dumps(_plain(verdict, words), ensure_ascii=False, default=_moment))
    else:
        for line in words.verdict(verdict, names if roots else []):
            out.print(line, markup=False, soft_wrap=True)
    return 0 if verdict.good else 1


def _refused(out: Console, text: str, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"good": False, "error": text}, ensure_ascii=False))
    else:
        out.print(text, markup=False, soft_wrap=True)
    return 1


class _Words:
    def __init__(self, language: str) -> None:
        self._language = language

    def say(self, key: str, **params: Any) -> str:
        return verdict_texts().text(f"verdict.{key}", self._language, **params)

    def fault(self, fault: Fault) -> str:
        return fault_text(fault, self._language)

    def summary(self, verdict: Verdict) -> str:
        if verdict.good:
            return self.say("good")
        only_trust = {fault.code for fault in verdict.every_fault()} <= _ABOUT_TRUST
        return self.say("untrusted", path=AUTHORITY_PATH) if only_trust else self.say("bad")

    def verdict(self, verdict: Verdict, roots: Sequence[str]) -> Iterator[str]:
        yield self.summary(verdict)
        yield from (f"  ✗ {self.fault(fault)}" for fault in verdict.faults)
        yield self.say("document", sha256=verdict.sha256 or "-")
        for signature in verdict.signatures:
            yield from self._signature(signature)
        if trail := verdict.trail:
            at = utc_text(trail.exported_at) if trail.exported_at else self.say("unknown")
            yield self.say("trail", deal_id=trail.deal_id, entries=trail.entries, hash=trail.last_hash, at=at)
        yield self.say("roots", names="; ".join(roots) or self.say("no-roots"))

    def _signature(self, signature: SignatureVerdict) -> Iterator[str]:
        yield self.say("signature", field=signature.field, signer=signature.signer or self.say("unknown"))
        if signature.certificate_sha256:
            if signature.code:
                yield f"    {self.say('code', code=signature.code)}"
            yield f"    {self.say('signatory', signatory=signature.signatory)}; {signature.reason}"
            if signature.stamped_at:
                at = utc_text(signature.stamped_at)
                yield f"    {self.say('stamped', at=at, by=signature.stamped_by)}"
            elif signature.signed_at:
                yield f"    {self.say('claimed', at=utc_text(signature.signed_at))}"
            yield f"    {self.say('whole' if signature.covers_whole_document else 'earlier')}"
            yield f"    {self.say('issuer', fingerprint=signature.certificate_sha256[:16], issuer=signature.issuer)}"
        if not signature.faults:
            yield f"    ✓ {self.say('holds')}"
        yield from (f"    ✗ {self.fault(fault)}" for fault in signature.faults)


def _plain(verdict: Verdict, words: _Words) -> dict[str, Any]:
    plain = asdict(verdict) | {"good": verdict.good, "summary": words.summary(verdict)}
    plain["faults"] = [_worded(fault, words) for fault in verdict.faults]
    for shown, signature in zip(plain["signatures"], verdict.signatures, strict=True):
        shown["faults"] = [_worded(fault, words) for fault in signature.faults]
    return plain


def _worded(fault: Fault, words: _Words) -> dict[str, str]:
    return {"code": fault.code, "text": words.fault(fault)}


def _moment(value: object) -> str:
    assert isinstance(value, datetime), "all else is plain"
    return utc_text(value)

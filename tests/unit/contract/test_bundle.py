"""A deal's evidence checks out by itself, and whatever is done to it is found and named."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import pytest

from services.contract.adapters.seals.bundle import Evidence, check_bundle, pack
from services.contract.adapters.seals.checking import loaded_roots
from services.contract.domain.evidence import Entry, canonical_json, sha256, utc_text
from services.contract.domain.verdict import Verdict
from services.contract.entrypoints.verdict_views import verdict_texts
from tests.unit.contract.paper_makers import Authority, authority, draft, half_signed, signed

DEAL = UUID(int=13)
TERMS = {"deal": {"deal_id": str(DEAL)}, "terms": {"form": "exclusive_licence"}}
LIST = ("manifest.json", "manifest.tsr")
AT = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
Change = Callable[[dict[str, bytes]], None]


def digest(content: bytes) -> dict[str, Any]:
    import hashlib

    return {"pdf_sha256": hashlib.sha256(content).hexdigest(), "pdf_size": len(content)}


def trail() -> list[dict[str, Any]]:
    """As the API shows a deal's history."""
    agreed = {"document_sha256": sha256(TERMS), **digest(draft())}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("opened", {"message": "May we?"}),
        ("party_signed", agreed),
        ("signature_applied", digest(half_signed()) | {"certificate_sha256": authority().university.fingerprint}),
        ("party_signed", agreed),
        ("signature_applied", digest(signed()) | {"certificate_sha256": authority().company.fingerprint}),
        ("document_sealed", digest(signed())),
    ]
    lines, last = [], None
    for event, data in steps:
        last = Entry.after(last, deal_id=DEAL, at=AT, event=event, actor={"hall": "test"}, data=data)
        lines.append({**vars(last), "deal_id": str(DEAL), "at": utc_text(last.at)})
    return lines


@cache
def bundle() -> bytes:
    evidence = Evidence(str(DEAL), signed(), TERMS, trail(), authority().roots, AT)
    return pack(evidence, authority().stamper, verdict_texts())


def changed(change: Change) -> bytes:
    with zipfile.ZipFile(io.BytesIO(bundle())) as old:
        files = {name: old.read(name) for name in old.namelist()}
    change(files)
    return zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for name, content in files.items():
            new.writestr(name, content)
    return out.getvalue()


def checked(content: bytes, roots: str | None = None) -> Verdict:
    return check_bundle(content, loaded_roots(roots or authority().roots))


def codes(content: bytes) -> set[str]:
    verdict = checked(content)
    assert not verdict.good
    return {fault.code for fault in verdict.every_fault()}


def on_lines(change: Callable[[list[dict[str, Any]]], Any]) -> Change:
    def on_files(files: dict[str, bytes]) -> None:
        data = json.loads(files["trail.json"])
        change(data["lines"])
        files["trail.json"] = canonical_json(data)

    return on_files


def test_evidence_holds_by_itself() -> None:
    verdict = checked(bundle())
    assert verdict.good, list(verdict.every_fault())
    assert verdict.trail is not None
    assert (verdict.trail.deal_id, verdict.trail.entries) == (str(DEAL), 6)
    assert verdict.trail.exported_at is not None
    assert len(verdict.signatures) == 2


def test_it_explains_itself_in_both_languages() -> None:
    with zipfile.ZipFile(io.BytesIO(bundle())) as opened:
        assert "离线核验" in opened.read("读我.txt").decode()
        assert "Verify offline" in opened.read("README.txt").decode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda lines: lines.pop(2), "trail-line-missing"),
        (lambda lines: lines.pop(), "trail-line-missing"),
        (lambda lines: lines.reverse(), "trail-out-of-order"),
        (lambda lines: lines.insert(1, lines.pop(3)), "trail-out-of-order"),
        (lambda lines: lines[0]["data"].update(message="May we not?"), "trail-line-changed"),
        (lambda lines: lines[1].update(at="2026-01-01T00:00:00Z"), "trail-line-changed"),
        (lambda lines: lines.append(lines[-1]), "trail-line-added"),
        (lambda lines: lines[3].update(hash="0" * 64), "trail-line-changed"),
    ],
    ids=["a line dropped", "the last dropped", "reversed", "one moved", "a word", "a time", "one added", "a hash"],
)
def test_the_trail_is_changed(change: Callable[[list[dict[str, Any]]], Any], code: str) -> None:
    found = codes(changed(on_lines(change)))
    assert code in found
    assert "file-changed" in found


def test_a_line_changed_with_all_hashes_after_it_is_still_found() -> None:
    def rewrite(lines: list[dict[str, Any]]) -> None:
        lines[0]["data"]["message"] = "May we not?"
        previous = lines[0]["previous_hash"]
        for line in lines:
            line["previous_hash"] = previous
            line["hash"] = previous = sha256({name: value for name, value in line.items() if name != "hash"})

    assert codes(changed(on_lines(rewrite))) == {"file-changed", "trail-end-differs"}


@pytest.mark.parametrize("name", ["contract.pdf", "terms.json", "trail.json", "authorities.pem", "manifest.json"])
def test_a_file_is_left_out(name: str) -> None:
    assert codes(changed(lambda files: files.__delitem__(name))) == {"file-missing"}


def test_a_read_me_is_left_out_or_something_put_in() -> None:
    assert codes(changed(lambda files: files.__delitem__("README.txt"))) == {"file-missing"}
    assert codes(changed(lambda files: files.update({"more.txt": b"trust me"}))) == {"file-not-listed"}


def test_the_list_is_made_to_fit() -> None:
    def fit(files: dict[str, bytes]) -> None:
        import hashlib

        files["terms.json"] = canonical_json({"terms": "mine"})
        manifest = json.loads(files["manifest.json"])
        manifest["files"]["terms.json"] = hashlib.sha256(files["terms.json"]).hexdigest()
        files["manifest.json"] = canonical_json(manifest)

    assert codes(changed(fit)) == {"manifest-changed", "terms-differ"}


def test_an_earlier_document_is_put_in() -> None:
    found = codes(changed(lambda files: files.update({"contract.pdf": half_signed()})))
    assert {"file-changed", "document-not-in-trail"} <= found


def test_a_stranger_s_evidence_is_not_believed() -> None:
    impostor = Authority.new()
    verdict = checked(bundle(), impostor.roots)
    assert {fault.code for fault in verdict.faults} == {"manifest-stamp-not-trusted"}
    assert not verdict.good


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 nothing",
        zipped(dict.fromkeys(("contract.pdf", "terms.json", "trail.json", "authorities.pem", *LIST), b"{")),
        zipped({f"{number}.txt": b"" for number in range(50)}),
    ],
    ids=["no zip", "no json", "too many files"],
)
def test_what_is_no_evidence(content: bytes) -> None:
    assert codes(content) == {"not-readable"}


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("contract.pdf", bytes(64_000_000))
    assert len(out.getvalue()) < 100_000
    assert codes(out.getvalue()) == {"not-readable"}


def test_every_fault_has_its_words() -> None:
    import re
    from pathlib import Path

    from services.contract import domain
    from services.contract.adapters import seals

    sources = [*Path(next(iter(seals.__path__))).glob("*.py"), Path(domain.__path__[0]) / "trail.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    raised = set(re.findall(r'Fault\(\s*"([a-z-]+)"', text))
    raised |= set(re.findall(r'^\s+"([a-z]+-[a-z-]+)": ', text, re.MULTILINE))
    known = {key.removeprefix("fault.") for key in verdict_texts() if key.startswith("fault.")}
    assert raised == known

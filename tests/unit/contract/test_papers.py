"""What a contract says for which facts, and that nothing anyone writes is more than words."""

import hashlib
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from services.contract.adapters.papers import typeset as typesetting
from services.contract.adapters.papers.amounts import money, percent
from services.contract.adapters.papers.typeset import typeset
from services.contract.adapters.papers.wording import TEMPLATES, Wording
from services.contract.domain.facts import RightKind, RightStatus
from services.contract.domain.terms import DealForm
from services.kit.messages import Catalogue
from tests.unit.contract.paper_makers import FACTS, draft, facts

TEXTS = Catalogue.load(TEMPLATES / "1" / "texts.toml")
LICENCE_TERMS: dict[str, Any] = {"territories": [], "field_of_use": "", "starts_at": None, "ends_at": None}
# Templates that documents were signed with: a change is a new folder.
RELEASED: dict[str, str] = {"1": "4fe196d68eea71746a4262d46fab27c2b64de27e6b82200b79547d3f73383a52"}


def content(**changes: Any) -> dict[str, Any]:
    return Wording(facts(**changes), TEXTS).content()


def words(made: dict[str, Any], language: str = "zh") -> str:
    """All that a content says in one language."""

    def said(node: Any) -> str:
        if isinstance(node, dict):
            if language in node and isinstance(node[language], str):
                return str(node[language])
            return "\n".join(said(value) for value in node.values())
        return "\n".join(map(said, node)) if isinstance(node, list | tuple) else str(node)

    return said(made)


def test_a_released_template_is_never_changed() -> None:
    found = {
        folder.name: hashlib.sha256(
            b"".join((folder / name).read_bytes() for name in ("contract.typ", "texts.toml"))
        ).hexdigest()
        for folder in TEMPLATES.iterdir()
    }
    assert found == RELEASED, "signed documents name their template: put a change into a new folder"


@pytest.mark.parametrize(
    ("form", "meaning", "word"),
    [
        ("exclusive_licence", "甲方自己也不得实施", "独占许可"),
        ("sole_licence", "甲方自己可以实施，但不得再许可", "排他许可"),
        ("ordinary_licence", "也可以许可他人实施", "普通许可"),
    ],
)
def test_a_form_is_named_by_the_law_s_own_word_and_its_meaning(form: str, meaning: str, word: str) -> None:
    said = words(content(terms={"form": form}))
    assert meaning in said
    assert word in said
    assert "第二十五条" in said


def test_an_unclear_form_is_an_ordinary_licence() -> None:
    said = words(content(terms={"form": None}))
    assert "约定不明的，视为普通许可" in said
    assert "也可以许可他人实施" in said


def test_a_trademark_is_no_technology() -> None:
    said = words(content(right={"kind": "trademark"}))
    assert "商标使用许可合同" in said
    assert "《商标法》第四十三条" in said
    assert "技术合同纠纷" not in said
    assert "专利" not in said.replace("国务院专利行政部门", "")


def test_all_that_was_agreed_is_there() -> None:
    made = content()
    chinese, english = words(made), words(made, "en")
    for shown in ("CNY 240,000.00（人民币贰拾肆万元整）", "1.5%", "CNY 50,000.00", "中国 CN、美国 US", "跑鞋", "允许"):
        assert shown in chinese
    for shown in ("China CN, United States US", "19 November 2031, 08:00 (UTC+8)", "allowed", "Entry fee and running"):
        assert shown in english
    assert "2031年11月19日 08:00（北京时间）" in chinese
    assert "123500004880152109" in chinese
    assert "许可方每年到厂技术指导两次。" in [clause["verbatim"] for clause in made["clauses"]]
    assert FACTS["terms_sha256"] in made["footer"]["line"]
    assert "不提供法律意见" in chinese
    assert "no legal advice" in english


def test_an_assignment_is_whole_and_waits_for_registration() -> None:
    said = words(content(terms={"form": "assignment", **LICENCE_TERMS, "royalty_basis_points": 0}))
    assert "专利权转让合同" in said
    assert "自登记之日起生效（《专利法》第十条）" in said
    assert "许可地域" not in said
    assert "转让方（甲方）" in said


def test_free_is_said_in_one_word() -> None:
    free = {"fixed_fee": None, "royalty_basis_points": 0, "minimum_annual_royalty": None}
    assert "无偿" in words(content(terms=free))
    assert "Free of charge" in words(content(terms={**free, "fixed_fee": {"minor_units": 0, "currency": "CNY"}}), "en")


def test_every_kind_status_and_form_has_its_words() -> None:
    for kind in RightKind:
        for form in set(DealForm) - {DealForm.OPEN_LICENCE}:
            assert words(content(right={"kind": kind.value}, terms={"form": form.value}))
    for status in RightStatus:
        assert words(content(right={"status": status.value}))


def test_every_text_of_the_template_is_used() -> None:
    source = Path(Wording.content.__code__.co_filename).read_text(encoding="utf-8")
    source += Path(money.__code__.co_filename).read_text(encoding="utf-8")
    built = {
        f"{kind}.{each.value}" for kind, values in (("kind", RightKind), ("status", RightStatus)) for each in values
    }
    built |= {f"{kind}.{each.value}" for kind in ("form", "clause") for each in DealForm}
    built |= {f"party.{side}" for side in ("licensor", "licensee", "assignor", "assignee", "broker")}
    for key in set(TEXTS) - built:
        section, _, name = key.partition(".")
        spelled = name in source or (section == "title" and name.rpartition("-")[0] in source)
        assert spelled or re.sub("-(licence|transfer|yes|no|right|registration)$", "-", name) in source, key


def test_the_same_facts_make_the_same_bytes() -> None:
    assert typeset(facts()) == draft()
    assert typeset(facts(made_at="2026-11-25T02:00:01Z")) != draft()


def test_it_declares_what_it_is() -> None:
    # Metadata of PDF/A is never compressed (ISO 19005-2, 6.6.2.1).
    pdf = draft()
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert pdf.endswith(b"%%EOF\n")


HOSTILE = (
    '#panic("boom") #eval("1") #read("/etc/passwd") #import "@preview/x:1.0.0" #while true {}',
    "$ sum_1^x $ *bold* _it_ `raw` ```typ #1/0 ``` @ref <label> = Heading\n= Heading\n- list\n/ term: x",
    "\\u{1F600} \\ // comment /* not closed",
    '"}]} , "zh": "x',
    "{title} {0} {terms_sha256!r} %s",
    "\u202eevil\u202c \u0001\u0007\u200b\ufeff\u2028\u2029 \x7f \ue000",
    "😀 العربية བོད ไทย 𠀀",
    "A" * 3_000,
    "超长" * 2_000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_they_write_is_words(text: str) -> None:
    party = {"organisation_id": "x", "name": text, "code": text}
    made = typeset(
        facts(
            terms={"other_terms": text, "field_of_use": text},
            right={"title": text, "number": text, "owner_name": text},
            licensor=party,
            licensee=party,
            broker=party,
        )
    )
    assert made.startswith(b"%PDF-1.7")


def test_what_would_deceive_is_spelled_out() -> None:
    assert typesetting._printable({"a": ["x\u202ey\u0001", "好\u00a0\u3000。\r\n"]}) == {
        "a": ["x〔U+202E〕y〔U+0001〕", "好  。\n"]
    }


def test_markup_is_shown_as_it_was_written() -> None:
    made = typeset(facts(terms={"other_terms": '#panic("boom") *b* $x$'}))
    shown = "\n".join(page.extract_text() for page in PdfReader(BytesIO(made)).pages)
    assert '#panic("boom") *b* $x$' in shown


def test_what_counts_as_common_is_in_the_fonts() -> None:
    common = {code for code in range(0x20, 0x10000) if typesetting.is_common(chr(code))}
    assert len(common) > 20_000
    assert common <= typesetting.coverage()


@pytest.mark.parametrize(
    ("amount", "zh", "en"),
    [
        ((80_000_000, "CNY"), "CNY 800,000.00（人民币捌拾万元整）", "CNY 800,000.00 (renminbi)"),
        ((123_456, "CNY"), "CNY 1,234.56（人民币壹仟贰佰叁拾肆元伍角陆分）", "CNY 1,234.56 (renminbi)"),
        ((5, "CNY"), "CNY 0.05（人民币伍分）", "CNY 0.05 (renminbi)"),
        ((1_500, "JPY"), "JPY 1,500（日元）", "JPY 1,500 (Japanese Yen)"),
        ((10**15, "USD"), "USD 10,000,000,000,000.00（美元）", "USD 10,000,000,000,000.00 (US Dollar)"),
        ((1, "XQZ"), "XQZ 0.01（XQZ）", "XQZ 0.01 (XQZ)"),
    ],
)
def test_amounts(amount: tuple[int, str], zh: str, en: str) -> None:
    assert money({"minor_units": amount[0], "currency": amount[1]}, TEXTS) == {"zh": zh, "en": en}


@pytest.mark.parametrize(("points", "text"), [(250, "2.5"), (150, "1.5"), (10_000, "100"), (1, "0.01"), (300, "3")])
def test_rates(points: int, text: str) -> None:
    assert percent(points) == text

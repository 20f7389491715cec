"""What the demo makes of a file of patents, and what it says in both languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import uscc

from deploy.local.demo import parties, report
from deploy.local.demo.sample import DEMANDS_OF_OWN_DATA, UnusableData, material
from services.kit.messages import Catalogue


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path


def row(number: int, **more: object) -> dict[str, object]:
    return {"number": f"CN{number}", "title": f"一种装置{number}", "abstract": "…", **more}


def test_the_bundled_sample_keeps_to_the_api() -> None:
    sample = material(None)
    assert sample.rows == len(sample.lines.splitlines()) >= 64
    assert not sample.borrowed
    assert all({"expects", "fictional"}.isdisjoint(wanted.body) for wanted in sample.demands)
    assert sum(bool(wanted.expects) for wanted in sample.demands) >= 20


def test_of_own_data_demands_are_made_from_the_words_of_the_market(tmp_path: Path) -> None:
    prospect = "可用于茶叶加工。乌龙茶和红茶的市场很大，需求旺盛。"
    patent_words = "本发明涉及一种茶叶加工装置，解决了现有技术的问题。"
    rows = [row(n, prospect=prospect if n % 2 else patent_words) for n in range(100)]
    own = material(write(tmp_path / "own.jsonl", rows))
    assert (own.rows, own.borrowed, len(own.demands)) == (100, True, DEMANDS_OF_OWN_DATA)
    first = own.demands[0]
    assert first.body == {"title": "可用于茶叶加工", "problem": prospect, "language": "zh"}
    assert all(int(title.removeprefix("一种装置")) % 2 for wanted in own.demands for title in wanted.expects)


def test_without_words_of_the_market_titles_serve(tmp_path: Path) -> None:
    rows = [{"number": "US1", "title": "A glove. For catching"}, {"abstract": "no number"}, row(2, prospect=None)]
    own = material(write(tmp_path / "own.jsonl", rows))
    assert [wanted.body["title"] for wanted in own.demands] == ["一种装置2", "A glove"]
    assert [wanted.body["language"] for wanted in own.demands] == ["zh", "en"]


@pytest.mark.parametrize(
    ("text", "line"), [("", 1), ("\n\n", 1), ('{"number":"CN1","title":"x"}\n{oops', 2), ("[1]", 1)]
)
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableData) as caught:
        material(path)
    assert caught.value.line == line


@pytest.mark.parametrize("kind", ["university", "company", "broker"])
def test_registration_codes_are_well_formed_and_new_each_time(kind: str) -> None:
    codes = {parties.registration_code(kind) for _ in range(50)}
    assert len(codes) == 50
    assert all(uscc.is_valid(code) for code in codes)


def test_texts_of_both_languages_have_the_same_placeholders() -> None:
    catalogue: Catalogue = report.TEXTS
    for key in catalogue:
        english, chinese = (set(re.findall(r"\{(\w+)\}", catalogue.raw(key)[language])) for language in ("en", "zh"))
        # A sentence may leave out what the other language says by its order, but never ask for more than is given.
        assert chinese <= english, key

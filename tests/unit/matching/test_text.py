import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.text import Script, fold, joined, joined_text, read, units


def test_chinese_gives_characters_and_pairs() -> None:
    assert sorted(read("电解液").terms) == sorted(["电", "解", "液", "电解", "解液"])


def test_english_words_are_stemmed() -> None:
    assert read("Electrolytes for batteries, charging").terms == ["electrolyt", "for", "batteri", "charg"]


def test_each_run_of_a_mixed_text_is_read_in_its_own_way() -> None:
    assert set(read("LiFePO4正极 batteries").terms) == {"lifepo4", "正", "极", "正极", "batteri"}


def test_pairs_do_not_reach_across_what_is_between() -> None:
    assert "液正" not in read("电解液，正极").terms
    assert "液正" not in read("电解液A正极").terms


def test_full_width_and_capitals_are_folded() -> None:
    assert read("ＡＢＣ１２３").terms == read("abc123").terms == ["abc123"]
    assert fold("ﬁlm ㎡") == "film m2"


@pytest.mark.parametrize("written", ["CN202310375785.X", "ZL202310375785.X", "cn202310375785", "202310375785"])
def test_a_patent_number_is_one_term_however_it_is_written(written: str) -> None:
    assert "202310375785" in read(f"参见 {written} 的方案").index_terms()


def test_decimals_stay_whole() -> None:
    assert "142.6" in read("产氢效率142.6mmol/g/h").terms


def test_what_a_text_is_looked_up_by_leaves_out_single_characters_of_longer_runs() -> None:
    assert read("电解液 铝 film").index_terms() == {"电解", "解液", "铝", "film"}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("一种电解液", Script.IDEOGRAPHS),
        ("An electrolyte", Script.WORDS),
        ("一种 LiPF6 电解液", Script.IDEOGRAPHS),
        ("", Script.WORDS),
    ],
)
def test_the_script_is_what_most_of_a_text_is_written_in(text: str, script: Script) -> None:
    assert read(text).script is script


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert read(text).index_terms() <= set(read(text).terms)


def test_units_are_found_where_they_follow_each_other() -> None:
    text = joined_text("锂电池, 充电 of Batteries")
    for run in ("电池", "充电", "of battery"):
        assert joined(unit.key for unit in units(run)) in text
    for run in ("池充", "锂池", "atter"):
        assert joined(unit.key for unit in units(run)) not in text


@given(st.text(max_size=60), st.text(max_size=60))
def test_reading_two_texts_apart_or_as_two_lines_is_the_same(one: str, other: str) -> None:
    assert read(f"{one}\n{other}").terms == read(one).terms + read(other).terms

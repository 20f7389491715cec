from hypothesis import given
from hypothesis import strategies as some

from services.kit.search.highlight import Highlighter
from services.kit.search.questions import units_of


def excerpt(query: str, text: str) -> list[tuple[str, bool]]:
    return Highlighter(units_of(query)).excerpt(text)


def test_marks_pairs_stems_and_unfinished_words() -> None:
    assert excerpt("石墨烯", "一种石墨烯电极") == [("一种", False), ("石墨烯", True), ("电极", False)]
    assert excerpt("network", "Neural Networks!") == [("Neural ", False), ("Networks", True), ("!", False)]
    assert excerpt("batt", "A battery") == [("A ", False), ("batt", True), ("ery", False)]
    assert excerpt("ﬁlm", "ＦＩＬＭ ﬁlm") == [("ＦＩＬＭ", True), (" ", False), ("ﬁlm", True)]


def test_without_a_find_there_is_no_excerpt() -> None:
    assert excerpt("钢铁", "一种石墨烯电极") == []


def test_a_long_text_is_cut_around_the_first_find() -> None:
    parts = excerpt("石墨烯", "前" * 300 + "石墨烯" + "后" * 300)
    assert parts[0] == ("…", False)
    assert parts[-1] == ("…", False)
    assert ("石墨烯", True) in parts
    assert sum(len(part) for part, _ in parts) == 162


@given(some.text(max_size=120), some.text(max_size=150))
def test_an_excerpt_of_a_short_text_is_the_text(query: str, text: str) -> None:
    parts = excerpt(query, text)
    assert not parts or "".join(part for part, _ in parts) == text

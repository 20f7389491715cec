from pathlib import Path
from string import Formatter

import pytest

from services.kit.messages import Catalogue, preferred_language

ROOT = Path(__file__).parents[3]
CATALOGUES = sorted([*ROOT.glob("services/*/messages.toml"), *ROOT.glob("gateway/messages.toml")])


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_both_languages_take_the_same_parameters(path: Path) -> None:
    catalogue = Catalogue.load(path)
    for key in catalogue:
        fields = {
            language: {name for _, name, _, _ in Formatter().parse(text) if name}
            for language, text in catalogue.raw(key).items()
        }
        assert fields["en"] == fields["zh"], key


def test_a_missing_language_is_named(tmp_path: Path) -> None:
    file = tmp_path / "messages.toml"
    file.write_text('[a]\ntitle = { en = "x" }\n')
    with pytest.raises(ValueError, match=r"a\.title lacks zh"):
        Catalogue.load(file)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("fr, zh;q=0.3", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=banana, en;q=0.1", "en"),
        ("*", "en"),
    ],
)
def test_preferred_language(header: str | None, language: str) -> None:
    assert preferred_language(header) == language

"""No text stands in a template, every text that is asked for is there, and Chinese is written as Chinese."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from gateway.pages.templating import TEMPLATES
from gateway.pages.texts import MESSAGES, load_messages
from services.kit.messages import Catalogue

PAGES = TEMPLATES.parent
CATALOGUE = load_messages()
KEYS = set(CATALOGUE)
FILES = sorted(TEMPLATES.rglob("*.html"))
SOURCES = [*FILES, *PAGES.rglob("*.py")]

_TAG = re.compile(r"<!--.*?-->|<!doctype[^>]*>|<[^>]*>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""[\w-]+="[^"]*\"""")  # of a tag whose other parts another macro writes
_CLASSES = re.compile(r"{% block main_class %}[a-z ]*{% endblock %}")
_WORD = re.compile(r"[A-Za-z\u4e00-\u9fff]{2,}")
_SPOKEN = re.compile(r"""\b(?:alt|aria-label|aria-description|placeholder|title|content|label)="([^"]*)\"""")
_NOT_SPOKEN = ("width=device-width, initial-scale=1", "light dark", "#0f3b44")
# t("a.b"), n("a.b", …), words("a.b"): whole keys; t("a." ~ x), t(f"a.{x}"): the beginning of some.
_WHOLE = re.compile(r"""\b(?:t|n|words)\(\s*"([a-z_0-9]+(?:\.[a-zA-Z_0-9-]+)+)"\s*[,)]""")
_BEGUN = re.compile(r"""\bt\(\s*f?"([a-z_0-9]+\.(?:[a-z_0-9]+\.)*)(?:"\s*~|\{)""")
_KEY_ELSEWHERE = re.compile(r'"((?:trust|words|forms|done)\.[a-z_.]+)"')


def literal_text(source: str) -> list[str]:
    """What a template says itself: its data without tags, and the attributes that are read out."""
    source = _CLASSES.sub("", source)
    said = "".join(value if kind == "data" else "\0" for _, kind, value in Environment().lex(source))
    spoken = [value for value in _SPOKEN.findall(said) if value not in _NOT_SPOKEN]
    return _WORD.findall(_ATTRIBUTE.sub(" ", _TAG.sub(" ", said))) + [
        word for value in spoken for word in _WORD.findall(value)
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_template_says_nothing_itself(file: Path) -> None:
    assert literal_text(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "template",
    ["<p>Hello</p>", "<p>{{ t('a.b') }}你好</p>", '<a title="Close">{{ x }}</a>', "{% if a %}Go on{% endif %}"],
)
def test_text_in_a_template_would_be_seen(template: str) -> None:
    assert literal_text(template)


def test_every_text_asked_for_is_there() -> None:
    asked = {key for source in SOURCES for key in _WHOLE.findall(source.read_text(encoding="utf-8"))}
    missing = {key for key in asked - KEYS if f"{key}.other" not in KEYS}
    assert asked
    assert missing == set()


def test_no_text_is_left_over() -> None:
    """A text that nobody asks for is a page that lost it, or one that was taken away."""
    sources = [source.read_text(encoding="utf-8") for source in SOURCES]
    asked = {key for source in sources for key in (*_WHOLE.findall(source), *_KEY_ELSEWHERE.findall(source))}
    begun = {start for source in sources for start in _BEGUN.findall(source)} | {"words.", "done.", "errors."}
    plain = {key.removesuffix(".one").removesuffix(".other") for key in KEYS}
    assert {key for key in plain - asked if not key.startswith(tuple(begun))} == set()


@pytest.mark.parametrize("file", sorted(MESSAGES.glob("*.toml")), ids=lambda file: file.stem)
def test_chinese_is_punctuated_as_chinese(file: Path) -> None:
    """No half-width comma, colon, bracket or question mark beside an ideograph, and no space between two of them."""
    wrong = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]|[\u4e00-\u9fff] +[\u4e00-\u9fff]|\.\.\.")
    texts = {key: CATALOGUE.raw(key)["zh"] for key in KEYS if key.startswith(f"{file.stem}.")}
    allowed = {"home.try_1", "home.try_3"}  # words to search for
    assert {key: text for key, text in texts.items() if wrong.search(text) and key not in allowed} == {}


def test_both_languages_take_the_same_parameters() -> None:
    parameters = re.compile(r"\{(\w+)\}")
    assert {
        key
        for key in KEYS
        if set(parameters.findall(CATALOGUE.raw(key)["zh"])) != set(parameters.findall(CATALOGUE.raw(key)["en"]))
    } == set()


def test_a_file_may_hold_its_own_table_only(tmp_path: Path) -> None:
    (tmp_path / "deals.toml").write_text('[home]\ntitle = { en = "x", zh = "y" }\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"deals\.toml.*home"):
        load_messages(tmp_path)


def test_pages_and_the_api_call_the_same_thing_the_same() -> None:
    """What a facet of the catalogue is called beside a listing that says it in the page's words."""
    services = PAGES.parents[1] / "services"
    told = Catalogue.load(*(services / name / "messages.toml" for name in ("kit", "listing", "matching")))
    kinds = {"kind": "kind", "deal_form": "deal_form", "maturity": "maturity", "status": "listing_status"}
    both = [
        (key, f"words.{kinds[facet]}.{value}")
        for key in told
        if key.startswith("facet.")
        for facet, value in [key.split(".")[1:3]]
        if facet in kinds and f"words.{kinds[facet]}.{value}" in CATALOGUE
    ]
    assert len(both) > 10
    assert {ours: told.raw(theirs) for theirs, ours in both if told.raw(theirs) != CATALOGUE.raw(ours)} == {}

"""Whatever the service may say has words in both languages, with the parameters it is said with."""

import re
from pathlib import Path
from string import Formatter

from services.contract import domain
from services.contract.domain import errors, findings
from services.contract.entrypoints import schemas
from services.kit.messages import LANGUAGES, Catalogue
from services.kit.problems import Problem

ROOT = Path(schemas.__file__).parents[1]
CATALOGUE = Catalogue.load(ROOT / "messages.toml")
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))


def test_every_problem_has_its_words() -> None:
    own = [each for module in (errors, findings) for each in vars(module).values() if isinstance(each, type)]
    slugs = {each.slug for each in own if issubclass(each, Problem) and each.__module__.startswith(domain.__name__)}
    assert len(slugs) == 38
    assert {f"{slug}.{part}" for slug in slugs for part in ("title", "detail")} <= set(CATALOGUE)


def test_every_note_and_located_fault_has_its_words() -> None:
    notes = set(re.findall(r'"(note-[a-z-]+)"', SOURCES)) - {"note-needed"}
    located = set(re.findall(r'FieldError\(\s*f?"[^"]*", "([a-z-]+)"', SOURCES))
    assert len(notes) > 8
    assert len(located) > 8
    assert notes | {f"field.{code}" for code in located | set(findings.REFUSALS)} <= set(CATALOGUE)


def test_nothing_is_said_that_nobody_says() -> None:
    said = {key.removeprefix("field.").partition(".")[0] for key in CATALOGUE}
    assert {key for key in said if f'"{key}"' not in SOURCES and f'"{key}.' not in SOURCES} == set()


def test_both_languages_speak_of_the_same_things() -> None:
    for key in CATALOGUE:
        names = {
            language: {name for _, name, _, _ in Formatter().parse(CATALOGUE.raw(key)[language])} - {None}
            for language in LANGUAGES
        }
        assert names["en"] == names["zh"], key

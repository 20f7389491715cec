"""Every setting that the code reads, found by looking for classes of settings, not by a list that may grow old."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

PROJECT = Path(__file__).parents[2]
PACKAGES = ("services", "gateway", "deploy")
# Read by libraries from the environment, not by a class of ours.
OF_LIBRARIES = frozenset({"OTEL_EXPORTER_OTLP_ENDPOINT"})
_DECLARES = re.compile(r"^class \w+\(\w*Settings\):", re.MULTILINE)


def settings_classes() -> set[type[BaseSettings]]:
    for path in (path for package in PACKAGES for path in (PROJECT / package).rglob("*.py")):
        if _DECLARES.search(path.read_text(encoding="utf-8")):
            import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    return set(_below(BaseSettings))


@cache
def names_by_field() -> dict[str, tuple[FieldInfo, list[str]]]:
    """Field → what it is, and the variables it is read from, the first of which is what people are told."""
    found = {}
    for each in settings_classes():
        prefix = each.model_config.get("env_prefix", "")
        for name, field in each.model_fields.items():
            alias = field.validation_alias
            names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [prefix + name]
            found[f"{each.__name__}.{name}"] = (field, [variable.upper() for variable in names])
    return found


@cache
def variables() -> set[str]:
    """Every variable of the environment that means something to the code."""
    return {variable for _, names in names_by_field().values() for variable in names} | OF_LIBRARIES


def _below(parent: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for child in parent.__subclasses__():
        if child.__module__.split(".")[0] in PACKAGES:
            yield child
        yield from _below(child)

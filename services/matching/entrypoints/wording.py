"""Reasons, bars and vocabulary as sentences, from messages.toml."""

from fastapi import Request

from services.kit.auth import Principal
from services.kit.messages import Catalogue, preferred_language

# Parameters whose value is one of our own codes, or several by comma, with the table of messages.toml that names them.
_NAMED = {
    "form": "deal-form",
    "forms": "deal-form",
    "wanted_forms": "deal-form",
    "offered_forms": "deal-form",
    "maturity": "maturity",
    "dismissal_reason": "dismissal",
}
_BETWEEN = {"en": ", ", "zh": "、"}


class Wording:
    def __init__(self, catalogue: Catalogue, language: str) -> None:
        self._catalogue = catalogue
        self._language = language

    @classmethod
    def of(cls, request: Request, caller: Principal) -> "Wording":
        language = preferred_language(request.headers.get("accept-language"), caller.language)
        return cls(request.app.state.catalogue, language)

    def sentence(self, kind: str, code: str, parameters: dict[str, str]) -> str:
        named = {name: self._named(name, value) for name, value in parameters.items()}
        return self._catalogue.text(f"{kind}.{code.replace('_', '-')}", self._language, **named)

    def _named(self, parameter: str, value: str) -> str:
        parts = value.split(", ")
        if table := _NAMED.get(parameter):
            parts = [self._catalogue.text(f"{table}.{part.replace('_', '-')}", self._language) for part in parts]
        return _BETWEEN[self._language].join(parts)

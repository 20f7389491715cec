"""Several OpenAPI documents become one. Pure.

Components of one name that say the same are shared; where they differ, or refer to some that do, each service's gets
the service's name in front.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Document = dict[str, Any]
Name = tuple[str, str]  # section of components, name in it

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_REFERENCE = "#/components/"
_BEARER, _API_KEY = "bearer", "api_key"
_SECURITY = {
    _BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of POST /api/v1/sessions.",
    },
    _API_KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "A key of POST /api/v1/organisations/{organisation_id}/api-keys.",
    },
}


def merge(parts: Mapping[str, Document], *, info: Document, servers: list[Document]) -> Document:
    """One OpenAPI 3.1 document. Where two parts have the same path, the later one's is kept."""
    renamed = _clashes(parts)
    paths: Document = {}
    components: dict[str, Document] = defaultdict(dict)
    operation_ids: set[str] = set()
    for service, part in parts.items():
        names = {name: _prefixed(service, name[1]) for name in renamed}
        for (section, name), definition in _components(part):
            components[section][names.get((section, name), name)] = _rewritten(definition, names)
        for path, item in part.get("paths", {}).items():
            paths[path] = _rewritten(item, names)
            _finish(paths[path], service, operation_ids)
    components["securitySchemes"] = dict(_SECURITY)
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": servers,
        "tags": [{"name": tag} for tag in sorted(_tags(paths))],
        "paths": dict(sorted(paths.items())),
        "components": {section: dict(sorted(entries.items())) for section, entries in sorted(components.items())},
    }


def _clashes(parts: Mapping[str, Document]) -> set[Name]:
    """Names that mean different things in different parts, if only by what they refer to."""
    definitions: dict[Name, list[Any]] = defaultdict(list)
    for part in parts.values():
        for name, definition in _components(part):
            definitions[name].append(definition)
    clashes = {name for name, given in definitions.items() if any(each != given[0] for each in given)}
    while True:
        more = {
            name
            for name, given in definitions.items()
            if len(given) > 1 and name not in clashes and not clashes.isdisjoint(_references(given[0]))
        }
        if not more:
            return clashes
        clashes |= more


def _components(part: Document) -> Iterator[tuple[Name, Any]]:
    for section, entries in part.get("components", {}).items():
        if section != "securitySchemes":
            for name, definition in entries.items():
                yield (section, name), definition


def _references(node: Any) -> Iterator[Name]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str) and value.startswith(_REFERENCE):
                yield _named(value)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _rewritten(node: Any, names: Mapping[Name, str]) -> Any:
    if isinstance(node, list):
        return [_rewritten(value, names) for value in node]
    if isinstance(node, dict):
        return {key: _rewritten(value, names) for key, value in node.items()}
    # Discriminators name schemas by the same text without the key $ref.
    if isinstance(node, str) and node.startswith(_REFERENCE):
        section, name = _named(node)
        return f"{_REFERENCE}{section}/{names.get((section, name), name)}"
    return node


def _named(reference: str) -> Name:
    section, _, name = reference.removeprefix(_REFERENCE).partition("/")
    return section, name


def _prefixed(service: str, name: str) -> str:
    return f"{service.capitalize()}{name}"


def _finish(item: Document, service: str, operation_ids: set[str]) -> None:
    """Operation ids are unique in the whole document; where a token is good, so is an API key."""
    for method, operation in item.items():
        if method not in _METHODS:
            continue
        identity = operation.get("operationId")
        if identity in operation_ids:
            identity = operation["operationId"] = f"{service}_{identity}"
        if identity:
            operation_ids.add(identity)
        if any(_BEARER in requirement for requirement in operation.get("security", [])):
            operation["security"] = [*operation["security"], {_API_KEY: []}]


def _tags(paths: Document) -> set[str]:
    return {
        tag
        for item in paths.values()
        for method, operation in item.items()
        if method in _METHODS
        for tag in operation.get("tags", [])
    }

"""Every refusal leaves as problem+json (RFC 9457), in the caller's language, each fault with its place."""

from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from services.kit import problems
from services.kit.db import is_outside_fault, is_unstorable
from services.kit.envelope import storable
from services.kit.messages import Catalogue, preferred_language
from services.kit.problems import FieldError, Problem

log = structlog.get_logger()

PROBLEM_TYPES = "https://zayton.org/problems/"


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(request, _from_validation(error))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refused: Problem | None = getattr(request.state, "refused", None)
    if refused is not None:
        return problem_response(request, refused)
    by_status: dict[int, Problem] = {
        404: problems.NotFound(),
        405: problems.MethodNotAllowed(method=request.method),
    }
    response = problem_response(
        request, by_status.get(error.status_code) or problems.MalformedRequest(reason=str(error.detail))
    )
    response.headers.update(error.headers or {})
    return response


def unexpected(request: Request, error: Exception) -> Response:
    """The answer to a fault that is not the caller's: 503 where a part does not answer, 500 where we erred."""
    if is_outside_fault(error):
        log.warning("unavailable", path=request.url.path, error=repr(error))
        return problem_response(request, problems.Unavailable(retry_after_s=2))
    if is_unstorable(error):
        return problem_response(request, problems.InvalidInput(errors=[FieldError("", "unstorable")]))
    log.error("internal_error", path=request.url.path, exc_info=error)
    return problem_response(request, Problem())


def language_of(request: Request) -> str:
    """The reader's: what the request asks for, else that of the account, else English."""
    principal = getattr(request.state, "principal", None)
    return preferred_language(request.headers.get("accept-language"), principal.language if principal else "en")


def problem_response(request: Request, problem: Problem) -> Response:
    """The answer to a caller. Its texts come from the app's catalogue."""
    catalogue: Catalogue = request.app.state.catalogue
    language = language_of(request)
    request_id = getattr(request.state, "request_id", "")
    body = body_of(problem, catalogue, language, instance=request.url.path, request_id=request_id)
    headers = {"content-language": language, "cache-control": "no-store"}
    if problem.retry_after_s is not None:
        headers["retry-after"] = str(problem.retry_after_s)
    if problem.kind is problems.Kind.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(body), problem.status, headers, "application/problem+json")


def body_of(problem: Problem, catalogue: Catalogue, language: str, *, instance: str, request_id: str) -> dict[str, Any]:
    params = {"request_id": request_id} | problem.params
    if isinstance(problem, problems.Unauthenticated):
        params["reason"] = catalogue.text(f"reason.{params['reason']}", language)
    body: dict[str, Any] = {
        "type": f"{PROBLEM_TYPES}{problem.slug}",
        "title": catalogue.text(f"{problem.slug}.title", language, **params),
        "status": problem.status,
        "detail": catalogue.text(f"{problem.slug}.detail", language, **params),
        "instance": instance,
        "request_id": request_id,
    }
    if problem.rule:
        body["rule"] = problem.rule
    if problem.article:
        body["article"] = problem.article
    if problem.errors:
        body["errors"] = [_fault(error, catalogue, language) for error in problem.errors]
    return body


def _fault(error: FieldError, catalogue: Catalogue, language: str) -> dict[str, Any]:
    text = error.text if error.text is not None else catalogue.text(f"field.{error.code}", language, **error.params)
    # Names of fields are the caller's, and may hold what no answer can.
    fault: dict[str, Any] = {"pointer": storable(error.pointer), "code": error.code, "detail": storable(text)}
    if error.position is not None:
        fault["position"] = error.position
    return fault


def _from_validation(error: RequestValidationError) -> Problem:
    faults = error.errors()
    for fault in faults:
        if fault["type"] == "json_invalid":
            return problems.MalformedBody(reason=fault["ctx"]["error"], position=fault["loc"][-1])
    return problems.InvalidInput(errors=[_located(fault) for fault in faults])


# Pydantic's error types that we have words of our own for, in both languages; others keep Pydantic's English message.
_CODES = {
    "missing": "missing",
    "extra_forbidden": "extra",
    "string_type": "text",
    "string_too_short": "too-short",
    "string_too_long": "too-long",
    "string_pattern_mismatch": "pattern",
    "too_short": "too-few",
    "too_long": "too-many",
    "int_type": "integer",
    "int_parsing": "integer",
    "int_from_float": "integer",
    "bool_type": "boolean",
    "bool_parsing": "boolean",
    "list_type": "list",
    "dict_type": "object",
    "model_attributes_type": "object",
    "model_type": "object",
    "uuid_parsing": "uuid",
    "uuid_type": "uuid",
    "datetime_parsing": "time",
    "datetime_type": "time",
    "datetime_from_date_parsing": "time",
    "date_parsing": "day",
    "date_from_datetime_parsing": "day",
    "date_from_datetime_inexact": "day",
    "date_type": "day",
    "timezone_aware": "time",
    "enum": "choice",
    "literal_error": "choice",
    "greater_than": "greater-than",
    "greater_than_equal": "at-least",
    "less_than": "less-than",
    "less_than_equal": "at-most",
}


def _located(fault: dict[str, Any]) -> FieldError:
    place, *path = fault["loc"]
    steps = "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)
    pointer = {"query": f"?{steps}", "path": f"{{{steps}}}", "header": f"#{steps}", "cookie": f"#{steps}"}.get(
        str(place), f"/{steps}" if steps else ""
    )
    code = _CODES.get(fault["type"], "invalid")
    return FieldError(pointer, code, params={"message": fault["msg"]} | fault.get("ctx", {}))

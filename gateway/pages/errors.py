"""Pages that say why there is no other, and what to do now."""

from starlette.responses import Response

from gateway.pages.api import ApiProblem
from gateway.pages.visitor import Visitor

_WITH_WORDS = frozenset({403, 404, 405, 413, 429, 500, 503})
_COME_BACK_S = "5"
_SLOW, _UNAVAILABLE, _FIRST_OURS = 504, 503, 500


class SignInNeeded(Exception):
    """The page is for members."""


class BodyTooLarge(Exception):
    """More was sent than the page takes."""


async def error_page(
    visitor: Visitor, status: int, problem: ApiProblem | None = None, *, forged: bool = False
) -> Response:
    """In the words of the problem where there is one; with what to do, by status."""
    if status in _WITH_WORDS:
        kind = str(status)
    elif status == _SLOW:
        kind = str(_UNAVAILABLE)
    else:
        kind = "500" if status >= _FIRST_OURS else "other"
    response = await visitor.page(
        "error.html", status=status, kind="forged" if forged else kind, problem=problem, code=status
    )
    if status == _UNAVAILABLE:
        response.headers["retry-after"] = _COME_BACK_S
    if problem is not None and problem.retry_after:
        response.headers["retry-after"] = problem.retry_after
    return response

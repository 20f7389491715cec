"""HTTP as every service speaks it: a transaction per request, problems, keyset pages, ETags, repeatable POSTs."""

from services.kit.web.access import Caller, OptionalCaller, allow
from services.kit.web.app import create_app
from services.kit.web.errors import language_of
from services.kit.web.etags import IfMatch, check_match, etag
from services.kit.web.paging import Page, Paging, PagingQuery, link, paginate
from services.kit.web.route import PROBLEM_ANSWERS, Tx, not_repeatable, router

__all__ = [
    "PROBLEM_ANSWERS",
    "Caller",
    "IfMatch",
    "OptionalCaller",
    "Page",
    "Paging",
    "PagingQuery",
    "Tx",
    "allow",
    "check_match",
    "create_app",
    "etag",
    "language_of",
    "link",
    "not_repeatable",
    "paginate",
    "router",
]

"""What is wanted: the board, one demand, and posting one in a paragraph."""

import re
from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.views.catalogue import NOTHING, labels_of
from gateway.pages.visitor import Visitor

area = Area()

DEAL_FORMS = ("ordinary_licence", "sole_licence", "exclusive_licence", "assignment", "open_licence", "equity")
FILTERS = ("industry", "deal_form", "budget_band", "region", "language")
SORTS = ("relevance", "newest", "deadline")
VISIBILITIES = ("public", "anonymous", "private")
_LONGEST_TITLE = 60
_NOT_FOUND, _REFUSED = 404, 422
_SENTENCE_END = re.compile(r"[。！？；!?;\n]|\.(?=\s|$)")
_BETWEEN = re.compile(r"[,，、;；\s]*[,，、;；\n]\s*")


@area.get("/demands")
async def board(visitor: Visitor) -> Response:
    question = {name: visitor.all(name) for name in FILTERS}
    asked = {name: visitor.asked(name) for name in ("q", "cursor", "sort") if visitor.asked(name)}
    form, found, status = Form(), NOTHING, 200
    try:
        found = await visitor.api.get("/api/v1/demands/board", **question, **asked)
    except ApiProblem as problem:
        if problem.status != _REFUSED:
            raise
        form.refuse(problem)
        status = _REFUSED
    return await visitor.page(
        "demands/board.html",
        status=status,
        found=found,
        form=form,
        filters=FILTERS,
        sorts=SORTS,
        chosen=question,
        active=[(name, value) for name, values in question.items() for value in values],
        labels=labels_of(found),
    )


@area.get("/demands/new", members=True)
async def new(visitor: Visitor) -> Response:
    return await _new_page(visitor, Form.of(visibility="anonymous"))


@area.post("/demands/new", members=True)
async def post(visitor: Visitor, form: Form) -> Response:
    body = _body(visitor, form)
    if not form.failed:
        try:
            demand = await visitor.api.post("/api/v1/demands", body, once=form.once)
            return visitor.go(f"/demands/{demand['id']}", done="posted")
        except ApiProblem as problem:
            form.refuse(problem, {"/budget/minor_units": "budget", "/budget/currency": "budget"})
    return await _new_page(visitor, form, status=form.problem.status if form.problem else _REFUSED)


async def _new_page(visitor: Visitor, form: Form, *, status: int = 200) -> Response:
    return await visitor.page(
        "demands/new.html", status=status, form=form, deal_forms=DEAL_FORMS, visibilities=VISIBILITIES
    )


@area.get("/demands/mine", members=True)
async def mine(visitor: Visitor) -> Response:
    found = await visitor.api.get("/api/v1/demands", cursor=visitor.asked("cursor"))
    return await visitor.page("demands/mine.html", found=found)


@area.get("/demands/{demand_id}")
async def demand(visitor: Visitor) -> Response:
    return await _demand_page(visitor, Form())


@area.post("/demands/{demand_id}/close", members=True)
async def close(visitor: Visitor, form: Form) -> Response:
    path = f"/api/v1/demands/{visitor.place('demand_id')}/close"
    try:
        await visitor.api.post(path, {"reason": form.text("reason")}, once=form.once)
    except ApiProblem as problem:
        form.refuse(problem)
        return await _demand_page(visitor, form, status=problem.status)
    return visitor.go(f"/demands/{visitor.place('demand_id')}", done="closed")


async def _demand_page(visitor: Visitor, form: Form, *, status: int = 200) -> Response:
    found = await _find(visitor, visitor.place("demand_id"))
    own = visitor.member is not None and str(visitor.member.organisation_id) == found["organisation_id"]
    return await visitor.page("demands/demand.html", status=status, demand=found, own=own, form=form)


async def _find(visitor: Visitor, demand_id: str) -> Json:
    """One's own in any state; another's while it is on the board."""
    if visitor.member:
        try:
            own: Json = await visitor.api.get(f"/api/v1/demands/{demand_id}")
        except ApiProblem as problem:
            if problem.status != _NOT_FOUND:
                raise
        else:
            return own
    on_board: Json = await visitor.api.get(f"/api/v1/demands/board/{demand_id}")
    return {**on_board, "id": on_board["demand_id"], "status": "open"}


def _body(visitor: Visitor, form: Form) -> Json:
    """Faults that only the page can see, such as an amount with letters, are put into the form."""
    words = visitor.language.t
    problem = form.text("problem")
    if not problem:
        form.errors["problem"] = words("demands.new.problem_missing")
    return {
        "title": form.text("title") or first_sentence(problem),
        "problem": problem,
        "industry": form.optional("industry"),
        "ipc": [symbol for symbol in _BETWEEN.split(form.text("ipc")) if symbol],
        "deal_forms": form.all("deal_forms"),
        "region": form.text("region"),
        "visibility": form.text("visibility") or "private",
        "budget_public": form.flag("budget_public"),
        "budget": form.amount("budget", "CNY", words("forms.not_an_amount")),
        "expires_at": _end_of(visitor, form),
    }


def _end_of(visitor: Visitor, form: Form) -> str | None:
    """The end of the day that was chosen."""
    chosen = form.text("expires_at")
    if not chosen:
        return None
    try:
        last = date.fromisoformat(chosen)
    except ValueError:
        form.errors["expires_at"] = visitor.language.t("forms.not_a_day")
        return None
    return datetime.combine(last + timedelta(days=1), time.min, visitor.language.time_zone).isoformat()


def first_sentence(text: str) -> str:
    """A heading from a paragraph: its first sentence, cut at a word where it is long."""
    sentence = _SENTENCE_END.split(text.strip(), maxsplit=1)[0].strip()
    if len(sentence) <= _LONGEST_TITLE:
        return sentence
    cut = sentence[:_LONGEST_TITLE]
    return f"{cut.rpartition(' ')[0] if cut.isascii() and ' ' in cut else cut}…"

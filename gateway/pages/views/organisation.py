"""One's organisation: who it is, its members and their roles, keys for programs; and one's own account."""

import asyncio
from collections.abc import Mapping

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area()

ROLES = ("admin", "agent", "viewer")
LANGUAGES = ("zh", "en")


@area.get("/organisation", members=True)
async def organisation(visitor: Visitor) -> Response:
    return await _page(visitor, {})


@area.post("/organisation/members", members=True)
async def add(visitor: Visitor, form: Form) -> Response:
    body = {
        "name": form.text("name"),
        "email": form.text("email"),
        "password": form.secret("password"),
        "role": form.text("role"),
        "language": form.text("language") or visitor.language.code,
    }
    try:
        await visitor.api.post(f"{_own(visitor)}/members", body, once=form.once)
    except ApiProblem as problem:
        return await _refused(visitor, "add", form, problem)
    return visitor.go("/organisation", done="member_added")


@area.post("/organisation/members/{user_id}", members=True)
async def change(visitor: Visitor, form: Form) -> Response:
    """Another role, or out; `act` says which."""
    path = f"{_own(visitor)}/members/{visitor.place('user_id')}"
    removing = form.text("act") == "remove"
    try:
        if removing:
            await visitor.api.delete(path)
        else:
            await visitor.api.patch(path, {"role": form.text("role")}, version=int(form.text("version") or 0))
    except ApiProblem as problem:
        return await _refused(visitor, "member", form, problem)
    return visitor.go("/organisation", done="member_removed" if removing else "member_changed")


@area.post("/organisation/keys", members=True)
async def create_key(visitor: Visitor, form: Form) -> Response:
    """The key is shown on the answer itself: nobody keeps it, so no other page could show it."""
    try:
        made = await visitor.api.post(
            f"{_own(visitor)}/api-keys", {"name": form.text("name"), "role": form.text("role")}
        )
    except ApiProblem as problem:
        return await _refused(visitor, "key", form, problem)
    return await _page(visitor, {}, made=made)


@area.post("/organisation/keys/{api_key_id}", members=True)
async def revoke(visitor: Visitor, form: Form) -> Response:
    try:
        await visitor.api.delete(f"{_own(visitor)}/api-keys/{visitor.place('api_key_id')}")
    except ApiProblem as problem:
        return await _refused(visitor, "revoke", form, problem)
    return visitor.go("/organisation", done="key_revoked")


@area.get("/account", members=True)
async def account(visitor: Visitor) -> Response:
    return await _account(visitor, Form(), Form())


@area.post("/account", members=True)
async def save_account(visitor: Visitor, form: Form) -> Response:
    try:
        await _change_self(visitor, form, {"name": form.text("name"), "language": form.text("language")})
    except ApiProblem as problem:
        form.refuse(problem)
        return await _account(visitor, form, Form(), status=problem.status)
    return visitor.go("/account", done="account_saved")


@area.post("/account/password", members=True)
async def save_password(visitor: Visitor, form: Form) -> Response:
    """Every session ends with the old password, this one too."""
    secrets = {"password": form.secret("password"), "current_password": form.secret("current_password")}
    try:
        await _change_self(visitor, form, secrets)
    except ApiProblem as problem:
        form.refuse(problem)
        return await _account(visitor, Form(), form, status=problem.status)
    await visitor.sign_out()
    return visitor.go("/sign-in", done="password_changed")


async def _change_self(visitor: Visitor, form: Form, body: Json) -> None:
    assert visitor.member is not None, "the page is for members"
    path = f"{_own(visitor)}/members/{visitor.member.user_id}"
    await visitor.api.patch(path, body, version=int(form.text("version") or 0))


async def _account(visitor: Visitor, about: Form, password: Form, *, status: int = 200) -> Response:
    me = await visitor.api.get("/api/v1/me")
    member = me["member"]
    if not about.failed and member is not None:
        about = Form.of(name=member["name"], language=member["language"])
    return await visitor.page(
        "organisation/account.html",
        status=status,
        me=me,
        about=about,
        password=password,
        languages=LANGUAGES,
    )


async def _refused(visitor: Visitor, name: str, form: Form, problem: ApiProblem) -> Response:
    form.refuse(problem)
    return await _page(visitor, {name: form}, status=problem.status)


async def _page(
    visitor: Visitor, given: Mapping[str, Form], *, status: int = 200, made: Json | None = None
) -> Response:
    assert visitor.member is not None, "the page is for members"
    may_manage = visitor.member.role == "admin"
    me, members, keys = await asyncio.gather(
        visitor.api.get("/api/v1/me"), _all(visitor, "members"), _all(visitor, "api-keys", wanted=may_manage)
    )
    forms = {name: Form() for name in ("add", "key")} | dict(given)
    return await visitor.page(
        "organisation/organisation.html",
        status=status,
        organisation=me["organisation"],
        members=members,
        keys=keys,
        made=made,
        may_manage=may_manage,
        forms=forms,
        failed=next((form for form in given.values() if form.failed), None),
        roles=ROLES,
        languages=LANGUAGES,
    )


async def _all(visitor: Visitor, what: str, *, wanted: bool = True) -> list[Json]:
    items: list[Json] = []
    cursor: str | None = ""
    while wanted and cursor is not None:
        part = await visitor.api.get(f"{_own(visitor)}/{what}", limit=100, cursor=cursor)
        items += part["items"]
        cursor = part["next"]
    return items


def _own(visitor: Visitor) -> str:
    assert visitor.member is not None, "the page is for members"
    return f"/api/v1/organisations/{visitor.member.organisation_id}"

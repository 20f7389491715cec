"""Coming and going: sign-in, registration, sign-out."""

from starlette.responses import Response

from gateway.pages.api import ApiProblem
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area()

KINDS = ("university", "company", "broker")


@area.get("/sign-in")
async def sign_in_page(visitor: Visitor) -> Response:
    if visitor.member:
        return visitor.go_on("/desk")
    return await visitor.page("account/sign_in.html", form=Form())


@area.post("/sign-in")
async def sign_in(visitor: Visitor, form: Form) -> Response:
    credentials = {"email": form.text("email"), "password": form.secret("password")}
    try:
        session = await visitor.api.post("/api/v1/sessions", credentials)
    except ApiProblem as problem:
        form.refuse(problem)
        return await visitor.page("account/sign_in.html", status=problem.status, form=form)
    await visitor.sign_in(session["access_token"])
    return visitor.go_on("/desk")


@area.get("/register")
async def register_page(visitor: Visitor) -> Response:
    return await visitor.page("account/register.html", form=Form(), kinds=KINDS)


@area.post("/register")
async def register(visitor: Visitor, form: Form) -> Response:
    admin = {"name": form.text("admin.name"), "email": form.text("admin.email")}
    secret = {"password": form.secret("admin.password")}
    body = {
        "name": form.text("name"),
        "kind": form.text("kind"),
        "unified_social_credit_code": form.optional("unified_social_credit_code"),
        "admin": {**admin, **secret, "language": visitor.language.code},
    }
    try:
        await visitor.api.post("/api/v1/organisations", body, once=form.once)
        session = await visitor.api.post("/api/v1/sessions", {"email": admin["email"], **secret})
    except ApiProblem as problem:
        form.refuse(problem)
        return await visitor.page("account/register.html", status=problem.status, form=form, kinds=KINDS)
    await visitor.sign_in(session["access_token"])
    return visitor.go("/desk", done="registered")


@area.post("/sign-out")
async def sign_out(visitor: Visitor, _form: Form) -> Response:
    if visitor.member:
        try:
            await visitor.api.delete("/api/v1/sessions/current")
        except ApiProblem as problem:
            if problem.slug not in {"session-ended", "unauthenticated"}:  # it was over already
                raise
    await visitor.sign_out()
    return visitor.go("/", done="signed_out")

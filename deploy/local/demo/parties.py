"""Fictional organisations for one run of the demo."""

import secrets
from dataclasses import dataclass

from stdnum.cn import uscc

from deploy.local.demo.hall import Hall, Party
from deploy.local.demo.report import Report

# GB 32100-2015: registering body and kind of body, then the region (350500 is Quanzhou), then nine free characters.
_REGISTERED_BY = {"university": "12", "company": "91", "broker": "91"}
_QUANZHOU = "350500"
_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Cast:
    """Who takes part, by kind."""

    university: Party
    company: Party
    broker: Party

    def all(self) -> tuple[Party, Party, Party]:
        return self.university, self.company, self.broker


def registration_code(kind: str) -> str:
    """A well-formed unified social credit code that nobody was given on purpose."""
    body = _REGISTERED_BY[kind] + _QUANZHOU + "".join(secrets.choice(_CHARACTERS) for _ in range(9))
    return body + uscc.calc_check_digit(body)


async def register(hall: Hall, report: Report, kind: str, run_id: str) -> Party:
    """Register an organisation with its administrator, and sign in."""
    name = report.text(f"name.{kind}", run=run_id)
    email, password = f"demo-{kind}-{run_id}@zayton.example", secrets.token_urlsafe(18)
    answer = await hall.post(
        None,
        "/organisations",
        {
            "name": name,
            "kind": kind,
            "unified_social_credit_code": registration_code(kind),
            "admin": {
                "name": report.text(f"name.{kind}-admin"),
                "email": email,
                "password": password,
                "language": report.language,
            },
        },
    )
    party = Party(kind, answer["organisation"]["organisation_id"], name, email, password)
    await hall.sign_in(party)
    report.step("registered", party.organisation_id, name=name, kind=report.text(f"kind.{kind}"))
    return party

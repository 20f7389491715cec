"""Facts of a document, and documents signed by two organisations that a small authority vouches for."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from services.contract.adapters.papers.typeset import typeset
from services.contract.adapters.seals.authority import (
    Holder,
    Subject,
    as_pem,
    new_certificate,
    new_root,
    new_timestamper,
)
from services.kit.clock import utcnow

UNIVERSITY_CODE = "123500004880152109"

FACTS: dict[str, Any] = {
    "template": "1",
    "deal_id": "019aa5c2-7d3e-7701-9b1f-4c8e2d6a0701",
    "made_at": "2026-11-25T02:00:00Z",
    "right": {
        "kind": "invention",
        "number": "CN201710117081.7",
        "title": "一种按足底压力分区调节硬度的运动鞋中底",
        "owner_name": "华侨大学",
        "status": "granted",
        "expires_at": "2037-03-01T00:00:00Z",
    },
    "licensor": {"organisation_id": str(UUID(int=1)), "name": "华侨大学", "code": UNIVERSITY_CODE},
    "licensee": {"organisation_id": str(UUID(int=2)), "name": "Jinjiang Shoes", "code": ""},
    "broker": {"organisation_id": str(UUID(int=3)), "name": "古港技术经纪", "code": ""},
    "terms": {
        "form": "exclusive_licence",
        "territories": ["CN", "US"],
        "field_of_use": "跑鞋",
        "starts_at": "2026-11-20T00:00:00Z",
        "ends_at": "2031-11-19T00:00:00Z",
        "sublicensing_allowed": True,
        "fixed_fee": {"minor_units": 24_000_000, "currency": "CNY"},
        "royalty_basis_points": 150,
        "minimum_annual_royalty": {"minor_units": 5_000_000, "currency": "CNY"},
        "other_terms": "许可方每年到厂技术指导两次。",
    },
    "terms_sha256": "9f" * 32,
}


def facts(*, terms: dict[str, Any] | None = None, right: dict[str, Any] | None = None, **changes: Any) -> Any:
    made = deepcopy(FACTS)
    made["terms"] |= terms or {}
    made["right"] |= right or {}
    return made | changes


@dataclass(frozen=True)
class Authority:
    root: Holder
    stamper: Holder
    university: Holder
    company: Holder

    @classmethod
    def new(cls) -> "Authority":
        now = utcnow()
        root = new_root(now)
        parties = (Subject(UUID(int=1), "华侨大学", UNIVERSITY_CODE), Subject(UUID(int=2), "Jinjiang Shoes"))
        issued = [new_certificate(root, party, now, timedelta(days=365)) for party in parties]
        return cls(root, new_timestamper(root, now), *issued)

    @property
    def roots(self) -> str:
        return as_pem([self.root.certificate])


@cache
def authority() -> Authority:
    return Authority.new()


@cache
def draft() -> bytes:
    return typeset(FACTS)


@cache
def half_signed() -> bytes:
    from services.contract.adapters.seals.pades import Act, sign

    return sign(draft(), authority().university, authority().stamper, Act("Licensor", "林蔚", "agreed"))


@cache
def signed() -> bytes:
    from services.contract.adapters.seals.pades import Act, sign

    return sign(half_signed(), authority().company, authority().stamper, Act("Licensee", "Chen Hao", "agreed"))

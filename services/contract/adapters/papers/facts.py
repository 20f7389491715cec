"""What a document is made of: plain values, frozen when the terms are agreed, so that it can be made again."""

from datetime import datetime
from typing import Any

from services.contract.domain.deal import Deal, Standing
from services.contract.domain.evidence import sha256, utc_text

CURRENT_TEMPLATE = "1"

# Organisations by id, each {"name": …, "code": …}; none yet where the hall has not heard of one.
Parties = dict[Any, dict[str, str]]


def facts_of(deal: Deal, standing: Standing, parties: Parties, at: datetime) -> dict[str, Any]:
    """The facts of a deal whose terms are agreed."""
    subject, right = deal.subject, standing.right
    document = deal.document()

    def party(organisation_id: Any) -> dict[str, str]:
        return {"organisation_id": str(organisation_id), **parties.get(organisation_id, {"name": "", "code": ""})}

    return {
        "template": CURRENT_TEMPLATE,
        "deal_id": str(subject.deal_id),
        "made_at": utc_text(at),
        "right": {
            "kind": right.kind.value,
            "number": subject.number,
            "title": subject.title,
            "owner_name": right.owner_name,
            "status": right.status.value,
            "expires_at": utc_text(right.expires_at) if right.expires_at else None,
        },
        "licensor": party(subject.licensor_id),
        "licensee": party(subject.licensee_id),
        "broker": party(subject.broker_id) if subject.broker_id else None,
        "terms": document["terms"],
        "terms_sha256": sha256(document),
    }

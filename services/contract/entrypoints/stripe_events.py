"""/api/v1/payments/stripe/events: what Stripe tells. Anyone may send; only what Stripe has signed is kept."""

from typing import Any

import stripe
from fastapi import Request

from services.contract.adapters.money.desk import keep_event
from services.contract.domain.errors import SignatureInvalid, StripeNotConnected
from services.contract.entrypoints.money_desk import Settings
from services.contract.entrypoints.money_schemas import Received
from services.kit.clock import utcnow
from services.kit.web import Tx, not_repeatable, router

stripe_events = router(prefix="/api/v1/payments/stripe", tags=["payments"])

_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}


@stripe_events.post("/events", openapi_extra=_BODY)
@not_repeatable
async def hear_stripe(request: Request, tx: Tx, settings: Settings) -> Received:
    """Kept once by the event's id, answered at once. A job then looks at Stripe what is true of its object."""
    if settings.stripe_webhook_secret is None:
        raise StripeNotConnected
    event = _verified(
        await request.body(),
        request.headers.get("stripe-signature", ""),
        settings.stripe_webhook_secret.get_secret_value(),
    )
    about: dict[str, Any] = event.data.to_dict()["object"]
    metadata = about.get("metadata") or {}
    kept = {
        "event_id": event.id,
        "type": event.type,
        "object_id": about.get("id", ""),  # some kinds of objects have none; nothing here waits for those
        "order_id": metadata.get("order_id"),
    }
    await keep_event(tx, kept, utcnow())
    return Received()


def _verified(body: bytes, signature: str, secret: str) -> stripe.Event:
    try:
        event: stripe.Event = stripe.Webhook.construct_event(body, signature, secret)
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise SignatureInvalid from error
    return event

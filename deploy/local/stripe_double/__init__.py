"""A double of Stripe for one machine and for tests. No money moves, and nothing here is Stripe's.

It keeps state for exactly the calls the hall makes: accounts and their onboarding, checkout sessions with what paying
one makes (payment intent, charge, balance transaction), transfers, refunds, reversals, and events. Idempotency keys are
honoured as Stripe's API v1 does, which answers a saved 500 again. Faults and late, doubled or shuffled webhooks come on
demand. Tests hold its requests and answers against Stripe's published OpenAPI and against stripe-mock.
"""

from deploy.local.stripe_double.api import StripeDouble
from deploy.local.stripe_double.faults import Fault, Faults
from deploy.local.stripe_double.serving import serving_double

__all__ = ["Fault", "Faults", "StripeDouble", "serving_double"]

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from services.kit.auth import Verifier
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.messages import Catalogue
from services.kit.outgoing import Outgoing
from services.kit.secret import Signer, Vault, secrets_of
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.web import create_app
from services.notify.adapters import catalogue, deadlines, endpoints
from services.notify.adapters.calls import Calling
from services.notify.adapters.mail import MailRoom
from services.notify.adapters.mailing import Mailing
from services.notify.adapters.telling import Teller
from services.notify.entrypoints.api import notifications_router
from services.notify.entrypoints.events import handlers_for
from services.notify.entrypoints.jobs import Caller, Keeper, Mailer, jobs_for
from services.notify.entrypoints.preferences import PreferencesParts, preferences_router
from services.notify.entrypoints.subscriptions import SubscriptionParts, calendars_router, feeds_router
from services.notify.entrypoints.webhooks import WebhookParts, webhooks_router
from services.notify.settings import NotifySettings

_MESSAGES = Path(__file__).parent / "messages.toml"


def build(settings: Settings, *, verifier: Verifier | None = None, clock: Callable[[], datetime] = utcnow) -> Service:
    """Everything of notify, wired. Tests pass a verifier of their own keys, and a clock that they turn themselves.

    `settings` may be the kit's Settings: what notify needs besides is read from the environment.
    """
    own = settings if isinstance(settings, NotifySettings) else NotifySettings(**settings.model_dump())
    database = Database.of(own, "notify")
    rules, _ = catalogue.load()
    dates = deadlines.load()
    texts = Catalogue.load(_MESSAGES)
    server = own.mail_server()

    # Made when first needed: a process that only looks makes no secret.
    @cache
    def vault() -> Vault:
        return endpoints.vault_of(secrets_of(own))

    @cache
    def signer() -> Signer:
        return Signer(secrets_of(own), "notify unsubscribe")

    subscriptions = SubscriptionParts(rules, dates, texts, own.public_url, own.time_zone, clock)
    app = create_app(
        "notify",
        routers=[
            notifications_router(rules),
            preferences_router(PreferencesParts(rules, texts, signer, server is not None, own.time_zone, clock)),
            webhooks_router(WebhookParts(rules, own.webhook_policy(), vault, clock)),
            feeds_router(subscriptions),
            calendars_router(subscriptions),
        ],
        database=database,
        verifier=verifier or Verifier.of(own),
        messages=_MESSAGES,
        max_body_bytes=own.max_body_bytes,
    )
    outgoing = Outgoing(own.webhook_policy(), timeout_s=own.webhook_timeout_s)
    calling = Calling(rules, texts, vault, own.public_url)
    mailing = Mailing(rules, MailRoom(texts, own.mail_from, own.public_url), signer, own.time_zone)
    jobs = jobs_for(
        Mailer(mailing, server, clock) if server else None,
        [Caller(calling, outgoing, failing, clock) for failing in (False, True)],
        Keeper(timedelta(days=own.delivery_retention_days), clock),
    )
    return Service("notify", database, app, handlers_for(Teller(rules, server is not None, clock), dates), jobs=jobs)

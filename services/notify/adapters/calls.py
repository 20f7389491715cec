"""Webhook calls (Standard Webhooks): which are due, what they say, and how they are signed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks.webhooks import Webhook

from services.kit.messages import LANGUAGES, Catalogue
from services.kit.secret import Vault
from services.notify.adapters import members
from services.notify.adapters.deliveries import claim, is_due
from services.notify.adapters.tables import DeliveryRow, EndpointRow, NoticeRow
from services.notify.domain.rules import Rules

TEST = "test"
MOST_BYTES = 20_000
_LONGEST_TEXT = 500
# So that one endpoint with much to hear does not hold up the others.
_AT_ONCE_PER_ENDPOINT = 4
_LOOK_AT = 2_000


@dataclass(frozen=True)
class ClaimedCall:
    row: DeliveryRow
    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Calling:
    rules: Rules
    catalogue: Catalogue
    vault: Callable[[], Vault]
    public_url: str

    async def claim_due(self, session: AsyncSession, now: datetime, *, failing: bool, limit: int) -> list[ClaimedCall]:
        """Calls to make now, of the endpoints that answer or of those that do not: the ones never wait for the
        others.
        """
        due = (
            select(
                DeliveryRow.delivery_id,
                DeliveryRow.due_at,
                func.row_number()
                .over(partition_by=DeliveryRow.endpoint_id, order_by=(DeliveryRow.due_at, DeliveryRow.position))
                .label("place"),
            )
            .join(EndpointRow, EndpointRow.endpoint_id == DeliveryRow.endpoint_id)
            .where(is_due("webhook", now), EndpointRow.enabled, EndpointRow.failing_since.is_not(None) == failing)
            .order_by(DeliveryRow.due_at)
            .limit(_LOOK_AT)
            .subquery("due")
        )
        chosen = select(due.c.delivery_id).where(due.c.place <= _AT_ONCE_PER_ENDPOINT).order_by(due.c.due_at)
        statement = (
            select(DeliveryRow, EndpointRow)
            .join(EndpointRow, EndpointRow.endpoint_id == DeliveryRow.endpoint_id)
            .where(DeliveryRow.delivery_id.in_(chosen.limit(limit)), is_due("webhook", now))
            .with_for_update(of=DeliveryRow, skip_locked=True)
        )
        rows = (await session.execute(statement)).all()
        notices = await self._notices(session, [row.notice_id for row, _ in rows if row.notice_id and not row.body])
        claimed = []
        for row, endpoint in rows:
            row.body = row.body or self._body(row, notices, now)
            claim(row, now)
            claimed.append(ClaimedCall(row, endpoint.url, row.body.encode(), self._headers(row, endpoint, now)))
        await session.flush()
        return claimed

    def _headers(self, row: DeliveryRow, endpoint: EndpointRow, now: datetime) -> dict[str, str]:
        secrets = [endpoint.secret]
        if endpoint.previous_secret and endpoint.previous_until and now < endpoint.previous_until:
            secrets.append(endpoint.previous_secret)
        identity = str(row.delivery_id)
        signatures = [Webhook(self.vault().open(each)).sign(identity, now, row.body or "") for each in secrets]
        return {
            "content-type": "application/json",
            "user-agent": "Zayton-Webhooks/1",
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _body(self, row: DeliveryRow, notices: dict[UUID, dict[str, Any]], now: datetime) -> str:
        """What is sent, the same in every try. A notice too long for a call leaves out what can be looked up."""
        if row.notice_id is None:
            data = {"message": {each: self.catalogue.text("webhook.test", each) for each in LANGUAGES}}
            return _json({"type": TEST, "timestamp": now.isoformat(), "data": data})
        whole = notices[row.notice_id]
        body = _json(whole)
        if len(body.encode()) < MOST_BYTES:
            return body
        short = {name: value for name, value in whole["data"].items() if name not in {"params", "text", "title"}}
        text = {each: words[:_LONGEST_TEXT] for each, words in whole["data"]["text"].items()}
        return _json(whole | {"data": short | {"text": text}})

    async def _notices(self, session: AsyncSession, notice_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        found = (await session.execute(select(NoticeRow).where(NoticeRow.notice_id.in_(notice_ids)))).scalars().all()
        mentioned = {each for row in found for each in self.rules.organisations_named(row.kind, row.params)}
        names = await members.names_of(session, mentioned)
        return {row.notice_id: self._content(row, names) for row in found}

    def _content(self, notice: NoticeRow, names: dict[str, str]) -> dict[str, Any]:
        words = {each: self.rules.render(notice.kind, each, notice.count, notice.params, names) for each in LANGUAGES}
        return {
            "type": notice.kind,
            "timestamp": notice.last_at.isoformat(),
            "data": {
                "notice_id": str(notice.notice_id),
                "organisation_id": str(notice.organisation_id),
                "count": notice.count,
                "title": {each: rendered.title for each, rendered in words.items()},
                "text": {each: rendered.text for each, rendered in words.items()},
                "params": notice.params,
                "link": f"{self.public_url}{words['en'].link}",
            },
        }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()

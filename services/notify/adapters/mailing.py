"""E-mails that are due: which may go out now, to whom, and what they say."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.secret import Signer
from services.notify.adapters import members, preferences
from services.notify.adapters.deliveries import claim, finish, is_due
from services.notify.adapters.mail import Item, MailRoom
from services.notify.adapters.preferences import Person
from services.notify.adapters.tables import DeliveryItemRow, DeliveryRow, NoticeRow
from services.notify.domain.preferences import Email
from services.notify.domain.rules import Rules

SEVERAL = "several"


@dataclass(frozen=True)
class ClaimedMail:
    """Without a message it cannot be sent: the address is none."""

    row: DeliveryRow
    message: EmailMessage | None


@dataclass(frozen=True)
class Mailing:
    rules: Rules
    room: MailRoom
    signer: Callable[[], Signer]
    default_zone: str

    async def claim_due(self, session: AsyncSession, now: datetime, *, limit: int) -> tuple[list[ClaimedMail], bool]:
        """Mails to send now, and whether there may be more. What has to wait longer is put off, what has no reader
        any more is cancelled.
        """
        due = select(DeliveryRow).where(is_due("email", now)).order_by(DeliveryRow.due_at).limit(limit)
        rows = (await session.execute(due.with_for_update(skip_locked=True))).scalars().all()
        if not rows:
            return [], False
        user_ids = {row.user_id for row in rows if row.user_id}
        people = await preferences.people(session, user_ids, self.default_zone)
        last_mails = await _last_mails(session, user_ids)
        notices = await _notices(session, [row.delivery_id for row in rows])
        names = await members.names_of(session, self._mentioned(notices))
        claimed = []
        for row in rows:
            assert row.user_id is not None
            person = people.get(row.user_id)
            if person is None or not person.email or not person.preferences.email_enabled:
                finish(row, "cancelled", now)
                continue
            moment = _sends_at(row, person, now, last_mails.get(row.user_id))
            if moment > now:
                row.due_at = moment
                continue
            items = self._items(notices[row.delivery_id], person, names)
            if not items:
                finish(row, "cancelled", now)
                continue
            row.kind = items[0].kind if len({item.kind for item in items}) == 1 else SEVERAL
            claim(row, now)
            if row.cadence == Email.NOW:
                last_mails[row.user_id] = now
            claimed.append(ClaimedMail(row, self._message(row, person, items, now)))
        await session.flush()
        return claimed, len(rows) == limit

    def _message(self, row: DeliveryRow, person: Person, items: Sequence[Item], now: datetime) -> EmailMessage | None:
        # A mail about one kind lets go of that kind; one about several, of e-mail.
        token = self.signer().sign(f"{person.user_id} {'' if row.kind == SEVERAL else row.kind}")
        cadence = Email(row.cadence or Email.NOW)
        try:
            return self.room.mail(row.delivery_id, person, items, cadence=cadence, token=token, now=now)
        except ValueError:
            return None

    def _items(self, notices: Sequence[NoticeRow], person: Person, names: Mapping[str, str]) -> list[Item]:
        items = []
        for notice in notices:
            rule = self.rules.by_kind.get(notice.kind)
            if rule is None or person.preferences.email(rule) is Email.OFF:
                continue
            words = self.rules.render(notice.kind, person.preferences.language, notice.count, notice.params, names)
            items.append(Item(notice.kind, words.title, words.text, words.link, notice.last_at))
        return items

    def _mentioned(self, notices: Mapping[UUID, Sequence[NoticeRow]]) -> set[str]:
        return {
            each
            for rows in notices.values()
            for notice in rows
            if notice.kind in self.rules.by_kind
            for each in self.rules.organisations_named(notice.kind, notice.params)
        }


def _sends_at(row: DeliveryRow, person: Person, now: datetime, last_mail: datetime | None) -> datetime:
    if row.begun_at is not None:  # a further try is its own matter; only sleep is respected
        return person.preferences.sends_at(now, cadence=Email.NOW, since=row.created_at, last_mail=None)
    cadence = Email(row.cadence or Email.NOW)
    return person.preferences.sends_at(now, cadence=cadence, since=row.created_at, last_mail=last_mail)


async def _last_mails(session: AsyncSession, user_ids: set[UUID]) -> dict[UUID | None, datetime]:
    """When the last mail to each person that was no digest began."""
    statement = (
        select(DeliveryRow.user_id, func.max(DeliveryRow.begun_at))
        .where(DeliveryRow.user_id.in_(user_ids), DeliveryRow.cadence == Email.NOW, DeliveryRow.begun_at.is_not(None))
        .group_by(DeliveryRow.user_id)
    )
    return {user_id: last for user_id, last in (await session.execute(statement)) if last}


async def _notices(session: AsyncSession, deliveries: Sequence[UUID]) -> dict[UUID, list[NoticeRow]]:
    """Newest first."""
    statement = (
        select(DeliveryItemRow.delivery_id, NoticeRow)
        .join(NoticeRow, NoticeRow.notice_id == DeliveryItemRow.notice_id)
        .where(DeliveryItemRow.delivery_id.in_(deliveries))
        .order_by(NoticeRow.last_at.desc(), NoticeRow.notice_id)
    )
    found: dict[UUID, list[NoticeRow]] = defaultdict(list)
    for delivery_id, notice in await session.execute(statement):
        found[delivery_id].append(notice)
    return found

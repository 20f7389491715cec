"""What follows from a notice, in the transaction that makes it: notifications, what is to be sent, and the live stream.

Sending itself is done by the worker afterwards, from the rows written here.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.clock import utcnow
from services.notify.adapters import live, notices
from services.notify.adapters.tables import (
    DELIVERIES,
    ITEMS,
    NOTIFICATIONS,
    DeliveryItemRow,
    DeliveryRow,
    EndpointRow,
    MemberRow,
    NoticeRow,
    PreferencesRow,
)
from services.notify.domain.preferences import Email, default_email
from services.notify.domain.rules import Notice, Rules
from services.notify.domain.timing import SETTLE


@dataclass(frozen=True)
class Teller:
    """`mail_is_on`: while there is no mail server no e-mails pile up."""

    rules: Rules
    mail_is_on: bool
    clock: Callable[[], datetime] = utcnow

    async def tell(self, session: AsyncSession, found: Sequence[Notice]) -> None:
        """Write notices and all that follows from them. Repeating it tells nobody twice."""
        touched = await notices.record(session, found)
        if not touched:
            return
        which = NoticeRow.notice_id.in_(touched)
        await self._tell_members(session, which)
        await self._queue_calls(session, which)
        await live.announce(session, self.rules, touched)

    async def tell_new_members(self, session: AsyncSession, members: Collection[UUID]) -> None:
        """Tell members who have just become known what happened between their joining and now."""
        await self._tell_members(session, and_(MemberRow.user_id.in_(members), MemberRow.joined_at.is_not(None)))

    async def _tell_members(self, session: AsyncSession, which: ColumnElement[bool]) -> None:
        in_app = [rule.kind for rule in self.rules.by_kind.values() if "in_app" in rule.channels]
        chosen = cast(PreferencesRow.choices[NoticeRow.kind]["in_app"].astext, Boolean)
        shown = _concerned(which).where(func.coalesce(chosen, NoticeRow.kind.in_(in_app)))
        columns = ["user_id", "notice_id"]
        await session.execute(insert(NOTIFICATIONS).from_select(columns, shown).on_conflict_do_nothing())
        if self.mail_is_on:
            await self._queue_mails(session, which)

    async def _queue_mails(self, session: AsyncSession, which: ColumnElement[bool]) -> None:
        """Add notices to the mails that still collect, one for each person and cadence."""
        now = self.clock()
        defaults = {rule.kind: str(default_email(rule)) for rule in self.rules.by_kind.values()}
        default = case(defaults, value=NoticeRow.kind, else_=str(Email.OFF))
        cadence = func.coalesce(PreferencesRow.choices[NoticeRow.kind]["email"].astext, default)
        due_at = func.greatest(NoticeRow.closes_at, literal(now + SETTLE))
        wanted = (
            _concerned(which)
            .add_columns(MemberRow.organisation_id, cadence.label("cadence"), due_at.label("due_at"))
            .where(
                cadence != str(Email.OFF),
                MemberRow.email.is_not(None),
                PreferencesRow.email_enabled.is_not(False),  # SQL: true, or no preferences at all
                ~exists().where(
                    DeliveryItemRow.user_id == MemberRow.user_id, DeliveryItemRow.notice_id == NoticeRow.notice_id
                ),
            )
            .subquery("wanted")
        )
        grouped = (
            select(
                literal("email"),
                wanted.c.organisation_id,
                wanted.c.user_id,
                wanted.c.cadence,
                literal("waiting"),
                func.min(wanted.c.due_at),
                literal(now),
            )
            .group_by(wanted.c.organisation_id, wanted.c.user_id, wanted.c.cadence)
            .order_by(wanted.c.user_id, wanted.c.cadence)  # locks are taken in one order everywhere
        )
        columns = ["channel", "organisation_id", "user_id", "cadence", "state", "due_at", "created_at"]
        mails = insert(DELIVERIES).from_select(columns, grouped)
        await session.execute(
            mails.on_conflict_do_update(
                index_elements=[DELIVERIES.c.user_id, DELIVERIES.c.cadence],
                index_where=collecting(),
                set_={"due_at": func.least(DELIVERIES.c.due_at, mails.excluded.due_at)},
            )
        )
        items = select(wanted.c.user_id, wanted.c.notice_id, DeliveryRow.delivery_id).join(
            DeliveryRow,
            and_(DeliveryRow.user_id == wanted.c.user_id, DeliveryRow.cadence == wanted.c.cadence, collecting()),
        )
        columns = ["user_id", "notice_id", "delivery_id"]
        await session.execute(insert(ITEMS).from_select(columns, items).on_conflict_do_nothing())

    async def _queue_calls(self, session: AsyncSession, which: ColumnElement[bool]) -> None:
        """A call for each notice and endpoint; of a group when it is complete, so that it is one call."""
        now = self.clock()
        offered = [rule.kind for rule in self.rules.by_kind.values() if "webhook" in rule.channels]
        calls = (
            select(
                literal("webhook"),
                NoticeRow.organisation_id,
                EndpointRow.endpoint_id,
                NoticeRow.notice_id,
                NoticeRow.kind,
                literal("waiting"),
                func.greatest(NoticeRow.closes_at, literal(now)),
                literal(now),
            )
            .join(EndpointRow, EndpointRow.organisation_id == NoticeRow.organisation_id)
            .where(
                which,
                EndpointRow.enabled,
                NoticeRow.kind.in_(offered),
                or_(func.cardinality(EndpointRow.kinds) == 0, NoticeRow.kind == func.any(EndpointRow.kinds)),
            )
            .order_by(EndpointRow.endpoint_id, NoticeRow.notice_id)
        )
        columns = [
            "channel",
            "organisation_id",
            "endpoint_id",
            "notice_id",
            "kind",
            "state",
            "due_at",
            "created_at",
        ]
        await session.execute(insert(DELIVERIES).from_select(columns, calls).on_conflict_do_nothing())


def collecting() -> ColumnElement[bool]:
    """As the unique index has it: one such mail for each person and cadence."""
    return and_(
        DELIVERIES.c.channel == literal_column("'email'"),
        DELIVERIES.c.state == literal_column("'waiting'"),
        DELIVERIES.c.begun_at.is_(None),
    )


def _concerned(which: ColumnElement[bool]) -> Select[UUID, UUID]:
    """Members and the notices that are for them, with their preferences where they have any."""
    return (
        select(MemberRow.user_id, NoticeRow.notice_id)
        .join(NoticeRow, NoticeRow.organisation_id == MemberRow.organisation_id)
        .outerjoin(PreferencesRow, PreferencesRow.user_id == MemberRow.user_id)
        .where(
            which,
            ~MemberRow.has_left,
            MemberRow.role == func.any(NoticeRow.roles),
            or_(MemberRow.joined_at.is_(None), MemberRow.joined_at <= NoticeRow.last_at),
        )
    )

"""Background work: due mails and webhook calls are claimed, sent outside of any transaction, and recorded."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.jobs import Job
from services.kit.outgoing import NotDelivered, Outgoing, Refused
from services.notify.adapters import deliveries, endpoints
from services.notify.adapters.calls import Calling, ClaimedCall
from services.notify.adapters.deliveries import Outcome
from services.notify.adapters.mailing import ClaimedMail, Mailing
from services.notify.adapters.smtp import Connection, MailRefused, MailServer, Outage

_MAILS_AT_ONCE = 50
_CALLS_AT_ONCE = 32
_GONE = 410


@dataclass(frozen=True)
class Mailer:
    mailing: Mailing
    server: MailServer
    clock: Callable[[], datetime] = utcnow

    async def step(self, database: Database) -> bool:
        async with database.transaction() as session:
            claimed, more = await self.mailing.claim_due(session, self.clock(), limit=_MAILS_AT_ONCE)
        if not claimed:
            return more
        try:
            async with self.server.connected() as connection:
                return await self._send(database, connection, claimed) and more
        except Outage as outage:
            await self._put_off(database, claimed, outage)
            return False

    async def _send(self, database: Database, connection: Connection, claimed: list[ClaimedMail]) -> bool:
        """Whether the server took part to the end."""
        for place, mail in enumerate(claimed):
            began = time.monotonic()
            outage: Outage | None = None
            try:
                outcome = await self._try(connection, mail)
            except Outage as error:
                # It may be this mail that the server cannot take: for it that was a try, for those behind it none.
                outage, outcome = error, Outcome(self.clock(), 0, error=error.code)
            took_ms = round((time.monotonic() - began) * 1000)
            async with database.transaction() as session:
                timed = Outcome(**{**vars(outcome), "took_ms": took_ms})
                await deliveries.record(session, mail.row, timed, random.random())  # noqa: S311  # spreads retries
            if outage is not None:
                await self._put_off(database, claimed[place + 1 :], outage)
                return False
        return True

    async def _try(self, connection: Connection, mail: ClaimedMail) -> Outcome:
        if mail.message is None:
            return Outcome(self.clock(), 0, error="address-unusable", final=True)
        try:
            status, answer = await connection.send(mail.message)
        except MailRefused as refused:
            return Outcome(
                self.clock(), 0, status=refused.status, error=refused.code, answer=refused.answer, final=refused.final
            )
        return Outcome(self.clock(), 0, status=status, answer=answer[:500])

    async def _put_off(self, database: Database, mails: list[ClaimedMail], outage: Outage) -> None:
        async with database.transaction() as session:
            for mail in mails:
                outcome = Outcome(self.clock(), 0, error=outage.code, outage=True)
                await deliveries.record(session, mail.row, outcome, 0)


@dataclass(frozen=True)
class Caller:
    """`failing` makes the calls of endpoints that did not answer last time: nobody else waits for those."""

    calling: Calling
    outgoing: Outgoing
    failing: bool
    clock: Callable[[], datetime] = utcnow

    async def step(self, database: Database) -> bool:
        async with database.transaction() as session:
            claimed = await self.calling.claim_due(session, self.clock(), failing=self.failing, limit=_CALLS_AT_ONCE)
        await asyncio.gather(*(self._call(database, call) for call in claimed))
        return bool(claimed)

    async def _call(self, database: Database, call: ClaimedCall) -> None:
        began = time.monotonic()
        outcome = await self._try(call)
        took_ms = round((time.monotonic() - began) * 1000)
        async with database.transaction() as session:
            timed = Outcome(**{**vars(outcome), "took_ms": took_ms})
            row = await deliveries.record(session, call.row, timed, random.random())  # noqa: S311  # spreads retries
            if row is not None and row.endpoint_id is not None:
                await endpoints.heard_from(session, row.endpoint_id, row, at=timed.at)

    async def _try(self, call: ClaimedCall) -> Outcome:
        try:
            answer = await self.outgoing.post(call.url, call.body, call.headers)
        except (NotDelivered, Refused) as error:
            return Outcome(self.clock(), 0, error=error.code)
        if answer.is_success:
            return Outcome(self.clock(), 0, status=answer.status, answer=answer.excerpt)
        gone = answer.status == _GONE
        code = "gone" if gone else f"status-{answer.status}"
        return Outcome(self.clock(), 0, status=answer.status, error=code, answer=answer.excerpt, final=gone)


@dataclass(frozen=True)
class Keeper:
    """Deletes deliveries that were kept for their time."""

    kept_for: timedelta
    clock: Callable[[], datetime] = utcnow

    async def step(self, database: Database) -> bool:
        async with database.transaction() as session:
            deleted = await deliveries.delete_finished(session, self.clock() - self.kept_for)
        return deleted > 0


def jobs_for(mailer: Mailer | None, callers: list[Caller], keeper: Keeper) -> list[Job]:
    named = [(f"webhooks-{'failing' if caller.failing else 'answering'}", caller.step) for caller in callers]
    if mailer is not None:
        named.append(("mails", mailer.step))
    return [Job(name, step) for name, step in (*named, ("forgetting", keeper.step))]

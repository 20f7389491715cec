"""Carries signature acts out on files: the job of the worker that leads.

An act is a row of `sealings`, written with the act. Signing happens between two transactions, since a remote authority
may be asked for the time; what came of it is kept only if the row is still there. So a crash anywhere repeats a
signature that nobody has seen, and never makes two.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import and_, delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.contract.adapters.book import PostgresDealBook
from services.contract.adapters.papers.store import newest_file
from services.contract.adapters.seals.authority import Holder, Subject
from services.contract.adapters.seals.keyring import Keyring
from services.contract.adapters.tables import DealRow, OrganisationRow, SealingRow, SealRow, SignatureRow
from services.contract.application.ports import Sealing
from services.contract.application.seal_document import seal_document
from services.contract.domain.evidence import utc_text
from services.contract.domain.happenings import Seal
from services.contract.domain.states import By
from services.contract.settings import ContractSettings
from services.kit.clock import utcnow
from services.kit.db import Database, is_outside_fault

log = structlog.get_logger()

_REASONS = {By.LICENSOR: "甲方签署 Signed as Party A", By.LICENSEE: "乙方签署 Signed as Party B"}
ROOTS_FILE = "authority.pem"
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=30)


class NotGood(Exception):
    """A signature came out in a way that no one would believe. The text names the faults."""


@dataclass(frozen=True)
class _Keys:
    signer: Holder
    stamper: Holder
    roots: str


class PostgresSeals:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def keep(self, sealing: Sealing, file: bytes, seal: Seal, *, final: bool) -> bool:
        gone = delete(SealingRow).where(SealingRow.position == sealing.position).returning(SealingRow.position)
        if (await self._session.execute(gone)).scalar_one_or_none() is None:
            return False
        row = {
            "deal_id": sealing.deal_id,
            "organisation_id": seal.organisation_id,
            "sha256": seal.pdf_sha256,
            "size": seal.pdf_size,
            "content": file,
            "certificate_sha256": seal.certificate_sha256,
            "sealed_at": utcnow(),
            "final": final,
        }
        await self._session.execute(insert(SealRow).values(row))
        return True


class Sealer:
    def __init__(self, settings: ContractSettings, keyring: Keyring) -> None:
        self._settings = settings
        self._keyring = keyring

    async def step(self, database: Database) -> bool:
        """Carry out one act. False where none waits."""
        async with database.transaction() as session:
            sealing = await _next(session)
            if sealing is None:
                return False
        try:
            async with database.transaction() as session:
                keys = await self._keys(session, sealing)
            file, seal = await asyncio.to_thread(self._sealed, sealing, keys)
        except Exception as error:
            if is_outside_fault(error) and self._settings.tsa_url is None:
                raise
            log.warning("sealing_put_off", deal_id=str(sealing.deal_id), error=repr(error))
            await _put_off(database, sealing, error)
            return True
        async with database.transaction() as session:
            await seal_document(
                PostgresDealBook(session), PostgresSeals(session), utcnow, sealing, file=file, seal=seal
            )
        await asyncio.to_thread(self._show_roots, keys.roots)
        return True

    def _show_roots(self, roots: str) -> None:
        """On one machine `zayton verify` finds here whom to believe, also when the hall is down."""
        path = self._settings.home / ROOTS_FILE
        if self._settings.environment == "local" and (not path.exists() or path.read_text("ascii") != roots):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".new")
            draft.write_text(roots, "ascii")
            draft.replace(path)

    async def _keys(self, session: AsyncSession, sealing: Sealing) -> _Keys:
        row = await session.get(OrganisationRow, sealing.organisation_id)
        subject = Subject(sealing.organisation_id, sealing.organisation_name, row.code if row else "")
        return _Keys(
            signer=await self._keyring.signer(session, subject),
            stamper=await self._keyring.timestamper(session),
            roots=await self._keyring.roots(session),
        )

    def _sealed(self, sealing: Sealing, keys: _Keys) -> tuple[bytes, Seal]:
        """Sign, and look at the result as anybody would. Blocking. Raises NotGood."""
        from services.contract.adapters.seals.checking import check_pdf, loaded_roots
        from services.contract.adapters.seals.pades import Act, sign

        side = By(sealing.side)
        reason = f"{_REASONS[side]} · {utc_text(sealing.signed_at)}"
        act = Act(side.value.capitalize(), sealing.signatory, reason)
        file = sign(sealing.file, keys.signer, self._settings.tsa_url or keys.stamper, act)
        verdict = check_pdf(file, loaded_roots(keys.roots))
        if not verdict.good:
            raise NotGood(", ".join(fault.code for fault in verdict.every_fault()))
        made = verdict.signatures[-1]
        assert made.stamped_at is not None, "a good signature has a timestamp"
        digest = hashlib.sha256(file).hexdigest()
        seal = Seal(
            organisation_id=sealing.organisation_id,
            pdf_sha256=digest,
            pdf_size=len(file),
            certificate_sha256=made.certificate_sha256,
            signer=made.signer,
            stamped_at=made.stamped_at,
            stamped_by=made.stamped_by or "",
        )
        return file, seal


async def _next(session: AsyncSession) -> Sealing | None:
    """The act that waits longest, its deal's earlier ones done."""
    earlier = aliased(SealingRow)
    statement = (
        select(SealingRow, SignatureRow, DealRow, OrganisationRow.name)
        .join(
            SignatureRow,
            and_(
                SignatureRow.deal_id == SealingRow.deal_id, SignatureRow.organisation_id == SealingRow.organisation_id
            ),
        )
        .join(DealRow, DealRow.deal_id == SealingRow.deal_id)
        .outerjoin(OrganisationRow, OrganisationRow.organisation_id == SealingRow.organisation_id)
        .where(SealingRow.again_at <= utcnow())
        .where(~exists().where(earlier.deal_id == SealingRow.deal_id, earlier.position < SealingRow.position))
        .order_by(SealingRow.position)
        .limit(1)
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        return None
    row, signature, deal, name = found
    file = await newest_file(session, row.deal_id)
    assert file is not None, "a signature act is written after its paper"
    is_licensor = row.organisation_id == deal.licensor_organisation_id
    return Sealing(
        position=row.position,
        deal_id=row.deal_id,
        organisation_id=row.organisation_id,
        organisation_name=name or "",
        signatory=signature.signatory,
        side=(By.LICENSOR if is_licensor else By.LICENSEE).value,
        signed_at=signature.signed_at,
        file=file[0],
    )


async def _put_off(database: Database, sealing: Sealing, error: Exception) -> None:
    """Later, and ever later: other deals' acts go on meanwhile."""
    async with database.transaction() as session:
        row = await session.get(SealingRow, sealing.position, with_for_update=True)
        if row is None:
            return
        row.attempts += 1
        row.error = repr(error)[:500]
        row.again_at = utcnow() + min(_FIRST_PAUSE * 2 ** min(row.attempts - 1, 12), _LONGEST_PAUSE)

"""Certificates and their keys in the database: made at first use, encrypted at rest, never handed out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from cryptography import x509
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.seals.authority import (
    Holder,
    Subject,
    as_pem,
    key_as_pem,
    key_of_pem,
    new_certificate,
    new_root,
    new_timestamper,
)
from services.contract.adapters.tables import CertificateRow
from services.contract.settings import ContractSettings
from services.kit.clock import utcnow
from services.kit.ids import new_id
from services.kit.secret import Vault, secrets_of

AUTHORITY, TIMESTAMP, ORGANISATION = "authority", "timestamp", "organisation"
# A certificate that ends sooner is not used for a new signature.
_STILL_GOOD_FOR = timedelta(days=1)


class Keyring:
    def __init__(self, settings: ContractSettings) -> None:
        self._settings = settings

    async def authority(self, session: AsyncSession) -> Holder:
        """The hall's root, made where there is none yet."""
        return await self._newest(session, AUTHORITY, None) or await self._make(session, AUTHORITY)

    async def timestamper(self, session: AsyncSession) -> Holder:
        return await self._newest(session, TIMESTAMP, None) or await self._make(session, TIMESTAMP)

    async def signer(self, session: AsyncSession, subject: Subject) -> Holder:
        """What an organisation signs with: its own certificate if it brought one, else one of the hall's."""
        found = await self._newest(session, ORGANISATION, subject.organisation_id)
        return found or await self._make(session, ORGANISATION, subject)

    async def roots(self, session: AsyncSession) -> str:
        """PEM of all that this hall believes: every root it ever had, and those a setting names."""
        statement = select(CertificateRow.certificates).where(CertificateRow.purpose == AUTHORITY)
        own = list(await session.scalars(statement.order_by(CertificateRow.made_at))) or [
            as_pem([(await self.authority(session)).certificate])
        ]
        return "".join(own) + self.accepted()

    def accepted(self) -> str:
        """PEM of the authorities that the operator accepts beside the hall's own."""
        path = self._settings.signature_roots
        return path.read_text(encoding="ascii") if path else ""

    async def current(self, session: AsyncSession, organisation_id: UUID) -> CertificateRow | None:
        return await self._row(session, ORGANISATION, organisation_id)

    async def bring(self, session: AsyncSession, organisation_id: UUID, holder: Holder) -> CertificateRow:
        """Take an organisation's own certificate into use."""
        return await self._keep(session, ORGANISATION, organisation_id, holder, brought=True)

    async def withdraw(self, session: AsyncSession, organisation_id: UUID) -> None:
        """No certificate that the organisation brought is used any more."""
        mine = (CertificateRow.organisation_id == organisation_id, CertificateRow.brought)
        statement = update(CertificateRow).where(*mine, CertificateRow.withdrawn_at.is_(None))
        await session.execute(statement.values(withdrawn_at=utcnow()))

    async def _newest(self, session: AsyncSession, purpose: str, organisation_id: UUID | None) -> Holder | None:
        row = await self._row(session, purpose, organisation_id)
        if row is None:
            return None
        certificate, *chain = x509.load_pem_x509_certificates(row.certificates.encode("ascii"))
        return Holder(certificate, key_of_pem(self._vault.open(row.private_key)), chain)

    async def _row(self, session: AsyncSession, purpose: str, organisation_id: UUID | None) -> CertificateRow | None:
        table = CertificateRow
        statement = (
            select(table)
            .where(table.purpose == purpose, table.organisation_id.is_not_distinct_from(organisation_id))
            .where(table.withdrawn_at.is_(None), table.ends_at > utcnow() + _STILL_GOOD_FOR)
            # One that was brought goes before any of the hall's.
            .order_by(table.brought.desc(), table.made_at.desc())
            .limit(1)
        )
        return (await session.execute(statement)).scalar_one_or_none()

    async def _make(self, session: AsyncSession, purpose: str, subject: Subject | None = None) -> Holder:
        # One process at a time makes keys; who waited finds them made.
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("contract certificates", 0))))
        organisation_id = subject.organisation_id if subject else None
        if found := await self._newest(session, purpose, organisation_id):
            return found
        holder = await self._new(session, purpose, subject, utcnow())
        await self._keep(session, purpose, organisation_id, holder)
        return holder

    async def _new(self, session: AsyncSession, purpose: str, subject: Subject | None, at: datetime) -> Holder:
        if purpose == AUTHORITY:
            return new_root(at)
        root = await self.authority(session)
        if subject is None:
            return new_timestamper(root, at)
        return new_certificate(root, subject, at, timedelta(days=self._settings.certificate_days))

    async def _keep(
        self,
        session: AsyncSession,
        purpose: str,
        organisation_id: UUID | None,
        holder: Holder,
        *,
        brought: bool = False,
    ) -> CertificateRow:
        row = CertificateRow(
            certificate_id=new_id(),
            purpose=purpose,
            organisation_id=organisation_id,
            certificates=as_pem([holder.certificate, *holder.chain]),
            private_key=self._vault.seal(key_as_pem(holder.key)),
            brought=brought,
            made_at=utcnow(),
            ends_at=holder.certificate.not_valid_after_utc,
            withdrawn_at=None,
        )
        session.add(row)
        await session.flush()
        return row

    @cached_property
    def _vault(self) -> Vault:
        """Made when first needed: a process that only looks makes no secret."""
        return vault_of(secrets_of(self._settings))


def vault_of(hall_secrets: Sequence[str]) -> Vault:
    return Vault(hall_secrets, "contract certificates")


async def encrypt_anew(session: AsyncSession, hall_secrets: Sequence[str]) -> int:
    """Encrypt every key with the newest of the hall's secrets. Returns how many. Raises kit.secret.Unreadable."""
    vault = vault_of(hall_secrets)
    rows = list(await session.scalars(select(CertificateRow).with_for_update()))
    for row in rows:
        row.private_key = vault.sealed_anew(row.private_key)
    return len(rows)


def certificates_of(pem: str) -> Sequence[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem.encode("ascii"))

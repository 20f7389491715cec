from dataclasses import dataclass
from pathlib import Path

from services.contract.adapters.seals.keyring import Keyring
from services.contract.adapters.seals.sandbox import Sandbox
from services.contract.adapters.seals.sealer import Sealer
from services.contract.entrypoints.api import deals
from services.contract.entrypoints.certificates import certificates
from services.contract.entrypoints.documents import documents
from services.contract.entrypoints.events import handlers, timers
from services.contract.entrypoints.figures import figures
from services.contract.entrypoints.messages import messages
from services.contract.entrypoints.verifications import verifications
from services.contract.settings import ContractSettings
from services.kit.auth import Verifier
from services.kit.db import Database
from services.kit.jobs import Job
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.web import create_app


@dataclass
class ContractService(Service):
    async def close(self) -> None:
        self.app.state.sandbox.close()
        await super().close()


_MESSAGES = Path(__file__).parent / "messages.toml"


def build(settings: Settings, *, verifier: Verifier | None = None) -> Service:
    """Everything of contract, wired. Tests pass a verifier of their own keys."""
    own = settings if isinstance(settings, ContractSettings) else ContractSettings(**settings.model_dump())
    database = Database.of(settings, "contract")
    keyring = Keyring(own)
    app = create_app(
        "contract",
        routers=[figures, deals, messages, documents, certificates, verifications],
        database=database,
        verifier=verifier or Verifier.of(settings),
        messages=_MESSAGES,
        max_body_bytes=settings.max_body_bytes,
        body_limits={"/api/v1/verifications": own.max_document_bytes},
    )
    app.state.keyring = keyring
    app.state.sandbox = Sandbox()
    jobs = [Job("sealing", Sealer(own, keyring).step)]
    return ContractService("contract", database, app, handlers, timers, jobs)

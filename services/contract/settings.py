"""Settings of the contract service beside those that every process has."""

from pathlib import Path

from pydantic import Field

from services.kit.settings import Settings


class ContractSettings(Settings):
    """From the environment, each prefixed ZAYTON_."""

    tsa_url: str | None = Field(
        None, description="An RFC 3161 time-stamping authority for signatures; by default the hall's own."
    )
    signature_roots: Path | None = Field(
        None,
        description="PEM file of certificate authorities accepted beside the hall's own: those of organisations' "
        "certificates and of the time-stamping authority.",
    )
    max_document_bytes: int = Field(8_388_608, ge=1_024, description="Larger documents are not verified.")
    certificate_days: int = Field(
        730, ge=30, le=3_650, description="A certificate that the hall issues to an organisation lasts so long."
    )

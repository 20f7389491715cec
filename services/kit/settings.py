"""Settings, typed and documented, from the environment. Each has a default that is safe on one machine."""

from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _shared(name: str) -> AliasChoices:
    # Names that other software also uses go without the prefix.
    return AliasChoices(name, f"ZAYTON_{name}")


class Settings(BaseSettings):
    """Settings of every process. Raises pydantic.ValidationError naming what is missing or wrong."""

    model_config = SettingsConfigDict(env_prefix="ZAYTON_", extra="ignore", populate_by_name=True)

    environment: Literal["local", "production"] = Field(
        "local", description="`production` refuses to start without secrets."
    )
    home: Path = Field(
        Path(".zayton"), description="Where local mode keeps what it made for itself, such as the secret."
    )
    database_url: SecretStr = Field(
        SecretStr("postgresql://zayton@127.0.0.1:5432/zayton"),
        validation_alias=_shared("DATABASE_URL"),
        description="PostgreSQL; each service uses a schema of its own in it.",
    )
    kafka_bootstrap_servers: str = Field(
        "127.0.0.1:9092",
        validation_alias=_shared("KAFKA_BOOTSTRAP_SERVERS"),
        description="host:port of one or more Kafka brokers, by comma.",
    )
    kafka_idempotent_producer: bool = Field(
        True, description="Off only for brokers without it, such as the embedded one."
    )
    kafka_session_timeout_ms: int = Field(
        10_000,
        ge=1_000,
        description="A worker silent for so long is out of its group. Apache Kafka takes 6000 and more by default; "
        "the embedded broker lets a worker that joins wait for half of it.",
    )
    meilisearch_url: str | None = Field(
        None,
        validation_alias=_shared("MEILISEARCH_URL"),
        description="A Meilisearch that answers searches; without it, and while it does not answer, PostgreSQL does.",
    )
    meilisearch_key: SecretStr | None = Field(
        None,
        validation_alias=_shared("MEILISEARCH_KEY"),
        description="Its API key, which may search, and write indexes and documents.",
    )
    public_url: str = Field("http://127.0.0.1:8700", description="Where people and front ends reach the gateway.")
    jwks_url: str | None = Field(None, description="Keys that sign access tokens; default: the gateway's.")
    oidc_issuer: str | None = Field(
        None,
        validation_alias=_shared("OIDC_ISSUER"),
        description="An external identity provider instead of own accounts.",
    )
    token_issuer: str = Field("zayton", description="`iss` of access tokens.")
    token_audience: str = Field("zayton", description="`aud` of access tokens.")
    secret_key: SecretStr | None = Field(
        None, description="Encrypts signing keys at rest. Needed in production; made and kept in ZAYTON_HOME locally."
    )
    secret_key_old: SecretStr | None = Field(
        None, description="Still read, while a new secret key takes over; several by comma. See docs/operations.md."
    )
    pool_size: int = Field(5, ge=1, le=100, description="Database connections per process and service.")
    statement_timeout_ms: int = Field(30_000, ge=100, description="A statement that takes longer is cancelled.")
    lock_timeout_ms: int = Field(5_000, ge=100, description="Waiting longer for a lock gives up.")
    outbox_retention_days: int = Field(7, ge=1, description="Published outbox rows are kept so long, for replay.")
    inbox_retention_days: int = Field(30, ge=1, description="Consumed event ids are kept so long, against doubles.")
    dead_letter_retention_days: int = Field(90, ge=1, description="Replayed dead letters are kept so long.")
    idempotency_retention_hours: int = Field(48, ge=1, description="Answers are kept so long for a repeated key.")
    max_body_bytes: int = Field(1_048_576, ge=1_024, description="Larger request bodies are refused, imports apart.")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="after")
    def _secrets_outside_local(self) -> Self:
        if self.environment == "production" and self.secret_key is None:
            raise ValueError("ZAYTON_SECRET_KEY is needed in production: at least 32 random bytes, base64")
        return self

    @model_validator(mode="after")
    def _retention_order(self) -> Self:
        # A replayed event older than the inbox remembers would take effect twice.
        if self.inbox_retention_days <= self.outbox_retention_days:
            raise ValueError("ZAYTON_INBOX_RETENTION_DAYS must exceed ZAYTON_OUTBOX_RETENTION_DAYS")
        return self

    @property
    def keys_url(self) -> str:
        return self.jwks_url or f"{self.public_url}/.well-known/jwks.json"

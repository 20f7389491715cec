"""Settings of the gateway beside those that every process has."""

from ipaddress import ip_network

from pydantic import Field, field_validator

from services.kit.settings import Settings


class GatewaySettings(Settings):
    """From the environment, each prefixed ZAYTON_."""

    access_token_s: int = Field(600, ge=30, le=3_600, description="An access token is good for so long.")
    session_days: int = Field(30, ge=1, le=365, description="After so long a sign-in is needed again.")
    signing_key_days: int = Field(90, ge=1, description="A new signing key takes over after so long.")
    sign_in_window_s: int = Field(900, ge=1, description="Failed sign-ins are counted over so long.")
    sign_in_failures_per_account: int = Field(10, ge=1, description="More in the window and the account has to wait.")
    sign_in_failures_per_address: int = Field(200, ge=1, description="The same for one network address.")
    rate_per_s: float = Field(1_000, gt=0, description="Requests a second, for each caller and each address.")
    rate_burst: int = Field(10_000, ge=1, description="Requests at once, before the rate counts.")
    trusted_proxies: list[str] = Field(
        [],
        description="Addresses and networks of proxies in front, as a JSON list. Their X-Forwarded-For and "
        "X-Forwarded-Proto are believed; from anyone else they are dropped.",
    )
    max_import_bytes: int = Field(67_108_864, ge=1_024, description="Larger import files are refused.")
    max_document_bytes: int = Field(8_388_608, ge=1_024, description="Larger documents are not verified.")
    connect_timeout_s: float = Field(2, gt=0, description="A service must take a connection within this.")
    answer_timeout_s: float = Field(30, gt=0, description="A service must answer, or go on answering, within this.")
    upstream_connections: int = Field(100, ge=1, description="Connections kept to each service at most.")
    breaker_failures: int = Field(5, ge=1, description="So many in a row and a service is left alone for a while.")
    breaker_open_s: float = Field(5, gt=0, description="That while.")
    cors_origins: list[str] = Field([], description="Front ends on other origins, as a JSON list; `*` for any.")
    time_zone: str = Field("Asia/Shanghai", description="In which the pages show times, by its IANA name.")
    stream_retention_hours: int = Field(72, ge=1, description="A stream can be resumed for so long.")
    stream_heartbeat_s: float = Field(15, gt=0, description="A silent stream shows that it is alive this often.")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: list[str]) -> list[str]:
        """A name, or a network with bits beyond its mask, would silently trust nobody."""
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"ZAYTON_TRUSTED_PROXIES: {error}") from error
        return proxies

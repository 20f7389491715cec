"""Settings of notify beside those that every process has."""

from ipaddress import ip_network
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator

from services.kit.outgoing import Policy
from services.kit.settings import Settings
from services.notify.adapters.smtp import MailServer

_PORTS = {"smtp": 25, "smtps": 465}
_STARTTLS = {"required": True, "never": False, "auto": None}
_URL_FORM = "SMTP_URL: smtp://[user:password@]host[:port][?starttls=required|auto|never], or smtps:// for TLS at once"


class NotifySettings(Settings):
    """From the environment, each prefixed ZAYTON_ (SMTP_URL also without)."""

    smtp_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("SMTP_URL", "ZAYTON_SMTP_URL"),
        description="The mail server; without it there are no e-mails. smtp://user:password@host:587?starttls=required "
        "or smtps://… for TLS at once. With credentials STARTTLS is required unless the host is this machine.",
    )
    mail_from: str = Field("Zayton <no-reply@zayton.invalid>", description="From address of e-mails.")
    time_zone: str = Field("Asia/Shanghai", description="IANA time zone of persons who chose none.")
    delivery_retention_days: int = Field(30, ge=4, description="What was delivered or has failed is kept so long.")
    webhook_timeout_s: float = Field(20, ge=0.1, le=30, description="An endpoint must have answered within this.")
    webhook_private_networks: list[str] = Field(
        [],
        description="Networks that webhooks may reach although they are not public, as a JSON list of CIDRs. "
        "For receivers on this machine or in the house; empty is safe.",
    )

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        if self.smtp_url is not None:
            self.mail_server()
        if "@" not in self.mail_from or "\n" in self.mail_from:
            raise ValueError("ZAYTON_MAIL_FROM: an address such as Zayton <no-reply@example.org>")
        return self

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"ZAYTON_TIME_ZONE: {name} is no IANA time zone")
        return ZoneInfo(name).key

    @field_validator("webhook_private_networks")
    @classmethod
    def _networks(cls, networks: list[str]) -> list[str]:
        for network in networks:
            ip_network(network)
        return networks

    def mail_server(self) -> MailServer | None:
        """None where e-mail is off. Raises ValueError for a URL that is none."""
        if self.smtp_url is None:
            return None
        parts = urlsplit(self.smtp_url.get_secret_value())
        options = dict(parse_qsl(parts.query))
        host, starttls = parts.hostname, options.pop("starttls", "")
        if parts.scheme not in _PORTS or not host or options or starttls not in {"", *_STARTTLS}:
            raise ValueError(_URL_FORM)
        default = "required" if parts.username and host not in {"localhost", "127.0.0.1", "::1"} else "auto"
        implicit = parts.scheme == "smtps"
        return MailServer(
            host=host,
            port=parts.port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            implicit_tls=implicit,
            start_tls=False if implicit else _STARTTLS[starttls or default],
        )

    def webhook_policy(self) -> Policy:
        return Policy(
            plain_http=self.environment == "local",
            allowed=tuple(ip_network(network) for network in self.webhook_private_networks),
        )

"""Hands mails to the mail server (RFC 5321), several over one connection."""

import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

import aiosmtplib

_TIMEOUT_S = 30
_PERMANENT = 500


@dataclass(frozen=True)
class MailServer:
    """`start_tls`: True requires it, False never does it, None takes it where it is offered."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    implicit_tls: bool = False
    start_tls: bool | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Connection"]:
        """Raises Outage where the server does not answer, or does not let us in."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.implicit_tls,
            start_tls=self.start_tls,
            timeout=_TIMEOUT_S,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            raise Outage("mail-server-denies-access") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise Outage("mail-server-unreachable") from error
        try:
            yield Connection(client)
        finally:
            client.close()


class Outage(Exception):
    """The mail server is away, or refuses us, whatever the mail."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MailRefused(Exception):
    """The server does not take this mail: not now (4xx), or never (`final`)."""

    def __init__(self, code: str, *, status: int | None, answer: str, final: bool) -> None:
        super().__init__(f"{code} {status} {answer}")
        self.code = code
        self.status = status
        self.answer = answer
        self.final = final


class Connection:
    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client

    async def send(self, message: EmailMessage) -> tuple[int, str]:
        """The server's last words when it took the mail. Raises MailRefused or Outage."""
        try:
            raw, options = _on_the_wire(message, self._client)
            sender, recipient = _address(message, "From"), _address(message, "To")
            _, answer = await self._client.sendmail(sender, recipient, raw, mail_options=options)
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _refused("recipient-refused", refused.code, refused.message) from error
        except aiosmtplib.SMTPDataError as error:
            raise _refused("mail-refused", error.code, error.message) from error
        except (aiosmtplib.SMTPNotSupported, ValueError) as error:
            # An address that this server cannot write to, or that is none.
            raise MailRefused("address-unusable", status=None, answer=str(error)[:500], final=True) from error
        except aiosmtplib.SMTPServerDisconnected as error:
            raise Outage("mail-server-hung-up") from error
        except aiosmtplib.SMTPResponseException as error:
            # The sender or the session is refused: nothing that is wrong with this mail.
            raise Outage(f"mail-server-refuses-{error.code}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Outage("mail-server-unreachable") from error
        code, _, text = answer.partition(" ")
        return (int(code), text) if code.isdigit() else (250, answer)


def _address(message: EmailMessage, header: str) -> str:
    return str(message[header].addresses[0].addr_spec)


def _on_the_wire(message: EmailMessage, client: aiosmtplib.SMTP) -> tuple[bytes, list[str]]:
    """The mail in bytes, and what to ask of the server for it. Raises SMTPNotSupported.

    Not by aiosmtplib's own way: it folds, and so a long address in List-Unsubscribe becomes an encoded word, in which
    no mail program looks for one.
    """
    international = not _address(message, "To").isascii()
    if international and not client.supports_extension("smtputf8"):
        raise aiosmtplib.SMTPNotSupported("the server does not write to such addresses")
    policy = email.policy.SMTPUTF8 if international else email.policy.SMTP.clone(cte_type="7bit")
    return message.as_bytes(policy=policy.clone(max_line_length=998)), ["SMTPUTF8"] if international else []


def _refused(code: str, status: int, answer: str) -> MailRefused:
    return MailRefused(code, status=status, answer=answer[:500], final=status >= _PERMANENT)

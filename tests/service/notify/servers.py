"""A real mail server and a real webhook receiver on loopback, both of which fail on demand."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

Reply = Callable[[str], str | None]


@dataclass
class MailServer:
    """`reply` answers RCPT by its recipient; None takes it. `hang_up` ends the connection instead."""

    port: int = 0
    reply: Reply = lambda _recipient: None
    hang_up: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Again on the same port after a `stop`."""
        loop = asyncio.get_running_loop()

        def protocol() -> SMTP:
            self.connections += 1
            return SMTP(self, enable_SMTPUTF8=True, loop=loop, hostname="mail.test")

        self._server = await loop.create_server(protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.hang_up:
            assert server.transport
            server.transport.abort()
        refusal = self.reply(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # the same
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(cast("EmailMessage", email.message_from_bytes(content, policy=email.policy.default)))
        self.raw.append(content)
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@dataclass
class Call:
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Call, asyncio.StreamWriter], Awaitable[None]]


async def say(writer: asyncio.StreamWriter, status: str, body: bytes = b"", *headers: str) -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()


def status(line: str, *headers: str) -> Answer:
    async def answer(_call: Call, writer: asyncio.StreamWriter) -> None:
        await say(writer, line, b"", *headers)

    return answer


async def silence(_call: Call, _writer: asyncio.StreamWriter) -> None:
    """Takes the request and never answers."""
    await asyncio.sleep(3_600)


@dataclass
class Receiver:
    """Counts what it sent, so that a test sees how much of it was taken. `answer` may be changed any time."""

    answer: Answer = field(default_factory=lambda: status("204 No Content"))
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    sent_bytes: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def two_gigabytes(self, _call: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n")
        chunk = b"x" * 65_536
        while self.sent_bytes < 2**31:
            writer.write(chunk)
            self.sent_bytes += len(chunk)
            await writer.drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            call = await _read(reader)
            self.calls.append(call)
            await self.answer(call, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the caller went away, as it should where the answer is too long
        finally:
            writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Receiver"]:
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Call(first.split(" ")[1], headers, body)

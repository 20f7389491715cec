"""HTTP to addresses that users gave us, without letting them reach what only we can reach (SSRF).

A host is resolved once, every address it has is checked, and the connection goes to one of the checked addresses: a
name that points elsewhere a moment later changes nothing. Redirects are not followed, compressed answers not unpacked,
and of an answer no more is read than is kept.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

_KEPT_BYTES = 2_048
_CONNECT_S = 10.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Refused(ValueError):
    """We do not send there. `code` says why: url-form, url-scheme, url-credentials, private-address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotDelivered(Exception):
    """No answer came. `code` says why: unresolvable, unreachable, tls, timeout, broken-answer, private-address."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """`excerpt` is the beginning of the body as text, for people who look for a fault."""

    status: int
    excerpt: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  # every 2xx


@dataclass(frozen=True)
class Policy:
    """`plain_http` also allows http://. `allowed` are networks that may be reached although they are not public."""

    plain_http: bool = False
    allowed: Sequence[Network] = ()

    def check(self, url: str) -> SplitResult:
        """The URL in parts. Raises Refused where its form alone forbids it; names are looked at when we connect."""
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError as error:
            raise Refused("url-form") from error
        if not host or not parts.netloc.isascii() or parts.fragment:
            raise Refused("url-form")
        if parts.scheme != "https" and not (parts.scheme == "http" and self.plain_http):
            raise Refused("url-scheme")
        if parts.username is not None or parts.password is not None:
            raise Refused("url-credentials")
        literal = _address(host)
        if literal is not None and not self.reaches(literal):
            raise Refused("private-address")
        return parts

    def reaches(self, address: Address) -> bool:
        if any(address.version == network.version and address in network for network in self.allowed):
            return True
        return all(_is_public(each) for each in (address, *_embedded(address)))


class Outgoing:
    """Sends. One for many calls; no connection is kept, so that each call is checked anew."""

    def __init__(self, policy: Policy, *, timeout_s: float = 20) -> None:
        self.policy = policy
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(_CONNECT_S, timeout_s))

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer, whatever its status. Raises NotDelivered; Refused where the URL itself is none we send to."""
        self.policy.check(url)
        connector = aiohttp.TCPConnector(
            resolver=_CheckedResolver(self.policy), use_dns_cache=False, force_close=True, limit=1
        )
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout, auto_decompress=False
        )
        try:
            async with session, session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                excerpt = await response.content.read(_KEPT_BYTES)
                response.close()  # whatever else would come is not read
                return Answer(response.status, excerpt.decode("utf-8", "replace").replace("\x00", "\ufffd"))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _not_delivered(error) from error


class _CheckedResolver(AbstractResolver):
    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results = []
        for kind, _, proto, _, place in found:
            address = _address(str(place[0]))
            # One bad address spoils the name: who mixes them means to slip through.
            if address is None or not self._policy.reaches(address):
                raise NotDelivered("private-address")
            results.append(
                ResolveResult(
                    hostname=host,
                    host=str(address),
                    port=port,
                    family=kind,
                    proto=proto,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
        return results

    async def close(self) -> None:
        """Nothing is held."""


def _not_delivered(error: BaseException) -> NotDelivered:
    if isinstance(error, aiohttp.ClientSSLError):
        return NotDelivered("tls", str(error))
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return NotDelivered("unresolvable")
    if isinstance(error, TimeoutError):
        return NotDelivered("timeout")
    if isinstance(error, aiohttp.ClientConnectionError | OSError) and not isinstance(
        error, aiohttp.ServerDisconnectedError
    ):
        return NotDelivered("unreachable", str(error))
    return NotDelivered("broken-answer", str(error))


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    # `is_global` alone lets multicast through.
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: Address) -> list[Address]:
    """IPv4 addresses that an IPv6 one carries, and to which it may lead: mapped, 6to4, Teredo."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    return [each for each in carried if each is not None]

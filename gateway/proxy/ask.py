"""Questions of the gateway itself to a service, beside the requests it passes on."""

import asyncio

import httpx
from starlette.types import ASGIApp

_PATIENCE_S = 5.0


class NoAnswer(Exception):
    """The service did not answer, or not with a 200."""


async def ask(service: ASGIApp, path: str) -> bytes:
    """The body of a GET. Raises NoAnswer."""
    transport = httpx.ASGITransport(app=service)
    try:
        async with (
            asyncio.timeout(_PATIENCE_S),
            httpx.AsyncClient(transport=transport, base_url="http://zayton") as http,
        ):
            response = await http.get(path)
    except (OSError, TimeoutError, httpx.HTTPError) as error:
        raise NoAnswer(repr(error)) from error
    if response.status_code != httpx.codes.OK:
        raise NoAnswer(f"status {response.status_code}")
    return response.content

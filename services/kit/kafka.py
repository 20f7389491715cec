"""What aiokafka lacks where connections break at a bad moment."""

import asyncio
from typing import Any

import structlog
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

log = structlog.get_logger()

END_WITHIN_S = 5

_send = AIOKafkaConnection.send


def know_closed_connections() -> None:
    """Make a connection that broke a moment ago a broken one for whoever sends on it. Call it as often as you like.

    asyncio drops what is written to a transport that has just closed; uvloop raises RuntimeError, which aiokafka does
    not expect (its issue 1038): the task that renews a client's metadata ends for good, and with it the consumer.
    """
    AIOKafkaConnection.send = _send_or_close


def _send_or_close(self: Any, request: Any, expect_response: bool = True) -> Any:
    try:
        return _send(self, request, expect_response)
    except RuntimeError as error:
        self.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error


async def end_silent_client(consumer: Any) -> None:
    """End the tasks and connections of an AIOKafkaConsumer whose own `stop` waited in vain for its broker."""
    coordinator = consumer._coordinator  # noqa: SLF001  # no public way ends them
    for end in (
        coordinator._stop_heartbeat_task,  # noqa: SLF001
        coordinator._stop_commit_offsets_refresh_task,  # noqa: SLF001
        consumer._fetcher.close,  # noqa: SLF001
        consumer._client.close,  # noqa: SLF001
    ):
        # Of what it died of, or that it was cut off, nobody need hear twice.
        ending = asyncio.ensure_future(end())
        await asyncio.wait([ending], timeout=END_WITHIN_S)
        if not ending.cancel() and not ending.cancelled() and (error := ending.exception()):
            log.info("silent_client_ended", error=repr(error))

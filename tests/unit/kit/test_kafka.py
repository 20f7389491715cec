import asyncio
from typing import Any

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest

from services.kit.kafka import know_closed_connections


class ClosedByUvloop:
    """A writer whose transport broke a moment ago, before anybody was told."""

    def write(self, _data: bytes) -> None:
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")

    def close(self) -> None:
        pass


async def test_who_sends_on_a_connection_that_just_broke_hears_so() -> None:
    know_closed_connections()
    know_closed_connections()
    connection: Any = AIOKafkaConnection("127.0.0.1", 9092)
    connection._writer, connection._reader = ClosedByUvloop(), asyncio.StreamReader()
    connection._read_task = asyncio.create_task(asyncio.sleep(60))
    assert connection.connected()
    with pytest.raises(KafkaConnectionError, match="the handler is closed"):
        connection.send(ApiVersionRequest())
    assert not connection.connected()

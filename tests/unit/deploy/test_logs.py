"""A log that a program holds open is cut without the program noticing."""

import asyncio
from pathlib import Path

from deploy.local.child import open_log
from deploy.local.logs import kept_small, trim


def test_a_log_that_grew_is_moved_aside_while_it_is_written_to(tmp_path: Path) -> None:
    with open_log(tmp_path / "listing-api.log") as held, open_log(tmp_path / "quiet.log") as quiet:
        held.write(b"a" * 1_000)
        held.flush()
        quiet.write(b"q")
        quiet.flush()
        trim(tmp_path, 500)
        held.write(b"b" * 10)
    assert (tmp_path / "listing-api.log").read_bytes() == b"b" * 10
    assert (tmp_path / "listing-api.log.1").read_bytes() == b"a" * 1_000
    assert (tmp_path / "quiet.log").read_bytes() == b"q"
    assert not (tmp_path / "quiet.log.1").exists()


async def test_it_goes_on_for_as_long_as_the_hall(tmp_path: Path) -> None:
    log = tmp_path / "hall.log"
    log.write_bytes(b"a" * 1_000)
    async with kept_small(tmp_path, limit=500, every_s=0.001), asyncio.timeout(10):
        while log.stat().st_size:  # noqa: ASYNC110  # a file knows no event
            await asyncio.sleep(0.001)
    log.write_bytes(b"b" * 1_000)
    await asyncio.sleep(0.02)
    assert log.stat().st_size == 1_000

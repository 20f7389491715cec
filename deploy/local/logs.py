"""Log files of a hall that runs for months stay small: each is moved aside when it has grown, and one older is kept."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from deploy.local.child import LOG_LIMIT


@asynccontextmanager
async def kept_small(folder: Path, *, limit: int = LOG_LIMIT, every_s: float = 60) -> AsyncIterator[None]:
    """Look after the logs in `folder` for the length of the block."""

    async def look() -> None:
        while True:
            await asyncio.to_thread(trim, folder, limit)
            await asyncio.sleep(every_s)

    looking = asyncio.create_task(look(), name="logs")
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


def trim(folder: Path, limit: int) -> None:
    """Copy what is too large to NAME.log.1, and empty it.

    Programs hold their logs open to append, so a new file in its place would stay empty. What is written between the
    copy and the cut is lost; a disk that is full would lose more.
    """
    for path in folder.glob("*.log"):
        if path.stat().st_size > limit:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            with path.open("r+b") as log:
                log.truncate()

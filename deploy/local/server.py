"""What every server of the hall can do, whatever it serves."""

from abc import ABC, abstractmethod
from collections.abc import Callable

Progress = Callable[[str], None]


def silent(_message: str) -> None:
    """Progress that nobody watches."""


class Server(ABC):
    """A server under the hall's care. Start it from a thread that lives as long as the hall (see child.py)."""

    name: str

    @property
    @abstractmethod
    def address(self) -> str:
        """Where clients reach it: host:port, or a URL. Known once it was started."""

    @abstractmethod
    async def start(self) -> None:
        """Start, and return when it answers. Raises CannotStart with the reason and the cure."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop, and return when it is gone. Does nothing when it is not running."""

    @abstractmethod
    def running(self) -> bool:
        """Whether its process is there. Cheap."""

    @abstractmethod
    async def alive(self) -> bool:
        """Whether it answers its clients."""

    async def restart(self) -> None:
        await self.stop()
        await self.start()

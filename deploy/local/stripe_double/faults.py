"""What goes wrong on demand."""

from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    ERROR_BEFORE = "error_before"  # answers 500, and has done nothing
    ERROR_AFTER = "error_after"  # does the work, and answers 500
    BUSY = "busy"  # answers 429, has done nothing, and keeps no answer under the key
    SILENCE_BEFORE = "silence_before"  # breaks the connection, and has done nothing
    SILENCE_AFTER = "silence_after"  # does the work, and breaks the connection


@dataclass
class Faults:
    """Faults that wait for a request whose path begins so; each strikes once."""

    waiting: list[tuple[str, Fault]] = field(default_factory=list)

    def strike(self, path: str, fault: Fault) -> None:
        self.waiting.append((path, fault))

    def take(self, path: str) -> Fault | None:
        for each in self.waiting:
            if path.startswith(each[0]):
                self.waiting.remove(each)
                return each[1]
        return None

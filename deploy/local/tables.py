"""What the commands print, as tables for people."""

import json
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from deploy.local.letters import Letter
from deploy.local.searching import SearchStatus
from deploy.local.status import HallStatus
from deploy.local.topics import TopicState

YES, NO = "[green]yes[/]", "[red]no[/]"


def _table(title: str, *columns: str, numbers: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    return table


def _count(number: int) -> str:
    return f"[yellow]{number}[/]" if number else "0"


def topics_table(states: Sequence[TopicState]) -> Table:
    table = _table("Topics", "topic", "owner", "partitions", "exists", "carries", numbers=["partitions"])
    for state in states:
        there = str(state.partitions) if state.partitions == state.partitions_wanted else _wrong(state)
        table.add_row(state.name, state.owner, there, YES if state.exists else NO, state.description)
    return table


def _wrong(state: TopicState) -> str:
    return f"[yellow]{state.partitions} of {state.partitions_wanted}[/]"


def services_table(found: HallStatus) -> Table:
    numbers = ["to be sent", "dead letters"]
    table = _table(f"Services behind {found.base_url}", "service", "api", "worker", *numbers, numbers=numbers)
    for each in found.services:
        ticks = (YES if each.api else NO, YES if each.worker else NO)
        table.add_row(each.name, *ticks, _count(each.outbox_backlog), _count(each.dead_letters))
    return table


def consumers_table(found: HallStatus) -> Table:
    numbers = ["position", "end", "lag"]
    table = _table("Consumers", "service", "topic", *numbers, numbers=numbers)
    for each in found.consumers:
        position = "-" if each.position is None else str(each.position)
        table.add_row(each.service, each.topic, position, str(each.end), _count(each.lag))
    return table


def searches_table(states: Sequence[SearchStatus]) -> Table:
    numbers = ["documents", "waiting", "lag in s"]
    table = _table("Search", "index", "answered by", *numbers, "last error", numbers=numbers)
    for each in states:
        state = each.state
        by = f"[yellow]{state.answered_by}, degraded[/]" if state.degraded else state.answered_by
        documents = str(state.documents) if state.is_filled else f"[yellow]{state.documents}, being filled[/]"
        table.add_row(state.index, by, documents, _count(state.waiting), f"{state.lag_s:.1f}", escape(state.error))
    return table


def letters_table(letters: Sequence[Letter]) -> Table:
    table = _table("Dead letters that wait", "letter", "event", "died at", "attempts", "reason", numbers=["attempts"])
    for letter in letters:
        row = letter.row
        died_at = f"{row['died_at']:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            letter.name, letter.event_type, died_at, str(row["attempts"]), escape(row["error"] or row["reason"])
        )
    return table


def letter_table(letter: Letter) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in letter.as_json().items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        table.add_row(f"[bold]{name}[/]", escape(shown))
    return table

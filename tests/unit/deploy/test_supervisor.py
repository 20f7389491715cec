"""The supervisor over servers that misbehave on demand."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from deploy.local.child import CannotStart
from deploy.local.server import Server
from deploy.local.supervisor import Care, Supervisor

QUICK = Care(
    look_every_s=0.001,
    ask_every_s=0.002,
    answer_within_s=0.002,
    silent_for_s=0.02,
    first_pause_s=0.001,
    longest_pause_s=0.004,
    steady_after_s=60,
)


class Fake(Server):
    def __init__(self, name: str, diary: list[str], *, failing_starts: int = 0) -> None:
        self.name = name
        self.diary = diary
        self.failing_starts = failing_starts
        self.up = False
        self.mute = False

    @property
    def address(self) -> str:
        return self.name

    async def start(self) -> None:
        if self.failing_starts and self.diary:
            self.failing_starts -= 1
            raise CannotStart("not yet")
        self.diary.append(f"start {self.name}")
        self.up, self.mute = True, False

    async def stop(self) -> None:
        self.diary.append(f"stop {self.name}")
        self.up = False

    def running(self) -> bool:
        return self.up

    async def alive(self) -> bool:
        return self.up and not self.mute


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # what is waited for knows no event
            await asyncio.sleep(0.001)


async def test_servers_start_in_order_and_stop_in_reverse() -> None:
    diary: list[str] = []
    async with Supervisor() as supervisor:
        for name in ("database", "broker", "service"):
            await supervisor.start(Fake(name, diary))
    assert diary == [
        *("start database", "start broker", "start service"),
        *("stop service", "stop broker", "stop database"),
    ]


async def test_a_server_that_fails_to_start_stops_those_before_it() -> None:
    diary: list[str] = []

    async def start_both() -> None:
        async with Supervisor() as supervisor:
            await supervisor.start(Fake("database", diary))
            await supervisor.start(Fake("broker", diary, failing_starts=1))

    with pytest.raises(CannotStart):
        await start_both()
    assert diary == ["start database", "stop database"]


async def test_a_dead_server_comes_back() -> None:
    diary: list[str] = []
    said: list[str] = []
    broker = Fake("broker", diary)
    async with Supervisor(say=said.append, care=QUICK) as supervisor:
        await supervisor.start(broker)
        assert diary == ["start broker"]
        broker.up = False
        await until(lambda: "broker is back" in said)
    assert diary == ["start broker", "stop broker", "start broker", "stop broker"]
    assert said == ["broker ended; starting it again", "broker is back"]


async def test_bringing_back_is_tried_until_it_works_and_says_why_not() -> None:
    diary: list[str] = []
    said: list[str] = []
    broker = Fake("broker", diary)
    async with Supervisor(say=said.append, care=QUICK) as supervisor:
        await supervisor.start(broker)
        broker.failing_starts, broker.up = 2, False
        await until(lambda: "broker is back" in said)
    assert said.count("broker is not back yet: not yet") == 2
    assert diary.count("start broker") == 2


async def test_a_server_that_answers_nothing_is_started_anew() -> None:
    diary: list[str] = []
    server = Fake("database", diary)
    async with Supervisor(care=QUICK) as supervisor:
        await supervisor.start(server)
        server.mute = True
        await until(lambda: diary.count("start database") == 2)
        assert server.up


async def test_one_that_does_not_stop_spares_no_other() -> None:
    class Stubborn(Fake):
        async def stop(self) -> None:
            raise CannotStart("does not end")

    diary: list[str] = []
    supervisor = Supervisor()
    await supervisor.start(Fake("database", diary))
    await supervisor.start(Stubborn("broker", diary))
    with pytest.raises(ExceptionGroup, match="did not stop"):
        await supervisor.stop()
    assert diary[-1] == "stop database"


async def test_of_servers_started_together_those_that_came_up_are_stopped() -> None:
    diary: list[str] = ["begin"]
    supervisor = Supervisor()
    with pytest.raises(CannotStart):
        await supervisor.start(Fake("broken", diary, failing_starts=1), Fake("good", diary))
    await supervisor.stop()
    assert diary == ["begin", "start good", "stop good"]


async def test_a_server_that_is_only_slow_is_left_alone() -> None:
    """As all are on a machine that has too much to do: a restart would give it more."""

    class Slow(Fake):
        answered = 0

        async def alive(self) -> bool:
            await asyncio.sleep(5 * QUICK.ask_every_s)
            self.answered += 1
            return True

    diary: list[str] = []
    server = Slow("database", diary)
    async with Supervisor(care=replace(QUICK, answer_within_s=10, silent_for_s=10 * QUICK.ask_every_s)) as supervisor:
        await supervisor.start(server)
        await until(lambda: server.answered >= 10)
    assert diary == ["start database", "stop database"]

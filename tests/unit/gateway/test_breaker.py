import pytest

from gateway.proxy.breaker import Breaker, State


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(clock: Clock) -> Breaker:
    breaker = Breaker(failures=3, open_s=10, clock=clock)
    for _ in range(3):
        assert breaker.refuses_for() == 0
        breaker.failed()
    return breaker


def test_opens_after_so_many_failures_in_a_row(opened: Breaker) -> None:
    assert opened.state is State.OPEN
    assert opened.refuses_for() == 10


def test_a_success_starts_the_count_anew(clock: Clock) -> None:
    breaker = Breaker(failures=2, open_s=10, clock=clock)
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert breaker.state is State.CLOSED


def test_lets_one_request_through_when_its_time_is_over(opened: Breaker, clock: Clock) -> None:
    clock.now += 10
    assert opened.state is State.HALF_OPEN
    assert opened.refuses_for() == 0
    assert opened.refuses_for() > 0


def test_closes_when_that_request_succeeds(opened: Breaker, clock: Clock) -> None:
    clock.now += 10
    opened.refuses_for()
    opened.succeeded()
    assert opened.state is State.CLOSED
    assert opened.refuses_for() == 0


def test_stays_open_for_another_while_when_it_fails(opened: Breaker, clock: Clock) -> None:
    clock.now += 10
    opened.refuses_for()
    opened.failed()
    assert opened.refuses_for() == 10


def test_tries_again_when_the_one_request_ended_without_a_verdict(opened: Breaker, clock: Clock) -> None:
    clock.now += 10
    opened.refuses_for()
    opened.abandoned()
    assert opened.refuses_for() == 0

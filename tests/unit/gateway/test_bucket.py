from gateway.proxy.bucket import Buckets


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_gives_the_burst_and_then_the_rate() -> None:
    clock = Clock()
    buckets = Buckets(rate=2, burst=3, clock=clock)
    assert [buckets.take("a").remaining for _ in range(3)] == [2, 1, 0]
    refused = buckets.take("a")
    assert not refused.allowed
    assert refused.reset_s == 1
    clock.now += 0.5
    assert buckets.take("a").allowed
    assert not buckets.take("a").allowed


def test_a_refusal_costs_nothing() -> None:
    clock = Clock()
    buckets = Buckets(rate=1, burst=1, clock=clock)
    buckets.take("a")
    for _ in range(10):
        assert not buckets.take("a").allowed
    clock.now += 1
    assert buckets.take("a").allowed


def test_is_never_fuller_than_the_burst() -> None:
    clock = Clock()
    buckets = Buckets(rate=100, burst=2, clock=clock)
    buckets.take("a")
    clock.now += 60
    assert [buckets.take("a").allowed for _ in range(3)] == [True, True, False]


def test_callers_do_not_share() -> None:
    buckets = Buckets(rate=1, burst=1, clock=Clock())
    assert buckets.take("a").allowed
    assert buckets.take("b").allowed


def test_memory_is_bounded() -> None:
    buckets = Buckets(rate=1, burst=1, keys=100, clock=Clock())
    for number in range(1_000):
        buckets.take(str(number))
    assert len(buckets._levels) == 100

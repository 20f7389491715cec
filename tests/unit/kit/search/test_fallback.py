# ruff: noqa: ARG002  # a fake takes what the port gives it
from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest

from services.kit.problems import InvalidInput
from services.kit.search import Hit, Results, SearchQuery, Suggestion
from services.kit.search.fallback import Breaker, FallbackSearch


class Fake:
    """A search that answers with its name, or raises what it is told to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.error: Exception | None = None
        self.asked = 0

    def _answer(self) -> None:
        self.asked += 1
        if self.error:
            raise self.error

    async def search(self, query: SearchQuery) -> Results:
        self._answer()
        return Results([], 0, None, self.name)

    async def suggest(
        self,
        text: str,
        *,
        limit: int = 8,
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> list[Suggestion]:
        self._answer()
        return [Suggestion(UUID(int=1), self.name)]

    async def similar(
        self,
        document_id: UUID,
        *,
        limit: int = 8,
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> Sequence[Hit]:
        self._answer()
        return [Hit(document_id, {"by": self.name})]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def first() -> Fake:
    return Fake("first")


@pytest.fixture
def search(first: Fake, clock: Clock) -> FallbackSearch:
    return FallbackSearch("listings", first, Fake("second"), Breaker(failures=2, pause_s=1, longest_s=3, clock=clock))


async def answered_by(search: FallbackSearch) -> str:
    return (await search.search(SearchQuery("x"))).answered_by


async def test_the_second_answers_within_the_same_call(search: FallbackSearch, first: Fake) -> None:
    assert await answered_by(search) == "first"
    first.error = OSError("gone")
    assert await answered_by(search) == "second"
    assert (await search.suggest("x"))[0].text == "second"


async def test_what_is_similar_only_the_second_knows(search: FallbackSearch, first: Fake) -> None:
    assert (await search.similar(UUID(int=1)))[0].fields == {"by": "second"}
    assert first.asked == 0


async def test_what_does_not_answer_is_left_alone_and_tried_again_by_one(
    search: FallbackSearch, first: Fake, clock: Clock
) -> None:
    first.error = OSError("gone")
    for _ in range(5):
        assert await answered_by(search) == "second"
    assert first.asked == 2, "nobody waits for it while the breaker is open"
    clock.now = 1.0
    await answered_by(search)
    await answered_by(search)
    assert first.asked == 3, "one tried"
    clock.now = 2.9
    await answered_by(search)
    assert first.asked == 3, "the pause has doubled"
    clock.now = 3.0
    first.error = None
    assert await answered_by(search) == "first"
    assert await answered_by(search) == "first", "it is back for everybody"


async def test_the_pause_has_a_longest(search: FallbackSearch, first: Fake, clock: Clock) -> None:
    first.error = OSError("gone")
    for _ in range(20):
        clock.now += 3.0
        await answered_by(search)
    asked = first.asked
    clock.now += 3.0
    await answered_by(search)
    assert first.asked == asked + 1


async def test_a_refusal_is_no_failure(search: FallbackSearch, first: Fake) -> None:
    first.error = InvalidInput()
    for _ in range(5):
        with pytest.raises(InvalidInput):
            await search.suggest("x")
    assert first.asked == 5

"""proto/topics says who listens to what; here it is held against what each service handles."""

import pytest

from deploy.services import GATEWAY, SERVICES, build
from gateway import bootstrap
from services.kit.settings import Settings
from services.kit.topics import Topic, all_topics


@pytest.fixture(scope="module")
def heard() -> dict[str, set[str]]:
    settings = Settings()
    services = [*(build(name, settings) for name in SERVICES), bootstrap.build(settings, {}).service]
    return {service.name: set(service.handlers.topics) for service in services}


@pytest.mark.parametrize("topic", all_topics(), ids=lambda topic: topic.name)
def test_the_consumers_of_a_topic_are_those_that_handle_it(heard: dict[str, set[str]], topic: Topic) -> None:
    assert {name for name, topics in heard.items() if topic.name in topics} == set(topic.consumers)


def test_everybody_listens_to_something(heard: dict[str, set[str]]) -> None:
    assert set(heard) == {*SERVICES, GATEWAY}
    assert all(heard.values())

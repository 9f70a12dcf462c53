"""Topics as data, and what counts as a difference, with Kafka's answers given."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from icustomer.contracts.topics import INPUTS, Topic
from icustomer.errors import OperatorError, UnavailableError
from icustomer.stream.topics import (
    COMPACTED,
    MAX_MESSAGE_BYTES,
    MAX_RECORD_BYTES,
    check,
    create,
    settings,
    topic_name,
)

MIB = 1024 * 1024


class Answers:
    """An admin client that gives prepared answers."""

    def __init__(self, partitions: int = 12) -> None:
        self.partitions = {topic_name("p", topic): partitions for topic in Topic}
        self.settings = {
            topic_name("p", topic): {each.name: each.value for each in settings(topic)}
            for topic in Topic
        }
        self.codes: dict[str, int] = {}
        self.wanted: list[Any] = []

    async def create_topics(self, wanted: list[Any]) -> Any:
        self.wanted = wanted
        errors = [(each.name, self.codes.get(each.name, 0), "told") for each in wanted]
        return SimpleNamespace(topic_errors=errors)

    async def describe_topics(self) -> list[Any]:
        return [
            {"topic": name, "partitions": [None] * count} for name, count in self.partitions.items()
        ]

    async def describe_configs(self, resources: list[Any]) -> list[Any]:
        described = [
            (self.codes.get(each.name, 0), "told", 2, each.name, self.settings[each.name].items())
            for each in resources
        ]
        return [SimpleNamespace(resources=described)]


def test_inputs_take_values_of_a_mebibyte_and_dead_letters_twice_an_input() -> None:
    for topic in INPUTS:
        assert MAX_RECORD_BYTES[topic] > MIB + 1024
        assert MAX_MESSAGE_BYTES[Topic.DEAD_LETTERS] == 2 * MAX_MESSAGE_BYTES[topic]


async def test_all_topics_are_created_with_their_settings() -> None:
    admin = Answers()
    assert await create(admin, "p", 7, 3) == [topic_name("p", topic) for topic in Topic]
    of_state = next(each for each in admin.wanted if each.name == "p.identity-state")
    assert (of_state.num_partitions, of_state.replication_factor) == (7, 3)
    assert of_state.topic_configs["cleanup.policy"] == "compact"
    assert of_state.topic_configs["min.compaction.lag.ms"] == "604800000"


async def test_what_exists_is_passed_over() -> None:
    admin = Answers()
    admin.codes = dict.fromkeys(admin.partitions, 36)
    del admin.codes["p.profiles"]
    assert await create(admin, "p") == ["p.profiles"]


@pytest.mark.parametrize(("code", "expected"), [(38, OperatorError), (7, UnavailableError)])
async def test_a_refusal_comes_as_an_error(code: int, expected: type[Exception]) -> None:
    admin = Answers()
    admin.codes = {"p.orders": code}
    with pytest.raises(expected, match=r"p\.orders: told"):
        await create(admin, "p")
    with pytest.raises(expected, match=r"p\.orders: told"):
        await check(admin, "p")


async def test_topics_as_they_should_be_have_no_differences() -> None:
    assert await check(Answers(), "p") == []
    assert await check(Answers(), "p", 12) == []


async def test_a_missing_topic_is_told() -> None:
    admin = Answers()
    del admin.partitions["p.orders"]
    assert await check(admin, "p") == [
        {"topic": "p.orders", "setting": "exists", "is": None, "should_be": "yes"}
    ]


async def test_without_any_topic_all_are_missing() -> None:
    admin = Answers()
    admin.partitions = {}
    assert len(await check(admin, "p")) == len(Topic)


async def test_a_wrong_setting_is_told_and_a_larger_limit_is_none() -> None:
    admin = Answers()
    admin.settings["p.profiles"] |= {"cleanup.policy": "delete", "max.message.bytes": "99999999"}
    admin.settings["p.identity-state"] |= {"min.compaction.lag.ms": "0"}
    assert await check(admin, "p") == [
        {
            "topic": "p.profiles",
            "setting": "cleanup.policy",
            "is": "delete",
            "should_be": "compact",
        },
        {
            "topic": "p.identity-state",
            "setting": "min.compaction.lag.ms",
            "is": "0",
            "should_be": "604800000",
        },
    ]


async def test_partitions_added_to_a_compacted_output_are_told() -> None:
    admin = Answers()
    admin.partitions |= {"p.profiles": 24, "p.orders": 3}
    added = {"topic": "p.profiles", "setting": "partitions", "is": "24", "should_be": "12"}
    assert await check(admin, "p") == [added]
    both = await check(admin, "p", 6)
    assert [each["is"] for each in both] == ["24", "12"]
    assert len(both) == len(COMPACTED)

"""Committed offsets of a consumer group, read and set by librdkafka.

By a consumer that never joins the group. The admin client of librdkafka would end the whole
process: for an answer "not the coordinator", as a broker gives that has just started, it looks
for a consumer group of its own and has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, KafkaException, TopicPartition

REQUEST_SECONDS = 20.0

Place = tuple[str, int]


class GroupOffsets:
    """What a group has committed. `options`: of the client, besides servers and group."""

    def __init__(self, servers: str, group: str, options: Mapping[str, Any] | None = None) -> None:
        settings: dict[str, Any] = {
            "bootstrap.servers": servers,
            "group.id": group,
            "enable.auto.commit": False,
            "log_level": 0,
        }
        self._consumer = Consumer(settings | dict(options or {}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._consumer.close()

    def committed(
        self, places: Iterable[Place], seconds: float = REQUEST_SECONDS
    ) -> dict[Place, int]:
        """Each place with its committed offset; 0: none. Raises `KafkaException`."""
        asked = [TopicPartition(*place) for place in places]
        found = {}
        for each in self._consumer.committed(asked, timeout=seconds):
            if each.error is not None:
                raise KafkaException(each.error)
            found[each.topic, each.partition] = max(each.offset, 0)
        return found

    def set(self, offsets: Mapping[Place, int]) -> None:
        """As an operator does by hand: only for a group without members."""
        told = [TopicPartition(*place, offset) for place, offset in offsets.items()]
        for each in self._consumer.commit(offsets=told, asynchronous=False) or []:
            if each.error is not None:
                raise KafkaException(each.error)

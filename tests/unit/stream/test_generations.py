"""Committed offsets are believed only for the topic that they were reached in."""

from __future__ import annotations

import pytest
from aiokafka import OffsetAndMetadata

from icustomer.stream.generations import (
    Start,
    committing,
    falls_short,
    generation_of,
    start,
)

BY_HAND = OffsetAndMetadata(7, "")
BY_ANOTHER_TOOL = OffsetAndMetadata(7, "moved by somebody")


def test_a_generation_is_the_beginning_of_the_topics_id() -> None:
    assert generation_of("E40gxaguQ6qx35xnz_EKFQ") == "E40gx"
    assert generation_of("") == ""


def test_reading_begins_where_this_topic_was_left() -> None:
    assert start(committing(7, "E40gx"), "E40gx") == Start(7, handled=7)


def test_reading_begins_anew_where_another_topic_was_left() -> None:
    begun = start(committing(7, "E40gx"), "WqeUV")
    assert begun == Start(0, made_again=True, handled=0)


def test_reading_begins_anew_where_nothing_is_committed() -> None:
    assert start(None, "E40gx") == Start(0)


@pytest.mark.parametrize("committed", [BY_HAND, BY_ANOTHER_TOOL, OffsetAndMetadata(7, None)])
def test_an_offset_that_tells_no_topic_is_believed(committed: OffsetAndMetadata) -> None:
    assert start(committed, "E40gx") == Start(7, handled=7)
    assert not falls_short(committed, 7, "E40gx")


def test_without_ids_every_offset_is_believed() -> None:
    assert committing(7, "") == BY_HAND
    assert start(committing(7, "E40gx"), "") == Start(7, handled=7)


@pytest.mark.parametrize(
    ("committed", "short"),
    [
        (committing(7, "E40gx"), False),
        (committing(8, "E40gx"), False),
        (committing(6, "E40gx"), True),
        (committing(7, "WqeUV"), True),
        (BY_HAND, False),
        (None, True),
    ],
)
def test_less_is_committed_than_handled(
    committed: OffsetAndMetadata | None, *, short: bool
) -> None:
    assert falls_short(committed, 7, "E40gx") is short


def test_nothing_is_owed_where_nothing_was_handled() -> None:
    assert not falls_short(None, 0, "E40gx")

"""What the options of `icustomer dead-letters` mean, and what they cannot be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from icustomer.commands.dead_letters_filters import Filters, wanted
from icustomer.commands.usage import UsageError
from icustomer.contracts.rejection import Reason
from icustomer.core.times import SECOND, microseconds
from icustomer.stream.dead_letters_choice import Wanted

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def meant(prefix="customer", **said):
    return wanted(Filters(**said), prefix, NOW)


def test_nothing_said_means_all():
    assert meant() == Wanted()


def test_topics_are_named_short_or_in_full():
    assert meant(topics=["orders", "customer.signups"]).topics == {
        "customer.orders",
        "customer.signups",
    }
    assert meant("a.b", topics=["a.b.support"]).topics == {"a.b.support"}


def test_every_reason_may_be_meant():
    assert meant(reasons=list(Reason)).reasons == set(Reason)


@pytest.mark.parametrize(
    ("text", "seconds_ago"),
    [
        ("2h", 7_200),
        ("30m", 1_800),
        ("7d", 604_800),
        ("0", 0),
        ("2026-03-14T10:00:00Z", 7_200),
        ("2026-03-14T12:00:00+02:00", 7_200),
        (" 2026-03-14T11:59:59.5Z ", 0.5),
    ],
)
def test_a_time_is_told_as_such_or_as_an_age(text, seconds_ago):
    at = microseconds(NOW) - int(seconds_ago * SECOND)
    assert (meant(since=text).since, meant(until=text).until) == (at, at)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"reasons": ["bad"]}, "--reason must be one of empty, too_large"),
        ({"topics": ["profiles"]}, "--topic must be one of signups, orders"),
        ({"topics": ["other.orders"]}, "--topic must be one of signups"),
        ({"since": "yesterday"}, "--since must be a time with its offset"),
        ({"since": "2026-03-14T10:00:00"}, "--since must be a time with its offset"),
        ({"until": "2x"}, "--until must be a time with its offset"),
        ({"until": "9999999w"}, "--until must be a time with its offset"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(said, told):
    with pytest.raises(UsageError) as refused:
        meant(**said)
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)

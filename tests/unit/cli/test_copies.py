"""Where copies remain, in words, for what a broker may tell."""

from __future__ import annotations

from datetime import UTC, datetime

from icustomer.commands.copies import remaining_copies

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = 86_400_000


def line(told: dict[str, dict[str, str | None]], topic: str) -> str:
    return next(
        each for each in remaining_copies("shop", told, NOW) if each.startswith(f"- shop.{topic}:")
    )


def test_a_topic_kept_by_time_names_the_day_on_which_its_last_segment_goes():
    told = {"shop.orders": {"retention.ms": str(7 * DAY), "segment.ms": str(DAY)}}
    assert "until 2026-03-09T00:00+00:00 at the latest" in line(told, "orders")


def test_a_topic_that_is_kept_for_ever_says_so():
    told = {"shop.signups": {"retention.ms": "-1", "segment.ms": str(DAY)}}
    assert "for ever" in line(told, "signups")


def test_a_compacted_topic_counts_its_lag_and_the_roll_of_the_segment():
    told = {"shop.profiles": {"min.compaction.lag.ms": str(DAY), "segment.ms": str(7 * DAY)}}
    assert "until 2026-03-09T00:00+00:00" in line(told, "profiles")


def test_a_time_beyond_the_calendar_and_a_broker_that_tells_nothing_are_no_error():
    told = {"shop.support": {"retention.ms": str(2**63 - 1), "segment.ms": "0"}}
    assert "the end of time" in line(told, "support")
    assert "does not tell" in line({}, "dead-letters")
    assert "does not tell" in line({}, "identity-state")


def test_every_place_is_named():
    places = "\n".join(remaining_copies("shop", {}, NOW))
    for place in ("signups", "orders", "support", "commands", "dead-letters", "identity-state"):
        assert f"shop.{place}" in places
    assert "backups" in places
    assert "append-only" in places

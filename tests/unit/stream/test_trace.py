from __future__ import annotations

import pytest

from icustomer.stream.trace import passed_on

PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_parent_and_state_are_passed_on() -> None:
    headers = [("other", b"1"), ("traceparent", PARENT), ("tracestate", b"a=1")]
    assert passed_on(headers) == [("traceparent", PARENT), ("tracestate", b"a=1")]


def test_several_states_become_one() -> None:
    headers = [("tracestate", b"a=1"), ("Traceparent", PARENT), ("tracestate", b"b=2")]
    assert passed_on(headers) == [("traceparent", PARENT), ("tracestate", b"a=1,b=2")]


def test_a_later_version_may_say_more() -> None:
    parent = b"cc" + PARENT[2:] + b"-more"
    assert passed_on([("traceparent", parent)]) == [("traceparent", parent)]


@pytest.mark.parametrize(
    "parent",
    [
        None,
        b"",
        b"\xff\xfe",
        PARENT.upper(),
        PARENT + b"-more",
        b"ff" + PARENT[2:],
        PARENT.replace(b"4bf92f3577b34da6a3ce929d0e0e4736", b"0" * 32),
        PARENT.replace(b"00f067aa0ba902b7", b"0" * 16),
        PARENT[:-1],
    ],
)
def test_a_malformed_parent_passes_nothing_on(parent: bytes | None) -> None:
    assert passed_on([("traceparent", parent), ("tracestate", b"a=1")]) == []


def test_two_parents_pass_nothing_on() -> None:
    assert passed_on([("traceparent", PARENT), ("traceparent", PARENT)]) == []


@pytest.mark.parametrize("state", [b"x" * 513, b"a=\nb", b"\xff", None])
def test_an_unusable_state_is_left_behind(state: bytes | None) -> None:
    headers = [("traceparent", PARENT), ("tracestate", state)]
    assert passed_on(headers) == [("traceparent", PARENT)]

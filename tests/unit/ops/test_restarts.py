"""When a worker that died is started again."""

from __future__ import annotations

from icustomer.app import STOP_SECONDS
from icustomer.supervisor_restarts import DEFAULT, Restarts


def test_pauses_grow_and_end_with_giving_up():
    restarts = Restarts(DEFAULT)
    assert [restarts.after(0) for _ in range(DEFAULT.deaths)] == [1, 2, 4, 8, None]


def test_a_worker_that_ran_well_begins_anew():
    restarts = Restarts(DEFAULT)
    for _ in range(DEFAULT.deaths - 1):
        restarts.after(DEFAULT.healthy - 1)
    assert restarts.after(DEFAULT.healthy) == 1
    assert restarts.after(0) == 2


def test_workers_have_their_own_time_to_stop_before_they_are_killed():
    assert STOP_SECONDS < DEFAULT.stop < 30


def test_a_worker_has_longer_to_start_than_to_be_silent():
    assert DEFAULT.silence < DEFAULT.hang

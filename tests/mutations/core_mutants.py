"""Deliberate bugs in what is known of people. Every one was a plausible way to write that step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from icustomer.core import facets, growing, naming
from icustomer.core.observation import Observation
from icustomer.core.sharing import Marks

Mutant = Callable[[pytest.MonkeyPatch], None]


def applied_mark_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facets, "already_applied", lambda _facet, _observation: False)


def names_ignored_by_the_veto(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(growing, "compatible", lambda _one, _other: True)


def shared_identifier_not_undone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Marks, "update", lambda _self, _facets: {})


def last_writer_by_arrival(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facets, "beats", lambda new, old: new.value != old.value)


def order_counted_per_event(patch: pytest.MonkeyPatch) -> None:
    _count_orders_per(patch, lambda observation: observation.event_id)


def order_counted_per_partition(patch: pytest.MonkeyPatch) -> None:
    """An order counts once for each partition that it came from."""
    _count_orders_per(patch, lambda observation: observation.origin.partition)


def _count_orders_per(patch: pytest.MonkeyPatch, what: Callable[[Observation], str]) -> None:
    apply = facets.apply

    def one_each(facet: Any, observation: Observation, *told: Any) -> Any:
        if observation.order:
            number = f"{observation.order.number}/{what(observation)}"
            observation = replace(observation, order=replace(observation.order, number=number))
        return apply(facet, observation, *told)

    patch.setattr(facets, "apply", one_each)


def retired_id_reused(patch: pytest.MonkeyPatch) -> None:
    """Whoever needs a new ID gets one that is free."""
    mint = naming._Naming._mint

    def reuse(self: Any, clustered: Any) -> Any:
        free = [each for each in self._ids if each.retired]
        return replace(free[0], retired=None) if free else mint(self, clustered)

    patch.setattr(naming._Naming, "_mint", reuse)

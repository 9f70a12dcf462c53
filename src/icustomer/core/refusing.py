"""Which rule kept two customers apart although an identifier would have joined them.

The clustering keeps no reasons. It is traced anew when somebody was newly refused, which is
rare, so that the history says what an explanation says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from icustomer.core.explaining import Trace
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet, Group, Override
from icustomer.core.overriding import overrides_of
from icustomer.core.reasons import Why
from icustomer.core.rules import Rules

RULES: Mapping[Why, str] = {
    Why.NAMES: "veto",
    Why.LIMIT: "max_per_customer",
    Why.CANNOT_LINK: "cannot_link",
    Why.NAMELESS: "nameless",
}
"""As `Decision.rule` has it."""
UNTOLD = ""
"""What kept them apart is not known."""


class Clustering(Protocol):
    """What was clustered."""

    @property
    def facets(self) -> Mapping[bytes, Facet]: ...

    @property
    def shared(self) -> Collection[bytes]: ...

    @property
    def overrides(self) -> Sequence[Override]: ...

    @property
    def rules(self) -> Rules: ...

    @property
    def keyring(self) -> Keyring: ...

    def components(self) -> list[list[bytes]]:
        """Keys of the facets of each group to be."""
        ...


class Refusals:
    """The reasons of one clustering. Each group is traced when it is first asked for."""

    def __init__(self, clustering: Clustering) -> None:
        self._clustering = clustering
        self._traces: dict[bytes, Trace] = {}
        """By the key of each facet."""

    def rule(self, digest: bytes, one: bytes, other: bytes) -> str:
        """Why an identifier that the customers of two facets carry did not join them."""
        for refused in self._trace_of(one).between(one, other):
            if refused.digest == digest:
                return RULES[refused.why]
        return UNTOLD

    def _trace_of(self, key: bytes) -> Trace:
        if key not in self._traces:
            keys = next(each for each in self._clustering.components() if key in each)
            self._traces |= dict.fromkeys(keys, self._traced(keys))
        return self._traces[key]

    def _traced(self, keys: Sequence[bytes]) -> Trace:
        clustering = self._clustering
        group = Group(
            id=b"",
            version=0,
            facets=[clustering.facets[key] for key in sorted(keys)],
            overrides=overrides_of(clustering.overrides, keys),
            shared=list(clustering.shared),
        )
        return Trace(group, clustering.rules, clustering.keyring)

"""The streams that are measured: which customer the next event is about."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import accumulate
from random import Random

from msgspec import Struct

from benchmarks.people import Event, next_event

ZIPF_EXPONENT = 1.1
"""The customer of rank r has a share in proportion to r to the power of minus this."""


class Popularity(StrEnum):
    """How the events spread over the customers."""

    UNIFORM = "uniform"
    ZIPF = "zipf"


class Stream(Struct, frozen=True):
    """What to make; the same for the same values."""

    popularity: Popularity
    customers: int
    count: int
    """Events."""
    seed: int
    """Decides who is popular; the rest depends on the label too."""
    label: str
    """Keeps the IDs of two streams apart."""
    first: int = 0
    """Seconds since the beginning of the measured time: streams over the same customers begin
    where the last one ended."""


def events(stream: Stream) -> Iterator[Event]:
    """The events, a second apart."""
    customers = stream.customers
    ranked = list(range(customers))
    Random(stream.seed).shuffle(ranked)  # noqa: S311 - the same stream on every run
    random = Random(f"{stream.seed}/{stream.label}")  # noqa: S311 - likewise
    shares = accumulate(_share(stream.popularity, rank) for rank in range(1, customers + 1))
    chosen = random.choices(ranked, cum_weights=list(shares), k=stream.count)
    for number, customer in enumerate(chosen):
        yield next_event(random, customer, f"{stream.label}/{number}", stream.first + number)


def _share(popularity: Popularity, rank: int) -> float:
    return 1.0 if popularity is Popularity.UNIFORM else rank**-ZIPF_EXPONENT

"""The next format, made up: another dictionary, a field more, others moved and of another type,
and all that was written before."""

from __future__ import annotations

import json
from functools import partial
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct, field

from icustomer.core.model import Customer, Decision, Facet, Group, Override, Retired
from icustomer.errors import NewerStateError
from icustomer.store import codec
from icustomer.store.formats import Codec, Format
from unit.store.groups import GROUPS

GOLDEN = Path(__file__).parents[2] / "data" / "codec" / "blobs-v1.json"
FIRST_DICTIONARY = resources.files("icustomer.store").joinpath("data/group-v1.zdict").read_bytes()
NEXT_DICTIONARY = b"what groups of tomorrow are made of: example.org, signups/3, orders/7 " * 40


class Household(Struct, array_like=True):
    """What tomorrow's group holds besides."""

    name: str


class Tomorrow(Struct, array_like=True):
    """Tomorrow's group: `retired` before `customers`, `shared` a set, and `households` new."""

    id: bytes
    version: int
    evidence: list[Facet]
    retired: list[Retired] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    shared: frozenset[bytes] = frozenset()
    unshared: list[bytes] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    households: dict[str, Household] = field(default_factory=dict)


_today = msgspec.msgpack.Decoder(Group).decode


def converted(payload: bytes) -> Tomorrow:
    group = _today(payload)
    return Tomorrow(
        group.id,
        group.version,
        group.facets,
        group.retired,
        group.customers,
        group.overrides,
        frozenset(group.shared),
        group.unshared,
        group.decisions,
    )


FIRST = Format(1, lambda: FIRST_DICTIONARY, converted)
NEXT = Format(2, lambda: NEXT_DICTIONARY, msgspec.msgpack.Decoder(Tomorrow).decode)
CODEC = Codec([FIRST, NEXT])
GOLDEN_BLOBS = {name: bytes.fromhex(blob) for name, blob in json.loads(GOLDEN.read_text()).items()}


@pytest.mark.parametrize("name", GOLDEN_BLOBS)
def test_the_next_release_reads_what_this_one_wrote(name: str) -> None:
    group, read = GROUPS[name], CODEC.decode(GOLDEN_BLOBS[name])
    assert (read.evidence, read.customers) == (group.facets, group.customers)
    assert (read.shared, read.decisions) == (frozenset(group.shared), group.decisions)
    assert read.households == {}


@pytest.mark.parametrize("name", GOLDEN_BLOBS)
def test_what_it_read_it_writes_in_its_own_format(name: str) -> None:
    changed = CODEC.decode(GOLDEN_BLOBS[name])
    changed.households = {"h": Household("Gartenweg 60")}
    blob = CODEC.encode(changed)
    assert blob[: codec.VERSION_DIGITS] == GOLDEN_BLOBS[name][: codec.VERSION_DIGITS]
    assert blob[codec.VERSION_DIGITS] == 2
    assert CODEC.decode(blob) == changed


def test_each_format_has_its_own_dictionary() -> None:
    group = CODEC.decode(GOLDEN_BLOBS["full"])
    blob = CODEC.encode(group)
    assert blob[17:18] == codec.ZSTD
    mislabelled = blob[:16] + b"\x01" + blob[17:]
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the wrong dictionary makes of it
        CODEC.decode(mislabelled)


@pytest.mark.parametrize("read", [codec.decode, codec.payload_of, partial(codec.group_of, b"")])
def test_this_release_leaves_what_the_next_one_wrote_alone(read) -> None:
    blob = CODEC.encode(CODEC.decode(GOLDEN_BLOBS["full"]))
    with pytest.raises(NewerStateError, match=r"format 2.*reads up to 1.*newer"):
        read(blob)


def test_a_format_that_was_never_written_is_no_newer_one() -> None:
    blob = GOLDEN_BLOBS["tiny"]
    with pytest.raises(ValueError, match="format 0"):
        CODEC.decode(blob[:16] + b"\x00" + blob[17:])


@pytest.mark.parametrize("blob", [GOLDEN_BLOBS["full"][:40], b"", GOLDEN_BLOBS["bare"]])
def test_a_damaged_group_is_told_by_its_id_and_how_to_mend_it(blob: bytes) -> None:
    with pytest.raises(codec.DamagedGroupError, match=r"^group 00ff.*verify --repair"):
        codec.group_of(GROUPS["full"].id, blob)

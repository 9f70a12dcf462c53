"""Links and aliases in buckets: bucket and field together tell exactly whose place it is."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from icustomer.core.keys import format_customer_id
from icustomer.store.keys import (
    ALIAS_BUCKET_BITS,
    ALIAS_FIELD_BYTES,
    CUSTOMER_ID_LENGTH,
    LINK_BUCKET_BITS,
    SpaceKeys,
)

KEYS = SpaceKeys("s")
SEED = 20_260_301
MANY = 20_000


def link_places(digests: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(KEYS.links(digests), (digest[1:] for digest in digests), strict=True)


def alias_places(customer_ids: list[str]) -> Iterator[tuple[bytes, bytes]]:
    buckets, packed = KEYS.aliases(customer_ids)
    size = ALIAS_FIELD_BYTES
    fields = [packed[start : start + size] for start in range(0, len(packed), size)]
    return zip(buckets, fields, strict=True)


def test_the_digest_can_be_told_from_bucket_and_field() -> None:
    random = Random(SEED)
    digests = [random.randbytes(16) for _ in range(MANY)]
    for digest, (bucket, field) in zip(digests, link_places(digests), strict=True):
        assert bucket[:-2] == b"{s}:links:", f"seed {SEED}"
        assert bucket[-2:-1] + field == digest, f"seed {SEED}"


def test_all_link_buckets_are_used() -> None:
    buckets = set(KEYS.links(number.to_bytes(2, "big") + bytes(14) for number in range(1 << 16)))
    assert len(buckets) == 1 << LINK_BUCKET_BITS


def test_the_number_of_a_customer_id_can_be_told_from_bucket_and_field() -> None:
    random = Random(SEED)
    numbers = [random.getrandbits(80) for _ in range(MANY)]
    ids = [format_customer_id(number.to_bytes(10, "big")) for number in numbers]
    for number, (bucket, field) in zip(numbers, alias_places(ids), strict=True):
        assert bucket[:-2] == b"{s}:aliases:", f"seed {SEED}"
        whole = int.from_bytes(field, "big") << ALIAS_BUCKET_BITS | int.from_bytes(
            bucket[-2:], "big"
        )
        check_bits = 5
        assert whole >> check_bits == number, f"seed {SEED}"


def test_all_alias_buckets_are_used_and_no_others() -> None:
    ids = [format_customer_id(number.to_bytes(10, "big")) for number in range(MANY * 2)]
    assert len(set(KEYS.aliases(ids)[0])) == 1 << ALIAS_BUCKET_BITS


def test_a_wrong_check_character_is_another_place() -> None:
    right = format_customer_id(bytes(10))
    wrong = [right[:-1] + character for character in "123456789"]
    assert len(set(alias_places([right, *wrong]))) == 1 + len(wrong)


@pytest.mark.parametrize(
    "text", ["", "ic_a", "ic_7k3m-9qx2-4htb-w6pz-s", "ic_7K3M-9QX2-4HTB-W6PZ-U", "x" * 24]
)
def test_what_is_no_customer_id_has_no_place(text: str) -> None:
    assert len(format_customer_id(bytes(10))) == CUSTOMER_ID_LENGTH
    with pytest.raises(ValueError, match=r"customer ID|invalid literal"):
        KEYS.aliases([text])

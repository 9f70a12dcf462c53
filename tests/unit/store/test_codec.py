"""Blobs: the same today as the day they were written."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from icustomer.core.model import Group
from icustomer.errors import NewerStateError
from icustomer.store.codec import (
    CODEC_VERSION,
    HEAD_BYTES,
    RAW,
    ZSTD,
    decode,
    encode,
    payload_of,
    version_of,
)
from unit.store.groups import ALL_GROUPS, GROUPS

GOLDEN = Path(__file__).parents[2] / "data" / "codec" / "blobs-v1.json"
"""Name of a group in `groups.py` -> its blob in hexadecimal, as version 1 wrote it."""
GRAVES = GOLDEN.with_name("blobs-v1-graves.json")
"""Likewise of all groups, as they are written since groups may hold graves."""
DICTIONARY_SHA256 = "ef4e2a5b190f9751aff9d137f90194dbb3d427ff61b97d9aac02cb77586b3b3b"


def golden(file: Path = GOLDEN) -> dict[str, bytes]:
    return {name: bytes.fromhex(blob) for name, blob in json.loads(file.read_text()).items()}


def test_every_group_of_the_samples_has_a_golden_blob() -> None:
    assert golden().keys() == GROUPS.keys()
    assert golden(GRAVES).keys() == ALL_GROUPS.keys()


@pytest.mark.parametrize("name", GROUPS)
def test_a_golden_blob_decodes_to_what_was_encoded(name: str) -> None:
    assert decode(golden()[name]) == GROUPS[name]


@pytest.mark.parametrize("name", ALL_GROUPS)
def test_a_golden_blob_with_graves_decodes_to_what_was_encoded(name: str) -> None:
    assert decode(golden(GRAVES)[name]) == ALL_GROUPS[name]


@pytest.mark.parametrize("name", ALL_GROUPS)
def test_a_golden_blob_encodes_to_the_same_bytes_again(name: str) -> None:
    """But for what zstd makes of them: another release of it may pack the same bytes tighter."""
    blob = golden(GRAVES)[name]
    again = encode(decode(blob))
    assert again[:HEAD_BYTES] == blob[:HEAD_BYTES]
    assert payload_of(again) == payload_of(blob)


def test_the_samples_use_every_field_and_both_packings() -> None:
    assert {blob[HEAD_BYTES - 1 : HEAD_BYTES] for blob in golden().values()} == {RAW, ZSTD}
    assert unused(ALL_GROUPS.values()) == set()


def unused(groups: object) -> set[str]:
    """Fields of structs that no sample gives a value other than the default."""
    seen: dict[str, bool] = {}

    def walk(value: object) -> None:
        if isinstance(value, msgspec.Struct):
            for info in msgspec.structs.fields(value):
                part = getattr(value, info.name)
                name = f"{type(value).__name__}.{info.name}"
                seen[name] = seen.get(name, False) or bool(part)
                walk(part)
        elif isinstance(value, dict):
            walk(list(value.values()))
        elif isinstance(value, list | tuple):
            for part in value:
                walk(part)

    walk(list(groups))
    return {name for name, used in seen.items() if not used}


def test_the_dictionary_is_the_one_that_state_was_written_with() -> None:
    data = resources.files("icustomer.store").joinpath("data/group-v1.zdict").read_bytes()
    assert sha256(data).hexdigest() == DICTIONARY_SHA256


@pytest.mark.parametrize("name", ALL_GROUPS)
def test_encoding_twice_gives_the_same_bytes(name: str) -> None:
    assert encode(ALL_GROUPS[name]) == encode(decode(encode(ALL_GROUPS[name])))


def test_the_version_is_read_without_decoding() -> None:
    blob = encode(Group(b"g" * 16, (8_191 << 40) | 5, []))
    assert blob.startswith(b"001fff0000000005")
    assert version_of(blob) == (8_191 << 40) | 5
    assert version_of(blob[:16]) == decode(blob).version


def test_versions_compare_as_text_as_they_do_as_numbers() -> None:
    versions = [0, 9, 10, 255, 1 << 40, (1 << 40) + 1, 9 << 40, 10 << 40]
    blobs = [encode(Group(b"g" * 16, version, [])) for version in versions]
    assert sorted(blobs) == blobs


def test_state_of_a_newer_icustomer_stops_with_one_clear_line() -> None:
    blob = bytearray(encode(Group(b"g" * 16, 1, [])))
    blob[16] = CODEC_VERSION + 1
    with pytest.raises(NewerStateError, match=r"format 2.*reads up to 1.*newer"):
        decode(bytes(blob))


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"0" * 16,
        b"0" * 16 + b"\x00-" + b"\x90",
        b"0" * 16 + b"\x01?" + b"\x90",
        b"0" * 16 + b"\x01z" + b"no frame",
        b"0" * 16 + b"\x01-" + b"\xc1",
    ],
)
def test_what_is_no_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has a text of its own
        decode(blob)


def test_fields_that_a_newer_model_appended_are_passed_over() -> None:
    values = msgspec.msgpack.decode(payload_of(encode(GROUPS["tiny"])))
    blob = encode(GROUPS["tiny"])[:17] + RAW + msgspec.msgpack.encode([*values, "new field"])
    assert decode(blob) == GROUPS["tiny"]

from __future__ import annotations

import pytest

from icustomer.errors import NewerStateError
from icustomer.store.port import Claim
from icustomer.stream.changelog import decode_claim, decode_group, encode_claim


def test_a_claim_reads_as_written() -> None:
    claim = Claim(7, "nonce")
    assert decode_claim(encode_claim(claim)) == claim


@pytest.mark.parametrize("value", [b"", b"[]", b'{"number": "x", "nonce": ""}', b"\xff"])
def test_a_claim_in_another_form_stops_the_worker(value: bytes) -> None:
    with pytest.raises(NewerStateError):
        decode_claim(value)


@pytest.mark.parametrize(
    "headers", [[], [("icustomer-version", None)], [("icustomer-version", b"x")]]
)
def test_a_group_without_a_version_stops_the_worker(headers) -> None:
    with pytest.raises(NewerStateError, match="6767"):
        decode_group(b"gg", b"blob", headers)

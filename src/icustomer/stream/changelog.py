"""The records of the changelog: groups with their versions, and claims."""

from __future__ import annotations

import json

from icustomer.errors import NewerStateError
from icustomer.store.port import Claim
from icustomer.stream.port import ChangelogRecord, Headers
from icustomer.stream.records import VERSION_HEADER

CLAIM_KEY = b"claim"
"""No group ID: those have 16 bytes."""


def encode_claim(claim: Claim) -> bytes:
    """The value of a claim's record, JSON."""
    return json.dumps({"number": claim.number, "nonce": claim.nonce}).encode()


def decode_claim(value: bytes) -> Claim:
    """Raises `NewerStateError` for a claim in a form that this version does not know."""
    try:
        fields = json.loads(value)
        return Claim(number=int(fields["number"]), nonce=str(fields["nonce"]))
    except (ValueError, KeyError, TypeError) as error:
        raise NewerStateError("The changelog holds a claim in an unknown form") from error


def decode_group(group_id: bytes, blob: bytes | None, headers: Headers) -> ChangelogRecord:
    """Raises `NewerStateError` for a record without the version in its headers."""
    for name, text in headers:
        if name == VERSION_HEADER and text is not None and text.isdigit():
            return ChangelogRecord(group_id, int(text), blob)
    raise NewerStateError(
        f"The changelog holds a record without {VERSION_HEADER} (key {group_id.hex()})"
    )

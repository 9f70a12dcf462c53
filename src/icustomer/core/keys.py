"""Keyed digests and customer IDs: nobody without the space's secret can guess one.

Digests are keyed BLAKE2b-128 (RFC 7693) of MessagePack, one personalisation for each use.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from icustomer.core.model import Identifier, NormalName

DIGEST_BYTES = 16
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U. https://www.crockford.com/base32.html"""
BODY_LENGTH = 16
"""Characters of an ID without prefix and check character: 16 x 5 = 80 bits."""
PREFIX = "ic_"
IDENTIFIER_CACHE = 65_536
"""Identifiers whose digest is remembered: hot customers come again and again."""

_encode = msgspec.msgpack.Encoder().encode
_VALUES = {char: value for value, char in enumerate(ALPHABET)}
_LENIENT = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "_": None})


class Keyring:
    """All that is derived from the space's secret key (32 bytes or more)."""

    def __init__(self, secret: bytes) -> None:
        self._key = blake2b(secret, digest_size=32, person=b"icustomer.key").digest()
        self._begun: dict[tuple[bytes, int], blake2b] = {}
        """Hashers that have taken in key and personalisation: half of the work."""
        self.identifier = lru_cache(IDENTIFIER_CACHE)(self._identifier)
        """(kind, canonical value) -> 16 bytes: the digest that names a link."""
        self.derived = lru_cache(IDENTIFIER_CACHE)(self._derived)
        """(composite kind, values of its parts) -> 16 bytes, like the digest of an identifier.
        No identifier that an event states has the same one, whatever its kind and value."""

    def _digest(self, person: bytes, content: Any, size: int = DIGEST_BYTES) -> bytes:
        """Digest of texts and numbers, nested as they are: MessagePack tells where each ends."""
        begun = self._begun.get((person, size))
        if begun is None:
            begun = blake2b(digest_size=size, key=self._key, person=person)
            self._begun[person, size] = begun
        hasher = begun.copy()
        hasher.update(_encode(content))
        return hasher.digest()

    def _identifier(self, kind: str, value: str) -> bytes:
        return self._digest(b"identifier", (kind, value))

    def _derived(self, kind: str, values: tuple[str, ...]) -> bytes:
        return self._digest(b"derived", (kind, values))

    def facet(
        self,
        identifiers: tuple[Identifier, ...],
        name: NormalName,
        birth_date: str | None,
        erased_at: int = 0,
    ) -> bytes:
        """Key of a facet, 16 bytes: the claim of who somebody is, and nothing else."""
        claims = [(identifier.kind, identifier.value) for identifier in identifiers]
        return self._digest(b"facet", (claims, name, birth_date, erased_at))

    def customer_id(self, facet: bytes, source: str, event_id: str, minted: int) -> str:
        """A new ID: the same for the same founding evidence, so that a replay mints it again."""
        digest = self._digest(b"customer", (facet.hex(), source, event_id, minted), 10)
        return format_customer_id(digest)

    def change_id(self, *parts: str) -> str:
        """ID of an identity change: the same on a repeat."""
        return self._digest(b"change", parts).hex()

    def fingerprint(self) -> str:
        """Tells one secret from another without telling the secret."""
        return self._digest(b"fingerprint", (), 8).hex()


def format_customer_id(digest: bytes) -> str:
    """80 bits as `ic_XXXX-XXXX-XXXX-XXXX-C`."""
    number = int.from_bytes(digest[:10], "big")
    body = "".join(ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
    groups = "-".join(body[start : start + 4] for start in range(0, BODY_LENGTH, 4))
    return f"{PREFIX}{groups}-{check_character(body)}"


def check_character(body: str) -> str:
    """Luhn modulo 32 (ISO/IEC 7812-1, annex B, carried from base 10 to base 32).

    From the right every other value is doubled and its base-32 digits are added up.
    """
    total = 0
    for position, char in enumerate(reversed(body)):
        value = _VALUES[char] * (2 if position % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def parse_customer_id(text: str) -> str | None:
    """The published form of an ID that a person typed, or None if it is none.

    Lenient: case, blanks and hyphens do not matter, O reads as 0, I and L as 1, and the
    prefix may be missing. The check character must be right.
    """
    compact = text.strip().upper()
    for prefix in ("IC_", "IC-", "IC "):
        compact = compact.removeprefix(prefix)
    compact = compact.translate(_LENIENT)
    if len(compact) == BODY_LENGTH + 3 and compact.startswith("1C"):
        compact = compact[2:]
    body, check = compact[:-1], compact[-1:]
    if len(body) != BODY_LENGTH or any(char not in _VALUES for char in compact):
        return None
    if check_character(body) != check:
        return None
    groups = "-".join(body[start : start + 4] for start in range(0, BODY_LENGTH, 4))
    return f"{PREFIX}{groups}-{check}"

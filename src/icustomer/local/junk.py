"""Messages that no worker can use: each kind of broken record that real senders produce."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

Body = dict[str, Any]


def spoil(random: Random, body: Body) -> bytes:
    """The event as a broken sender would write it, broken in one of many ways."""
    return random.choice(_WAYS)(body)


def _empty(_: Body) -> bytes:
    return b""


def _cut_short(body: Body) -> bytes:
    encoded = msgspec.json.encode(body)
    return encoded[: len(encoded) // 2]


def _bad_utf8(body: Body) -> bytes:
    return msgspec.json.encode(body | {"source": "caf#"}).replace(b"caf#", b"caf\xe9")


def _not_a_number(body: Body) -> bytes:
    return msgspec.json.encode(body)[:-1] + b',"weight":NaN}'


def _list_of_one(body: Body) -> bytes:
    return msgspec.json.encode([body])


def _wrong_type(body: Body) -> bytes:
    return msgspec.json.encode(body | {"email": 42})


def _unknown_status(body: Body) -> bytes:
    # A signup has no status: there the field would be ignored, and the message be sound.
    return msgspec.json.encode(body | {"status": "misplaced"}) if "status" in body else b"{}"


def _without_event_id(body: Body) -> bytes:
    return msgspec.json.encode({name: value for name, value in body.items() if name != "event_id"})


def _no_usable_identifier(body: Body) -> bytes:
    unusable = body | {"email": "unknown", "phone": "n/a"}
    unusable.pop("account", None)
    return msgspec.json.encode(unusable)


_WAYS: tuple[Callable[[Body], bytes], ...] = (
    _empty,
    _cut_short,
    _bad_utf8,
    _not_a_number,
    _list_of_one,
    _wrong_type,
    _unknown_status,
    _without_event_id,
    _no_usable_identifier,
    _no_usable_identifier,
)
"""An unusable contact is the most frequent in life, so it stands here twice."""

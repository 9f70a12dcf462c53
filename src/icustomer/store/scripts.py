"""The Lua scripts: each one a named file beside this one, put after the heads that it needs."""

from __future__ import annotations

from hashlib import sha1
from importlib import resources

from msgspec import Struct

HEADS = {
    "abandon_rebuild": ("prologue",),
    "abandoned": ("prologue", "outbox", "slots"),
    "awaited": ("prologue", "groups", "outbox"),
    "backlog": ("prologue",),
    "begin_rebuild": ("prologue",),
    "commit": ("prologue", "groups", "guests", "outbox", "places", "writes"),
    "detach": ("prologue", "places", "writes"),
    "find_keys": ("prologue",),
    "finish_rebuild": ("prologue", "checkpoint"),
    "lapsed": ("prologue", "slots"),
    "lease_slot": ("prologue", "slots"),
    "load": ("prologue", "places"),
    "note": ("prologue",),
    "prepare": ("prologue", "groups", "outbox", "places"),
    "raise_clock": ("prologue",),
    "raise_checkpoint": ("prologue", "checkpoint"),
    "read_fence": ("prologue",),
    "release": ("prologue", "slots"),
    "renew": ("prologue", "slots"),
    "restore": ("prologue", "groups", "guests", "outbox", "places", "writes"),
    "settle": ("prologue", "groups", "outbox", "places"),
    "stage": ("prologue", "groups"),
    "standing": ("prologue",),
    "take": ("prologue", "outbox"),
    "wipe": ("prologue",),
}
"""Script -> the files that go before it."""


class Script(Struct, frozen=True):
    """A script as the server knows it."""

    text: bytes
    digest: bytes
    """SHA-1 in hexadecimal: the name that EVALSHA asks for."""


def load_scripts() -> dict[str, Script]:
    """All scripts by name."""
    return {name: _script(*heads, name) for name, heads in HEADS.items()}


def _script(*files: str) -> Script:
    folder = resources.files("icustomer.store")
    text = b"\n".join(folder.joinpath(f"{file}.lua").read_bytes() for file in files)
    # SHA-1 is Redis' choice of a name and guards nothing here.
    return Script(text, sha1(text, usedforsecurity=False).hexdigest().encode())

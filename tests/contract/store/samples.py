"""Writes in few words: `digest("a")`, `group_id("g")`, `blob(3)`, `write(...)`."""

from __future__ import annotations

from typing import Any

from icustomer.core.keys import format_customer_id
from icustomer.store.codec import version_text
from icustomer.store.port import Entry, Loaded, Store, Write


def key(text: str) -> bytes:
    """16 bytes: a digest or a group ID. A zero byte is in each, as raw digests have them."""
    return text.encode().ljust(16, b"\0")


def ic(text: str) -> str:
    """The ID of a customer."""
    return format_customer_id(text.encode().ljust(10, b"\0"))


def blob(version: int, content: bytes = b"content \x00\xff") -> bytes:
    return version_text(version) + content


def write(version: int = 1, **parts: Any) -> Write:
    """A write that does nothing but what is told; its entry names its groups and aliases."""
    write = Write(
        read_groups=parts.pop("read_groups", {}),
        read_links=parts.pop("read_links", {}),
        groups=parts.pop("groups", {}),
        deleted=parts.pop("deleted", []),
        links=parts.pop("links", {}),
        index_added=parts.pop("index_added", []),
        index_removed=parts.pop("index_removed", []),
        aliases=parts.pop("aliases", {}),
        version=version,
        entry_groups=parts.pop("entry_groups", None) or [],
        entry_ids=parts.pop("entry_ids", None) or [],
        unmarked=parts.pop("unmarked", []),
        waiting=parts.pop("waiting", {}),
        read_indexes=parts.pop("read_indexes", {}),
    )
    assert not parts
    if not write.entry_groups and not write.entry_ids:
        write.entry_groups = [*write.groups, *write.deleted]
        write.entry_ids = list(write.aliases)
    return write


def founding(name: str, version: int = 1, **parts: Any) -> Write:
    """A new group `name` with a link of the same digest and a customer `ic_<name>`."""
    group, digest = key(name), key(f"d-{name}")
    return write(
        version,
        read_groups={group: 0},
        read_links={digest: None},
        groups={group: blob(version)},
        links={digest: group},
        aliases={ic(name): group},
        **parts,
    )


def growing(name: str, version: int, **parts: Any) -> Write:
    """Version `version` of a group whose version before was one less."""
    return write(
        version,
        read_groups={key(name): version - 1},
        groups={key(name): blob(version)},
        aliases={ic(name): key(name)},
        **parts,
    )


async def load_all(store: Store, *names: str) -> Loaded:
    return await store.load([key(f"d-{name}") for name in names], [ic(name) for name in names])


def named(entries: list[Entry]) -> set[tuple[str, frozenset[bytes], frozenset[str]]]:
    """Nonce, groups and customer IDs of each entry."""
    return {(e.nonce, frozenset(e.groups), frozenset(e.customer_ids)) for e in entries}

"""The transactional IDs of a space: one a slot, shared by all who may ever publish for it."""

from __future__ import annotations

MAX_SLOTS = 64
"""As many workers as a space can have. All are initialised in a rebuild (0.2 s)."""


def transactional_id(space: str, slot: int) -> str:
    """The transactional ID of a slot. Raises `ValueError` for a slot that does not exist."""
    if not 0 <= slot < MAX_SLOTS:
        raise ValueError(f"slot {slot} is not within 0 to {MAX_SLOTS - 1}")
    return f"icustomer.{space}.{slot}"

"""The text of the fence: which server, which history and which rebuild it names.

`ok:<server identity>:<epoch>:<claim nonce>` or `pending:<server identity>:<nonce>`. The
identity holds no colon, nonces may.
"""

from __future__ import annotations

from icustomer.store.port import Claim, Fence


def ok_fence(identity: str, claim: Claim) -> Fence:
    """The fence that a finished rebuild leaves behind."""
    return Fence(f"ok:{identity}:{claim.number}:{claim.nonce}".encode(), claim)


def pending_fence(identity: str, nonce: str) -> bytes:
    """The fence while a rebuild runs."""
    return f"pending:{identity}:{nonce}".encode()


def parse_fence(raw: bytes | None) -> Fence | None:
    """The fence in `raw`, or None if it is absent, pending or no fence at all."""
    if raw is None or not raw.startswith(b"ok:"):
        return None
    _, _, number, nonce = raw.decode().split(":", 3)
    return Fence(raw, Claim(int(number), nonce))

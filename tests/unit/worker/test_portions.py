"""What others left behind is taken over a portion at a time: batches can come in between."""

from __future__ import annotations

import pytest

from icustomer import outbox
from icustomer.store.entries import entry_content, make_entry
from unit.worker.workshop import Workshop

LEFT = 25
PORTION = 10


async def test_all_is_taken_over_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SWEPT_AT_ONCE", PORTION)
    shop = Workshop()
    await shop.worker.start()
    for number in range(LEFT):
        content = entry_content({bytes([number]) * 16: 1}, [])
        shop.space.enter(make_entry(content, "gone", slot=9), since=0)
    assert [await shop.worker.tend() for _ in range(3)] == [True, True, False]
    assert not shop.space.outbox

"""A process whose event loop hangs ends by itself, and one that was suspended does not."""

from __future__ import annotations

import asyncio
import threading

from icustomer.ops.loop_watchdog import Limit, LoopWatchdog

PATIENCE_SECONDS = 10.0
QUICK = Limit(ticks=5, tick_seconds=0.01)


class Process:
    """Stands in for the process, which a test cannot end."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.ended = threading.Event()
        self.exit_code = 0

    def end(self, exit_code: int) -> None:
        self.exit_code = exit_code
        self.ended.set()


async def test_a_loop_that_hangs_ends_the_process_and_says_so() -> None:
    process = Process()
    dog = LoopWatchdog(process.told.set, 1, QUICK, process.end)
    with dog.watching(asyncio.get_running_loop()):
        assert process.ended.wait(PATIENCE_SECONDS)  # blocks the loop, as a fault would
    assert process.told.is_set()
    assert process.exit_code == 1


async def test_a_log_that_hangs_too_does_not_keep_the_process() -> None:
    process, never = Process(), threading.Event()
    dog = LoopWatchdog(lambda: never.wait(PATIENCE_SECONDS), 1, QUICK, process.end)
    with dog.watching(asyncio.get_running_loop()):
        assert process.ended.wait(PATIENCE_SECONDS)
    never.set()


async def test_a_loop_that_works_is_left_alone() -> None:
    process = Process()
    dog = LoopWatchdog(process.told.set, 1, QUICK, process.end)
    with dog.watching(asyncio.get_running_loop()):
        for _ in range(20):
            await asyncio.sleep(0.01)
    assert not process.ended.is_set()


async def test_after_the_block_nobody_watches() -> None:
    process = Process()
    dog = LoopWatchdog(process.told.set, 1, QUICK, process.end)
    with dog.watching(asyncio.get_running_loop()):
        pass
    assert not process.ended.wait(20 * QUICK.tick_seconds)

"""`icustomer dead-letters redrive` that stands still at a moment, to be killed or let go on.

Arguments: letters in a portion, the number of the portion, `before` or `after` its commit. Says
STOPPED on standard output at that moment, and goes on at a line on standard input.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partialmethod
from itertools import count
from typing import Any

from aiokafka import AIOKafkaProducer

from icustomer import cli
from icustomer.stream.dead_letters_redrive import Redrive

STOPPED = "stopped"


def main() -> None:
    size, portion, moment = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    Redrive.run = partialmethod(Redrive.run, size=size)  # type: ignore[method-assign]
    commit, portions = AIOKafkaProducer.commit_transaction, count(1)

    async def stopping(producer: AIOKafkaProducer) -> None:
        chosen = next(portions) == portion
        if chosen and moment == "before":
            await stand_still()
        await commit(producer)
        if chosen and moment == "after":
            await stand_still()

    AIOKafkaProducer.commit_transaction = stopping
    sys.argv = ["icustomer", "dead-letters", "redrive", "--json"]
    cli.main()


async def stand_still() -> Any:
    print(STOPPED, flush=True)  # noqa: T201 - the test waits for it
    return await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    main()

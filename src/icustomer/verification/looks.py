"""What differs is looked at again after a moment: beside running workers only what persists is
a problem."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

from icustomer.verification.problem import Concern, Problem

LOOKS = 4
"""After the first. A change takes a worker well below a second, and a hot customer looks
different each time, so that no two of these see the same of it."""

Look = Callable[[Collection[Concern]], Awaitable[list[Problem]]]
Pause = Callable[[float], Awaitable[None]]


async def persisting(
    suspicions: Collection[Problem], look: Look, seconds: float, pause: Pause
) -> list[Problem]:
    """Those that every later look sees in the same words.

    `seconds`: from the first look to the last. The first one saw Redis and Kafka at times far
    apart, so its words are worth nothing: only where it looked counts.
    """
    problems: Sequence[Problem] = list(suspicions)
    for number in range(LOOKS):
        if not problems:
            break
        await pause(seconds / LOOKS)
        seen = await look({problem.concern for problem in problems})
        if number:
            former = set(problems)
            seen = [each for each in seen if each in former]
        problems = seen
    return list(problems)

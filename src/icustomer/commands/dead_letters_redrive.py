"""`icustomer dead-letters redrive`: send refused records again, to where they came from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from enum import StrEnum

from icustomer.commands.dead_letters_filters import Filters, utc_now, wanted
from icustomer.commands.dead_letters_output import counts_table
from icustomer.commands.output import people_console, print_json, table, tell
from icustomer.errors import FencedError, OperatorError, UnavailableError
from icustomer.kafka_access import connection
from icustomer.settings import Settings
from icustomer.stream.connection import Connection
from icustomer.stream.dead_letters import Letter, Redriven
from icustomer.stream.dead_letters_choice import Choice, Left, Terms, Wanted
from icustomer.stream.dead_letters_reader import open_letters
from icustomer.stream.dead_letters_redrive import Redrive, Send, Tally, open_redriver
from icustomer.stream.dead_letters_topics import surroundings

LEFT_TOLD = 10
"""Letters that stay and are told one by one; of the others only how many there are."""

REMEDIES = {
    Left.ATTEMPTS: "redriven as often as --max-attempts allows",
    Left.TRUNCATED: "cut when it became a dead letter: its sender must send it again",
    Left.TOO_LARGE: "larger than its topic takes: raise max.message.bytes of the topic",
    Left.NO_TOPIC: "its topic or partition does not exist (any more)",
}


class Mode(StrEnum):
    """What is done with the letters that can go back."""

    SEND = "send"
    DRY_RUN = "dry run"
    """They are counted; nothing is written, and a redrive under way is not disturbed."""


class Order(Filters, frozen=True):
    """What is to be redriven, as the options say it."""

    limit: int | None = None
    max_attempts: int = 3
    mode: Mode = Mode.SEND


async def redrive(settings: Settings, order: Order, *, as_json: bool) -> bool:
    """Send the letters that the order means and tell what became of them. False if letters had
    to stay because their topic is gone."""
    selected = wanted(order, settings.topic_prefix, utc_now())
    tally = Tally(_tell_left())
    try:
        await _redrive(settings, selected, order, tally)
    except FencedError as error:
        raise OperatorError(
            f"another redrive of {settings.topic_prefix} took over, or this one stood still for "
            f"too long; {_so_far(tally)} ({error})"
        ) from error
    except UnavailableError as error:
        raise UnavailableError(f"{error}; {_so_far(tally)}") from error
    (_print_json if as_json else _print_page)(tally, order.mode)
    return not tally.left[Left.NO_TOPIC]


def _so_far(tally: Tally) -> str:
    return (
        f"{tally.redriven.total():,} letters were redriven before and are marked: run it again "
        "for the rest"
    )


async def _redrive(settings: Settings, selected: Wanted, order: Order, tally: Tally) -> None:
    access, prefix = connection(settings), settings.topic_prefix
    around = await surroundings(access, prefix)
    # First the sender: what a former redrive did is settled then, and its marks can be read.
    async with (
        _sender(access, settings, order.mode) as send,
        open_letters(access, around.letters) as reader,
    ):
        choice = Choice(selected, await reader.marks())
        run = Redrive(choice, Terms(order.max_attempts, around.inputs), tally, order.limit)
        async with aclosing(reader.letters()) as letters:
            await run.run(letters, send)


def _sender(
    access: Connection, settings: Settings, mode: Mode
) -> AbstractAsyncContextManager[Send]:
    return _nobody() if mode is Mode.DRY_RUN else _redriver(access, settings)


@asynccontextmanager
async def _nobody() -> AsyncIterator[Send]:
    async def let_be(portion: Sequence[Redriven]) -> None:
        """A dry run."""

    yield let_be


@asynccontextmanager
async def _redriver(access: Connection, settings: Settings) -> AsyncIterator[Send]:
    async with open_redriver(access, settings.space, settings.topic_prefix) as redriver:
        yield redriver.send


def _tell_left() -> Callable[[Letter, Left], None]:
    told = 0

    def on_left(letter: Letter, why: Left) -> None:
        nonlocal told
        told += 1
        if told <= LEFT_TOLD:
            topic, partition, offset = letter.place
            tell(f"left: {topic}, partition {partition}, offset {offset}: {REMEDIES[why]}")

    return on_left


def _print_json(tally: Tally, mode: Mode) -> None:
    print_json(
        {
            "redriven": tally.redriven.total(),
            "left": {why.value: tally.left[why] for why in Left},
            "dry_run": mode is Mode.DRY_RUN,
        }
    )


def _print_page(tally: Tally, mode: Mode) -> None:
    console = people_console()
    word = "would be redriven" if mode is Mode.DRY_RUN else "redriven"
    console.print(f"{tally.redriven.total():,} letters {word}")
    if tally.redriven:
        console.print(counts_table(tally.redriven))
    if tally.left:
        rows = table("left", "letters", "because")
        for why, number in tally.left.most_common():
            rows.add_row(why.value, f"{number:,}", REMEDIES[why])
        console.print()
        console.print(rows)

"""`icustomer merge` and `split`: a person's word, sent as a command and followed to its end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from icustomer.commands.clients import kafka_producer, new_dead_letters, redis_store
from icustomer.commands.event_files import record_key
from icustomer.commands.finding import (
    Found,
    facets_of,
    find_by_facets,
    find_by_ids,
    parse_id,
)
from icustomer.commands.output import people_console, print_json, tell
from icustomer.commands.usage import UsageError
from icustomer.contracts.decode import decode
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.rules_loading import load_rules
from icustomer.contracts.topics import Topic
from icustomer.core.change import Outcome
from icustomer.core.keys import Keyring
from icustomer.core.model import Facet
from icustomer.core.rules import Rules
from icustomer.settings import Settings
from icustomer.store.port import Store
from icustomer.stream.failures import translated
from icustomer.stream.log_reader import read_to_end
from icustomer.stream.topics import topic_name

LOOK_SECONDS = 0.1
"""Between two looks at whether it took effect: a person does not notice it."""
QUEUED = "queued"
"""Outcome of a command that no worker has come to yet."""


class Word(NamedTuple):
    """Who says it, why, and how long to wait for it to take effect."""

    requested_by: str
    reason: str
    patience: float
    """Seconds."""


class Place(NamedTuple):
    """Where a record stands in the topic of commands."""

    partition: int
    offset: int


class Result(NamedTuple):
    """What became of the command."""

    outcome: str
    customer_ids: tuple[str, ...]
    """Those who the customers named are now."""
    detail: str = ""


class Before(NamedTuple):
    """The customers named, as they were before the command."""

    customer_ids: tuple[str, ...]
    """As named."""
    found: list[Found]

    @property
    def facets(self) -> list[Facet]:
        return [facet for each in self.found for facet in facets_of(each)]


class Watch(Protocol):
    """What is looked at to see what became of a command that was sent."""

    async def look(self) -> Result | None:
        """What it came to; None: it did not take effect yet."""
        ...


class CustomerWatch(NamedTuple):
    """Of a command on customers: it leaves its mark with them."""

    store: Store
    rules: Rules
    keyring: Keyring
    before: Before
    event_id: str

    async def look(self) -> Result | None:
        if not _took_effect(await self.now(), self.event_id):
            return None
        # What told it was read in two steps, and the commit may have come between them.
        return _result(self.before, await self.now())

    async def now(self) -> list[Found]:
        """The customers that hold what those named held before."""
        before = self.before
        return await find_by_facets(
            self.store, self.rules, self.keyring, before.facets, before.customer_ids
        )


async def merge(
    settings: Settings, customer_ids: Sequence[str], word: Word, *, as_json: bool
) -> bool:
    """These customers are one; False if that did not come about."""
    ids = tuple(parse_id(text) for text in customer_ids)
    arguments = {"command": "merge", "customer_ids": ids}
    return report(await _command(settings, arguments, ids, word), as_json=as_json)


async def split(
    settings: Settings,
    customer_id: str,
    way: dict[str, Any],
    word: Word,
    *,
    as_json: bool,
) -> bool:
    """This customer is several; `way`: `identifiers`, `all`, or nothing to undo a merge."""
    named = parse_id(customer_id)
    arguments = {"command": "split", "customer_id": named, **way}
    return report(await _command(settings, arguments, (named,), word), as_json=as_json)


def parse_claim(text: str) -> dict[str, str]:
    """`KIND:VALUE` as an identifier of a command."""
    kind, colon, value = text.partition(":")
    if not (kind.strip() and colon and value.strip()):
        raise UsageError("an identifier is written KIND:VALUE, for example email:a@example.org")
    return {"kind": kind.strip().lower(), "value": value.strip()}


async def _command(
    settings: Settings, arguments: dict[str, Any], ids: tuple[str, ...], word: Word
) -> Result:
    event_id = new_event_id()
    value = encode_command(event_id, arguments, word)
    rules, keyring = load_rules(settings.rules), Keyring(settings.secret())
    async with redis_store(settings, keyring, rules) as store:
        before = Before(ids, await find_by_ids(store, ids))
        watch = CustomerWatch(store, rules, keyring, before, event_id)
        return await send_and_follow(settings, value, watch, word.patience)


def new_event_id() -> str:
    """Of a command that is given here and now."""
    return f"cli-{uuid4()}"


def encode_command(event_id: str, arguments: dict[str, Any], word: Word) -> bytes:
    """The command's message; UsageError if the contract refuses it."""
    message = {
        "event_id": event_id,
        "occurred_at": datetime.now(UTC).isoformat(),
        "requested_by": word.requested_by,
        "reason": word.reason,
        **arguments,
    }
    value = json.dumps(message, ensure_ascii=False).encode()
    checked = decode(Topic.COMMANDS, value)
    if isinstance(checked, Rejection):
        raise UsageError(f"the command is not possible: {checked.detail}")
    return value


async def _send(settings: Settings, value: bytes) -> Place:
    """Send a command; where it stands in its topic."""
    topic = topic_name(settings.topic_prefix, Topic.COMMANDS)
    async with kafka_producer(settings) as producer:
        with translated("take the command"):
            sent = await producer.send_and_wait(topic, value, key=record_key(value))
    return Place(sent.partition, sent.offset)


async def send_and_follow(
    settings: Settings, value: bytes, watch: Watch, patience: float
) -> Result:
    """Send a command; what became of it within `patience` seconds."""
    async with new_dead_letters(settings) as dead_letters:
        place = await _send(settings, value)
        return await _follow(watch, dead_letters, place, patience)


async def _follow(
    watch: Watch, dead_letters: AIOKafkaConsumer, place: Place, patience: float
) -> Result:
    """Look until it took effect, was refused, or `patience` seconds have passed."""
    end = time.monotonic() + patience
    while True:
        result = await watch.look()
        if result is not None:
            return result
        refused = await _refusal(dead_letters, place)
        if refused is not None:
            return Result(Outcome.DEAD_LETTERED, (), refused)
        if time.monotonic() >= end:
            return Result(QUEUED, ())
        await asyncio.sleep(LOOK_SECONDS)


async def _refusal(dead_letters: AIOKafkaConsumer, place: Place) -> str | None:
    """Why the command was refused, if a dead letter tells so by now."""
    async for record in read_to_end(dead_letters):
        if _is_about(record.headers, place):
            return _text(record.headers, "detail")
    return None


def _took_effect(found: Collection[Found], event_id: str) -> bool:
    return any(override.event_id == event_id for each in found for override in each.group.overrides)


def _result(before: Before, after: Sequence[Found]) -> Result:
    """Told by numbers: fewer customers are a merge, more are a split."""
    known = len({each.customer.id for each in before.found})
    outcome = Outcome.MATCHED
    if len(after) != known:
        outcome = Outcome.MERGED if len(after) < known else Outcome.SPLIT
    return Result(outcome, tuple(each.customer.id for each in after))


def _is_about(headers: Sequence[tuple[str, bytes]], place: Place) -> bool:
    """Whether a dead letter holds the command."""
    of_commands = _text(headers, "topic").rpartition(".")[2] == Topic.COMMANDS
    written = (_text(headers, "partition"), _text(headers, "offset"))
    return of_commands and written == (str(place.partition), str(place.offset))


def _text(headers: Sequence[tuple[str, bytes]], name: str) -> str:
    values = [value for key, value in headers if key == f"icustomer-{name}"]
    return (values[-1] or b"").decode("utf-8", "replace") if values else ""


def report(result: Result, *, as_json: bool) -> bool:
    """Tell what became of a command; whether it was carried out."""
    done = result.outcome not in {QUEUED, Outcome.DEAD_LETTERED}
    if as_json:
        answer = {"outcome": result.outcome, "customer_ids": list(result.customer_ids)}
        print_json(answer | ({"detail": result.detail} if result.detail else {}))
    elif done:
        console = people_console()
        told = ", ".join(result.customer_ids) or "nobody carries it"
        console.print(f"{result.outcome}: {told}", markup=False)
    if result.outcome == QUEUED:
        tell("no worker has come to it yet: it is queued and takes effect when one does")
    if result.outcome == Outcome.DEAD_LETTERED:
        tell(f"refused: {result.detail}")
    return done

"""Dead letters on a real broker: listed, redriven, each once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.record.util import calc_crc32c
from confluent_kafka import Message

from icustomer.commands.dead_letters_filters import Filters
from icustomer.commands.dead_letters_list import Scope, View, list_letters
from icustomer.commands.dead_letters_redrive import Mode, Order, redrive
from icustomer.contracts.topics import Topic
from icustomer.core.times import SECOND, microseconds
from icustomer.errors import FencedError, OperatorError, UnavailableError
from icustomer.kafka_access import connection
from icustomer.settings import Settings
from icustomer.stream import dead_letters_reader
from icustomer.stream.connection import Connection
from icustomer.stream.dead_letters import Letter, Redriven, redriven
from icustomer.stream.dead_letters_reader import open_letters
from icustomer.stream.dead_letters_redrive import open_redriver
from icustomer.stream.port import InputRecord
from icustomer.stream.topic_ids import topic_ids
from icustomer.stream.topics import create, topic_name
from integration.support.reading import Reader
from integration.support.stopped_redrive import STOPPED
from servers.kafka import KafkaServer
from unit.dead_letters.letters import record, refused

pytestmark = pytest.mark.kafka

PARTITIONS = 2
NOW = microseconds(datetime.now(UTC).replace(microsecond=0))
ODD = (("odd", b"\xff\x00"), ("none", None), ("", b"no name"), ("odd", b"again"))
TESTS = Path(__file__).parents[1]
PATIENCE_SECONDS = 60


class Post:
    """The topics of a prefix, filled with letters by hand."""

    def __init__(self, servers: str, prefix: str, stack: AsyncExitStack) -> None:
        self.servers, self.prefix, self.stack = servers, prefix, stack
        self.settings = Settings(
            _env_file=None, kafka_servers=servers, topic_prefix=prefix, space=prefix
        )
        self.letters = topic_name(prefix, Topic.DEAD_LETTERS)
        self.reader = Reader(servers, prefix)

    async def open(self) -> None:
        self.admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await self.admin.start()
        self.stack.push_async_callback(self.admin.close)
        await create(self.admin, self.prefix, PARTITIONS, 1)
        self.producer = await self.started(AIOKafkaProducer(bootstrap_servers=self.servers))

    async def delete(self, topic: Topic) -> None:
        """Until no broker knows it any more, some time after the answer."""
        name = topic_name(self.prefix, topic)
        await self.admin.delete_topics([name])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await topic_ids(Connection(self.servers), [name]):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)

    async def started(self, client: Any) -> Any:
        await client.start()
        self.stack.push_async_callback(client.stop)
        return client

    async def refuse(
        self,
        *originals: InputRecord,
        reason: str = "not_json",
        failed: int = NOW,
        size: int = 2_000_000,
        producer: AIOKafkaProducer | None = None,
    ) -> None:
        """Letters of these records; with a key, in the partition of the original."""
        for original in originals:
            made = refused(original, prefix=self.prefix, reason=reason, failed=failed, size=size)
            await self.put(made, original.partition % PARTITIONS, producer)

    async def put(
        self, made: Any, partition: int, producer: AIOKafkaProducer | None = None
    ) -> None:
        sender = producer or self.producer
        batch = sender.create_batch()
        batch.append(timestamp=None, key=made.key, value=made.value, headers=list(made.headers))
        await (await sender.send_batch(batch, self.letters, partition=partition))

    async def list(self, capsys: Any, scope: Scope = Scope.WAITING, **said: Any) -> Any:
        await list_letters(self.settings, Filters(**said), scope, View.JSON, None)
        return json.loads(capsys.readouterr().out)

    async def redrive(self, capsys: Any, **said: Any) -> Any:
        await redrive(self.settings, Order(**said), as_json=True)
        return json.loads(capsys.readouterr().out)

    async def read(self, topic: Topic) -> list[Message]:
        """By a client that the program does not use."""
        return await asyncio.to_thread(self.reader.read, topic)

    async def offsets_redriven(self) -> list[int]:
        """The numbers that stand in the values of what went back."""
        return [int(message.value()) for message in await self.read(Topic.ORDERS)]


@pytest.fixture
async def post(kafka_server: KafkaServer, prefix: str) -> AsyncIterator[Post]:
    async with AsyncExitStack() as stack:
        made = Post(kafka_server.servers, prefix, stack)
        await made.open()
        yield made
        known = await made.admin.list_topics()
        await made.admin.delete_topics([name for name in known if name.startswith(f"{prefix}.")])


def numbered(count: int, start: int = 0) -> list[InputRecord]:
    """Records of two keys, each told by its offset."""
    return [
        record(
            key=b"key-%d" % (offset % PARTITIONS),
            partition=offset % PARTITIONS,
            offset=offset,
            value=b"%d" % offset,
        )
        for offset in range(start, start + count)
    ]


def left(**numbers: int) -> dict[str, int]:
    none = {"attempts": 0, "truncated": 0, "too_large": 0, "no_topic": 0}
    return none | numbers


# -- list ----------------------------------------------------------------------------------


async def test_letters_are_listed_by_reason_topic_and_time(post: Post, capsys: Any) -> None:
    await post.refuse(*numbered(2), failed=NOW - 7_200 * SECOND)
    await post.refuse(record(topic=Topic.SIGNUPS, offset=5), reason="invalid")
    told = await post.list(capsys)
    assert Counter((each["reason"], each["topic"]) for each in told) == {
        ("not_json", f"{post.prefix}.orders"): 2,
        ("invalid", f"{post.prefix}.signups"): 1,
    }
    for said in (
        {"reasons": ["invalid"]},
        {"topics": ["signups"]},
        {"topics": [f"{post.prefix}.signups"]},
        {"since": "1h"},
    ):
        assert [each["offset"] for each in await post.list(capsys, **said)] == [5]
    assert len(await post.list(capsys, until="1h")) == 2


async def test_letters_that_repeat_are_listed_once_and_aborted_ones_not(
    post: Post, capsys: Any
) -> None:
    worker = await post.started(
        AIOKafkaProducer(bootstrap_servers=post.servers, transactional_id=f"{post.prefix}-w")
    )
    await post.refuse(*numbered(3))
    await post.refuse(*numbered(2), failed=NOW + SECOND)
    await worker.begin_transaction()
    await post.refuse(*numbered(1, start=9), producer=worker)
    await worker.abort_transaction()
    assert sorted(each["offset"] for each in await post.list(capsys)) == [0, 1, 2]


class Foreign(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Damaged:
    """A batch's builder that writes a header name no text can be."""

    def __init__(self, builder: Any) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._builder, name)

    def build(self) -> bytes:
        data = bytearray(self._builder.build().replace(b"name", b"a\xff\xfeb"))
        struct.pack_into(">I", data, 17, calc_crc32c(bytes(data[21:])))
        return bytes(data)


async def test_what_is_no_letter_is_passed_over_and_told(post: Post, capsys: Any) -> None:
    await post.put(Foreign(None, b"hello", [("icustomer-reason", b"none")]), 0)
    batch = post.producer.create_batch()
    batch.append(timestamp=None, key=None, value=b"{}", headers=[("name", b"")])
    batch._builder = Damaged(batch._builder)
    await (await post.producer.send_batch(batch, post.letters, partition=0))
    await post.refuse(*numbered(1))
    await list_letters(post.settings, Filters(), Scope.ALL, View.JSON, None)
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)) == 1
    assert f"2 records in {post.letters} are no dead letters" in printed.err
    assert (await post.redrive(capsys))["redriven"] == 1


# -- redrive -------------------------------------------------------------------------------


def seen(message: Message) -> tuple[Any, ...]:
    headers = [tuple(each) for each in message.headers() or ()]
    return message.partition(), message.key(), message.value(), headers


async def test_records_go_back_byte_for_byte_to_their_partitions_in_order(
    post: Post, capsys: Any
) -> None:
    letter_like = ("icustomer-reason", b"x")
    await post.refuse(
        record(partition=1, offset=1, key=b"\xff", value=b"\x00", headers=ODD),
        record(partition=1, offset=2, key=None, value=None),
        record(partition=0, offset=1, key=b"", value=b"", headers=(letter_like,)),
        record(partition=1, offset=5, key=b"\xff", headers=(("icustomer-attempt", b"1"), ODD[2])),
    )
    assert await post.redrive(capsys) == {"redriven": 4, "left": left(), "dry_run": False}
    first, second = ("icustomer-attempt", b"1"), ("icustomer-attempt", b"2")
    found = [seen(message) for message in await post.read(Topic.ORDERS)]
    assert [each for each in found if each[0] == 0] == [(0, b"", b"", [letter_like, first])]
    assert [each for each in found if each[0] == 1] == [
        (1, b"\xff", b"\x00", [*ODD, first]),
        (1, None, None, [first]),
        (1, b"\xff", b"{", [ODD[2], second]),
    ]


async def test_a_letter_goes_back_once_however_often_it_stands_there(
    post: Post, capsys: Any
) -> None:
    await post.refuse(*numbered(4))
    await post.refuse(*numbered(4), failed=NOW + SECOND)
    assert (await post.redrive(capsys))["redriven"] == 4
    await post.refuse(*numbered(5), failed=NOW + 2 * SECOND)
    assert (await post.redrive(capsys))["redriven"] == 1
    assert (await post.redrive(capsys))["redriven"] == 0
    assert sorted(await post.offsets_redriven()) == [0, 1, 2, 3, 4]


async def test_a_letter_of_a_topic_that_was_made_again_is_another_one(
    post: Post, capsys: Any
) -> None:
    await post.refuse(record(offset=0, partition=0, value=b"1"))
    await post.redrive(capsys)
    await post.refuse(record(offset=0, partition=0, value=b"2"))
    assert [each["offset"] for each in await post.list(capsys)] == [0]
    await post.redrive(capsys)
    assert await post.offsets_redriven() == [1, 2]


async def test_redriven_letters_are_listed_with_all_only(post: Post, capsys: Any) -> None:
    await post.refuse(*numbered(2))
    await post.refuse(*numbered(1, start=2), reason="invalid")
    before = datetime.now(UTC)
    assert (await post.redrive(capsys, reasons=["not_json"]))["redriven"] == 2
    assert [each["offset"] for each in await post.list(capsys)] == [2]
    told = {each["offset"]: each["redriven_at"] for each in await post.list(capsys, Scope.ALL)}
    assert told.keys() == {0, 1, 2}
    assert told[2] is None
    assert before <= datetime.fromisoformat(told[0]) <= datetime.now(UTC)


async def test_filters_and_limits_choose_what_goes_back(post: Post, capsys: Any) -> None:
    await post.refuse(*numbered(3), failed=NOW - 7_200 * SECOND)
    await post.refuse(*numbered(2, start=3), reason="invalid")
    await post.refuse(record(topic=Topic.SIGNUPS, offset=9))
    assert (await post.redrive(capsys, since="1h", topics=["orders"]))["redriven"] == 2
    assert (await post.redrive(capsys, until="1h", limit=2))["redriven"] == 2
    assert (await post.redrive(capsys, reasons=["invalid"]))["redriven"] == 0
    assert (await post.redrive(capsys, topics=["orders"]))["redriven"] == 1
    assert sorted(await post.offsets_redriven()) == [0, 1, 2, 3, 4]


async def test_a_dry_run_tells_and_writes_nothing(post: Post, capsys: Any) -> None:
    await post.refuse(*numbered(3), record(topic=Topic.SIGNUPS, partition=7, offset=9))
    told = {"redriven": 3, "left": left(no_topic=1)}
    assert await post.redrive(capsys, mode=Mode.DRY_RUN) == told | {"dry_run": True}
    assert await post.offsets_redriven() == []
    assert await post.redrive(capsys) == told | {"dry_run": False}


async def test_a_dry_run_does_not_disturb_a_redrive(post: Post, capsys: Any) -> None:
    await post.refuse(*numbered(2))
    async with open_redriver(connection(post.settings), post.prefix, post.prefix) as redriver:
        await post.redrive(capsys, mode=Mode.DRY_RUN)
        await redriver.send(await portion(post))
    assert sorted(await post.offsets_redriven()) == [0, 1]


async def test_what_cannot_go_back_stays_and_is_told(post: Post, capsys: Any) -> None:
    tried = (("icustomer-attempt", b"3"),)
    await post.refuse(record(offset=1, partition=0, headers=tried))
    await post.refuse(record(offset=2, partition=0, value=bytes(9_000)), size=4_000)
    await post.refuse(record(offset=3, partition=0, value=bytes(1_310_700)))
    await post.refuse(record(offset=4, partition=PARTITIONS))
    assert await redrive(post.settings, Order(), as_json=False) is False
    told = capsys.readouterr()
    assert "0 letters redriven" in told.out
    assert f"left: {post.prefix}.orders, partition 0, offset 2: cut" in told.err
    everything = left(attempts=1, truncated=1, too_large=1, no_topic=1)
    assert (await post.redrive(capsys))["left"] == everything
    assert len(await post.list(capsys)) == 4
    assert (await post.redrive(capsys, max_attempts=4))["redriven"] == 1
    assert [seen(each)[3] for each in await post.read(Topic.ORDERS)] == [
        [("icustomer-attempt", b"4")]
    ]


async def test_a_letter_whose_topic_is_gone_stays_and_the_others_go_back(
    post: Post, capsys: Any
) -> None:
    await post.refuse(record(topic=Topic.SUPPORT, partition=0, offset=1), *numbered(2))
    await post.delete(Topic.SUPPORT)
    assert await redrive(post.settings, Order(), as_json=True) is False
    told = capsys.readouterr()
    assert json.loads(told.out) == {"redriven": 2, "left": left(no_topic=1), "dry_run": False}
    assert "does not exist" in told.err
    assert [each["offset"] for each in await post.list(capsys)] == [1]


async def test_marks_hold_nothing_of_the_record_and_stand_behind_their_letter(
    post: Post, capsys: Any
) -> None:
    await post.refuse(*numbered(4))
    await post.redrive(capsys)
    found = await post.read(Topic.DEAD_LETTERS)
    marks = [each for each in found if "icustomer-reason" not in dict(each.headers())]
    assert [(mark.key(), mark.value()) for mark in marks] == [(None, None)] * 4
    for mark in marks:
        told = dict(mark.headers())
        assert told.keys() == {
            f"icustomer-redriven-{name}"
            for name in ("topic", "partition", "offset", "digest", "at")
        }
        assert int(told["icustomer-redriven-offset"]) % PARTITIONS == mark.partition()


async def test_letters_of_many_batches_go_back_in_order(post: Post, capsys: Any) -> None:
    """More than one portion, and more than one batch of a partition in each."""
    batch = post.producer.create_batch()
    for original in numbered(2_500):
        made = refused(
            record(offset=original.offset, partition=1, value=b"%d" % original.offset + b" " * 900),
            prefix=post.prefix,
        )
        while (
            batch.append(timestamp=None, key=None, value=made.value, headers=list(made.headers))
            is None
        ):
            await (await post.producer.send_batch(batch, post.letters, partition=1))
            batch = post.producer.create_batch()
    await (await post.producer.send_batch(batch, post.letters, partition=1))
    assert (await post.redrive(capsys))["redriven"] == 2_500
    assert await post.offsets_redriven() == list(range(2_500))
    assert await post.list(capsys) == []


# -- others at the same time ---------------------------------------------------------------


async def portion(post: Post) -> list[Redriven]:
    """What a redrive would send now."""
    async with open_letters(connection(post.settings), post.letters) as reader:
        marks = await reader.marks()
        found: list[Letter] = [each async for each in reader.letters()]
    return [redriven(each) for each in found if each.name() not in marks]


async def test_a_second_redrive_fences_the_first(post: Post, capsys: Any) -> None:
    await post.refuse(*numbered(6))
    access = connection(post.settings)
    async with open_redriver(access, post.prefix, post.prefix) as first:
        held = await portion(post)
        await first.send(held[:2])
        assert (await post.redrive(capsys))["redriven"] == 4
        with pytest.raises(FencedError):
            await first.send(held[2:])
    assert sorted(await post.offsets_redriven()) == [0, 1, 2, 3, 4, 5]


async def test_redrives_at_once_send_each_letter_once(post: Post, capsys: Any) -> None:
    await post.refuse(*numbered(40))
    outcomes = await asyncio.gather(
        *(redrive(post.settings, Order(limit=25), as_json=True) for _ in range(3)),
        return_exceptions=True,
    )
    assert True in outcomes
    lost = [each for each in outcomes if each is not True]
    assert all(isinstance(each, OperatorError | UnavailableError) for each in lost)
    assert all("\n" not in str(each) for each in lost)
    capsys.readouterr()
    await post.redrive(capsys)
    assert sorted(await post.offsets_redriven()) == list(range(40))


async def test_a_mark_behind_an_open_transaction_is_waited_for(post: Post) -> None:
    """A worker that is slow in a transaction hides what others committed behind it."""
    worker = await post.started(
        AIOKafkaProducer(bootstrap_servers=post.servers, transactional_id=f"{post.prefix}-w")
    )
    await post.refuse(record(offset=0, partition=0, value=b"0"))
    access = connection(post.settings)
    async with open_redriver(access, post.prefix, post.prefix) as first:
        held = await portion(post)
        await worker.begin_transaction()
        await post.refuse(record(offset=2, partition=0, value=b"2"), producer=worker)
        await first.send(held)
    async with open_letters(access, post.letters) as reader:
        reading = asyncio.create_task(reader.marks())
        await worker.commit_transaction()
        assert (await reading).keys() == {held[0].letter.name()}
        assert [each.place.offset async for each in reader.letters()] == [0, 2]


async def test_a_transaction_that_stays_open_is_told(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters_reader, "PATIENCE_SECONDS", 0.5)
    worker = await post.started(
        AIOKafkaProducer(bootstrap_servers=post.servers, transactional_id=f"{post.prefix}-w")
    )
    await worker.begin_transaction()
    await post.refuse(*numbered(1), producer=worker)
    with pytest.raises(UnavailableError, match="a transaction has been open") as told:
        await redrive(post.settings, Order(), as_json=True)
    assert "0 letters were redriven before" in str(told.value)
    await worker.abort_transaction()


# -- killed --------------------------------------------------------------------------------


class Child:
    """A redrive of two letters a portion that stands still around its second commit."""

    def __init__(self, post: Post, moment: str) -> None:
        environment = os.environ | {
            "PYTHONPATH": str(TESTS),
            "ICUSTOMER_KAFKA_SERVERS": post.servers,
            "ICUSTOMER_TOPIC_PREFIX": post.prefix,
            "ICUSTOMER_SPACE": post.settings.space,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "integration.support.stopped_redrive", "2", "2", moment],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    async def stopped(self) -> None:
        line = await asyncio.to_thread(self.process.stdout.readline)
        assert line.strip() == STOPPED, self.process.communicate()

    async def kill(self) -> None:
        self.process.kill()
        await asyncio.to_thread(self.process.communicate)

    async def go_on(self) -> tuple[int, str, str]:
        out, err = await asyncio.to_thread(self.process.communicate, "go on\n", PATIENCE_SECONDS)
        return self.process.returncode, out, err


@pytest.mark.parametrize(("moment", "done"), [("before", 2), ("after", 4)])
async def test_a_redrive_that_was_killed_is_gone_on_with_by_the_next(
    post: Post, capsys: Any, moment: str, done: int
) -> None:
    await post.refuse(*numbered(8))
    child = Child(post, moment)
    await child.stopped()
    await child.kill()
    assert (await post.redrive(capsys))["redriven"] == 8 - done
    assert sorted(await post.offsets_redriven()) == list(range(8))
    assert await post.list(capsys) == []


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_redrive_that_was_stopped_while_another_ran_does_no_more(
    post: Post, capsys: Any, moment: str
) -> None:
    await post.refuse(*numbered(8))
    child = Child(post, moment)
    await child.stopped()
    await post.redrive(capsys)
    code, out, err = await child.go_on()
    assert (code, out) == (1, "")
    assert err.startswith(f"icustomer: another redrive of {post.prefix} took over")
    assert f"{2 if moment == 'before' else 4} letters were redriven before" in err
    assert err.count("\n") == 1, err
    assert sorted(await post.offsets_redriven()) == list(range(8))


@pytest.mark.slow
async def test_the_broker_ends_what_a_killed_redrive_left_open(post: Post, capsys: Any) -> None:
    """Also if nobody redrives again: workers read on."""
    await post.refuse(*numbered(4))
    child = Child(post, "before")
    await child.stopped()
    await child.kill()
    assert len(await post.offsets_redriven()) == 2
    assert len(await post.list(capsys)) == 2


# -- mistakes ------------------------------------------------------------------------------


def nowhere(**changed: Any) -> Settings:
    return Settings(_env_file=None, **changed)


@pytest.mark.parametrize("command", ["list", "redrive"])
async def test_a_broker_that_is_away_is_told_in_one_line(command: str) -> None:
    with pytest.raises(UnavailableError) as told:
        await called(command, nowhere(kafka_servers="127.0.0.1:1"))
    assert "127.0.0.1:1" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("command", ["list", "redrive"])
async def test_a_missing_topic_is_told_with_the_remedy(
    command: str, kafka_server: KafkaServer
) -> None:
    settings = nowhere(kafka_servers=kafka_server.servers, topic_prefix="nowhere")
    with pytest.raises(OperatorError, match=r"nowhere\.dead-letters is missing.*topics create"):
        await called(command, settings)


async def called(command: str, settings: Settings) -> None:
    if command == "list":
        await list_letters(settings, Filters(), Scope.WAITING, View.JSON, None)
    else:
        await redrive(settings, Order(), as_json=True)

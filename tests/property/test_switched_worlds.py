"""A switch by way of store and log ends as a space that had the new rules from the beginning."""

from __future__ import annotations

import os
from random import Random

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from icustomer import replay
from icustomer.activation import Activation, stamped
from icustomer.core.emails import EmailForm
from icustomer.core.model import Identifier
from icustomer.core.observation import Observation
from icustomer.core.rules import Rules
from icustomer.rebuild import Rebuild
from icustomer.store import memory_rebuild
from icustomer.store.codec import decode, encode
from icustomer.store.memory import MemoryStore
from icustomer.store.memory_state import MemoryRedis, Space
from icustomer.store.port import Claim
from icustomer.stream.memory import MemoryKafka, MemoryLog
from icustomer.stream.records import RecordMaker
from property.test_rule_switch import as_written, two_rules
from worlds.comparison import assert_as_oracle
from worlds.driver import EPOCH, State
from worlds.log import batches, shuffled_arrivals
from worlds.observations import KEYRING
from worlds.play import EXAMPLES, Game
from worlds.stories import tell_story
from worlds.switching import SWITCHED_AT, SwitchedWorker, told_under

SEED = int(os.environ.get("ICUSTOMER_TEST_SEED", "20260101"))
SPACE = "switched"


def spelled(random: Random, told: Observation) -> Observation:
    """Its mailboxes at a provider to which dots do not matter, some written with one."""

    def again(one: Identifier) -> Identifier:
        if one.kind != "email":
            return one
        dot = random.choice(("", "."))
        value = f"mail{dot}{one.value.partition('@')[0]}@gmail.com"
        return replace(one, value=value, raw=value)

    return replace(told, identifiers=tuple(map(again, told.identifiers)))


def looser(random: Random) -> tuple[Rules, Rules]:
    """Former and new rules; dots matter to the former, and perhaps to the new ones."""
    old, new = two_rules(random)
    forms = EmailForm(provider_rules=False), EmailForm(provider_rules=random.random() < 0.7)
    return replace(old, emails=forms[0]), replace(new, emails=forms[1])


async def activated(state: State, old: Rules, new: Rules, epoch: int = EPOCH) -> Space:
    """What a switch makes of a state, by way of a changelog that tells of it. `epoch`: of the
    claim of before."""
    redis, log = MemoryRedis(lambda: 0.0), MemoryLog(MemoryKafka(), space=SPACE, group="none")
    await log.write_claim(Claim(epoch, stamped("key.0", Activation(old.fingerprint))))
    await log.initialise(0)
    maker = RecordMaker(SPACE, old, KEYRING)
    groups = state.all_groups()
    await log.publish([maker.changelog(one.id, encode(one), one.version) for one in groups], {})
    rebuilt = await Rebuild(MemoryStore(redis, SPACE), log, new, KEYRING).switch(
        "key.1", SWITCHED_AT
    )
    assert rebuilt.converted == len(groups)
    return redis.space(SPACE)


def taken_over(space: Space, before: State, new: Rules, epoch: int = EPOCH + 1) -> SwitchedWorker:
    """The space as a world has it; what its outbox names is published."""
    state = State()
    groups = [decode(blob) for blob in space.groups.values()]
    state.groups = {group.id: msgpack.encode(group) for group in groups}
    state.links, state.aliases = dict(space.links), dict(space.aliases)
    state.index = {(digest, one) for digest, found in space.indexes.items() for one in found}
    state.waiting = dict(space.guests)
    worker = SwitchedWorker(state, new, epoch=epoch)
    now = worker.records()
    entered = {name for entry in space.outbox.values() for name in entry.customer_ids}
    state.published = {
        name: now[name] if name in entered and name in now else record
        for name, record in before.published.items()
    } | {name: now[name] for name in entered if name in now}
    versions = [each for entry in space.outbox.values() for each in entry.groups.items()]
    standing = {(group.id, group.version) for group in groups}
    gone = before.groups.keys() - state.groups.keys()
    assert {one for one, _ in versions} >= state.groups.keys() | gone
    assert standing <= set(versions)
    return worker


@pytest.mark.parametrize("seed", range(SEED, SEED + 4 * EXAMPLES))
async def test_a_switch_comes_to_what_the_oracle_sees_under_the_new_rules(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"seed {seed}")  # noqa: T201 - to run it again
    random = Random(seed)
    monkeypatch.setattr(replay, "CONVERTED_AT_ONCE", random.choice((1, 2, 100)))
    monkeypatch.setattr(memory_rebuild, "PORTION", random.choice((1, 3, 20)))
    story = tell_story(random)
    old, new = looser(random)
    game = Game(old)
    written = [spelled(random, as_written(one)) for one in story.told]
    stored = [read for one in written if (read := told_under(old, one))]
    kept = [read for read in stored if told_under(new, read)]
    arrivals = shuffled_arrivals(random, kept, game.log)
    cut = random.randrange(len(arrivals) + 1)
    for batch in batches(random, arrivals[:cut]):
        game.worker.run(batch)
    worker = taken_over(await activated(game.state, old, new), game.state, new)
    worker.finish_switch(random)
    rest = [read for one in arrivals[cut:] if (read := told_under(new, one))]
    for batch in batches(random, rest):
        worker.run(batch)
    worker.finish_switch(random)
    told = [read for one in kept if (read := told_under(new, one))]
    assert_as_oracle(worker.state, told, new, KEYRING)

"""A switch of rules, and whoever dies at it, comes late to it, or goes on after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from icustomer import replay
from icustomer.activation import Activation, activation_of, stamped
from icustomer.contracts.topics import Topic
from icustomer.core.emails import EmailForm
from icustomer.core.model import Group, epoch_of
from icustomer.core.rules import DEFAULT_RULES, KindRule, Rules
from icustomer.errors import OtherRulesError, UnavailableError
from icustomer.rebuild import Rebuilt, Way
from icustomer.store.codec import decode
from icustomer.store.limits import LEASE_SECONDS
from icustomer.store.memory_state import Picture
from icustomer.store.port import Claim
from icustomer.stream.memory import MemoryKafka
from unit.rebuild.scene import Scene, Strikes, Struck, StruckError, When, copied, died, lost

EVENTS = 60
FEWEST_CALLS = 20
MOST_CALLS = 300
AT = 1_800_000_000_000_000


def without_veto(rules: Rules) -> Rules:
    kinds: dict[str, KindRule] = {
        name: replace(kind, veto=False) for name, kind in rules.kinds.items()
    }
    return replace(rules, kinds=kinds)


NEW = replace(without_veto(DEFAULT_RULES), emails=EmailForm(provider_rules=False))
NEWER = replace(DEFAULT_RULES, max_facets=7)


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there is something between two portions."""
    monkeypatch.setattr(replay, "PORTION", 6)
    monkeypatch.setattr(replay, "CONVERTED_AT_ONCE", 4)


def meant(scene: Scene) -> dict[str, Any]:
    """What stands, whatever its versions: those tell how often it was begun."""
    groups = [decode(blob) for blob in scene.space.groups.values()]
    keys = {group.id: frozenset(_names(group)) for group in groups}
    return {
        "groups": set(keys.values()),
        "facets": {facet.key: facet for group in groups for facet in group.facets},
        "customers": {
            one.id: (one.facets, one.status, one.anchor)
            for group in groups
            for one in group.customers
        },
        "redirects": {one.id: one.merged_into for group in groups for one in group.retired},
        "links": {digest: keys.get(link, link) for digest, link in scene.space.links.items()},
        "aliases": {name: keys[home] for name, home in scene.space.aliases.items()},
        "indexes": {
            digest: {keys[one] for one in found}
            for digest, found in scene.space.indexes.items()
            if found
        },
    }


def _names(group: Group) -> list[bytes]:
    return [facet.key for facet in group.facets] + [grave.key for grave in group.graves]


async def town() -> Scene:
    """A town that was matched by the built-in rules; all of it is published."""
    scene = Scene()
    hand = await scene.hand()
    await scene.live(hand, EVENTS)
    await hand.leave()
    return scene


async def switch(scene: Scene, rules: Rules = NEW) -> Rebuilt:
    scene.rules = rules
    return await scene.rebuilder().switch(scene.nonce(), AT)


class Case:
    """A town as it stands when its rules are switched; it can be begun there again and again."""

    def __init__(self, scene: Scene, redis: Picture, kafka: MemoryKafka) -> None:
        self.scene = scene
        self._redis = redis
        self._kafka = copied(kafka)

    def begin(self) -> None:
        self.scene.kafka = copied(self._kafka)
        self.scene.redis.restore(self._redis, self.scene.nonce())

    async def complete(self) -> None:
        """Whoever comes next with the new rules: a worker if the switch was claimed."""
        active = activation_of(await self.scene.rebuilder()._log.highest_claim())
        if active is None or active.fingerprint == DEFAULT_RULES.fingerprint:
            with pytest.raises(OtherRulesError):
                await self.scene.catch_up()
            await self.scene.rebuilder().switch(self.scene.nonce(), AT)
        else:
            await self.scene.catch_up()


async def all_stands() -> Case:
    scene = await town()
    return Case(scene, scene.redis.snapshot(), scene.kafka)


async def log_made_again() -> Case:
    scene = await town()
    scene.kafka.make_again(Topic.IDENTITY_STATE)
    return Case(scene, scene.redis.snapshot(), scene.kafka)


async def struck(case: Case, calls: int, error: Callable[[], BaseException], when: When) -> bool:
    """A switch from the beginning, struck at a call; False: it needed no more calls than that."""
    case.begin()
    strikes = Strikes(calls, error, when)
    try:
        await case.scene.struck(strikes).switch(case.scene.nonce(), AT)
    except (StruckError, UnavailableError):
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("error", [died, lost])
@pytest.mark.parametrize("made", [all_stands, log_made_again])
async def test_whoever_comes_next_completes_what_one_that_died_at_any_call_began(
    made, error, when
) -> None:
    case = await made()
    await switch(case.scene)
    expected = meant(case.scene)
    calls = 0
    while await struck(case, calls, error, when):
        case.scene.seconds += LEASE_SECONDS + 1
        await case.complete()
        assert meant(case.scene) == expected, f"struck at call {calls}"
        calls += 1
        assert calls < MOST_CALLS
    assert calls >= FEWEST_CALLS


async def test_a_switch_merges_splits_and_leaves_nothing_of_former_rules() -> None:
    scene = await town()
    before = meant(scene)
    rebuilt = await switch(scene)
    after = meant(scene)
    assert rebuilt.converted == rebuilt.groups > 0
    assert after["customers"] != before["customers"]
    since = activation_of(scene.space.epoch)
    assert since is not None
    versions = [decode(blob).version for blob in scene.space.groups.values()]
    assert min(map(epoch_of, versions)) >= since.since > 0
    await scene.settle()
    assert not scene.space.outbox
    profiles = scene.last(Topic.PROFILES)
    assert {name.decode() for name in profiles} >= after["customers"].keys()
    again = await scene.rebuilder().run(scene.nonce())
    assert again.converted == 0
    assert meant(scene) == after


async def test_there_and_back_again_comes_to_who_was_one_before() -> None:
    scene = await town()
    before = meant(scene)
    scene.rules = DEFAULT_RULES
    await switch(scene, without_veto(DEFAULT_RULES))
    await switch(scene, DEFAULT_RULES)
    after = meant(scene)
    assert {facets for facets, _, _ in after["customers"].values()} == {
        facets for facets, _, _ in before["customers"].values()
    }
    assert after["groups"] == before["groups"]


@pytest.mark.parametrize("tendings", range(4))
async def test_redis_is_lost_while_the_switch_is_being_published(
    tendings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icustomer.outbox.SWEPT_AT_ONCE", 3)
    scene = await town()
    await switch(scene)
    expected = meant(scene)
    hand = await scene.hand("publisher")
    for _ in range(tendings):
        await hand.worker.tend()
    scene.flush()
    scene.seconds += LEASE_SECONDS + 1
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE
    assert rebuilt.converted > 0
    assert meant(scene) == expected
    await scene.settle()
    assert not scene.space.outbox
    scene.flush()
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.converted == 0
    assert meant(scene) == expected


async def test_after_a_switch_the_tail_of_the_log_is_enough_and_holds_nothing_old() -> None:
    scene = await town()
    await switch(scene)
    hand = await scene.settle()
    former = scene.redis.snapshot()
    await scene.live(hand, EVENTS)
    await hand.leave()
    expected = meant(scene)
    scene.redis.restore(former, scene.nonce())
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.TAIL
    assert meant(scene) == expected


async def test_of_a_redis_from_before_the_switch_nothing_is_believed() -> None:
    scene = await town()
    former = scene.redis.snapshot()
    await switch(scene)
    await scene.settle()
    expected = meant(scene)
    scene.redis.restore(former, scene.nonce())
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.WHOLE
    assert meant(scene) == expected


async def test_a_claim_of_an_older_switch_that_lands_late_undoes_nothing() -> None:
    scene = await town()
    last = await scene.rebuilder()._log.last_claim()
    assert last is not None
    late = last.number + 1
    await switch(scene, NEWER)
    await scene.settle()
    expected = meant(scene)
    nonce = stamped(scene.nonce(), Activation(NEW.fingerprint, late, AT))
    await scene.rebuilder()._log.write_claim(Claim(late, nonce))
    scene.flush()
    await scene.catch_up()
    assert meant(scene) == expected
    scene.rules = NEW
    with pytest.raises(OtherRulesError):
        await scene.catch_up()


async def test_a_rebuilder_that_thought_of_its_claim_before_a_switch_gives_up() -> None:
    """It would bring everything under the former rules, as if the switch had done it."""
    scene = await town()
    plain = scene.rebuilder()

    class Late(Struck):
        async def _overtaken(self, claim: Claim) -> None:
            await plain._log.write_claim(Claim(claim.number, f"{scene.nonce()}.{other}"))
            await plain._log.write_claim(claim)

        def __getattr__(self, name: str) -> Any:
            if name == "write_claim":
                return self._overtaken
            return super().__getattr__(name)

    other = f"{NEW.fingerprint}.{(await _number(scene)) + 1}.{AT}"
    log = Late(plain._log, Strikes(MOST_CALLS, died, When.BEFORE))
    scene.flush()
    with pytest.raises(UnavailableError):
        await scene.rebuilder(log=log).catch_up(scene.nonce())
    scene.rules = NEW
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.converted == rebuilt.groups > 0


async def _number(scene: Scene) -> int:
    claim = await scene.rebuilder()._log.highest_claim()
    assert claim is not None
    return claim.number

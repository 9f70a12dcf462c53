"""A catch-up in the midst of a suppress: nothing of the identifier comes back, and nobody new
gets by."""

from __future__ import annotations

import json
from typing import Any

import pytest

from icustomer.contracts.topics import Topic
from icustomer.core.change import SUPPRESSED
from icustomer.rebuild import Way
from icustomer.store.codec import decode
from unit.rebuild.scene import KEYRING, Hand, Scene, StruckError

PHONE = "+41446681822"
"""Its digest sorts before some groups: the one that tells of it is not read last."""
DIGEST = KEYRING.identifier("phone", PHONE)
NAMES = ("Anna", "Bruno", "Dieter", "Yuki", "Zeno")
AT = {"occurred_at": "2026-01-01T00:00:00Z", "source": "shop"}
SUPPRESS = {
    "event_id": "word",
    "command": "suppress",
    "identifier": {"kind": "phone", "value": PHONE},
    "requested_by": "desk",
    "reason": "asked for",
    **AT,
}


def send(scene: Scene, topic: Topic, document: dict[str, Any]) -> None:
    scene.seconds += 1
    scene.kafka.produce(topic, b"key", json.dumps(document).encode())


def sign_up(scene: Scene, given: str, event_id: str, **claimed: str) -> None:
    name = {"given": given, "family": "Berg"}
    send(scene, Topic.SIGNUPS, {"event_id": event_id, "name": name, **claimed, **AT})


def carriers(scene: Scene) -> list[str]:
    """Who carries the number, by the names of their claims."""
    return [
        facet.name.given[0]
        for blob in scene.space.groups.values()
        for facet in decode(blob).facets
        if PHONE in {each.value for each in facet.identifiers}
    ]


async def suppressed_and_killed(scene: Scene, monkeypatch: pytest.MonkeyPatch, people: int) -> Hand:
    """People whose number is suppressed by a worker that dies before it publishes that."""
    hand = await scene.hand()
    await hand.worker.tend()
    for given in NAMES[:people]:
        sign_up(scene, given, given, phone=PHONE, email=f"{given}@x.example")
    await hand.work()
    assert len(carriers(scene)) == people

    async def die(*_: object) -> None:
        raise StruckError

    monkeypatch.setattr(hand.log, "publish", die)
    send(scene, Topic.COMMANDS, SUPPRESS)
    with pytest.raises(StruckError):
        await hand.work()
    await hand._subscriber.leave()
    assert carriers(scene) == []
    return hand


@pytest.mark.parametrize("people", [1, 2, len(NAMES)])
async def test_what_was_rewritten_and_not_published_is_not_read_back(
    monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    scene = Scene()
    await suppressed_and_killed(scene, monkeypatch, people)
    scene.restart()
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is Way.TAIL
    assert carriers(scene) == []
    assert scene.space.links[DIGEST] == SUPPRESSED
    sign_up(scene, "Cleo", "late", phone=PHONE, email="cleo@x.example")
    await (await scene.hand("second")).work()
    await scene.settle()
    assert carriers(scene) == []
    assert scene.state() == await scene.state_from_the_log()


async def test_the_link_of_what_is_suppressed_stays_whichever_group_is_read_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where only a part of the carriers was rewritten and published before."""
    scene = Scene()
    await suppressed_and_killed(scene, monkeypatch, len(NAMES))
    (told,) = (group for group in map(decode, scene.space.groups.values()) if group.suppressed)
    await scene.publish(told)
    scene.flush()
    await scene.catch_up()
    assert len(carriers(scene)) == len(NAMES)
    assert scene.space.links[DIGEST] == SUPPRESSED
    await (await scene.hand("second")).work()
    await scene.settle()
    assert carriers(scene) == []
    assert scene.state() == await scene.state_from_the_log()

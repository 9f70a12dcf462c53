"""What must not stand in the log, and what becomes of it if it does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace as with_

from icustomer import replay
from icustomer.contracts.topics import Topic
from icustomer.core.model import Group, epoch_of, version_after
from icustomer.rebuild import Way
from icustomer.store.codec import decode, encode
from unit.rebuild.scene import KEYRING, Scene

WAYS = (Way.WHOLE, Way.TAIL)


@pytest.fixture(autouse=True, params=[1, 500], ids=["in turn", "in one portion"])
def portion(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What contradicts itself may be read together or not."""
    monkeypatch.setattr(replay, "PORTION", request.param)


@pytest.fixture
async def scene() -> Scene:
    """A town that has lived for a while."""
    scene = Scene()
    hand = await scene.hand()
    await scene.live(hand, 60)
    await hand.leave()
    return scene


async def catch_up(scene: Scene, way: Way) -> None:
    if way is Way.WHOLE:
        scene.flush()
    else:
        scene.restart()
    rebuilt, _ = await scene.catch_up()
    assert rebuilt.way is way


def largest(scene: Scene) -> Group:
    groups = [decode(blob) for blob in scene.space.groups.values()]
    return max(groups, key=lambda group: (len(group.facets), group.id))


def newer(group: Group) -> Group:
    """The group with another version and nothing else changed."""
    return with_(group, version=version_after(epoch_of(group.version), group.version))


def entered(scene: Scene) -> dict[bytes, list[str]]:
    """Group ID to the customer IDs of its entry."""
    return {
        group_id: list(entry.customer_ids)
        for entry in scene.space.outbox.values()
        for group_id in entry.groups
    }


# Stale last records


@pytest.mark.parametrize("way", WAYS)
async def test_a_stale_last_record_hides_nothing_and_is_published_over(
    scene: Scene, way: Way
) -> None:
    group = largest(scene)
    later = newer(group)
    await scene.publish(later)
    await scene.publish(group)
    await catch_up(scene, way)
    assert decode(scene.space.groups[group.id]) == later
    assert set(entered(scene)[group.id]) == {each.id for each in (*group.customers, *group.retired)}
    await scene.settle()
    assert decode(scene.last(Topic.IDENTITY_STATE)[group.id]) == later


async def test_a_stale_record_after_the_checkpoint_is_published_over_too(scene: Scene) -> None:
    """The newer record is before the checkpoint: only the stale one is read."""
    group = largest(scene)
    later = newer(group)
    scene.space.groups[group.id] = encode(later)
    await scene.publish(later)
    scene.restart()
    await scene.catch_up()
    await scene.publish(group)
    scene.restart()
    rebuilt, read = await scene.catch_up()
    assert (rebuilt.way, rebuilt.groups, read) == (Way.TAIL, 0, [1])
    assert decode(scene.space.groups[group.id]) == later
    await scene.settle()
    assert decode(scene.last(Topic.IDENTITY_STATE)[group.id]) == later


@pytest.mark.parametrize("way", WAYS)
async def test_customers_that_only_a_former_record_names_are_published_again(
    scene: Scene, way: Way
) -> None:
    """Whoever went elsewhere since may have a stale last record as well."""
    group = largest(scene)
    someone = group.customers[0]
    elsewhere = KEYRING.customer_id(bytes(16), "gone", "elsewhere", 0)
    former = with_(group, customers=[*group.customers, with_(someone, id=elsewhere)])
    await scene.publish(former)
    await scene.publish(newer(group))
    await catch_up(scene, way)
    assert elsewhere in entered(scene)[group.id]
    assert elsewhere not in scene.space.aliases


@pytest.mark.parametrize("way", WAYS)
async def test_a_tombstone_behind_a_newer_record_deletes_nothing(scene: Scene, way: Way) -> None:
    group = largest(scene)
    later = newer(group)
    await scene.publish(later)
    await scene.publish_records({group.id: (group.version, None)})
    await catch_up(scene, way)
    assert decode(scene.space.groups[group.id]) == later
    await scene.settle()
    assert decode(scene.last(Topic.IDENTITY_STATE)[group.id]) == later


@pytest.mark.parametrize("way", WAYS)
async def test_a_record_behind_a_newer_tombstone_brings_nothing_back(
    scene: Scene, way: Way
) -> None:
    group = largest(scene)
    gone = newer(group).version
    await scene.publish_records({group.id: (gone, None)})
    await scene.publish(group)
    await catch_up(scene, way)
    assert group.id not in scene.space.groups
    assert group.id not in scene.space.links.values()
    assert group.id not in scene.space.aliases.values()
    await scene.settle()
    assert group.id not in scene.last(Topic.IDENTITY_STATE)


# Facets in two groups


def parts(scene: Scene) -> tuple[Group, Group]:
    """A group as it stands, and a newer one that has one of its facets."""
    group = largest(scene)
    assert len(group.facets) > 2
    facets = group.facets[-1:]
    customer = with_(
        group.customers[0],
        id=KEYRING.customer_id(bytes(16), "the", "other", 0),
        anchor=facets[0].key,
        facets=tuple(each.key for each in facets),
    )
    other = with_(newer(group), id=facets[0].key, facets=facets, customers=[customer], retired=[])
    return group, other


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("taken", ["one", "all"])
@pytest.mark.parametrize("first", ["lower", "higher"])
async def test_a_facet_in_two_groups_belongs_to_the_higher_version(
    scene: Scene, way: Way, taken: str, first: str
) -> None:
    group, other = parts(scene)
    if taken == "all":
        other = with_(other, facets=group.facets, customers=other.customers)
        other = with_(other, id=max(each.key for each in group.facets if each.key != group.id))
    published = (group, other) if first == "lower" else (other, group)
    for each in published:
        await scene.publish(each)
    await catch_up(scene, way)
    assert_one_owner(scene)
    standing = {each.id: each for each in map(decode, scene.space.groups.values())}
    assert standing[other.id] == other
    left = {each.key for each in group.facets} - {each.key for each in other.facets}
    if left:
        assert {each.key for each in standing[group.id].facets} == left
    else:
        assert group.id not in standing
    entry = entered(scene)
    assert {group.id, other.id} <= entry.keys()
    await scene.settle()
    published_last = scene.last(Topic.IDENTITY_STATE)
    assert {each: published_last[each] for each in standing} == scene.space.groups


def assert_one_owner(scene: Scene) -> None:
    space = scene.space
    groups = [decode(blob) for blob in space.groups.values()]
    keys = [facet.key for group in groups for facet in group.facets]
    assert len(keys) == len(set(keys))
    led_to = {link for link in space.links.values() if len(link) == len(groups[0].id)}
    assert led_to <= set(space.groups)
    assert set(space.aliases.values()) <= set(space.groups)
    assert _ids(groups) == set(space.aliases)


def _ids(groups: Sequence[Group]) -> set[str]:
    return {one.id for group in groups for one in (*group.customers, *group.retired)}

"""Forget and suppress on random worlds: what was erased stays away, all else is as it was."""

from __future__ import annotations

from random import Random

from hypothesis import assume, given, settings
from hypothesis.strategies import randoms
from msgspec.structs import replace

from icustomer.core.change import SHARED, Outcome
from icustomer.core.model import RawName
from icustomer.core.observation import ForgetCommand, Observation, SuppressCommand
from worlds.comparison import assert_as_oracle
from worlds.driver import TOMBSTONE
from worlds.erasing import graves_of, left_of, suppressed_of
from worlds.log import batches, shuffled_arrivals
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND
from worlds.play import EXAMPLES, Game, play, play_with_commands, quick
from worlds.stories import SPAN, Story, stories

fewer = settings(quick, max_examples=max(EXAMPLES // 2, 1))
ANNA, PETER = RawName("Anna", "Berg"), RawName("Peter", "Berg")
PHONE = ("phone", "+491")


def forget(customer_id: str, at: int = SPAN, name: str = "") -> ForgetCommand:
    return ForgetCommand(name or f"forget{at}", DAWN + at * SECOND, NOWHERE, customer_id)


def suppress(kind: str, value: str, at: int = SPAN) -> SuppressCommand:
    digest = KEYRING.identifier(kind, value)
    return SuppressCommand(f"suppress{at}", DAWN + at * SECOND, NOWHERE, digest)


def assert_as_what_is_left(game: Game, story: Story) -> None:
    """The oracle, shown only what counts once graves and suppressed identifiers are heeded,
    comes to the same; marks that outlast those who were erased are given to it."""
    groups = game.state.all_groups()
    left = left_of(story.told, graves_of(groups), suppressed_of(groups), story.rules, KEYRING)
    marks = [digest for digest, link in game.state.links.items() if link == SHARED]
    assert_as_oracle(game.state, left, story.rules, KEYRING, marks)


@quick
@given(stories(), randoms(use_true_random=False))
def test_who_was_forgotten_does_not_come_back_and_all_others_stay(story: Story, random: Random):
    game = play(story, random)
    before = game.current()
    assume(before)
    gone = random.choice(sorted(before))
    ids = {gone, *(one for one, into in game.redirects().items() if ends(game, one) == gone)}
    others = before.keys() - ids
    game.send(forget(gone))
    assert others <= {*game.current(), *game.redirects(), *game.asleep()}
    assert ids.isdisjoint({*game.current(), *game.redirects(), *game.asleep()})
    assert all(game.state.published[one].items() >= TOMBSTONE.items() for one in ids)
    assert_as_what_is_left(game, story)
    standing = {**game.state.groups}
    for batch in batches(random, shuffled_arrivals(random, story.told, game.log)):
        verdicts = game.worker.run(batch)
        assert {each.outcome for each in verdicts} <= {Outcome.SUPPRESSED, Outcome.DUPLICATE}
    assert game.state.groups == standing, "a replay changed something"


def ends(game: Game, customer_id: str) -> str:
    redirects = game.redirects()
    while customer_id in redirects:
        customer_id = redirects[customer_id]
    return customer_id


@fewer
@given(stories(), randoms(use_true_random=False))
def test_what_is_told_later_of_erased_claims_begins_anew_in_any_order(story: Story, random: Random):
    game = play(story, random)
    assume(game.current())
    for gone in random.sample(sorted(game.current()), min(2, len(game.current()))):
        if gone in game.current():
            game.send(forget(gone, random.randrange(2 * SPAN), f"forget {gone}"))
    erased = {
        one for one, record in game.state.published.items() if TOMBSTONE.items() <= record.items()
    }
    later = tuple(
        replaced(one, SPAN + random.randrange(2 * SPAN))
        for one in story.told
        if random.random() < 0.5
    )
    for batch in batches(random, shuffled_arrivals(random, [*story.told, *later], game.log)):
        game.worker.run(batch)
    assert erased.isdisjoint({*game.current(), *game.redirects()}), "an ID was given again"
    assert_as_what_is_left(game, Story(story.rules, (*story.told, *later)))


def replaced(told: Observation, at: int) -> Observation:
    return replace(told, event_id=f"{told.event_id}-{at}", occurred_at=DAWN + at * SECOND)


@fewer
@given(stories(), randoms(use_true_random=False))
def test_a_suppressed_identifier_is_in_no_facet_and_none_that_is_told_later(
    story: Story, random: Random
):
    game = play(story, random)
    digests = sorted(suppressible(story))
    assume(digests)
    for place, digest in enumerate(random.sample(digests, min(2, len(digests)))):
        command = SuppressCommand(f"s{place}", DAWN + place, NOWHERE, digest)
        game.send(command)
    for batch in batches(random, shuffled_arrivals(random, story.told, game.log)):
        game.worker.run(batch)
    assert_as_what_is_left(game, story)
    gone = suppressed_of(game.state.all_groups())
    assert gone
    held = {
        KEYRING.identifier(each.kind, each.value)
        for group in game.state.all_groups()
        for facet in group.facets
        for each in facet.identifiers
    }
    assert not gone & held


def suppressible(story: Story) -> set[bytes]:
    return {
        digest
        for told in story.told
        for identifier, digest in zip(told.identifiers, told.digests, strict=False)
        if story.rules.connects(identifier.kind, identifier.value)
    }


@fewer
@given(stories(), randoms(use_true_random=False))
def test_words_of_every_kind_among_the_evidence_come_to_what_the_oracle_sees(
    story: Story, random: Random
):
    game = play_with_commands(story, random, erasing=0.5)
    assert_as_what_is_left(game, story)

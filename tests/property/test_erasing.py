"""Forget and suppress on random worlds: what was erased stays away, all else is as it was."""

from __future__ import annotations

import dataclasses
from random import Random

from hypothesis import assume, given, settings
from hypothesis.strategies import randoms
from msgspec.structs import replace

from icustomer.core.change import SHARED, Outcome
from icustomer.core.model import RawName
from icustomer.core.observation import ForgetCommand, Observation, SplitCommand, SuppressCommand
from icustomer.core.rules import DEFAULT_RULES
from worlds.comparison import assert_as_oracle
from worlds.driver import TOMBSTONE
from worlds.erasing import graves_of, left_of, outlasting, suppressed_of
from worlds.log import batches, shuffled_arrivals
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND, observation, order, under
from worlds.play import EXAMPLES, Game, interleave, play, play_with_commands, quick
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
    marks = outlasting(groups, game.state.links)
    assert_as_oracle(game.state, [*left, *story.unshared], story.rules, KEYRING, marks)


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
        under(story.rules, told_again(one, SPAN + random.randrange(2 * SPAN)))
        for one in story.told
        if random.random() < 0.5
    )
    for batch in batches(random, shuffled_arrivals(random, [*story.items, *later], game.log)):
        game.worker.run(batch)
    assert erased.isdisjoint({*game.current(), *game.redirects()}), "an ID was given again"
    assert_as_what_is_left(game, dataclasses.replace(story, told=(*story.told, *later)))


def told_again(told: Observation, at: int) -> Observation:
    """The same claim in an event of its own."""
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


@fewer
@given(stories(), randoms(use_true_random=False))
def test_workers_with_stale_snapshots_erase_what_the_oracle_sees_erased(
    story: Story, random: Random
):
    state, _ = interleave(story, random, erasing=0.15)
    game = Game(story.rules, state=state)
    assert_as_what_is_left(game, story)


def couple(game: Game) -> tuple[str, str]:
    """Two who share a phone, each with an e-mail and an order; his ID and hers."""
    his, hers = ("email", "peter@x.example"), ("email", "anna@x.example")
    game.send(observation("p1", [his, PHONE], name=PETER, at=1))
    game.send(observation("a1", [hers, PHONE], name=ANNA, at=2))
    game.send(
        observation("p2", [his], name=PETER, topic="orders", order=order("P", "paid", "7"), at=3),
        observation("a2", [hers], name=ANNA, topic="orders", order=order("A", "paid", "5"), at=4),
    )
    by_name = {game.state.published[one]["name"]["given"]: one for one in game.current()}
    return by_name["Peter"], by_name["Anna"]


def test_the_spouse_who_shares_the_phone_keeps_everything():
    game = Game(DEFAULT_RULES)
    his, hers = couple(game)
    before = game.state.published[hers]
    game.send(forget(his))
    after = game.state.published[hers]
    assert set(game.current()) == {hers}
    kept = before.keys() - {"version", "updated_at", "phones"}
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    (phone,) = after["phones"]
    assert (phone["value"], phone["use"]) == ("+491", "match"), "nobody contests it any more"


def test_who_signs_up_again_is_somebody_new():
    game = Game(DEFAULT_RULES)
    his, hers = couple(game)
    game.send(forget(his, at=10))
    game.send(observation("p1", [("email", "peter@x.example"), PHONE], name=PETER, at=11))
    (new,) = game.current().keys() - {hers}
    assert new != his
    assert game.state.published[new]["orders"]["count"] == 0
    game.send(observation("p1", [("email", "peter@x.example"), PHONE], name=PETER, at=9))
    assert game.worker.verdicts[-1].outcome is Outcome.SUPPRESSED


def test_what_was_told_after_the_command_counts_only_if_it_was_not_known_by_then():
    """Both happened after the command's time; the first was known when it was carried out."""
    game = Game(DEFAULT_RULES)
    email = ("email", "peter@x.example")
    game.send(observation("p1", [email], name=PETER, at=1))
    game.send(observation("p2", [email], name=PETER, at=20))
    (his,) = game.current()
    game.send(forget(his, at=10))
    (verdict,) = game.worker.run([game.log.append(observation("p3", [email], name=PETER, at=20))])
    assert verdict.outcome is Outcome.SUPPRESSED
    (verdict,) = game.worker.run([game.log.append(observation("p4", [email], name=PETER, at=21))])
    assert verdict.outcome is Outcome.CREATED


def test_an_older_event_of_a_claim_that_nobody_had_made_is_evidence_like_any_other():
    """It may be anybody's: that is what `suppress` is for."""
    game = Game(DEFAULT_RULES)
    his, hers = couple(game)
    game.send(forget(his))
    late = observation("p0", [("email", "peter@x.example")], name=RawName("P.", "Berg"), at=0)
    (verdict,) = game.worker.run([game.log.append(late)])
    assert verdict.outcome is Outcome.CREATED
    (new,) = game.current().keys() - {hers}
    assert new != his


def test_what_is_kept_out_is_published_together_with_the_grave():
    """Whoever forgot may not have published it yet: the log would know neither."""
    game = Game(DEFAULT_RULES)
    told = observation("p1", [("email", "peter@x.example")], name=PETER, at=1)
    game.send(told)
    (his,) = game.current()
    game.send(forget(his))
    plan = game.worker.plan([game.log.append(told)])
    assert isinstance(plan, list)
    (change,) = plan
    assert change.verdicts[0].outcome is Outcome.SUPPRESSED
    graves = graves_of(map(game.state.group, change.republish))
    assert told.facet_key in graves


def test_a_command_that_comes_again_is_recognised_and_another_one_is_refused():
    game = Game(DEFAULT_RULES)
    his, _ = couple(game)
    command = game.log.append(forget(his))
    game.worker.run([command])
    groups = dict(game.state.groups)
    (again,) = game.worker.run([command])
    assert (again.outcome, again.reason) == (Outcome.DUPLICATE, "applied")
    (other,) = game.worker.run([game.log.append(forget(his, name="another"))])
    assert (other.outcome, other.reason) == (Outcome.DEAD_LETTERED, "refused_command")
    assert "forgotten" in other.detail
    assert game.state.groups == groups


def test_a_mark_outlasts_all_who_carried_the_identifier():
    game = Game(DEFAULT_RULES)
    for place, name in enumerate(("Anna", "Peter", "Omar", "Yuki")):
        claimed = [PHONE, ("email", f"{place}@x.example")]
        game.send(observation(name, claimed, name=RawName(name, "Berg")))
    digest = KEYRING.identifier(*PHONE)
    assert game.state.links[digest] == SHARED
    for customer_id in list(game.current()):
        game.send(forget(customer_id, name=customer_id))
    assert game.state.links[digest] == SHARED
    game.send(observation("new", [PHONE], name=ANNA, at=SPAN + 1))
    (new,) = game.current()
    assert game.state.published[new]["phones"][0]["use"] == "shared"


def test_forgetting_one_side_of_a_split_leaves_the_other_as_it_was():
    game = Game(DEFAULT_RULES)
    email = ("email", "both@x.example")
    told = [
        observation("a", [email, ("phone", "+4921")], name=ANNA, at=1),
        observation("b", [email, ("phone", "+4922")], name=ANNA, at=2),
    ]
    game.send(*told)
    (one,) = game.current()
    game.send(SplitCommand("split", DAWN + 5, NOWHERE, one, everything=True))
    other = next(iter(game.current().keys() - {one}))
    kept = game.current()[other]
    game.send(forget(one))
    assert game.current() == {other: kept}
    game.send(observation("a", [email, ("phone", "+4921")], name=ANNA, at=SPAN + 1))
    assert len(game.current()) == 1, "what comes later is no side of the split"


def test_a_forgotten_claim_does_not_come_back_once_its_identifier_is_suppressed():
    """Without the identifier the old event is another claim: its grave must be asked for too."""
    game = Game(DEFAULT_RULES)
    told = observation("p", [("email", "peter@x.example"), PHONE], name=PETER, at=1)
    game.send(told)
    (his,) = game.current()
    game.send(forget(his))
    game.send(suppress("email", "peter@x.example"))
    (verdict,) = game.worker.run([game.log.append(told)])
    assert verdict.outcome is Outcome.SUPPRESSED
    assert game.current() == {}


def test_an_event_about_nothing_but_what_is_suppressed_is_suppressed():
    game = Game(DEFAULT_RULES)
    game.send(suppress("email", "peter@x.example"))
    told = observation("p", [("email", "peter@x.example")], name=PETER)
    (verdict,) = game.worker.run([game.log.append(told)])
    assert (verdict.outcome, verdict.reason) == (Outcome.SUPPRESSED, "identifier")


def test_a_customer_known_by_a_suppressed_identifier_alone_is_erased():
    game = Game(DEFAULT_RULES)
    game.send(observation("p", [("email", "peter@x.example")], name=PETER))
    (his,) = game.current()
    command = game.log.append(suppress("email", "peter@x.example"))
    game.worker.run([command])
    assert game.current() == {}
    assert game.state.published[his].items() >= TOMBSTONE.items()
    (verdict,) = game.worker.run([command])
    assert (verdict.outcome, verdict.reason) == (Outcome.DUPLICATE, "applied")


def test_what_a_suppressed_identifier_joined_parts():
    game = Game(DEFAULT_RULES)
    email = ("email", "both@x.example")
    game.send(
        observation("a", [email, ("phone", "+4921")], name=ANNA, at=1),
        observation("b", [email, ("phone", "+4922")], name=ANNA, at=2),
    )
    assert len(game.current()) == 1
    (verdict, *_) = game.worker.run([game.log.append(suppress(*email))])
    assert verdict.outcome is Outcome.SPLIT
    assert len(game.current()) == 2


def test_a_call_that_may_have_been_the_forgotten_ones_goes_too():
    game = Game(DEFAULT_RULES)
    his, hers = couple(game)
    call = observation("call", [PHONE], topic="support", at=5)
    game.send(call)
    assert call.facet_key not in {key for keys in game.current().values() for key in keys}
    game.send(forget(his))
    assert call.facet_key not in game.current()[hers], "it is not given to the spouse"
    assert call.facet_key in graves_of(game.state.all_groups())
    (verdict,) = game.worker.run([game.log.append(call)])
    assert verdict.outcome is Outcome.SUPPRESSED


def test_what_a_person_split_stays_apart_once_one_side_lost_an_identifier():
    game = Game(DEFAULT_RULES)
    email = ("email", "both@x.example")
    game.send(
        observation("a", [email, ("phone", "+4921")], name=ANNA, at=1),
        observation("b", [email, ("phone", "+4922")], name=ANNA, at=2),
    )
    (one,) = game.current()
    game.send(SplitCommand("split", DAWN + 5, NOWHERE, one, everything=True))
    assert len(game.current()) == 2
    game.send(suppress("phone", "+4921"))
    assert len(game.current()) == 2

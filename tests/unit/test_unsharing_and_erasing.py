"""An identifier that was freed, once those who carry it go, and once it is suppressed."""

from __future__ import annotations

from icustomer.core.change import SHARED, SUPPRESSED, Outcome
from icustomer.core.guests import Guests
from icustomer.core.model import RawName
from icustomer.core.observation import ForgetCommand, Observation, SuppressCommand, UnshareCommand
from icustomer.core.rules import DEFAULT_RULES
from worlds.observations import DAWN, KEYRING, NOWHERE, SECOND, observation, order
from worlds.play import Game
from worlds.stories import GIVEN

PHONE = ("phone", "+41446681800")
OTHER = ("phone", "+41446681801")
DIGEST, OTHER_DIGEST = KEYRING.identifier(*PHONE), KEYRING.identifier(*OTHER)
PEOPLE = 4
"""One more than may share a number by their names."""
LATER = 40
"""Seconds after all that is told."""


def unshare(digest: bytes = DIGEST, event_id: str = "u") -> UnshareCommand:
    return UnshareCommand(event_id, DAWN, NOWHERE, "phone", digest)


def suppress() -> SuppressCommand:
    return SuppressCommand("s", DAWN + LATER * SECOND, NOWHERE, DIGEST)


def flat(at: int = 0) -> list[Observation]:
    return [
        observation(
            f"e{number}-{at}",
            [PHONE, ("email", f"{number}@x.example")],
            name=RawName(GIVEN[number], f"F{number}"),
            at=at,
        )
        for number in range(PEOPLE)
    ]


def forget_all(game: Game) -> None:
    for customer_id in sorted(game.current()):
        game.send(ForgetCommand(customer_id, DAWN + LATER * SECOND, NOWHERE, customer_id))


def waits(game: Game) -> bool:
    """Whether the word is kept by a group that holds nothing else."""
    group = game.state.group(DIGEST)
    assert (group.facets, group.graves, group.unshared) == ([], [], [DIGEST])
    return game.state.links[DIGEST] == DIGEST


def test_the_word_outlasts_all_who_were_forgotten():
    game = Game(DEFAULT_RULES)
    game.send(*flat(), unshare())
    forget_all(game)
    assert waits(game)
    for each in flat(LATER + 1):
        game.send(each)
    (group,) = (each for each in game.state.all_groups() if each.facets)
    assert (len(group.facets), group.shared, group.unshared) == (PEOPLE, [], [DIGEST])
    assert DIGEST not in game.state.groups


def test_what_is_shared_on_graves_alone_can_be_freed():
    game = Game(DEFAULT_RULES)
    game.send(*flat())
    forget_all(game)
    assert game.state.links[DIGEST] == SHARED
    (verdict,) = game.worker.run([game.log.append(unshare())])
    assert (verdict.outcome, verdict.reason) == (Outcome.MATCHED, "not_seen_yet")
    assert waits(game)
    assert not game.state.index
    assert all(not grave.marks for group in game.state.all_groups() for grave in group.graves)


def test_a_grave_of_two_freed_identifiers_keeps_neither_from_its_carriers():
    """Who carried both is gone; those who are left have nothing in common any more."""
    game = Game(DEFAULT_RULES)
    game.send(unshare(), unshare(OTHER_DIGEST, "v"))
    told = {"Anna": [PHONE, OTHER], "Peter": [PHONE], "Omar": [OTHER]}
    for name, claims in told.items():
        game.send(observation(name, claims, name=RawName(name, "Berg")))
    by_name = {game.state.published[one]["name"]["given"]: one for one in game.current()}
    game.send(ForgetCommand("f", DAWN + LATER * SECOND, NOWHERE, by_name["Anna"]))
    carrying = {tuple(each.unshared): each for each in game.state.all_groups() if each.facets}
    assert {DIGEST, OTHER_DIGEST} == {digest for (digest,) in carrying}
    for (digest,), group in carrying.items():
        assert game.state.links[digest] == group.id


def test_the_word_outlasts_a_guest():
    game = Game(DEFAULT_RULES)
    day = 86_400 * SECOND
    game.state.guests = Guests(day)
    game.send(unshare())
    told = order("1", "placed")
    guest = observation("g", [PHONE], topic="orders", order=told, known=False)
    game.send(guest)
    assert DIGEST not in game.state.groups
    game.state.guests = Guests(day, DAWN + 3 * day)
    assert game.worker.sweep() == 1
    assert waits(game)


def test_suppressing_ends_the_word_wherever_it_is_kept():
    for before in ([unshare()], [*flat(), unshare()]):
        game = Game(DEFAULT_RULES)
        game.send(*before)
        game.send(suppress())
        assert game.state.links[DIGEST] == SUPPRESSED
        assert not any(group.unshared for group in game.state.all_groups())
        assert [each.digest for each in game.state.group(DIGEST).suppressed] == [DIGEST]


def test_what_was_suppressed_is_not_freed():
    game = Game(DEFAULT_RULES)
    game.send(suppress())
    standing = dict(game.state.groups)
    (verdict,) = game.worker.run([game.log.append(unshare())])
    assert (verdict.outcome, verdict.reason) == (Outcome.DEAD_LETTERED, "refused_command")
    assert "was suppressed" in verdict.detail
    assert game.state.groups == standing


def test_of_two_workers_one_suppresses_first_and_the_other_is_refused():
    game = Game(DEFAULT_RULES)
    game.send(*flat())
    words = [game.log.append(unshare())]
    stale = game.worker.plan(words)
    game.send(suppress())
    assert game.worker.commit(words, stale) == words
    game.worker.finish(words)
    assert game.worker.verdicts[-1].reason == "refused_command"


def test_a_facet_that_becomes_one_that_was_erased_before_goes_too():
    """Told again without the number, it would be dropped."""
    game = Game(DEFAULT_RULES)
    email, anna = ("email", "anna@x.example"), RawName("Anna", "Berg")
    game.send(observation("a", [email], name=anna, at=1))
    (gone,) = game.current()
    game.send(ForgetCommand("f", DAWN + 9 * SECOND, NOWHERE, gone))
    late = game.log.append(observation("b", [email, PHONE], name=anna, at=2))
    game.worker.run([late])
    assert len(game.current()) == 1
    game.send(suppress())
    assert game.current() == {}
    (verdict,) = game.worker.run([late])
    assert verdict.outcome is Outcome.SUPPRESSED

"""People who live together: what they share is true of each of them, and tells nobody apart."""

from __future__ import annotations

from benchmarks.households.names import ALIKE, COMMON_BEGINNINGS, TWINS, ranked
from benchmarks.households.world import DAYS, Person, World, pick

CHILD_BORN = (2005, 2012)
JUNIOR_BORN = (1975, 2000)
SENIOR_BORN = (1940, 1965)
BOTH_PHONES_SHARE = 0.5
"""Of those who share a number: they have one of their own besides."""
MARKED_SHARE = 0.4
"""Of fathers and sons of one name: one writes Sr. or Jr."""


def couple(world: World) -> None:
    """One number and address, two mailboxes."""
    first = world.person(given="")
    _on_one_number(world, first, world.relative(first))


def couple_on_one_mailbox(world: World) -> None:
    """One number, one address, one mailbox; sometimes one account."""
    first = world.person()
    second = world.relative(first)
    first.emails = [world.email(first.names, f"the.{first.family}s")]
    second.emails, second.phones = first.emails, first.phones
    if world.random.random() < 0.3:  # noqa: PLR2004 - a third have one account
        second.account = first.account
    _live(world, first, second)


def couple_of_like_names(world: World) -> None:
    """Christian and Christine on one number."""
    one, other = pick(world.random, ALIKE)
    first = world.person(given=one)
    _on_one_number(world, first, world.relative(first, other))


def twins(world: World) -> None:
    """Born on one day, at one address, on one number; half of them of like names."""
    one, other = pick(world.random, TWINS)
    first = world.person(given=one)
    second = world.relative(first, other)
    first.birth_date = second.birth_date = world.birth_date(1980, 2005)
    _on_one_number(world, first, second)


def junior_and_senior(world: World) -> None:
    """Father and son of one name, at one address, on one number."""
    father = world.person()
    father.given = ranked(world.random, father.names.men)
    son = world.person(father, father.given, father.family)
    son.address = father.address
    father.birth_date = world.birth_date(*SENIOR_BORN)
    son.birth_date = world.birth_date(*JUNIOR_BORN)
    if world.random.random() < MARKED_SHARE:
        father.family, son.family = f"{father.family} Sr.", f"{son.family} Jr."
    _on_one_number(world, father, son)


def brothers_and_sisters(world: World) -> None:
    """María José and María Teresa: the first name is the family's habit."""
    one, other = pick(world.random, COMMON_BEGINNINGS)
    first = world.person(given=one)
    _on_one_number(world, first, world.relative(first, other))


def family(world: World) -> None:
    """Two parents, two children without mailbox and account, one number for all."""
    mother = world.person()
    father = world.relative(mother)
    children = [_child(world, mother) for _ in range(2)]
    _on_one_number(world, mother, father, *children)


def children_by_the_mothers_mailbox(world: World) -> None:
    """Whoever signs children up types the own mailbox and number under their names."""
    mother = world.person()
    children = [_child(world, mother) for _ in range(world.random.randint(1, 2))]
    for child in children:
        child.emails, child.phones = mother.emails, mother.phones
    _live(world, mother, *children)


def flat_share(world: World) -> None:
    """Strangers on the number of their flat."""
    first = world.person()
    _on_one_number(world, first, *(world.person(first) for _ in range(2)))


def gifts(world: World) -> None:
    """They order for friends: their own mailbox and name, the friend's number and address."""
    giver = world.person()
    world.live(giver)
    for _ in range(world.random.randint(1, 3)):
        friend = world.person(giver)
        world.live(friend)
        own = giver.phones, giver.address
        giver.phones, giver.address = friend.phones, friend.address
        world.order(giver, world.random.randrange(DAYS))
        giver.phones, giver.address = own


def _child(world: World, parent: Person) -> Person:
    child = world.relative(parent)
    child.birth_date = world.birth_date(*CHILD_BORN)
    child.emails, child.account = [], ""
    return child


def _on_one_number(world: World, first: Person, *others: Person) -> None:
    shared = first.phones[0]
    for person in (first, *others):
        own = world.random.random() < BOTH_PHONES_SHARE
        person.phones = [shared, world.phone(first.country)] if own else [shared]
    _live(world, first, *others)


def _live(world: World, *people: Person) -> None:
    for person in people:
        world.live(person)

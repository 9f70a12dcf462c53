"""Households of one: nobody can be confounded, so all that can go wrong is a miss."""

from __future__ import annotations

from benchmarks.households.names import FOREIGN_FAMILIES, SPELLINGS, ranked
from benchmarks.households.world import DAYS, World

HALF = DAYS // 2


def single(world: World) -> None:
    """One mailbox, one number, one account."""
    world.live(world.person())


def many_mailboxes(world: World) -> None:
    """Work, home and an old mailbox, used in turn."""
    person = world.person()
    for _ in range(world.random.randint(1, 2)):
        person.emails.append(world.email(person.names, f"{person.given[0]}.{person.family}"))
    world.live(person)


def moved_on(world: World) -> None:
    """Another mailbox and another number, not on the same day."""
    person = world.person()
    world.live(person, (0, HALF))
    person.emails = [world.email(person.names, f"{person.family}.{person.given}")]
    world.live(person, (HALF, HALF + 100), (1, 2))
    person.phones = [world.phone(person.country)]
    world.live(person, (HALF + 100, DAYS))


def wedding(world: World) -> None:
    """Another family name, and soon a mailbox of that name."""
    person = world.person()
    person.given = ranked(world.random, person.names.women)
    world.live(person, (0, HALF))
    person.family = ranked(world.random, person.names.families)
    world.live(person, (HALF, HALF + 100), (1, 2))
    person.emails = [world.email(person.names, f"{person.given}.{person.family}")]
    world.live(person, (HALF + 100, DAYS))


def guest(world: World) -> None:
    """No account: orders and calls only."""
    person = world.person()
    person.account = ""
    world.live(person)


def no_mailbox(world: World) -> None:
    """A number is all that they give."""
    person = world.person()
    person.account, person.emails = "", []
    world.live(person)


def spelt_variously(world: World) -> None:
    """A name of another script or country, spelt anew each time; no account."""
    spellings = world.random.choice(SPELLINGS)
    person = world.person(family=world.random.choice(FOREIGN_FAMILIES))
    person.account = ""
    if world.random.random() < 0.5:  # noqa: PLR2004 - half of them give no mailbox
        person.emails = []
    for day in sorted(world.random.randint(0, DAYS) for _ in range(6)):
        person.given = world.random.choice(spellings)
        world.tell(person, day)

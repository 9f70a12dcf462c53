"""Strangers whom an identifier or a name ties together that is not theirs alone."""

from __future__ import annotations

from benchmarks.households.world import DAYS, Person, World

FEW, MANY = (2, 3), (5, 14)
"""People behind one identifier: below and above what anybody would call a hub."""
CALLERS = (5, 40)
NEXT_OWNER_AFTER_DAYS = 90
"""A number that was given back rests for so long before it is given out again."""
MISTYPED_SHARE = 0.3
"""Of namesakes: one types the other's mailbox once, as happens to owners of short addresses."""
PLACEHOLDERS = ("none@none.com", "test@test.com", "noreply@shop.example", "no@email.com")


def namesakes(world: World) -> None:
    """Two people of one name; one may type the other's mailbox by mistake."""
    first = world.person()
    second = world.person(first, first.given, first.family)
    world.live(first)
    world.live(second)
    if world.random.random() < MISTYPED_SHARE:
        second.emails = first.emails
        world.order(second, world.random.randrange(DAYS))


def role_mailbox_of_few(world: World) -> None:
    """Two or three colleagues who order by info@, on one switchboard."""
    _colleagues(world, FEW)


def role_mailbox_of_many(world: World) -> None:
    """Five and more colleagues who order by info@, on one switchboard."""
    _colleagues(world, MANY)


def _colleagues(world: World, size: tuple[int, int]) -> None:
    random = world.random
    first = world.person()
    role = random.choice(("info", "office", "sales", "einkauf", "accounts.payable"))
    mailbox = world.mailbox(role, f"{world.mailbox(first.family, 'x')[:-2]}-works.example")
    for number in range(random.randint(*size)):
        colleague = world.person(first) if number else first
        colleague.emails, colleague.account = [mailbox], ""
        if random.random() < 0.5:  # noqa: PLR2004 - half have no direct number
            colleague.phones = first.phones
        world.live(colleague)


def business(world: World) -> None:
    """A firm that orders in its own name, and its people: own mailboxes, one switchboard and one
    customer account. The firm is a customer of its own."""
    random = world.random
    firm = world.person()
    firm.given, firm.family = (
        firm.family,
        random.choice(("GmbH", "Ltd", "& Sons", "Bakery", "SARL")),
    )
    domain = f"{world.mailbox(firm.given, 'x')[:-2]}.example"
    firm.emails = [world.mailbox("info", domain)]
    world.live(firm)
    for _ in range(random.randint(2, 5)):
        person = world.person(firm)
        person.emails = [world.mailbox(f"{person.given}.{person.family}", domain)]
        person.phones = firm.phones if random.random() < 0.6 else person.phones  # noqa: PLR2004
        person.account = firm.account if random.random() < 0.3 else person.account  # noqa: PLR2004
        world.live(person)


def call_centre(world: World) -> None:
    """Agents who type their own line's number into the orders of callers."""
    line = world.person()
    for _ in range(world.random.randint(*CALLERS)):
        caller = world.person(line)
        world.live(caller, events=(2, 4))
        own, caller.phones = caller.phones, line.phones
        world.order(caller, world.random.randrange(DAYS))
        caller.phones = own


def branch_mailbox(world: World) -> None:
    """Clerks who type the branch's mailbox for buyers who have none, or do not tell it."""
    branch = world.person()
    mailbox = world.mailbox(f"branch{world.random.randrange(1_000)}", "shop.example")
    for _ in range(world.random.randint(*CALLERS)):
        buyer = world.person(branch)
        buyer.emails, buyer.account = [mailbox], ""
        world.live(buyer, events=(1, 4))


def hub_address(world: World) -> None:
    """Buyers abroad, on the address and number of one forwarder; each has an own mailbox."""
    forwarder = world.person()
    for _ in range(world.random.randint(*CALLERS)):
        buyer = world.person()
        buyer.names = forwarder.names
        buyer.address = forwarder.address
        if world.random.random() < 0.7:  # noqa: PLR2004 - the others keep an own number
            buyer.phones = forwarder.phones
        world.live(buyer, events=(2, 5))


def placeholders(world: World) -> None:
    """Whoever must fill the field and will not: test@test.com and a row of zeros."""
    first = world.person()
    mailbox = world.random.choice(PLACEHOLDERS)
    zeros = "0" * len(first.phones[0])
    for _ in range(world.random.randint(*CALLERS)):
        shy = world.person(first)
        if world.random.random() < 0.5:  # noqa: PLR2004 - either field
            shy.emails = [mailbox]
        else:
            shy.phones = [zeros]
        world.live(shy, events=(1, 4))


def recycled_number(world: World) -> None:
    """A number that was given back and belongs to somebody else now."""
    first = world.person()
    second = world.person(first)
    second.phones = first.phones
    _one_after_the_other(world, first, second)


def recycled_mailbox(world: World) -> None:
    """j.smith@firm: she left, he came; both are customers of the firm's supplier."""
    first = world.person()
    second = world.person(first, family=first.family)
    second.emails = first.emails
    _one_after_the_other(world, first, second)


def _one_after_the_other(world: World, first: Person, second: Person) -> None:
    end = world.random.randint(DAYS // 3, DAYS // 2)
    world.live(first, (0, end))
    world.live(second, (end + NEXT_OWNER_AFTER_DAYS, DAYS))

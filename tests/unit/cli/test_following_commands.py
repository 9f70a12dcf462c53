"""What a command is said to have done, while workers change what is looked at."""

from __future__ import annotations

from icustomer.commands.decisions import Before, CustomerWatch
from icustomer.commands.finding import Found, find_by_ids
from icustomer.core.change import Outcome
from icustomer.core.model import Customer, Facet, Group, NormalName, Override, RawName
from icustomer.core.rules import DEFAULT_RULES
from icustomer.store.codec import encode
from icustomer.store.port import Loaded

EVENT = "cli-1"
WORD = Override("void", 1, EVENT)


def facet(number: int) -> Facet:
    return Facet(bytes([number]) * 16, (), NormalName(), RawName(), None, 0, 0, "", 0, ("", ""), {})


def found(number: int, *overrides: Override) -> Found:
    key = bytes([number]) * 16
    customer = Customer(f"ic_{number}", key, number, 1, 0, (key,))
    return Found(Group(key, 1, [facet(number)], [customer], overrides=list(overrides)), customer)


class Reads(CustomerWatch):
    """Answers in turn."""

    answers: list[list[Found]]

    async def now(self) -> list[Found]:
        return self.answers.pop(0)


async def test_a_split_that_was_read_half_is_read_again() -> None:
    """The link was read before the commit and its group after it: one of two customers."""
    before = Before(("ic_1",), [found(1)])
    watch = Reads(None, DEFAULT_RULES, None, before, EVENT)
    both = [found(1, WORD), found(2, WORD)]
    watch.answers = [[found(1, WORD)], both]
    result = await watch.look()
    assert result is not None
    assert result.outcome == Outcome.SPLIT
    assert result.customer_ids == ("ic_1", "ic_2")


class Store:
    """Its first answer is torn: the alias names a group that went away."""

    def __init__(self) -> None:
        self.asked = 0

    async def load(self, _links: list[bytes], customer_ids: list[str]) -> Loaded:
        self.asked += 1
        group = found(1).group
        blob = encode(group) if self.asked > 1 else None
        return Loaded(None, {}, dict.fromkeys(customer_ids, group.id), {group.id: blob})


async def test_a_customer_whose_group_moved_while_it_was_read_is_found_all_the_same() -> None:
    (customer,) = await find_by_ids(Store(), ["ic_1"])
    assert customer.customer.id == "ic_1"

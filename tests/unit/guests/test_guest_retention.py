"""A guest is kept for so long, and claimed in time or gone; each story in a few records."""

from __future__ import annotations

from typing import Any

from msgspec import msgpack
from msgspec.structs import replace

from icustomer.core.change import SHARED, Outcome, Verdict
from icustomer.core.guests import Guests
from icustomer.core.model import RawName
from icustomer.core.observation import Item, MergeCommand, Observation, Origin
from icustomer.core.rules import DEFAULT_RULES, KindRule, Rules
from icustomer.verification.guests import check_guests
from icustomer.verification.problem import Law
from worlds.driver import State, Worker
from worlds.observations import DAWN, KEYRING, SECOND, observation, order

DAY = 86_400
MONTH = 30 * DAY * SECOND
EMAIL = ("email", "guest@x.example")
PHONE = ("phone", "+491")
EXPIRED = Verdict(Outcome.SUPPRESSED, "guest_expired")
NOT_KEPT = Verdict(Outcome.SUPPRESSED, "guest_not_kept")


class Shop:
    """A worker; every record has its time in days since dawn."""

    def __init__(self, retention: int = MONTH, rules: Rules = DEFAULT_RULES) -> None:
        self.retention = retention
        self.state = State()
        self.state.guests = Guests(retention)
        self.worker = Worker(self.state, rules, KEYRING)
        self.offsets: dict[str, int] = {}

    def at(self, day: float, item: Item, partition: str = "0") -> Item:
        """The item as a record of that day."""
        name = f"{getattr(item, 'topic', 'commands')}/{partition}"
        offset = self.offsets[name] = self.offsets.get(name, -1) + 1
        return replace(item, origin=Origin(name, offset, DAWN + int(day * DAY) * SECOND))

    def send(self, *items: Item) -> list[Verdict]:
        return self.worker.run(items)

    def sweep(self, day: float) -> int:
        clock = DAWN + int(day * DAY) * SECOND
        self.state.guests = Guests(self.retention, clock)
        return self.worker.sweep()

    def customers(self) -> dict[str, dict[str, Any]]:
        return self.worker.records()


def guest_order(number: str, day: float, *claimed: Any, **said: Any) -> Observation:
    return observation(
        f"e-{number}-{day}",
        claimed or [EMAIL],
        at=int(day * DAY),
        topic="orders",
        known=False,
        order=order(number, "placed", "10"),
        **said,
    )


def signup(day: float, *claimed: Any, **said: Any) -> Observation:
    said.setdefault("name", RawName("Anna", "Berg"))
    return observation(f"s-{day}", claimed or [EMAIL], at=int(day * DAY), **said)


def orders_of(shop: Shop) -> list[int]:
    return sorted(
        each.get("orders", {}).get("count", 0)
        for each in shop.customers().values()
        if each["status"] == "active"
    )


def test_a_guest_goes_when_the_time_is_over_and_not_before():
    shop = Shop()
    shop.send(shop.at(0, guest_order("1", 0)))
    assert shop.sweep(29.9) == 0
    assert [each["status"] for each in shop.customers().values()] == ["guest"]
    assert shop.sweep(30) == 1
    assert shop.customers() == {}
    assert shop.sweep(30) == 0
    assert shop.state.aliases == {}
    kept = b"".join(shop.state.groups.values())
    assert b"guest@x.example" not in kept
    assert shop.sweep(60) == 1
    assert (shop.state.groups, shop.state.links, shop.state.waiting) == ({}, {}, {})


def test_a_claim_in_time_brings_the_history_along_also_after_the_time():
    shop = Shop()
    shop.send(shop.at(0, guest_order("1", 0)))
    shop.send(shop.at(29, signup(29)))
    assert shop.sweep(90) == 0
    assert orders_of(shop) == [1]


def test_a_claim_at_the_end_of_the_time_finds_nothing_swept_or_not():
    for swept in (False, True):
        shop = Shop()
        shop.send(shop.at(0, guest_order("1", 0)))
        if swept:
            shop.sweep(30)
        shop.send(shop.at(30, signup(30)))
        assert orders_of(shop) == [0]
        assert len(shop.customers()) == 1


def test_one_batch_is_judged_by_its_times_whatever_the_order_of_its_partitions():
    for late, kept in ((29, [1]), (30, [0])):
        for turned in (False, True):
            shop = Shop()
            batch = [shop.at(0, guest_order("1", 0)), shop.at(late, signup(late))]
            shop.send(*(batch[::-1] if turned else batch))
            assert orders_of(shop) == kept


def test_an_order_read_after_a_customer_of_another_time_is_not_theirs():
    for founded, kept in ((29, [1]), (30, [0])):
        shop = Shop()
        shop.send(shop.at(founded, signup(founded)))
        shop.send(shop.at(0, guest_order("1", 0)))
        assert orders_of(shop) == kept


def test_whoever_acts_again_stays_longer():
    shop = Shop()
    shop.send(shop.at(0, guest_order("1", 0)))
    shop.send(shop.at(20, guest_order("2", 20)))
    assert shop.sweep(49) == 0
    assert shop.sweep(50) == 1


def test_what_is_told_again_after_the_end_brings_nothing_back():
    shop = Shop()
    told = guest_order("1", 0)
    shop.send(shop.at(0, told))
    shop.sweep(31)
    assert shop.send(shop.at(32, told)) == [EXPIRED]
    assert shop.customers() == {}
    shop.send(shop.at(33, signup(33)))
    assert shop.send(shop.at(34, told)) == [EXPIRED]
    assert orders_of(shop) == [0]


def test_a_record_that_is_read_again_after_all_is_gone_brings_nothing_back():
    shop = Shop()
    record = shop.at(0, guest_order("1", 0))
    shop.send(record)
    shop.sweep(31)
    shop.sweep(61)
    assert shop.state.groups == {}
    assert shop.send(record) == [EXPIRED]
    assert shop.state.groups == {}


def test_whoever_comes_back_begins_anew_under_another_id():
    shop = Shop()
    shop.send(shop.at(0, guest_order("1", 0)))
    (former,) = shop.customers()
    shop.sweep(31)
    shop.send(shop.at(40, guest_order("2", 40)))
    (current,) = shop.customers().values()
    assert current["customer_id"] != former
    assert current["orders"]["count"] == 1
    assert shop.send(shop.at(41, guest_order("1", 0))) == [EXPIRED]


def test_without_retention_an_unmatched_guest_leaves_nothing():
    shop = Shop(retention=0)
    assert shop.send(shop.at(0, guest_order("1", 0))) == [NOT_KEPT]
    state = shop.state
    assert (state.groups, state.links, state.aliases, state.index) == ({}, {}, {}, set())
    shop.send(shop.at(1, signup(1)))
    assert orders_of(shop) == [0]


def test_without_retention_a_known_customers_order_is_kept():
    shop = Shop(retention=0)
    shop.send(shop.at(0, signup(0)))
    assert shop.send(shop.at(1, guest_order("1", 1))) == [Verdict(Outcome.MATCHED)]
    assert orders_of(shop) == [1]


def test_without_retention_a_batch_is_judged_by_its_times():
    shop = Shop(retention=0)
    verdicts = shop.send(shop.at(1, signup(1)), shop.at(0, guest_order("1", 0)))
    assert orders_of(shop) == [0]
    assert NOT_KEPT in verdicts


def test_a_guest_on_a_shared_phone_leaves_and_the_others_are_as_without():
    shop, without = Shop(), Shop()
    family = [
        signup(0, PHONE, ("email", f"{n}@x.example"), name=RawName(given, "Berg"))
        for n, given in enumerate(("Anna", "Peter"))
    ]
    family = [replace(each, event_id=f"s{n}") for n, each in enumerate(family)]
    call = observation("c1", [PHONE], at=DAY, topic="support")
    for each in (shop, without):
        each.send(*(each.at(0, item) for item in family))
        each.send(each.at(1, call))
    shop.send(shop.at(0, guest_order("1", 0, PHONE, name=RawName("Yuki", "Berg"))))
    assert len(shop.customers()) == 3
    shop.sweep(31)
    shown = [
        {
            key: {k: v for k, v in each.items() if k not in {"version", "updated_at"}}
            for key, each in one.customers().items()
        }
        for one in (shop, without)
    ]
    assert shown[0] == shown[1]


def test_a_mark_goes_with_its_last_carrier_and_stays_with_another():
    rules = Rules(kinds={"email": KindRule(), "phone": KindRule(veto=True, max_names=2)})
    shop = Shop(rules=rules)
    for number, given in enumerate(("Anna", "Peter", "Yuki")):
        shop.send(
            shop.at(number, guest_order(str(number), number, PHONE, name=RawName(given, "Berg")))
        )
    phone = KEYRING.identifier(*PHONE)
    assert shop.state.links[phone] == SHARED
    shop.sweep(31)
    assert shop.state.links[phone] == SHARED
    shop.sweep(40)
    assert phone not in shop.state.links


def test_guests_merged_by_a_person_go_together_with_the_ids_that_led_to_them():
    shop = Shop()
    shop.send(shop.at(0, guest_order("1", 0)))
    shop.send(shop.at(10, guest_order("2", 10, PHONE)))
    command = MergeCommand("c1", DAWN, Origin("", 0, 0), tuple(sorted(shop.customers())))
    shop.send(shop.at(11, command))
    assert shop.sweep(39) == 0
    assert shop.sweep(40) == 1
    assert shop.customers() == {}


def test_a_guest_who_stands_too_long_is_named_by_a_verification():
    shop = Shop()
    shop.send(shop.at(0, guest_order("1", 0)))
    (group,) = shop.state.all_groups()
    end = DAWN + MONTH
    assert list(check_guests(group, Guests(MONTH, end - 1))) == []
    assert [each.law for each in check_guests(group, Guests(MONTH, end))] == [Law.GUEST_EXPIRED]


def test_the_end_is_told_as_erased():
    shop = Shop()
    shop.send(shop.at(0, guest_order("1", 0)))
    (customer_id,) = shop.customers()
    shop.sweep(31)
    (group,) = shop.state.all_groups()
    (decision,) = group.decisions
    assert (decision.type, decision.customer_id, decision.rule, decision.at) == (
        "erased", customer_id, "guest_retention", DAWN + MONTH,
    )  # fmt: skip
    assert msgpack.encode(group).count(b"e-1-0") == 0

"""Groups made by hand that use every field of the model."""

from __future__ import annotations

from msgspec.structs import replace

from icustomer.core.model import (
    Cell,
    Customer,
    Decision,
    Erased,
    Facet,
    Folded,
    Grave,
    Group,
    Identifier,
    NormalName,
    Override,
    RawName,
    Record,
    Retired,
    Suppressed,
)
from icustomer.core.times import moment

AT = 1_750_000_000_000_000
K1, K2, K3 = b"\x00\xff" * 8, b"\x01\xfe" * 8, b"\x02\xfd" * 8

FACET = Facet(
    key=K1,
    identifiers=(
        Identifier("account", "shop/77", "Shop / 77"),
        Identifier("email", "zoe@example.org", "Zoë@Example.org", verified=True),
        Identifier("phone", "+4930123456", "030 123456", extension="12"),
    ),
    name=NormalName(("zoe",), ("muller", "luck"), ("dr",)),
    raw_name=RawName("Zoë", "Müller-Lück", "Dr. Zoë Müller-Lück"),
    birth_date="1990-02-28",
    first_seen=AT,
    last_seen=AT + 5,
    last_event_id="event-9",
    founded_at=AT + 1,
    founded_by=("web", "event-1"),
    applied={"signups/3": 12, "orders+2/7": 9_007_199_254_740_993},
    sources=("app", "web"),
    known=True,
    cells={
        "locale": [Cell("de-DE", AT, "event-1", "web"), Cell(None, AT - 1, "event-0", "app")],
        "address:home": [Cell({"street": "Gartenweg 60", "city": "Köln"}, AT, "event-1", "web")],
        "preference:size": [Cell(42.5, AT, "event-1", "web")],
        "consent:newsletter": [Cell(value=False, at=AT, event_id="event-1", source="web")],
    },
    orders={
        "O-1": Record(
            "event-9",
            moment(AT),
            5,
            ["shipped"],
            {
                1: Cell(["12.90", "EUR"], AT, "event-2"),
                2: Cell(b"\x91\x91\xa7LP-5512", AT, "event-2"),
            },
        )
    },
    tickets={"T-1": Record("event-3", moment(AT + 1), 0, ["opened", None, None, None, 5])},
    folded_orders=Folded(2, {"paid": 2}, {"EUR": "12.90"}, AT - 9, AT - 8, b"\x00" * 16),
    folded_tickets=Folded(1, {"closed": 1}, {}, AT - 9, AT - 9, b"\x01" * 8),
    minted=2,
    erased_at=AT - 100,
)
BARE = Facet(
    key=K2,
    identifiers=(),
    name=NormalName(),
    raw_name=RawName(),
    birth_date=None,
    first_seen=0,
    last_seen=0,
    last_event_id="",
    founded_at=0,
    founded_by=("", ""),
    applied={},
)
GROUPS = {
    "tiny": Group(K1, 1, []),
    "bare": Group(K2, (1 << 40) | 1, [BARE]),
    "full": Group(
        id=K1,
        version=(8_191 << 40) | 123,
        facets=[FACET, BARE],
        customers=[
            Customer("ic_7K3M-9QX2-4HTB-W6PZ-C", K1, AT, (1 << 40) | 3, AT + 1, (K1, K2), "guest")
        ],
        retired=[Retired("ic_0000-0000-0000-0000-0", K2, AT + 2, "ic_7K3M-9QX2-4HTB-W6PZ-C", 7)],
        overrides=[
            Override("cannot", AT, "event-4", ((K1,), (K2, K3)), (K3,), ("ic_a", "ic_b")),
            Override("void", AT + 1, "event-5"),
        ],
        shared=[K2],
        unshared=[K3],
        decisions=[
            Decision(
                "merged",
                (1 << 40) | 3,
                AT,
                "ic_7K3M-9QX2-4HTB-W6PZ-C",
                others=("ic_0000-0000-0000-0000-0",),
                kind="email",
                digest=K3,
                event_id="event-6",
                rule="usable",
                sides=((K2,), (K1,)),
            )
        ],
    ),
}
GROUPS_WITH_GRAVES = {
    "grave": Group(
        K1,
        (1 << 40) | 9,
        [BARE],
        shared=[K2],
        graves=[Grave(K1, AT, (K2, K3))],
        erased=[Erased("ic_7K3M-9QX2-4HTB-W6PZ-C", K1, (1 << 40) | 8, AT + 1, AT, "event-7")],
    ),
    "expired": Group(K1, 4, [replace(BARE, key=K1, expired_at=AT - 50)]),
    "suppressed": Group(
        K3, 2, [], suppressed=[Suppressed(K3, AT, "event-8")], graves=[], erased=[]
    ),
}
"""As groups are written since they may hold graves: three fields more, and facets one."""
ALL_GROUPS = GROUPS | GROUPS_WITH_GRAVES

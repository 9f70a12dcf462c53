"""One valid example of each message, and of each form that a message takes.

They are published beside the schemas, and tests hold them against models and schemas.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

ANNA = "ic_7K3M-9QX2-4HTB-W6PZ-S"
RETIRED = "ic_2D8R-VN5C-0YJ4-XQ6T-A"
GUEST = "ic_9ZP1-GW7E-3HMK-5B0S-5"

_ANNA = {
    "email": "Anna.Berg@example.com",
    "email_verified": True,
    "phone": "0170 1234567",
    "country": "DE",
    "name": {"given": "Anna", "family": "Berg"},
}
_SHIPPING = {
    "carrier": "DHL",
    "tracking_number": "00340434161094042557",
    "tracking_url": "https://example.com/track/00340434161094042557",
}
_HOME = {
    "street": "Lindenstr. 5",
    "postal_code": "10969",
    "city": "Berlin",
    "country": "DE",
}

_SIGNUP = {
    "event_id": "signup-81723",
    "occurred_at": "2026-03-14T09:26:53.589+01:00",
    "source": "webshop",
    **_ANNA,
    "account": {"service": "shop", "number": "C-10017"},
    "identifiers": [{"kind": "loyalty_card", "value": "98-4471-220", "verified": True}],
    "birth_date": "1984-02-29",
    "address": _HOME,
    "locale": "de-DE",
    "preferences": {"newsletter": "weekly", "dark_mode": True, "max_price": 250},
    "consents": {"marketing_email": True, "profiling": False},
    "loyalty": {"program": "miles", "tier": "gold", "points": 1250},
}
_ORDER = {
    "event_id": "order-100234-placed",
    "occurred_at": "2026-03-15T18:02:11Z",
    "source": "webshop",
    "account": {"service": "shop", "number": "C-10017"},
    "email": "anna.berg@example.com",
    "order_id": "A-100234",
    "status": "placed",
    "total": {"amount": "129.90", "currency": "EUR"},
    "items": [
        {"sku": "SKU-4711", "name": "Walking boots", "quantity": 1, "price": "119.90"},
        {"sku": "SKU-0815", "name": "Laces", "quantity": 2, "price": "5.00"},
    ],
    "shipping_address": _HOME,
    "payment": {"brand": "visa", "last4": "4242"},
}
_ORDER_SHIPPED = {
    "event_id": "order-100234-shipped",
    "occurred_at": "2026-03-16T07:45:00Z",
    "source": "warehouse",
    "account": {"service": "shop", "number": "C-10017"},
    "order_id": "A-100234",
    "status": "shipped",
    "shipping": _SHIPPING,
}
_ORDER_GUEST = {
    "event_id": "order-100301-placed",
    "occurred_at": "2026-03-17T20:15:42Z",
    "source": "webshop",
    "email": "kim@example.org",
    "name": {"full": "Kim Larsen"},
    "guest": True,
    "order_id": "A-100301",
    "status": "placed",
    "total": {"amount": 42, "currency": "DKK"},
}
_SUPPORT = {
    "event_id": "ticket-5521-opened",
    "occurred_at": "2026-03-18T10:05:00+01:00",
    "source": "helpdesk",
    "phone": "+49 170 1234567",
    "name": {"full": "Anna Berg"},
    "ticket_id": "T-5521",
    "status": "opened",
    "channel": "phone",
    "direction": "in",
    "subject": "Boots are too small",
}
_SUPPORT_SOLVED = {
    "event_id": "ticket-5521-solved",
    "occurred_at": "2026-03-19T16:30:00+01:00",
    "source": "helpdesk",
    "phone": "+49 170 1234567",
    "ticket_id": "T-5521",
    "status": "solved",
    "satisfaction": 5,
}


def _command(command: str, **arguments: Any) -> dict[str, Any]:
    return {
        "command": command,
        "event_id": f"cmd-{command}-1",
        "occurred_at": "2026-03-20T08:00:00Z",
        "requested_by": "m.rossi",
        "reason": "asked for by the customer on the telephone",
        **arguments,
    }


_EVIDENCE = {
    "verified": True,
    "first_seen": "2026-03-14T08:26:53.589000Z",
    "last_seen": "2026-03-15T18:02:11Z",
    "sources": ["webshop"],
    "use": "match",
}
_PROFILE = {
    "customer_id": ANNA,
    "version": 1099511627781,
    "status": "active",
    "created_at": "2026-03-14T08:26:54.012000Z",
    "updated_at": "2026-03-19T15:30:00.770000Z",
    "first_seen": "2026-03-14T08:26:53.589000Z",
    "last_seen": "2026-03-19T15:30:00Z",
    "emails": [
        {"value": "anna.berg@example.com", "canonical": "anna.berg@example.com", **_EVIDENCE}
    ],
    "phones": [
        {
            "value": "+491701234567",
            "extension": None,
            "verified": False,
            "first_seen": "2026-03-14T08:26:53.589000Z",
            "last_seen": "2026-03-19T15:30:00Z",
            "sources": ["helpdesk", "webshop"],
            "use": "contested",
        }
    ],
    "accounts": [{"service": "shop", "number": "C-10017", **_EVIDENCE, "verified": False}],
    "identifiers": [
        {"kind": "loyalty_card", "value": "98-4471-220", **_EVIDENCE, "use": "blocked"}
    ],
    "name": {"given": "Anna", "family": "Berg"},
    "birth_date": "1984-02-29",
    "addresses": [
        {**_HOME, "kind": "shipping", "last_seen": "2026-03-15T18:02:11Z"},
        {**_HOME, "kind": "home", "last_seen": "2026-03-14T08:26:53.589000Z"},
    ],
    "locale": "de-DE",
    "preferences": {"dark_mode": True, "max_price": 250, "newsletter": "weekly"},
    "consents": {
        "marketing_email": {
            "granted": True,
            "at": "2026-03-14T08:26:53.589000Z",
            "source": "webshop",
        }
    },
    "loyalty": [
        {
            "program": "miles",
            "tier": "gold",
            "points": 1250,
            "updated_at": "2026-03-14T08:26:53.589000Z",
        }
    ],
    "orders": {
        "count": 1,
        "by_status": {"shipped": 1},
        "totals": {"EUR": "129.90"},
        "first_at": "2026-03-15T18:02:11Z",
        "last_at": "2026-03-16T07:45:00Z",
        "exact": True,
        "recent": [
            {
                "order_id": "A-100234",
                "status": "shipped",
                "placed_at": "2026-03-15T18:02:11Z",
                "updated_at": "2026-03-16T07:45:00Z",
                "total": {"amount": "129.90", "currency": "EUR"},
                "shipping": _SHIPPING,
                "payment": {"brand": "visa", "last4": "4242"},
            }
        ],
    },
    "support": {
        "count": 1,
        "open": 0,
        "last_at": "2026-03-19T15:30:00Z",
        "exact": True,
        "recent": [
            {
                "ticket_id": "T-5521",
                "status": "solved",
                "channel": "phone",
                "direction": "in",
                "subject": "Boots are too small",
                "satisfaction": 5,
                "opened_at": "2026-03-18T09:05:00Z",
                "updated_at": "2026-03-19T15:30:00Z",
            }
        ],
    },
    "merged_from": [RETIRED],
    "merged_from_count": 1,
    "change": {
        "kind": "matched",
        "events": 1,
        "event_ids": ["ticket-5521-solved"],
        "fields": ["support"],
    },
}
_PROFILE_MERGED = {
    "customer_id": RETIRED,
    "version": 1099511627779,
    "status": "merged",
    "merged_into": ANNA,
}
_DIGEST = "8f14e45fceea167a5a36dedd4bea2543"
_CHANGE_CREATED = {
    "change_id": "1f3870be274f6c49b3e31a0c6728957f",
    "type": "created",
    "customer_id": GUEST,
    "version": 1099511627777,
    "at": "2026-03-17T20:15:42.310000Z",
    "because": {"event_id": "order-100301-placed"},
}
_CHANGE_MERGED = {
    "change_id": "45c48cce2e2d7fbdea1afc51c7c6ad26",
    "type": "merged",
    "customer_id": ANNA,
    "version": 1099511627779,
    "at": "2026-03-18T09:05:00.120000Z",
    "retired": [RETIRED],
    "because": {
        "kind": "phone",
        "digest": _DIGEST,
        "event_id": "ticket-5521-opened",
        "rule": "shared_identifier",
    },
}
_CHANGE_SHARED = {
    "change_id": "6512bd43d9caa6e02c990b0a82652dca",
    "type": "identifier_shared",
    "version": 1099511627790,
    "at": "2026-03-21T11:00:00Z",
    "because": {
        "kind": "phone",
        "digest": _DIGEST,
        "event_id": "order-100777-placed",
        "rule": "max_names",
    },
}

EXAMPLES: Mapping[str, Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "signup": {
            "signup": _SIGNUP,
            "signup-least": {
                "event_id": "signup-81724",
                "occurred_at": "2026-03-14T09:30:00Z",
                "source": "webshop",
                "email": "kim@example.org",
            },
        },
        "order": {
            "order": _ORDER,
            "order-shipped": _ORDER_SHIPPED,
            "order-guest": _ORDER_GUEST,
        },
        "support": {"support": _SUPPORT, "support-solved": _SUPPORT_SOLVED},
        "command": {
            "command-merge": _command("merge", customer_ids=[ANNA, RETIRED]),
            "command-split": _command("split", customer_id=RETIRED),
            "command-split-identifiers": _command(
                "split",
                customer_id=ANNA,
                identifiers=[{"kind": "phone", "value": "+491701234567"}],
            ),
            "command-split-all": _command("split", customer_id=ANNA, all=True),
            "command-forget": _command("forget", customer_id=ANNA),
            "command-unshare": _command(
                "unshare", identifier={"kind": "phone", "value": "+491701234567"}
            ),
            "command-suppress": _command(
                "suppress", identifier={"kind": "email", "value": "former.customer@example.org"}
            ),
        },
        "profile": {"profile": _PROFILE, "profile-merged": _PROFILE_MERGED},
        "identity-change": {
            "identity-change-created": _CHANGE_CREATED,
            "identity-change-merged": _CHANGE_MERGED,
            "identity-change-shared": _CHANGE_SHARED,
        },
    }
)
"""Message (as its schema is called) to name of the example to the example."""

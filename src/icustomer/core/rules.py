"""The matching policy: which kinds of identifier join people, and within which limits."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cached_property, lru_cache
from hashlib import blake2b

import msgspec
from msgspec import Struct, field

from icustomer.core.blocking import PLACEHOLDER_KINDS, Blocked, Blocklist
from icustomer.core.canonical import Canonical, Rejected
from icustomer.core.emails import EmailForm, reader_of_emails
from icustomer.core.own_kinds import OwnForm, OwnKind
from icustomer.core.survivorship import Choice, Survivor, Survivorship

CONNECTS_CACHE = 65_536
"""Identifiers of which it is remembered whether they may connect anybody: as many as digests."""
FINGERPRINT_BYTES = 8


class Match(StrEnum):
    """When an identifier of a kind may join people."""

    ALWAYS = "always"
    VERIFIED = "verified"
    """Only where the event says that it was verified; unverified claims connect groups."""
    NEVER = "never"


class KindRule(Struct, frozen=True):
    """The policy for one kind of identifier."""

    match: Match = Match.ALWAYS
    veto: bool = False
    """True: it never joins two customers whose names are incompatible."""
    transactional: bool = False
    """True: one value a transaction (a booking number); not counted by `max_linked`, and
    claims that differ in such values alone count once for `max_facets`."""
    max_names: int = 3
    """Shared above this many mutually incompatible names."""
    max_linked: int = 20
    """Shared above this many identifiers of one other kind."""
    max_per_customer: int = 0
    """No evidence joins customers who would then have more values of the kind than this, and
    more than either has by itself; 0: any number."""
    own: OwnForm | None = None
    """For a kind that the rules add: how its values are written."""
    parts: tuple[str, ...] = ()
    """For a composite kind: what its identifiers are made of (see `composites`)."""


def _default_kinds() -> dict[str, KindRule]:
    return {"account": KindRule(), "email": KindRule(), "phone": KindRule(veto=True)}


class Rules(Struct, frozen=True, dict=True):
    """The whole policy. `kinds` is ordered: strongest first; composite kinds are among them."""

    kinds: dict[str, KindRule] = field(default_factory=_default_kinds)
    max_distinct_names: int = 24
    """Shared above this many distinct names, compatible or not: bounds the cost."""
    max_facets: int = 200
    """Shared above this many facets."""
    max_contested: int = 3
    """A contested identifier becomes shared beside more than this many contested ones."""
    max_group: int = 1_000
    """A group above this many facets marks its most contested identifier until it fits."""
    blocked: frozenset[Blocked] = frozenset()
    """Identifiers that are never matched, besides the shipped placeholders."""
    placeholders: tuple[str, ...] = PLACEHOLDER_KINDS
    """For which kinds the shipped list of placeholders holds."""
    emails: EmailForm = EmailForm()
    """Which spellings of an address are one mailbox."""
    trust: dict[str, int] = field(default_factory=dict)
    """Source to how far it is trusted; others have 0."""
    survivorship: Survivorship = Survivorship()

    # What follows is worked out once, when it is asked for.

    @cached_property
    def connects(self) -> Callable[[str, str], bool]:
        """(kind, canonical value) -> whether such an identifier, claimed by an event, may
        connect facets at all: a kind that is matched, and no blocked value."""
        return lru_cache(CONNECTS_CACHE)(self._connects)

    def _connects(self, kind: str, value: str) -> bool:
        rule = self.kinds.get(kind)
        if rule is None or rule.parts or rule.match is Match.NEVER:
            return False
        return not self.blocklist.blocks(kind, value)

    @cached_property
    def blocklist(self) -> Blocklist:
        return Blocklist(self.blocked, self.placeholders)

    @cached_property
    def composites(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(kind, parts) of each composite kind that joins anybody."""
        return tuple(
            (kind, rule.parts)
            for kind, rule in self.kinds.items()
            if rule.parts and rule.match is not Match.NEVER
        )

    @cached_property
    def own_kinds(self) -> dict[str, OwnKind]:
        """The kinds that the rules add, ready to read values."""
        return {kind: OwnKind(kind, rule.own) for kind, rule in self.kinds.items() if rule.own}

    @cached_property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """(field of an event, kind): where own kinds take values from, besides `identifiers`."""
        return tuple(
            (name, kind)
            for kind, rule in self.kinds.items()
            if rule.own
            for name in rule.own.fields
        )

    @cached_property
    def limits(self) -> tuple[tuple[str, int], ...]:
        """(kind, number) of each kind of which a customer has so many values at most."""
        return tuple(
            (kind, rule.max_per_customer)
            for kind, rule in self.kinds.items()
            if rule.max_per_customer
        )

    @cached_property
    def canonical_email(self) -> Callable[[str], Canonical | Rejected]:
        return reader_of_emails(self.emails)

    @cached_property
    def survivor(self) -> Survivor:
        return Survivor(self.survivorship, self.trust)

    @cached_property
    def counts_events(self) -> bool:
        """Whether facets must remember how many events they are made of."""
        return self.survivorship.name is Choice.MOST_EVENTS

    @cached_property
    def asks_more(self) -> bool:
        """Whether events must be looked at for more than account, e-mail, phone and list: for
        own kinds, for parts of composite ones, or to be counted. Asked of every event."""
        return bool(self.own_kinds or self.composites or self.counts_events)

    @cached_property
    def transactional(self) -> frozenset[str]:
        """Kinds with one value a transaction."""
        return frozenset(kind for kind, rule in self.kinds.items() if rule.transactional)

    @cached_property
    def fingerprint(self) -> str:
        """Tells one policy from another: the same for the same effective rules, whatever the
        file that they stand in; 16 hexadecimal digits. Reasons are no part of it, the shipped
        placeholders are."""
        entries = self.blocklist.entries
        told = {
            **msgspec.to_builtins(self),
            "kinds": list(self.kinds.items()),
            "blocked": sorted((one.kind, one.value, one.pattern) for one in entries),
            "trust": sorted(self.trust.items()),
        }
        text = msgspec.json.encode(told)
        return blake2b(text, digest_size=FINGERPRINT_BYTES, person=b"icustomer.rules").hexdigest()


DEFAULT_RULES = Rules()

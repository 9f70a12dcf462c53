"""The rule file: what its owner may set, with every default, and what becomes of it in the core.

The models are the schema: `schemas/rules.schema.json` is made from them, `icustomer rules show`
writes them out, and unknown keys are refused. docs/reference/rules.md explains each setting.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from icustomer.core.blocking import Blocked
from icustomer.core.emails import EmailForm
from icustomer.core.own_kinds import OwnForm
from icustomer.core.patterns import MAX_PATTERN_LENGTH
from icustomer.core.rules import KindRule, Match, Rules
from icustomer.core.survivorship import Choice, Survivorship

KIND_PATTERN = r"^[a-z][a-z0-9_-]{0,31}$"
"""Names of kinds: they stand in metrics, commands and digests."""
MOST_KINDS = 32
"""Kinds of a rule file, composite ones included: each takes passes over every group."""
MOST_PARTS = 6
MOST_STEPS = 10
MOST_FIELDS = 10
MOST_BLOCKED = 10_000
MOST_SOURCES = 1_000
MOST_DOMAINS = 1_000
MAX_LIMIT = 1_000_000
"""What counts as no limit at all, and is still exact in every reader."""
MAX_NAMES_LIMIT = 24
"""The largest set of incompatible names is found exactly up to here in time."""
REASON_LENGTH = 200
TEXT_LENGTH = 254
"""Characters of a value in a block list: an e-mail address has no more."""

KindName = Annotated[str, StringConstraints(pattern=KIND_PATTERN)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=REASON_LENGTH)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PATTERN_LENGTH)]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
NamesLimit = Annotated[int, Field(ge=1, le=MAX_NAMES_LIMIT)]
Matching = Annotated[Match, Field(strict=False)]
Step = Literal[
    "upper", "lower", "digits", "letters_and_digits", "no_separators", "no_leading_zeros"
]
EventField = Literal[
    "order_id",
    "ticket_id",
    "address.postal_code",
    "address.city",
    "address.street",
    "shipping_address.postal_code",
    "shipping_address.city",
    "shipping_address.street",
    "shipping.tracking_number",
    "payment.last4",
]
Surviving = Literal["latest", "source_order", "verified_first"]
SurvivingName = Literal["latest", "source_order", "verified_first", "most_events"]
PlaceholderKind = Literal["birth_date", "email", "name", "phone"]

_KIND = KindRule()
_RULES = Rules()


class Section(BaseModel):
    """What all sections share: strict, frozen, unknown keys refused."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        serialize_by_alias=True,
        validate_by_alias=True,
        validate_by_name=False,
    )


class Kind(Section):
    """What may be said of every kind of identifier."""

    strength: Annotated[int, Field(ge=0, le=MAX_LIMIT)]
    """The greater, the earlier it joins; of equal ones the name decides."""
    match: Matching = _KIND.match
    """When it joins people: "always"; "verified": only where the event says that it was proved;
    "never": it is kept as evidence alone."""
    veto: bool = _KIND.veto
    """true: it never joins two customers whose names are incompatible."""
    transactional: bool = _KIND.transactional
    """true: one value a transaction, such as a booking number; not counted by limits of others."""
    max_names: NamesLimit = _KIND.max_names
    """Shared, and so joining nobody any more, above this many mutually incompatible names."""
    max_linked: Limit = _KIND.max_linked
    """Shared above this many identifiers of one other kind beside it."""
    max_per_customer: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = _KIND.max_per_customer
    """Nothing joins customers who would then hold more values of this kind, and more than either
    holds alone; 0: any number."""

    def rule(self) -> KindRule:
        """The policy of the kind."""
        return KindRule(
            match=self.match,
            veto=self.veto,
            transactional=self.transactional,
            max_names=self.max_names,
            max_linked=self.max_linked,
            max_per_customer=self.max_per_customer,
        )


class AccountKind(Kind):
    """Account numbers: a service and the number that it gave."""

    strength: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = 300
    """The greater, the earlier it joins; of equal ones the name decides."""


class EmailKind(Kind):
    """E-mail addresses."""

    strength: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = 200
    """The greater, the earlier it joins; of equal ones the name decides."""
    provider_rules: bool = True
    """true: what Gmail documents is followed: dots and what follows + do not matter there."""
    tag_domains: Annotated[list[str], Field(max_length=MOST_DOMAINS)] = []
    """Further domains at which + and what follows it is no part of the mailbox."""


class PhoneKind(Kind):
    """Telephone numbers."""

    strength: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = 100
    """The greater, the earlier it joins; of equal ones the name decides."""
    veto: bool = True
    """true: it never joins two customers whose names are incompatible."""


class OwnKind(Kind):
    """A kind that the rules add: a loyalty card, a device, a tax number, an order."""

    strength: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = 50
    """The greater, the earlier it joins; of equal ones the name decides."""
    normalise: Annotated[list[Step], Field(max_length=MOST_STEPS)] = []
    """Steps taken in this order, outer blanks aside: "upper", "lower", "digits" (nothing else is
    left), "letters_and_digits", "no_separators" (blanks, hyphens, dots, slashes and the like),
    "no_leading_zeros"."""
    pattern: Annotated[str, StringConstraints(max_length=MAX_PATTERN_LENGTH)] = ""
    """A regular expression (of the Rust crate `regex`) that the whole normalised value matches,
    or it is rejected; "": any text."""
    from_: Annotated[
        EventField | Annotated[list[EventField], Field(max_length=MOST_FIELDS)],
        Field(alias="from"),
    ] = []
    """A field of events, or several, that hold values of this kind besides `identifiers`."""

    def rule(self) -> KindRule:
        fields = [self.from_] if isinstance(self.from_, str) else self.from_
        own = OwnForm(self.pattern, tuple(self.normalise), tuple(dict.fromkeys(fields)))
        common = super().rule()
        return KindRule(
            common.match,
            common.veto,
            common.transactional,
            common.max_names,
            common.max_linked,
            common.max_per_customer,
            own,
        )


class Kinds(BaseModel):
    """The kinds of identifier: the three that are there, and any that the rules add."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="allow", use_attribute_docstrings=True
    )
    __pydantic_extra__: dict[KindName, OwnKind]

    account: AccountKind = AccountKind()
    """Account numbers: a service and the number that it gave."""
    email: EmailKind = EmailKind()
    """E-mail addresses."""
    phone: PhoneKind = PhoneKind()
    """Telephone numbers."""

    def own(self) -> dict[str, OwnKind]:
        """The kinds that the rules add."""
        return dict(self.__pydantic_extra__)

    def all(self) -> dict[str, Kind]:
        """Every kind by name."""
        return {"account": self.account, "email": self.email, "phone": self.phone, **self.own()}


class Composite(Section):
    """Identifiers made of several parts of a claim, for data where better ones are missing."""

    parts: Annotated[list[str], Field(min_length=2, max_length=MOST_PARTS)]
    """What it is made of, two parts or more, one of them not of the name: "given", "family",
    "name" (the whole, in any order), "name_word" (each word of it), "given_initial",
    "family_initial", "given_start", "family_start" (three letters), "birth_date", "birth_year",
    "email_local" (before the @), or
    a kind of identifier."""
    strength: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = 10
    """The greater, the earlier it joins; of equal ones the name decides."""
    match: Annotated[Literal["always", "never"], Field()] = "always"
    """"never" switches it off."""
    veto: bool = True
    """true: it never joins two customers whose names are incompatible."""
    max_names: NamesLimit = _KIND.max_names
    """Shared above this many mutually incompatible names."""
    max_linked: Limit = _KIND.max_linked
    """Shared above this many identifiers of one kind beside it."""
    max_per_customer: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = 0
    """Nothing joins customers who would then hold more values of this kind; 0: any number."""

    def rule(self) -> KindRule:
        """The policy of the kind."""
        return KindRule(
            match=Match(self.match),
            veto=self.veto,
            max_names=self.max_names,
            max_linked=self.max_linked,
            max_per_customer=self.max_per_customer,
            parts=tuple(self.parts),
        )


class Limits(Section):
    """Limits that hold for all kinds."""

    max_distinct_names: Limit = _RULES.max_distinct_names
    """An identifier is shared above this many distinct names, compatible or not."""
    max_facets: Limit = _RULES.max_facets
    """Shared above this many claims that differ in more than transactional kinds."""
    max_contested: Limit = _RULES.max_contested
    """A contested identifier is shared beside more than this many contested ones."""
    max_group: Annotated[int, Field(ge=10, le=MAX_LIMIT)] = _RULES.max_group
    """A group of more claims gives up its most contested identifier until it fits."""


class BlockedEntry(Section):
    """One value, or the values of one pattern, that join nobody."""

    kind: str
    """A kind of identifier; or "birth_date" or "name" (one word of it): parts of composites."""
    value: Annotated[str, StringConstraints(max_length=TEXT_LENGTH)] = ""
    """The canonical value: addresses in lower case, numbers as +4930123456."""
    pattern: Annotated[str, StringConstraints(max_length=MAX_PATTERN_LENGTH)] = ""
    """In the place of `value`: a regular expression that whole canonical values match."""
    reason: Reason
    """Why, for those who ask later."""


class Source(Section):
    """A system that sends events."""

    trust: Annotated[int, Field(ge=-MAX_LIMIT, le=MAX_LIMIT)] = 0
    """The greater, the more its word counts where `survivorship` says "source_order"."""


class SurvivorshipSection(Section):
    """Which of several values a profile shows: "latest"; "source_order": that of the most trusted
    source; "verified_first": one told with a verified identifier before all others. The latest
    wins among equals. Orders and tickets always show the latest."""

    name: SurvivingName = "latest"
    """The name; here also "most_events": the name that most events bear."""
    birth_date: Surviving = "latest"
    """The birth date."""
    address: Surviving = "latest"
    """Which address stands first; all are listed."""
    locale: Surviving = "latest"
    """Language and country."""
    preferences: Surviving = "latest"
    """Each preference by itself."""
    consents: Surviving = "latest"
    """Each consent by itself; "latest" is what a person said last."""
    loyalty: Surviving = "latest"
    """Each loyalty programme by itself."""


class RulesFile(Section):
    """Who is one customer: kinds of identifier, limits, block lists, and what profiles show."""

    placeholders: Annotated[list[PlaceholderKind], Field(max_length=4)] = [
        "birth_date",
        "email",
        "name",
        "phone",
    ]
    """For which kinds the shipped list of placeholders (test@test.com) holds; []: for none."""
    limits: Limits = Limits()
    """Limits that hold for all kinds."""
    kinds: Kinds = Field(default_factory=Kinds.model_construct)
    """The kinds of identifier."""
    composites: Annotated[dict[KindName, Composite], Field(max_length=MOST_KINDS)] = {}
    """Composite kinds by name; none unless you add one."""
    blocked: Annotated[list[BlockedEntry], Field(max_length=MOST_BLOCKED)] = []
    """Values that join nobody, besides the shipped placeholders."""
    sources: Annotated[dict[str, Source], Field(max_length=MOST_SOURCES)] = {}
    """Sources by name, as events have it in `source`."""
    survivorship: SurvivorshipSection = SurvivorshipSection()
    """Which of several values a profile shows."""

    def rules(self) -> Rules:
        """The policy."""
        told: dict[str, Kind | Composite] = {**self.kinds.all(), **self.composites}
        strongest = sorted(told, key=lambda name: (-told[name].strength, name))
        email = self.kinds.email
        surviving = self.survivorship.model_dump()
        return Rules(
            kinds={name: told[name].rule() for name in strongest},
            max_distinct_names=self.limits.max_distinct_names,
            max_facets=self.limits.max_facets,
            max_contested=self.limits.max_contested,
            max_group=self.limits.max_group,
            blocked=frozenset(
                Blocked(one.kind, one.value, one.pattern, one.reason) for one in self.blocked
            ),
            placeholders=tuple(sorted(set(self.placeholders))),
            emails=EmailForm(email.provider_rules, tuple(sorted(set(email.tag_domains)))),
            trust={name: source.trust for name, source in self.sources.items() if source.trust},
            survivorship=Survivorship(**{name: Choice(text) for name, text in surviving.items()}),
        )

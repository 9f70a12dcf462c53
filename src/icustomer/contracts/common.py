"""The types that messages are made of: texts, codes, times, amounts, and objects made of them.

All are strict: `1` is no text, `"true"` no boolean. In an optional field null, blank text and an
object that holds nothing else all mean the same: nothing is said.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from icustomer.contracts.codes import COUNTRIES, CURRENCIES

NUMBER_LENGTH = 128
"""Characters of IDs, sources and the numbers of accounts, orders and tickets."""
NAME_LENGTH = 200
"""Characters of one part of a person's name."""
TEXT_LENGTH = 1_000
"""Characters of every other text."""
INTEGER_LIMIT = 2**53 - 1
"""Greatest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""
RULE = "icustomer_rule"
"""Error type of this module's own checks; their message is a rule, never a value."""

_AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,4})?")
_PLAIN_AMOUNT = re.compile(r"-?[1-9][0-9]{0,17}(\.[0-9]{1,4})?")
"""What nearly all amounts look like: they are kept as they are."""
_AMOUNT_RULE = "a decimal of at most 18 digits before and 4 after the point"
_AMOUNT_DIGITS = 18
_AMOUNT_PLACES = 4
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_TIMESTAMP_RULE = "a time of RFC 3339 with its offset"
_SECONDS = slice(17, 19)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LEAP_SECOND = "60"


def broken(rule: str) -> PydanticCustomError:
    """The error "this rule is broken"; the rule completes the sentence "must be ..."."""
    return PydanticCustomError(RULE, "must be {rule}", {"rule": rule})


def said(value: Any) -> bool:
    """Whether an optional field says anything: not null and no blank text."""
    if type(value) is str:
        return value != "" and not value.isspace()
    return value is not None


def _blank_is_absent(value: Any) -> Any:
    return value if said(value) else None


def _nothing_is_absent(value: Any) -> Any:
    """None for an object in which no field says anything, and for blank text."""
    if type(value) is not dict:
        return _blank_is_absent(value)
    for field in value.values():
        if said(field):
            return value
    return None


def _among(codes: frozenset[str], rule: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in codes:
            raise broken(rule)
        return value

    return AfterValidator(check)


def amount(value: Any) -> str:
    """Plain decimal text of an amount given as text or as a JSON number."""
    if type(value) is str:
        if _PLAIN_AMOUNT.fullmatch(value):
            return value
        if _AMOUNT.fullmatch(value):
            return _plain(Decimal(value))
    elif type(value) in (int, Decimal) and _within_limits(number := Decimal(value)):
        return _plain(number)
    raise broken(_AMOUNT_RULE)


def _within_limits(number: Decimal) -> bool:
    """Looks at the exponent before anybody writes out a thousand million zeros."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_AMOUNT_PLACES:
        return False
    return not number or number.adjusted() < _AMOUNT_DIGITS


def _plain(number: Decimal) -> str:
    return format(number, "f") if number else "0"


def _whole(value: Any) -> Any:
    """`2.0` is the whole number 2, as JSON Schema has it."""
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < NUMBER_LENGTH:
        whole = int(value)
        return whole if whole == value else value
    return value


def _scalar(value: Any) -> str | bool | int | float | None:
    """A text, number or boolean; None for what says nothing."""
    match value:
        case None | bool():
            return value
        case str() if len(value) <= TEXT_LENGTH:
            return value if said(value) else None
        case int() if -INTEGER_LIMIT <= value <= INTEGER_LIMIT:
            return value
        case Decimal() if abs(number := float(value)) <= INTEGER_LIMIT:
            return number
    raise broken("a text of at most 1000 characters, a number up to 2**53 or a boolean")


def timestamp(value: Any) -> datetime:
    """An RFC 3339 time in UTC; a leap second is the second after it."""
    if type(value) is not str or not _TIMESTAMP.fullmatch(value):
        raise broken(_TIMESTAMP_RULE)
    try:
        if value[_SECONDS] == _LEAP_SECOND:
            return _moment(f"{value[:17]}59{value[19:]}") + timedelta(seconds=1)
        return _moment(value)
    except (ValueError, OverflowError):
        raise broken(_TIMESTAMP_RULE) from None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.upper())
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def calendar_date(value: str) -> str:
    """The text, if it is a day of the calendar; else the error that says so."""
    try:
        if _DATE.fullmatch(value):
            date.fromisoformat(value)
            return value
    except ValueError:
        pass
    raise broken("a calendar date, YYYY-MM-DD")


Text = Annotated[str, StringConstraints(max_length=TEXT_LENGTH)]
RequiredText = Annotated[str, StringConstraints(pattern=r"\S", max_length=TEXT_LENGTH)]
Number = Annotated[str, StringConstraints(max_length=NUMBER_LENGTH)]
RequiredNumber = Annotated[str, StringConstraints(pattern=r"\S", max_length=NUMBER_LENGTH)]
NamePart = Annotated[str, StringConstraints(max_length=NAME_LENGTH)]

BlankIsAbsent = BeforeValidator(_blank_is_absent)
NothingIsAbsent = BeforeValidator(_nothing_is_absent)
Whole = BeforeValidator(_whole)
"""Mark of an int field: `2.0` is read as 2."""
OptionalText = Annotated[Text | None, BlankIsAbsent]
OptionalNumber = Annotated[Number | None, BlankIsAbsent]
OptionalName = Annotated[NamePart | None, BlankIsAbsent]

Country = Annotated[
    str,
    _among(COUNTRIES, "a country code of ISO 3166 (two capital letters)"),
    Field(json_schema_extra={"enum": sorted(COUNTRIES)}),
]
Currency = Annotated[
    str,
    _among(CURRENCIES, "a currency code of ISO 4217 (three capital letters)"),
    Field(json_schema_extra={"enum": sorted(CURRENCIES)}),
]
Amount = Annotated[
    str,
    PlainValidator(amount),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{_AMOUNT.pattern}$"},
                {"type": "number", "exclusiveMinimum": -(10**18), "exclusiveMaximum": 10**18},
            ],
            "examples": ["129.90", "-5", 12.5],
        }
    ),
]
Scalar = Annotated[
    str | bool | int | float | None,
    PlainValidator(_scalar),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": TEXT_LENGTH},
                {"type": "number", "minimum": -INTEGER_LIMIT, "maximum": INTEGER_LIMIT},
                {"type": "boolean"},
                {"type": "null"},
            ]
        }
    ),
]
Timestamp = Annotated[
    datetime,
    PlainValidator(timestamp),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-03-14T09:26:53.589+01:00"]}
    ),
]
CalendarDate = Annotated[
    str,
    AfterValidator(calendar_date),
    Field(json_schema_extra={"format": "date", "examples": ["1984-02-29"]}),
]


class Message(BaseModel):
    """What all models share: strict, frozen, unknown fields ignored."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    def stated(self) -> dict[str, Any]:
        """The fields that it states."""
        return {name: value for name, value in vars(self).items() if value is not None}


class Money(Message):
    """An amount of a currency."""

    amount: Amount
    """Decimal as text, or a JSON number, which is read exactly."""
    currency: Currency
    """ISO 4217 code."""


class Name(Message):
    """A person's name as they write it; given and family name apart, or the whole in `full`."""

    given: OptionalName = None
    """Given name or names."""
    family: OptionalName = None
    """Family name."""
    full: OptionalName = None
    """The whole name, where the parts are not known apart."""


class Account(Message):
    """The number under which a service of the company knows the person."""

    service: Number
    """The service that gave the number, such as `shop` or `loyalty`."""
    number: Number
    """The number; blank: this identifier alone is rejected."""


class Claim(Message):
    """One identifier of any kind."""

    kind: RequiredNumber
    """`email`, `phone`, `account` (value `SERVICE/NUMBER`) or a kind that the rules add."""
    value: Number
    """As the person or the source writes it; blank: this identifier alone is rejected."""


class VerifiedClaim(Claim):
    """One identifier of any kind, and whether it was proved."""

    verified: bool | None = None
    """Whether the source has proof that the person controls it."""


class Address(Message):
    """A postal address."""

    street: OptionalText = None
    """Street and house number, or the first line."""
    line2: OptionalText = None
    """The second line: flat, floor, building."""
    postal_code: OptionalText = None
    """Postal or ZIP code."""
    city: OptionalText = None
    """City, town or village."""
    region: OptionalText = None
    """State, province or county."""
    country: OptionalText = None
    """ISO 3166 alpha-2 where known; any text is kept."""


class Payment(Message):
    """How an order was paid, as far as it may be told."""

    brand: OptionalText = None
    """Brand of the card or name of the means, such as `visa` or `paypal`."""
    last4: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")] | None, BlankIsAbsent
    ] = None
    """The last four digits of the card, never more."""


class Shipping(Message):
    """Where a parcel is."""

    carrier: OptionalText = None
    """Who carries it."""
    tracking_number: OptionalNumber = None
    """The carrier's number of it."""
    tracking_url: OptionalText = None
    """Address of a page that shows it."""

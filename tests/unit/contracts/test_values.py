"""Amounts, prices and times: what is read, and what is no such thing."""

import json
from datetime import UTC, datetime

import pytest
from documents import decoded, example, refused

from icustomer.contracts.decode import decode
from icustomer.contracts.topics import Topic


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"129.90"', "129.90"),
        ('"007.50"', "7.50"),
        ('"-5"', "-5"),
        ('"-0.00"', "0"),
        ('"999999999999999999.9999"', "999999999999999999.9999"),
        ("0.1", "0.1"),
        ("12.50", "12.50"),
        ("1e2", "100"),
        ("42", "42"),
        ("999999999999999999.9999", "999999999999999999.9999"),
    ],
)
def test_an_amount_is_read_exactly(written, read):
    value = json.dumps(example("order-guest")).replace(": 42", f": {written}").encode()
    assert decode(Topic.ORDERS, value).total.amount == read


@pytest.mark.parametrize(
    "written",
    [
        '"1000000000000000000"',
        "1000000000000000000",
        '"0.00001"',
        "0.00001",
        "1e18",
        "1e999999999",
        "1e-999999999",
        '"1e2"',
        '"1,50"',
        '" 1"',
        '".5"',
        '"5."',
        '"+5"',
        '"٣"',
        '""',
        "true",
        "null",
        "[]",
    ],
)
def test_an_amount_beyond_the_limits_is_invalid(written):
    value = json.dumps(example("order-guest")).replace(": 42", f": {written}").encode()
    assert refused(decode(Topic.ORDERS, value)) == (
        "invalid",
        "total.amount: must be a decimal of at most 18 digits before and 4 after the point",
    )


@pytest.mark.parametrize(
    ("price", "read"),
    [("5.00", "5.00"), (5, "5"), (None, None), ("", None), ({}, None)],
)
def test_a_price_may_be_an_amount(price, read):
    assert decoded("order", {"items": [{"price": price}]}).items[0].price == read


def test_a_price_may_have_a_currency_of_its_own():
    answer = decoded("order", {"items": [{"price": {"amount": "5.00", "currency": "SEK"}}]})
    assert answer.items[0].price.currency == "SEK"
    answer = decoded("order", {"items": [{"price": {"amount": "5.00", "currency": "XYZ"}}]})
    assert refused(answer)[1].startswith("items.0.price.currency: must be a currency code")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-14T09:26:53Z", datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)),
        ("2026-03-14t09:26:53z", datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)),
        ("2026-03-14 09:26:53.5+01:00", datetime(2026, 3, 14, 8, 26, 53, 500_000, tzinfo=UTC)),
        (
            "2026-03-14T09:26:53.1234567-00:00",
            datetime(2026, 3, 14, 9, 26, 53, 123_456, tzinfo=UTC),
        ),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_rfc_3339(written, read):
    assert decoded("signup", {"occurred_at": written}).occurred_at == read


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-14T09:26:53",
        "2026-03-14",
        "2026-02-30T00:00:00Z",
        "2026-03-14T24:00:00Z",
        "2026-03-14T09:26Z",
        "2026-03-14T09:26:53+0100",
        "20260314T092653Z",
        "2026-W11-6T09:26:53Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:60Z",
        "9999-12-31T23:59:59-01:00",
        "\uff12026-03-14T09:26:53Z",
        1773480413,
    ],
)
def test_a_time_without_offset_or_off_the_calendar_is_invalid(written):
    assert refused(decoded("signup", {"occurred_at": written})) == (
        "invalid",
        "occurred_at: must be a time of RFC 3339 with its offset",
    )

import pytest

from icustomer.core.identifiers import (
    Canonical,
    Reason,
    Rejected,
    canonical,
    canonical_account,
)


@pytest.mark.parametrize(
    ("service", "number", "expected"),
    [
        ("crm", "17", "crm/17"),
        (" CRM ", "\u00a0aB-17\n", "CRM/aB-17"),
        ("crm", "A\u0308", "crm/Ä"),
        ("crm", "a/b", "crm/a/b"),
        ("a/b", "1", "a%2Fb/1"),
        ("a%2Fb", "1", "a%252Fb/1"),
        ("50%", "1", "50%25/1"),
    ],
)
def test_account_is_service_slash_number(service, number, expected):
    assert canonical_account(service, number) == Canonical(expected)
    assert canonical("account", expected, None) == Canonical(expected)


@pytest.mark.parametrize(
    ("service", "number", "reason"),
    [
        ("", "1", Reason.EMPTY),
        ("crm", " ", Reason.EMPTY),
        ("crm", "1" * 129, Reason.TOO_LONG),
        ("c" * 129, "1", Reason.TOO_LONG),
    ],
)
def test_account_without_service_or_number_is_rejected(service, number, reason):
    assert canonical_account(service, number) == Rejected(reason)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", Reason.EMPTY),
        ("crm", Reason.ACCOUNT_SYNTAX),
        ("/1", Reason.EMPTY),
        ("a/", Reason.EMPTY),
    ],
)
def test_written_account_needs_both_parts(written, reason):
    assert canonical("account", written, None) == Rejected(reason)


def test_other_kinds_are_only_trimmed_and_composed():
    assert canonical("loyalty", "\ufeff aU\u0308 7 ", None) == Canonical("aÜ 7")
    assert canonical("loyalty", " ", None) == Rejected(Reason.EMPTY)
    assert canonical("loyalty", "7" * 129, None) == Rejected(Reason.TOO_LONG)

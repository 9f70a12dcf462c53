import pytest

from icustomer.core.identifiers import Canonical, Reason, Rejected, canonical


def phone(raw, region=None):
    return canonical("phone", raw, region)


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        ("+442079460958", None, "+442079460958"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("0044 20 7946 0958", None, "+442079460958"),
        ("(0044) 20 7946 0958", None, "+442079460958"),
        ("0044 20 7946 0958", "US", "+442079460958"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("001 555 225 9379", "DE", "+15552259379"),
        ("+1 (0) 555 225 9379", None, "+15552259379"),
        ("(555) 225-9379", "US", "+15552259379"),
        ("(555) 225-9379", "us", "+15552259379"),
        ("+39 (0)6 1234 5678", None, "+390612345678"),
        ("+39 06 1234 5678", None, "+390612345678"),
        ("06 12345678", "IT", "+390612345678"),
        ("+39 (0)347 123 4567", None, "+393471234567"),
        ("+34 (0)912345678", None, "+34912345678"),
        ("+36 (06) 1 234 5678", None, "+3612345678"),
        ("8 495 123 45 67", "RU", "+74951234567"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("460-1234", "AG", "+12684601234"),
        ("+٤٩ ٣٠ ١٢٣٤٥٦", None, "+4930123456"),
        ("०३० १२३४५६", "DE", "+4930123456"),
        ("\uff0b\uff14\uff19\uff08\uff10\uff0930 123456", None, "+4930123456"),
        ("\u202a+49 171 1234567\u202c", None, "+491711234567"),
        ("0171/1234567", "DE", "+491711234567"),
        ("tel:+1-201-555-0123", None, "+12015550123"),
        ("Tel. +49 30 12345678", None, "+493012345678"),
        ("+49 30 12345 (home)", None, "+493012345"),
    ],
)
def test_spellings_of_one_number_have_one_form(written, region, expected):
    assert phone(written, region) == Canonical(expected)


@pytest.mark.parametrize(
    ("written", "extension"),
    [
        ("315.093.6243x8099", "8099"),
        ("315-093-6243 ext. 12", "12"),
        ("tel:+1-315-093-6243;ext=12", "12"),
        ("315 093 6243 #7", "7"),
    ],
)
def test_the_extension_is_kept_apart(written, extension):
    assert phone(written, "US") == Canonical("+13150936243", extension)


@pytest.mark.parametrize(
    ("written", "region", "reason"),
    [
        ("", None, Reason.EMPTY),
        ("\u2060 \t", "DE", Reason.EMPTY),
        ("1" * 300, None, Reason.TOO_LONG),
        ("030 12345678", None, Reason.PHONE_NO_REGION),
        ("030 12345678", "XX", Reason.PHONE_NO_REGION),
        ("00", None, Reason.PHONE_NO_REGION),
        ("225-9379", "US", Reason.PHONE_NOT_POSSIBLE),
        ("+999 123456", "DE", Reason.PHONE_NOT_POSSIBLE),
        ("0099 9123456", None, Reason.PHONE_NOT_POSSIBLE),
        ("+4917112345678901234", None, Reason.PHONE_NOT_POSSIBLE),
        ("0171-1234567 oder 030-1234567", "DE", Reason.PHONE_NOT_POSSIBLE),
        ("n/a", "US", Reason.PHONE_SYNTAX),
        ("\ud800\x00", "US", Reason.PHONE_SYNTAX),
    ],
)
def test_what_is_no_number_is_rejected_with_a_reason(written, region, reason):
    assert phone(written, region) == Rejected(reason)


@pytest.mark.parametrize("written", ["1-800-FLOWERS", "+49 30 12345 zuhause", "+49 3O 12345"])
def test_letters_are_not_read_as_digits(written):
    assert phone(written, "US") == Rejected(Reason.PHONE_SYNTAX)

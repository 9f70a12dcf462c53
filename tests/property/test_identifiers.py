import random

import email_validator
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    parse,
)

from icustomer.core.emails import _PLAIN, EmailForm, _checked_domain, _mailbox, _thorough
from icustomer.core.identifiers import Canonical, Rejected, canonical, canonical_account
from icustomer.core.phones_e164 import is_exact_e164

KINDS = st.sampled_from(["email", "phone", "account", "loyalty"])
REGIONS = st.sampled_from([None, "DE", "US", "IT", "AR", "JP", "AG", "XX", ""])
TEXTS = st.text(max_size=40) | st.text("0123456789+() -./x#", max_size=30)
EMAIL_CHARACTERS = "ab1.-+_'\"\\ @xn[é。"
SPECIAL_USE = tuple(email_validator.SPECIAL_USE_DOMAIN_NAMES)


@given(KINDS, TEXTS, REGIONS)
def test_no_text_raises_and_canonical_forms_are_fixed_points(kind, raw, region):
    answer = canonical(kind, raw, region)
    if isinstance(answer, Canonical):
        assert canonical(kind, answer.value, region) == Canonical(answer.value)
        assert canonical(kind, f"\u200e {raw}\n", region) == answer


def emails():
    local = st.text(EMAIL_CHARACTERS, min_size=1, max_size=12) | st.text(min_size=1, max_size=3)
    domain = st.text("ab1.-xn_é。", min_size=1, max_size=12)
    top = st.sampled_from([".com", ".c1", "", ".x-", "."])
    return st.builds("{}@{}{}".format, local, domain, top)


@given(emails())
def test_emails_canonical_form_is_a_fixed_point(raw):
    answer = canonical("email", raw, None)
    if isinstance(answer, Canonical):
        assert canonical("email", answer.value, None) == answer


def validated(address):
    """What email-validator makes of an address, strict, or None. Special names are skipped."""
    try:
        return email_validator.validate_email(
            address, check_deliverability=False, allow_quoted_local=True, strict=True
        )
    except email_validator.EmailNotValidError as refusal:
        assume("special-use" not in str(refusal))
        return None


@given(emails())
@example("dot.@x.com")
@example("a..b@x.com")
@example("a@x.c-")
@example("a@ab--c.com")
@example("a@b.c1")
@example("a@1.b")
@example("x" * 64 + "@x.com")
@example("x" * 65 + "@x.com")
@example("a@" + "x" * 63 + ".com")
@example("a@" + "x" * 64 + ".com")
@example("a@" + ".".join(["x" * 61] * 4) + ".com")
@example("a@" + ".".join(["x" * 61] * 4) + ".como")
def test_short_way_accepts_only_what_email_validator_does_and_alike(raw):
    plain = _PLAIN.match(raw.lower())
    if not plain or not raw.isascii():
        return
    checked = validated(raw.lower())
    assert checked is not None
    assert checked.ascii_email == f"{plain[1]}@{plain[2]}"
    providers = EmailForm().providers()
    assert _thorough(raw, providers) == _mailbox(plain[1], plain[2], providers)


@given(emails())
def test_ordinary_addresses_take_the_short_way(raw):
    checked = validated(raw) if raw.isascii() and '"' not in raw else None
    if checked and "--" not in raw and checked.ascii_domain.rpartition(".")[2].isalpha():
        assert _PLAIN.match(raw.lower())


@given(st.text("ab1-.é。ßΣxn", min_size=1, max_size=15) | st.text(min_size=1, max_size=6))
def test_domains_are_judged_as_email_validator_does(domain):
    assume(not domain.lower().endswith(SPECIAL_USE))
    checked = validated(f"a@{domain}")
    if checked is not None:
        assert _checked_domain(domain) in {checked.ascii_domain, None}
    encoded = _checked_domain(domain)
    if encoded is not None and checked is None:
        pytest.fail(f"{domain!r} became {encoded!r}, which email-validator refuses")


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_accounts_of_two_services_never_meet(service, number):
    answer = canonical_account(service, number)
    assume(isinstance(answer, Canonical))
    assert canonical("account", answer.value, None) == answer
    moved = canonical_account(f"{service}/{number}", number)
    assert moved != canonical_account(service, f"{number}/{number}")


def parsed(text, region=None):
    """E.164 by a full parse, or None if it is not possible."""
    try:
        number = parse(text, region)
    except NumberParseException:
        return None
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    return format_number(number, PhoneNumberFormat.E164)


def test_exact_e164_is_what_the_parser_gives_back():
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    exact = 0
    for code in COUNTRY_CODE_TO_REGION_CODE:
        for _ in range(25):
            length = chance.randrange(3, 14)
            text = f"+{code}" + "".join(chance.choices("0123456789", k=length))
            if is_exact_e164(text):
                exact += 1
                assert parsed(text) == text, f"seed {seed}"
    assert exact > len(COUNTRY_CODE_TO_REGION_CODE), f"the short way is hardly used, seed {seed}"


@given(
    st.sampled_from(["+4930123456", "+12015550123", "+390612345678", "+5491123456789"]),
    st.lists(st.sampled_from(["", " ", "-", ".", " (", ") ", "("]), min_size=15, max_size=15),
    REGIONS,
)
def test_separators_do_not_matter(number, separators, region):
    written = number[0:3] + "".join(a + b for a, b in zip(number[3:], separators, strict=False))
    answer = canonical("phone", written, region)
    expected = parsed(written, region if region in {"DE", "US", "IT", "AR", "JP", "AG"} else None)
    assume(expected is not None)
    assert not isinstance(answer, Rejected)
    assert answer.value == expected

import pytest

from icustomer.core.emails import PROVIDERS
from icustomer.core.identifiers import Canonical, Reason, Rejected, canonical


def email(raw):
    return canonical("email", raw, None)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (" Anna@Example.COM\n", "anna@example.com"),
        ("\u202aanna@example.com\u202c", "anna@example.com"),
        ("anna@shop.test", "anna@shop.test"),
        ("anna@shop.invalid", "anna@shop.invalid"),
        ("anna@printer.local", "anna@printer.local"),
        ("o'brien!#$%&*/=?^_`{|}~@x.com", "o'brien!#$%&*/=?^_`{|}~@x.com"),
        ("x" * 64 + "@x.com", "x" * 64 + "@x.com"),
        ("MU\u0308LLER@BÜCHER.DE", "müller@xn--bcher-kva.de"),
        ("anna@bücher。de", "anna@xn--bcher-kva.de"),
        ("anna@XN--BCHER-KVA.de", "anna@xn--bcher-kva.de"),
        ("anna@faß.de", "anna@xn--fa-hia.de"),
        ("用户@例子.公司", "用户@xn--fsqu00a.xn--55qx5d"),
        ('"John.Doe"@x.com', "john.doe@x.com"),
        ('"John Doe"@x.com', '"john doe"@x.com'),
        ('"a@b"@x.com', '"a@b"@x.com'),
        ('"a b.c+d"@gmail.com', '"a b.c+d"@gmail.com'),
    ],
)
def test_spellings_of_one_mailbox_have_one_form(written, expected):
    assert email(written) == Canonical(expected)


@pytest.mark.parametrize(
    "written",
    ["A.n.n.a+shop@gmail.com", "anna@GoogleMail.com", "anna+a+b@gmail.com", '"an.na"@gmail.com'],
)
def test_gmail_overlooks_dots_tags_and_the_second_domain(written):
    assert email(written) == Canonical("anna@gmail.com")


@pytest.mark.parametrize(
    "written", ["a.nna+shop@outlook.com", "a.nna@mail.gmail.com", "a.nna@notgmail.com"]
)
def test_elsewhere_dots_and_tags_are_part_of_the_address(written):
    assert email(written) == Canonical(written)


def test_every_provider_names_its_documentation():
    assert all(url.startswith("https://") for each in PROVIDERS for url in each.sources)
    assert all(each.sources for each in PROVIDERS)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", Reason.EMPTY),
        (" \u200b\ufeff ", Reason.EMPTY),
        ("anna", Reason.EMAIL_SYNTAX),
        ("@x.com", Reason.EMAIL_SYNTAX),
        ("+tag@gmail.com", Reason.EMAIL_SYNTAX),
        ("dot.@x.com", Reason.EMAIL_SYNTAX),
        (".dot@x.com", Reason.EMAIL_SYNTAX),
        ("a..b@x.com", Reason.EMAIL_SYNTAX),
        ("a b@x.com", Reason.EMAIL_SYNTAX),
        ("a@b@x.com", Reason.EMAIL_SYNTAX),
        ("Anna <anna@x.com>", Reason.EMAIL_SYNTAX),
        ('"x" <anna@x.com', Reason.EMAIL_SYNTAX),
        ("a\x00b@x.com", Reason.EMAIL_SYNTAX),
        ("\ud800@x.com", Reason.EMAIL_SYNTAX),
        ("anna@", Reason.EMAIL_DOMAIN),
        ("anna@localhost", Reason.EMAIL_DOMAIN),
        ("anna@[192.0.2.1]", Reason.EMAIL_DOMAIN),
        ("anna@192.0.2.1", Reason.EMAIL_DOMAIN),
        ("anna@-x.com", Reason.EMAIL_DOMAIN),
        ("anna@x-.com", Reason.EMAIL_DOMAIN),
        ("anna@ab--cd.com", Reason.EMAIL_DOMAIN),
        ("anna@x..com", Reason.EMAIL_DOMAIN),
        ("anna@x.com.", Reason.EMAIL_DOMAIN),
        ("anna@x_y.com", Reason.EMAIL_DOMAIN),
        ("anna@xn--zz.de", Reason.EMAIL_DOMAIN),
        ("anna@" + "x" * 64 + ".com", Reason.EMAIL_DOMAIN),
        ("anna@\ud800.com", Reason.EMAIL_DOMAIN),
        ("x" * 65 + "@x.com", Reason.TOO_LONG),
        ("é" * 33 + "@x.com", Reason.TOO_LONG),
        ("x" * 60 + "@" + ".".join(["y" * 60] * 3) + ".com.example", Reason.TOO_LONG),
        ("x" * 100_000 + "@x.com", Reason.TOO_LONG),
    ],
)
def test_what_is_no_address_is_rejected_with_a_reason(written, reason):
    assert email(written) == Rejected(reason)

"""Brings e-mail addresses into the one form that names the mailbox.

Syntax: RFC 5321 and RFC 6531. Domains: UTS #46 mapping, then A-labels of IDNA 2008.
Whether a mailbox exists is not asked, and names reserved for tests and local networks
(`example.com`, `.test`, `.invalid`, `.local`) are domains like others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import idna
from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

from icustomer.core.canonical import Canonical, Reason, Rejected, trimmed

MAX_ADDRESS_OCTETS = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets (RFC 3696, erratum 1690)."""
MAX_LOCAL_OCTETS = 64
"""RFC 5321, 4.5.3.1.1."""
MAX_WRITTEN_LENGTH = 1_000
"""Characters: what is longer is refused unread, since decoding a domain takes quadratic time."""
CACHE_SIZE = 65_536
"""Addresses whose canonical form is remembered: hot customers come again and again."""
STAND_IN_DOMAIN = "example.com"
"""Stands behind the local part while that alone is checked."""


class Provider(NamedTuple):
    """A provider that documents which spellings of an address are one mailbox."""

    domains: tuple[str, ...]
    """All domains of the same mailboxes; the first is the canonical one."""
    ignored: str
    """Characters of the local part that the provider overlooks."""
    tag_mark: str
    """What begins a tag, the part that the user is free to choose."""
    sources: tuple[str, ...]
    """The provider's own documentation."""


PROVIDERS = (
    Provider(
        domains=("gmail.com", "googlemail.com"),
        ignored=".",
        tag_mark="+",
        sources=(
            "https://support.google.com/mail/answer/7436150",
            "https://support.google.com/mail/answer/22370",
            "https://gmail.googleblog.com/2010/05/google-mail-is-becoming-gmail-in-uk.html",
        ),
    ),
)
"""Everywhere else dots and tags are part of the address, unless the rules say otherwise."""


class EmailForm(Struct, frozen=True):
    """Which spellings of an address the rules take for one mailbox."""

    provider_rules: bool = True
    """Whether what `PROVIDERS` document is followed."""
    tag_domains: tuple[str, ...] = ()
    """Further domains, as A-labels in lower case, at which `+` begins a tag."""

    def providers(self) -> dict[str, Provider]:
        """Domain to the rules that hold there."""
        tagging = {domain: Provider((domain,), "", "+", ()) for domain in self.tag_domains}
        if not self.provider_rules:
            return tagging
        return tagging | {domain: each for each in PROVIDERS for domain in each.domains}


_PROVIDER_OF = EmailForm().providers()

MAX_LABEL_OCTETS = 63
"""RFC 1035, 2.3.1. No label of a domain that is not longer can be longer."""

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_PLAIN = re.compile(
    rf"((?=[^@]{{1,{MAX_LOCAL_OCTETS}}}@){_ATOM}(?:\.{_ATOM})*)"
    rf"@((?=.{{1,{MAX_LABEL_OCTETS}}}\Z)(?:{_LABEL}\.)+[a-z]+)\Z"
)
"""Lower-case ASCII addresses that are valid beyond doubt, by far most of them. What does
not match is not invalid: it goes the long way."""
_HOST_NAME = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{0,62}[a-z]")
"""Two labels or more, the last one no number (RFC 3696, section 2)."""


@lru_cache(CACHE_SIZE)
def canonical_email(raw: str) -> Canonical | Rejected:
    """The canonical form of an e-mail address, or why it is none, by default. Never raises.

    NFC, domain as A-labels in lower case, local part in lower case, needless quotes dropped,
    then the provider's own rules. Domain literals (`a@[192.0.2.1]`) name a machine and are
    refused.
    """
    return _read(raw, _PROVIDER_OF)


def reader_of_emails(form: EmailForm) -> Callable[[str], Canonical | Rejected]:
    """`canonical_email` for a form that the rules choose."""
    if form == EmailForm():
        return canonical_email
    providers = form.providers()

    @lru_cache(CACHE_SIZE)
    def read(raw: str) -> Canonical | Rejected:
        return _read(raw, providers)

    return read


def canonical_domain(domain: str) -> str | None:
    """A domain as A-labels in lower case, or None if it is none."""
    return _checked_domain(trimmed(domain))


def _read(raw: str, providers: dict[str, Provider]) -> Canonical | Rejected:
    plain = _PLAIN.match(raw.lower()) if raw.isascii() else None
    if plain:
        return _mailbox(plain[1], plain[2], providers)
    text = trimmed(raw)
    return _thorough(text, providers) if text else Rejected(Reason.EMPTY)


def _thorough(text: str, providers: dict[str, Provider]) -> Canonical | Rejected:
    """The long way: any script, quotes and encoded domains."""
    if len(text) > MAX_WRITTEN_LENGTH:
        return Rejected(Reason.TOO_LONG)
    written_local, at, written_domain = text.rpartition("@")
    if not at:
        return Rejected(Reason.EMAIL_SYNTAX)
    local = _checked_local(written_local.lower())
    if local is None:
        return Rejected(Reason.EMAIL_SYNTAX)
    domain = _checked_domain(written_domain)
    if domain is None:
        return Rejected(Reason.EMAIL_DOMAIN)
    if _octets(local) > MAX_LOCAL_OCTETS or _octets(f"{local}@{domain}") > MAX_ADDRESS_OCTETS:
        return Rejected(Reason.TOO_LONG)
    return _mailbox(local, domain, providers)


def _checked_local(local: str) -> str | None:
    """The local part in NFC with as few quotes as can be, or None if it is invalid."""
    if len(local) > MAX_LOCAL_OCTETS * 4:
        # Above the validator's limit for the whole; a character has four octets at most,
        # and escapes in quotes only make it longer. Kept for the length check to refuse.
        return local
    try:
        checked = validate_email(
            f"{local}@{STAND_IN_DOMAIN}",
            allow_quoted_local=True,
            allow_smtputf8=True,
            check_deliverability=False,
        )
    except EmailNotValidError:
        return None
    return checked.local_part if checked.domain == STAND_IN_DOMAIN else None


def _checked_domain(domain: str) -> str | None:
    """The domain as A-labels in lower case, or None if it is invalid."""
    try:
        encoded = idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return None
    return encoded if _HOST_NAME.fullmatch(encoded) else None


def _mailbox(local: str, domain: str, providers: dict[str, Provider]) -> Canonical | Rejected:
    """Applies the provider's rules. A quoted local part is none of a provider's spellings."""
    provider = providers.get(domain)
    if provider is None or local.startswith('"'):
        return Canonical(f"{local}@{domain}")
    name = local.partition(provider.tag_mark)[0]
    for char in provider.ignored:
        name = name.replace(char, "")
    return Canonical(f"{name}@{provider.domains[0]}") if name else Rejected(Reason.EMAIL_SYNTAX)


def _octets(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))

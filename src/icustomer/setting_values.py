"""The kinds of values that settings have, and how their texts are read.

Each reader answers the value or raises ValueError; the settings say what was expected.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import BeforeValidator

SECRET_KEY_BYTES = 32
"""The least that a secret key must have: as much as the keyed digest's own key."""
MAX_DURATION = timedelta(days=36_500)
"""A hundred years: what is longer is a slip of the finger."""
_DURATION = re.compile(r"(\d{1,9})\s*([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_SERVER = re.compile(r"([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", re.ASCII)
HIGHEST_PORT = 65_535


class SecurityProtocol(StrEnum):
    """How the connection to Kafka is protected and authenticated."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def encrypts(self) -> bool:
        return self in {self.SSL, self.SASL_SSL}

    @property
    def authenticates(self) -> bool:
        """By user name and password; a client certificate is a matter of SSL."""
        return self in {self.SASL_PLAINTEXT, self.SASL_SSL}


class SaslMechanism(StrEnum):
    """Mechanisms that go by user name and password."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class LogFormat(StrEnum):
    """How log lines are written; `auto` is console on a terminal, JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least severe level that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Must(NamedTuple):
    """What a value must be, as the sentence "ICUSTOMER_X must be ..." ends."""

    be: str


def parse_duration(text: str) -> timedelta:
    """`30d`, `12h`, `90m`, `45s`, `2w` or `0`; ValueError for anything else."""
    if text.strip() == "0":
        return timedelta()
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("not a duration")
    duration = timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    if duration > MAX_DURATION:
        raise ValueError("too long")
    return duration


def parse_secret_key(text: str) -> bytes:
    """The bytes of a key: hex if the text has hex digits only, else base64.

    A base64 text of 32 random bytes has only hex digits less than once in 10**19 keys, so the
    rule leaves no doubt in practice. Base64 may be the standard or the URL-safe one, padded or
    not. ValueError if it is neither or has fewer than 32 bytes.
    """
    compact = "".join(text.split())
    key = bytes.fromhex(compact) if _HEX.fullmatch(compact) else _from_base64(compact)
    if len(key) < SECRET_KEY_BYTES:
        raise ValueError("too short")
    return key


def _from_base64(text: str) -> bytes:
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    padded = standard + "=" * (-len(standard) % 4)
    try:
        return base64.b64decode(padded, validate=True)
    except binascii.Error:
        raise ValueError("neither hex nor base64") from None


def parse_servers(text: str) -> str:
    """`host:port`, one or more with commas between them; answered without blanks."""
    servers = [server.strip() for server in text.split(",") if server.strip()]
    if not servers or not all(map(_is_server, servers)):
        raise ValueError("not a list of host:port")
    return ",".join(servers)


def _is_server(text: str) -> bool:
    found = _SERVER.fullmatch(text)
    return found is not None and 0 < int(found[2]) <= HIGHEST_PORT


def parse_redis_url(text: str) -> str:
    """`redis://` or `rediss://` with a host; port, user, password and database are optional."""
    url = text.strip()
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname or parts.port == 0:
        raise ValueError("not the address of a Redis")
    if not (redis_database(url) or "0").isdecimal():
        raise ValueError("not the number of a database")
    return url


def redis_database(url: str) -> str:
    """The database that the address of a Redis names, as it is written; may be empty."""
    return urlsplit(url).path.strip("/")


def from_text(parse: Callable[[str], Any]) -> BeforeValidator:
    """A validator that parses texts and leaves values that are parsed already alone."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def parse_lower(text: str) -> str:
    """One of several words, however its letters were written."""
    return text.strip().lower()


def parse_upper(text: str) -> str:
    """The same for words that Kafka writes in capitals."""
    return text.strip().upper()

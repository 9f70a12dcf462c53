"""What commands raise when they were called wrongly."""

from __future__ import annotations

from icustomer.core.canonical import Reason, Rejected
from icustomer.errors import OperatorError

_REMEDIES = {
    Reason.PHONE_NO_REGION: "write the number internationally, such as +41446681800",
    Reason.PHONE_NOT_POSSIBLE: "no country has a number like that, mind its first digits",
    Reason.EMAIL_SYNTAX: "an address is written email:a@example.org",
    Reason.ACCOUNT_SYNTAX: "an account is written account:SERVICE/NUMBER",
    Reason.PATTERN: "it does not match the pattern that the rules have for its kind",
}
"""What to do about an identifier that cannot be read, where its reason does not say so."""


class UsageError(OperatorError):
    """An argument of a command is not of the kind that it must be; nothing was tried."""


def unreadable(kind: str, rejected: Rejected) -> UsageError:
    """Of an identifier, `KIND:VALUE`, whose value is none of its kind."""
    remedy = _REMEDIES.get(Reason(rejected.reason))
    told = f"what follows {kind}: cannot be read ({rejected.reason})"
    return UsageError(f"{told}: {remedy}" if remedy else told)

"""Errors of the Kafka clients, translated once into the error tree of icustomer.

Four ways to fail matter to a caller: another worker took the transactional ID over
(`FencedError`), a topic does not take what it should (`RecordTooLargeError`), Kafka refuses us
until somebody changes a setting (`OperatorError`), and everything else, which passes
(`UnavailableError`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka import errors as kafka

from icustomer.errors import (
    FencedError,
    IcustomerError,
    OperatorError,
    RetryError,
    UnavailableError,
)


class RecordTooLargeError(RetryError):
    """A topic takes less than it should: the worker waits, for raising `max.message.bytes` ends
    it, and no restart is needed for that. What no topic should take is refused long before."""


FENCED = (
    kafka.ProducerFenced,
    kafka.InvalidProducerEpoch,
    kafka.InvalidProducerIdMapping,
    kafka.InvalidTxnState,
)
"""The broker ended our session or our transaction: a later initialisation, or its timeout."""

REFUSED = (
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.TransactionalIdAuthorizationFailed,
    kafka.SaslAuthenticationFailed,
    kafka.AuthenticationFailedError,
    kafka.AuthenticationMethodNotSupported,
    kafka.UnsupportedSaslMechanismError,
    kafka.InvalidTransactionTimeout,
)
"""Credentials, access rights and limits that the operator set."""

TOO_LARGE = (kafka.MessageSizeTooLargeError, kafka.RecordListTooLargeError)

PASSING = (
    kafka.KafkaError,
    kafka.IllegalOperation,
    kafka.ConsumerStoppedError,
    OSError,
    TimeoutError,
)
"""What the clients raise besides; `IllegalOperation`: the transaction broke before a send."""


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Run the body; raise what the clients raise in the words of icustomer's error tree.

    `action` completes the sentence "Kafka could not ...".
    """
    try:
        yield
    except IcustomerError:
        raise
    except (AssertionError, *PASSING) as error:
        raise translate(error, action) from error


def translate(error: BaseException, action: str) -> IcustomerError:
    """The error that tells who must act, told from the whole chain of causes.

    aiokafka wraps what kills its sender task, and asserts its state machine afterwards: an
    `AssertionError` means that the transaction is over for good, for which fencing is the
    one reason that matters.
    """
    causes = tuple(_causes(error))
    message = f"Kafka could not {action}: {_told(error)}"
    for kinds, translation in (
        (FENCED, FencedError),
        (TOO_LARGE, RecordTooLargeError),
        (REFUSED, OperatorError),
        (AssertionError, FencedError),
    ):
        if any(isinstance(cause, kinds) for cause in causes):
            return translation(message)
    return UnavailableError(message)


def too_large(error: BaseException) -> bool:
    """Whether Kafka refused a batch for its size."""
    return any(isinstance(cause, TOO_LARGE) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _told(error: BaseException) -> str:
    """Type and message in one line."""
    return " ".join(f"{type(error).__name__} {error}".split())

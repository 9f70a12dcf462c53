from __future__ import annotations

import pytest
from aiokafka import errors as kafka

from icustomer.errors import (
    FencedError,
    IcustomerError,
    OperatorError,
    RetryError,
    UnavailableError,
)
from icustomer.stream.failures import RecordTooLargeError, translated

CASES = [
    (kafka.ProducerFenced(), FencedError),
    (kafka.InvalidProducerEpoch(), FencedError),
    (kafka.InvalidTxnState(), FencedError),
    (AssertionError("Invalid state transition"), FencedError),
    (kafka.KafkaConnectionError("gone"), UnavailableError),
    (kafka.OutOfOrderSequenceNumber(), UnavailableError),
    (kafka.UnknownError(), UnavailableError),
    (kafka.DuplicateSequenceNumber(), UnavailableError),
    (kafka.RecordListTooLargeError(), RecordTooLargeError),
    (kafka.IllegalOperation("no transaction"), UnavailableError),
    (TimeoutError(), UnavailableError),
    (ConnectionRefusedError(), UnavailableError),
    (kafka.TopicAuthorizationFailedError("t"), OperatorError),
    (kafka.SaslAuthenticationFailed(), OperatorError),
    (kafka.MessageSizeTooLargeError(), RecordTooLargeError),
]


@pytest.mark.parametrize(("raised", "expected"), CASES, ids=lambda each: repr(each)[:40])
def test_an_error_tells_who_must_act(raised: Exception, expected: type[IcustomerError]) -> None:
    with (
        pytest.raises(IcustomerError, match="Kafka could not publish") as caught,
        translated("publish"),
    ):
        raise raised
    assert type(caught.value) is expected
    assert "\n" not in str(caught.value)


def test_what_the_client_wrapped_is_told_by_its_cause() -> None:
    wrapped = kafka.KafkaError("Unexpected error during batch delivery")
    wrapped.__cause__ = kafka.InvalidProducerIdMapping()
    with pytest.raises(FencedError), translated("publish"):
        raise wrapped


def test_a_size_that_is_refused_is_waited_for() -> None:
    """Not the operator's in the sense that the worker leaves: raising the limit is enough."""
    assert issubclass(RecordTooLargeError, RetryError)


def test_an_own_error_stays_as_it_is() -> None:
    own = UnavailableError("own")
    with pytest.raises(UnavailableError) as caught, translated("publish"):
        raise own
    assert caught.value is own


def test_a_bug_is_no_outage() -> None:
    with pytest.raises(KeyError), translated("publish"):
        raise KeyError

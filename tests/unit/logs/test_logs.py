"""No line of the log holds anything personal, whoever wrote it."""

from __future__ import annotations

import io
import json
import logging
import warnings

import pytest
import structlog

from icustomer.commands.export import log_disclosures
from icustomer.contracts.topics import Topic
from icustomer.errors import UnavailableError
from icustomer.explanation.everything import export_customer
from icustomer.isolation import fault_of
from icustomer.ops.logs import configure_logging, get_logger
from icustomer.ops.reporting import LogObserver
from icustomer.ops.scrubbing import WITHHELD, scrub
from icustomer.setting_values import LogFormat, LogLevel
from icustomer.settings import Settings
from icustomer.stream.port import InputRecord
from unit.explanation.golden import HANDED_OUT
from unit.explanation.household import ANA_MAIL, holder, lived

PERSONAL = ("Maria", "Okonkwo", "maria.okonkwo", "example.org", "+44", "020 7946", "1990-04-12")
RECORD = (
    '{"name": "Maria Okonkwo", "email": "maria.okonkwo@example.org", "phone": "+44 20 7946 0555"}'
)


@pytest.fixture
def stream():
    root, own = logging.root, logging.getLogger("icustomer")
    before = (list(root.handlers), root.level, own.level)
    buffer = io.StringIO()
    configure_logging(LogFormat.JSON, LogLevel.DEBUG, buffer)
    yield buffer
    root.handlers, root.level, own.level = before
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def assert_nothing_personal(stream):
    text = stream.getvalue()
    assert text, "nothing was logged at all"
    assert [word for word in PERSONAL if word in text] == []


def test_a_line_tells_event_level_logger_time_and_known_fields(stream):
    get_logger("icustomer.worker").info("batch done", records=500, topic="orders", seconds=0.04)
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "batch done",
        "level": "info",
        "logger": "icustomer.worker",
        "records": 500,
        "topic": "orders",
        "seconds": 0.04,
    }


def test_a_fault_tells_place_trace_and_stack_and_no_word_of_the_record(stream):
    record = InputRecord(Topic.ORDERS, 3, 7, 0, b"maria.okonkwo", RECORD.encode(), ())
    try:
        {}[RECORD]
    except KeyError as error:
        fault = fault_of(record, error)
    LogObserver(Settings.model_construct()).internal_error(fault)
    (line,) = lines(stream)
    assert (line["event"], line["level"]) == ("internal_error", "error")
    assert (line["topic"], line["partition"], line["offset"]) == ("orders", 3, 7)
    assert line["trace_id"] == fault.trace_id
    assert line["failure"]["type"] == "KeyError"
    assert line["failure"]["stack"]
    assert_nothing_personal(stream)


def test_values_of_unknown_fields_are_withheld(stream):
    get_logger("icustomer.worker").info(
        "seen", name="Maria Okonkwo", email="maria.okonkwo@example.org"
    )
    assert lines(stream)[0]["name"] == WITHHELD
    assert_nothing_personal(stream)


def test_emails_and_phones_within_texts_are_scrubbed(stream):
    get_logger("icustomer.worker").warning(
        "no match for maria.okonkwo@example.org",
        detail="called from +44 (20) 7946-0555, born 1990-04-12",
        error=["maria.okonkwo@example.org", {"again": "020 7946 0555"}],
    )
    assert_nothing_personal(stream)


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.12:19092 did not answer",
        "ic_7K3M-9QX2-4HTB-W6PZ-C merged",
        "partition 7 at offset 12345",
        "took 12.5 s of 30",
    ],
)
def test_what_operators_need_is_not_scrubbed(text):
    assert scrub(text) == text


def fail_with(error):
    raise error


def test_the_text_of_a_foreign_exception_is_not_told(stream):
    try:
        fail_with(ValueError(f"cannot parse {RECORD}"))
    except ValueError:
        get_logger("icustomer.worker").exception("batch failed")
    (line,) = lines(stream)
    assert line["failure"]["type"] == "ValueError"
    assert line["failure"]["stack"][-1].endswith("fail_with")
    assert_nothing_personal(stream)


def test_the_text_of_our_own_exception_is_told_and_its_cause_only_named(stream):
    try:
        try:
            fail_with(ConnectionError(RECORD))
        except ConnectionError as cause:
            raise UnavailableError("Redis did not answer") from cause
    except UnavailableError as error:
        get_logger("icustomer.worker").warning("waiting", error=error)
    (line,) = lines(stream)
    assert line["error"]["text"] == "Redis did not answer"
    assert line["error"]["cause"] == "ConnectionError"
    assert_nothing_personal(stream)


def test_a_line_of_a_library_keeps_numbers_and_names_only(stream):
    logging.getLogger("aiokafka.consumer").warning(
        "Heartbeat %d failed for group %s: %s", 7, "icustomer", RECORD
    )
    assert lines(stream)[0]["event"] == "Heartbeat 7 failed for group icustomer: <str>"
    assert_nothing_personal(stream)


def test_a_line_that_a_library_formatted_itself_loses_what_it_quotes(stream):
    text = f"Task exception was never retrieved: {RECORD!r}\nfuture: <Task {RECORD}>"
    logging.getLogger("asyncio").error(text, extra={"record": RECORD})
    assert lines(stream)[0]["event"] == "Task exception was never retrieved: [...]"
    assert_nothing_personal(stream)


def test_the_exception_of_a_library_is_not_told(stream):
    try:
        fail_with(RuntimeError(RECORD))
    except RuntimeError:
        logging.getLogger("aiokafka").exception("Unexpected error in fetcher")
    assert lines(stream)[0]["failure"]["type"] == "RuntimeError"
    assert_nothing_personal(stream)


def test_a_warning_goes_the_same_way(stream):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(RECORD, UserWarning, stacklevel=1)
    assert_nothing_personal(stream)


def test_libraries_stay_silent_below_warning_even_at_debug(stream):
    logging.getLogger("aiokafka.conn").debug("Request: %s", RECORD)
    logging.getLogger("faststream").info("Received")
    get_logger("icustomer.worker").debug("ours")
    assert [line["event"] for line in lines(stream)] == ["ours"]


def test_the_level_holds_for_our_own_lines():
    buffer = io.StringIO()
    configure_logging(LogFormat.JSON, LogLevel.ERROR, buffer)
    get_logger("icustomer.worker").warning("not told")
    get_logger("icustomer.worker").error("told")
    assert [line["event"] for line in lines(buffer)] == ["told"]


def test_auto_is_json_where_nobody_looks_on():
    buffer = io.StringIO()
    configure_logging(LogFormat.AUTO, LogLevel.INFO, buffer)
    get_logger("icustomer.worker").info("told")
    assert json.loads(buffer.getvalue())["event"] == "told"


def test_auto_is_for_people_on_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    configure_logging(LogFormat.AUTO, LogLevel.INFO, terminal)
    try:
        fail_with(ValueError(RECORD))
    except ValueError:
        get_logger("icustomer.worker").exception("told", records=3)
    assert_nothing_personal(terminal)
    assert not terminal.getvalue().startswith("{")
    assert "told" in terminal.getvalue()


def test_the_client_of_kafka_is_not_heard_for_each_of_its_tries(stream):
    client = logging.getLogger("aiokafka.producer.sender")
    for attempt in range(300):
        client.error("Unable connect to node with id %s", attempt)
    client.error("Failed fetch messages")
    assert [line["event"] for line in lines(stream)] == [
        "Unable connect to node with id 0",
        "Failed fetch messages",
    ]


def test_the_client_of_kafka_is_heard_again_after_some_seconds(stream):
    said = {"name": "aiokafka", "levelname": "ERROR", "levelno": logging.ERROR, "msg": "away"}
    for second in (1, 2, 7):
        record = logging.makeLogRecord(said | {"created": 1_000_000.0 + second})
        logging.getLogger("aiokafka").handle(record)
    assert len(lines(stream)) == 2


def test_other_libraries_may_repeat_themselves(stream):
    for _ in range(3):
        logging.getLogger("redis").warning("away")
    assert len(lines(stream)) == 3


@pytest.mark.parametrize(
    ("asked", "told"),
    [("mara", "mara"), ("mara@office.example", "[email]"), ("desk +41446681800", "desk [number]")],
)
def test_an_export_leaves_a_line_on_whose_data_it_hands_out_and_who_asked(stream, asked, told):
    export = export_customer(*holder(lived(), ANA_MAIL[1]), ANA_MAIL[1], HANDED_OUT)
    log_disclosures([export], "space", asked)
    (line,) = lines(stream)
    assert (line["event"], line["customer_id"]) == ("exported", export.customer_id)
    assert (line["space"], line["requested_by"]) == ("space", told)
    assert ANA_MAIL[1] not in stream.getvalue()

"""Files of events as records that a publisher would send."""

from __future__ import annotations

import json

import pytest

from icustomer.commands.event_files import Line, faults, read_lines, record_key
from icustomer.commands.send import require_valid
from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError

GOOD = {
    "event_id": "1",
    "occurred_at": "2026-03-14T09:26:53Z",
    "source": "shop",
    "email": "ana@example.org",
}


def write(path, *values):
    path.write_bytes(b"\n".join(values) + b"\n")
    return path


def test_lines_of_json_are_sent_as_they_stand(tmp_path):
    path = write(tmp_path / "events.jsonl", b'{"b":  1, "a": 1e0}', b"", b"not json \xff")
    assert list(read_lines(path)) == [Line(1, b'{"b":  1, "a": 1e0}'), Line(3, b"not json \xff")]


def test_dotted_columns_of_csv_become_objects(tmp_path):
    header = b"event_id,occurred_at,source,email,name.given,account.number,email_verified"
    row = "1,2026-03-14T09:26:53Z,shop,ana@example.org,Zoë,7,true".encode()
    (line,) = read_lines(write(tmp_path / "events.csv", header, row))
    assert line.number == 2
    assert json.loads(line.value) == {
        **GOOD,
        "name": {"given": "Zoë"},
        "account": {"number": "7"},
        "email_verified": True,
    }


def test_a_row_with_too_few_cells_is_told_by_its_line(tmp_path):
    path = write(tmp_path / "events.csv", b"a,b", b"1,2", b"1")
    with pytest.raises(OperatorError, match="line 3: not as many cells"):
        list(read_lines(path))


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ({"account": {"service": "shop", "number": "7"}, "email": "a@example.org"}, b"shop/7"),
        ({"email": " A@Example.org", "phone": "+41446681800"}, b"a@example.org"),
        ({"phone": "+41446681800"}, b"+41446681800"),
        ({"command": "split", "customer_id": "ic_X"}, b"ic_x"),
        ({"command": "merge", "customer_ids": ["ic_X", "ic_Y"]}, b"ic_x"),
        ({"account": "7", "email": 5}, None),
        ([], None),
    ],
)
def test_one_customers_events_have_one_key(event, key):
    assert record_key(json.dumps(event).encode()) == key


def test_what_is_no_json_has_no_key():
    assert record_key(b"\xff") is None


def test_faulty_lines_are_told_with_number_and_reason(tmp_path, capsys):
    path = write(
        tmp_path / "events.jsonl",
        json.dumps(GOOD).encode(),
        b"{",
        json.dumps(GOOD | {"source": 5}).encode(),
    )
    assert [(fault.number, fault.rejection.reason) for fault in faults(path, Topic.SIGNUPS)] == [
        (2, "not_json"),
        (3, "invalid"),
    ]
    with pytest.raises(OperatorError, match=r"^2 faulty events, so nothing was sent"):
        require_valid(path, Topic.SIGNUPS)
    assert "line 3: invalid: source" in " ".join(capsys.readouterr().err.split())


def test_a_file_without_fault_passes(tmp_path, capsys):
    require_valid(write(tmp_path / "events.jsonl", json.dumps(GOOD).encode()), Topic.SIGNUPS)
    assert capsys.readouterr().err == ""

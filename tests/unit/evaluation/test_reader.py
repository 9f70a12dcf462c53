"""Files of labelled events."""

import pytest

from icustomer.contracts.events import Order, Signup, Support
from icustomer.contracts.topics import Topic
from icustomer.errors import OperatorError
from icustomer.evaluation.cells import BOOLEANS, INTEGERS, LISTS
from icustomer.evaluation.reader import read_labelled


def read(tmp_path, text, truth="who", name="events.jsonl"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read_labelled(path, truth))


def test_the_shape_tells_the_topic(tmp_path):
    text = '{"who":"a"}\n{"who":"b","order_id":"1"}\n\n{"who":7,"ticket_id":"1"}\n'
    lines = read(tmp_path, text)
    assert [line.topic for line in lines] == [Topic.SIGNUPS, Topic.ORDERS, Topic.SUPPORT]
    assert [line.truth for line in lines] == ["a", "b", "7"]
    assert [line.line for line in lines] == [1, 2, 4]


def test_what_is_missing_is_filled_in_and_what_is_there_kept(tmp_path):
    first, second = read(tmp_path, '{"who":"a"}\n{"who":"a","event_id":"e","source":"crm"}')
    assert first.body == {
        "event_id": "1",
        "occurred_at": "1970-01-01T00:00:01+00:00",
        "source": "events.jsonl",
    }
    assert (second.body["event_id"], second.body["source"]) == ("e", "crm")


@pytest.mark.parametrize("truth", ["who", "label.who"])
def test_the_label_is_kept_from_the_matching(tmp_path, truth):
    (line,) = read(tmp_path, '{"who":"a","label":{"who":"a"},"email":"x"}', truth)
    assert line.truth == "a"
    assert truth.partition(".")[0] not in line.body
    assert line.body["email"] == "x"


def test_csv_cells_are_nested_and_typed_as_the_contract_asks(tmp_path):
    text = (
        "\ufeffwho;name.given;account.number;email_verified;consents.news;loyalty.points;guest\n"
        'a;"Ann\nMarie";007;TRUE;no;12;\n'
        "b;;;maybe;;x;\n"
    )
    first, second = read(tmp_path, text, name="events.csv")
    given = {name: first.body[name] for name in first.body if name not in second.body}
    assert given == {
        "name": {"given": "Ann\nMarie"},
        "account": {"number": "007"},
        "consents": {"news": False},
    }
    assert (first.body["email_verified"], first.body["loyalty"]) == (True, {"points": 12})
    assert (second.body["email_verified"], second.body["loyalty"]) == ("maybe", {"points": "x"})
    assert [first.line, second.line] == [3, 4]


def test_lists_stand_as_json_in_a_cell(tmp_path):
    text = 'who\tidentifiers\na\t"[{""kind"":""email"",""value"":""x""}]"\n'
    (line,) = read(tmp_path, text, name="events.tsv")
    assert line.body["identifiers"] == [{"kind": "email", "value": "x"}]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("e.jsonl", '{"who":"a"}\nnonsense\n', "line 2"),
        ("e.jsonl", '{"who":"a"}\n[1]\n', "line 2"),
        ("e.jsonl", b'{"who":"\xff"}\n', "line 1"),
        ("e.jsonl", '{"who":"a"}\n{"you":"a"}\n', "line 2"),
        ("e.jsonl", '{"who":null}\n', "line 1"),
        ("e.csv", "who,email\na,x\nb\n", "line 3"),
        ("e.csv", "who,email\na,x,y\n", "line 2"),
        ("e.csv", "who,email\n,x\n", "line 2"),
        ("e.csv", b"who\n\xff\n", "e.csv cannot be read: it is no UTF-8"),
        ("e.csv", "who,email,email\na,x,y\n", "line 1: the column email stands there twice"),
        ("e.csv", "who,name,name.given\na,x,y\n", "line 1: the column name cannot hold both"),
    ],
)
def test_bad_lines_are_named(tmp_path, name, text, expected):
    with pytest.raises(OperatorError, match=expected):
        read(tmp_path, text, name=name)


def test_a_missing_file_is_one_line_for_the_operator(tmp_path):
    with pytest.raises(OperatorError, match=r"nowhere\.jsonl cannot be read"):
        list(read_labelled(tmp_path / "nowhere.jsonl", "who"))


def fields(schema, prefix=""):
    """Dotted names of all fields with their JSON types, lists as `array`."""
    for name, field in schema.get("properties", {}).items():
        for choice in field.get("anyOf", [field]):
            if "properties" in choice:
                yield from fields(choice, f"{prefix}{name}.")
            yield prefix + name, choice.get("type")


def test_typed_columns_are_those_that_the_contract_types():
    by_type = {}
    for model in (Signup, Order, Support):
        schema = model.model_json_schema()
        for name, kind in fields(resolved(schema, schema.get("$defs", {}))):
            by_type.setdefault(kind, set()).add(name)
    assert by_type["boolean"] == BOOLEANS
    assert by_type["integer"] == INTEGERS
    assert by_type["array"] == LISTS


def resolved(node, definitions):
    if isinstance(node, dict):
        if "$ref" in node:
            return resolved(definitions[node["$ref"].rpartition("/")[2]], definitions)
        return {key: resolved(value, definitions) for key, value in node.items()}
    if isinstance(node, list):
        return [resolved(each, definitions) for each in node]
    return node

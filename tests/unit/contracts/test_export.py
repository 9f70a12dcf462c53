"""The files in schemas/: whole, valid, and in agreement with the models."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from icustomer.contracts import commands, common, decode, events
from icustomer.contracts.codes import COUNTRIES, CURRENCIES
from icustomer.contracts.examples import ANNA, EXAMPLES, GUEST, RETIRED
from icustomer.contracts.export import ADAPTERS, files, schema, write
from icustomer.contracts.rejection import Reason
from icustomer.contracts.topics import Topic
from icustomer.core.keys import parse_customer_id

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "schemas"
REFERENCE = ROOT / "docs" / "reference" / "messages.md"
ALL_EXAMPLES = [(message, name) for message, examples in EXAMPLES.items() for name in examples]


def committed() -> dict[str, str]:
    return {
        path.relative_to(SCHEMAS).as_posix(): path.read_text("utf-8")
        for path in SCHEMAS.rglob("*")
        if path.is_file()
    }


def test_the_committed_files_are_what_the_models_give():
    assert committed() == files(), "run: python -m icustomer.contracts.export"


def test_export_writes_the_same_files_anywhere(tmp_path):
    write(tmp_path)
    written = {
        path.relative_to(tmp_path).as_posix(): path.read_text("utf-8")
        for path in tmp_path.rglob("*.*")
    }
    assert written == files()


@pytest.mark.parametrize("message", ADAPTERS)
def test_a_schema_is_a_schema_of_2020_12(message):
    document = schema(message)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["title"]
    assert document["description"]
    assert document["examples"]


@pytest.mark.parametrize("message", ADAPTERS)
def test_every_field_of_a_schema_says_what_it_means(message):
    document = schema(message)
    models = [document, *document["$defs"].values()] if "$defs" in document else [document]
    silent = [
        f"{model.get('title')}.{name}"
        for model in models
        for name, field in model.get("properties", {}).items()
        if not field.get("description")
    ]
    assert silent == []


@pytest.mark.parametrize(("message", "name"), ALL_EXAMPLES)
def test_an_example_is_valid_by_model_and_by_schema(message, name):
    example = json.loads(files()[f"examples/{name}.json"])
    ADAPTERS[message].validate_python(example)
    jsonschema.Draft202012Validator(schema(message)).validate(example)


@pytest.mark.parametrize("message", ["profile", "identity-change"])
def test_an_example_of_an_output_has_no_field_that_its_model_lacks(message):
    for name, example in EXAMPLES[message].items():
        told = ADAPTERS[message].validate_python(example).model_dump(exclude_unset=True)
        assert _names(told) == _names(example), name


def _names(value) -> object:
    if isinstance(value, dict):
        return {name: _names(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_names(inner) for inner in value]
    return None


@pytest.mark.parametrize(
    ("message", "name", "field", "value"),
    [
        ("signup", "signup", "event_id", ""),
        ("signup", "signup", "email_verified", "true"),
        ("signup", "signup", "country", "UK"),
        ("signup", "signup", "consents", {"x": 1}),
        ("order", "order", "status", "lost"),
        ("order", "order", "total", {"amount": "1,00", "currency": "EUR"}),
        ("order", "order", "items", [{"quantity": -1}]),
        ("support", "support-solved", "satisfaction", 6),
        ("command", "command-merge", "customer_ids", [ANNA]),
        ("command", "command-merge", "command", "mrege"),
        ("profile", "profile", "customer_id", "7"),
        ("profile", "profile-merged", "status", "gone"),
        ("identity-change", "identity-change-merged", "type", "mergd"),
    ],
)
def test_model_and_schema_refuse_the_same(message, name, field, value):
    broken = {**EXAMPLES[message][name], field: value}
    with pytest.raises(ValueError, match="validation error"):
        ADAPTERS[message].validate_python(broken)
    assert not jsonschema.Draft202012Validator(schema(message)).is_valid(broken)


@pytest.mark.parametrize("customer_id", [ANNA, RETIRED, GUEST])
def test_customer_ids_of_examples_have_the_right_check_character(customer_id):
    assert parse_customer_id(customer_id) == customer_id


# -- AsyncAPI --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asyncapi() -> dict:
    return yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def specification() -> jsonschema.Draft7Validator:
    path = ROOT / "tests" / "data" / "asyncapi-3.0.0.schema.json"
    return jsonschema.Draft7Validator(json.loads(path.read_text("utf-8")))


def test_the_asyncapi_document_follows_the_specification(asyncapi, specification):
    assert [error.message for error in specification.iter_errors(asyncapi)] == []
    assert not specification.is_valid({**asyncapi, "asyncapi": "2.0.0"})
    assert not specification.is_valid({**asyncapi, "channels": {"x": {"address": 7}}})


def test_the_asyncapi_document_names_every_topic_once(asyncapi):
    addresses = {channel["address"] for channel in asyncapi["channels"].values()}
    assert addresses == {f"{{prefix}}.{topic.value}" for topic in Topic}
    assert len(asyncapi["operations"]) == len(Topic)


def test_every_reference_of_the_asyncapi_document_leads_somewhere(asyncapi):
    for reference in re.findall(
        r"\$ref: '?([^'\s]+)", (SCHEMAS / "asyncapi.yaml").read_text("utf-8")
    ):
        if reference.startswith("#/"):
            place = asyncapi
            for step in reference[2:].split("/"):
                place = place[step]
        else:
            assert (SCHEMAS / reference).is_file()


def test_dead_letters_tell_every_reason(asyncapi):
    headers = asyncapi["components"]["messages"]["dead-letter"]["headers"]
    assert headers["properties"]["icustomer-reason"]["enum"] == [reason.value for reason in Reason]


# -- code tables -----------------------------------------------------------------------------


def test_code_tables_are_complete():
    assert len(COUNTRIES) == 249 + len({"AC", "TA", "XK"})
    assert {"EUR", "USD", "JPY", "XAD", "ZWG", "HRK"} <= CURRENCIES
    assert all(re.fullmatch("[A-Z]{2}", code) for code in COUNTRIES)
    assert all(re.fullmatch("[A-Z]{3}", code) for code in CURRENCIES)


def test_code_tables_agree_with_iso_codes():
    data = Path("/usr/share/iso-codes/json")
    if not data.is_dir():
        pytest.skip("Debian's iso-codes is not installed")
    countries = json.loads((data / "iso_3166-1.json").read_text("utf-8"))["3166-1"]
    assert {entry["alpha_2"] for entry in countries} == COUNTRIES - {"AC", "TA", "XK"}
    currencies = json.loads((data / "iso_4217.json").read_text("utf-8"))["4217"]
    assert {entry["alpha_3"] for entry in currencies} <= CURRENCIES


# -- reference -------------------------------------------------------------------------------


def _fields(message: str) -> set[str]:
    document = schema(message)
    models = [document, *document.get("$defs", {}).values()]
    return {name for model in models for name in model.get("properties", {})}


@pytest.mark.parametrize("message", ADAPTERS)
def test_the_reference_explains_every_field(message):
    text = REFERENCE.read_text("utf-8")
    assert {name for name in _fields(message) if f"`{name}`" not in text} == set()


def test_the_reference_explains_every_reason_status_and_limit():
    text = REFERENCE.read_text("utf-8")
    words = [reason.value for reason in Reason]
    for message in ADAPTERS:
        words += re.findall(r'"(?:enum|const)": (\[.*?\]|"\w+")', json.dumps(schema(message)))
    codes = COUNTRIES | CURRENCIES
    told = {word for entry in words for word in re.findall(r"\w+", entry)} - codes
    assert {word for word in told if f"`{word}`" not in text} == set()


def test_the_reference_tells_the_limits_of_the_models():
    limits = REFERENCE.read_text("utf-8").partition("### Limits")[2].partition("###")[0]
    for limit in (
        decode.MAX_BYTES,
        decode.MAX_NESTING,
        common.NUMBER_LENGTH,
        common.NAME_LENGTH,
        common.TEXT_LENGTH,
        common.INTEGER_LIMIT,
        events.MAX_IDENTIFIERS,
        events.MAX_ITEMS,
        events.MAX_ENTRIES,
        events.MAX_QUANTITY,
        commands.MAX_CUSTOMERS,
    ):
        assert f"| {limit:,}" in limits, limit

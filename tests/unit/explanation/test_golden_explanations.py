"""Explanations and exports as people and programs get them, whole."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from icustomer.contracts.export import DOCUMENTS, schema
from unit.explanation.golden import FOLDER, files
from unit.explanation.household import HOSTILE

MADE = files()


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_story_is_told_as_it_was_agreed(name):
    assert MADE[name] == (FOLDER / name).read_text("utf-8"), "see golden.py to write it anew"


def test_nothing_lies_there_that_is_not_made():
    assert {path.name for path in FOLDER.iterdir()} == MADE.keys()


@pytest.mark.parametrize("name", [name for name in sorted(MADE) if name.endswith(".json")])
def test_documents_are_what_models_and_schemas_say(name):
    kind = "export" if name.startswith("export") else "explanation"
    document = json.loads(MADE[name])
    told = DOCUMENTS[kind].validate_json(MADE[name]).model_dump(mode="json")
    assert told == document
    jsonschema.Draft202012Validator(schema(kind)).validate(document)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_schemas_say_what_every_field_means(kind):
    document = schema(kind)
    jsonschema.Draft202012Validator.check_schema(document)
    models = [document, *document["$defs"].values()]
    silent = [
        f"{model.get('title')}.{name}"
        for model in models
        for name, field in model.get("properties", {}).items()
        if not field.get("description")
    ]
    assert silent == []


@pytest.mark.parametrize("name", [name for name in sorted(MADE) if name.endswith(".svg")])
def test_pictures_are_well_formed_and_their_boxes_do_not_overlap(name):
    root = ET.fromstring(MADE[name])  # noqa: S314 -- made a moment ago
    space = "{http://www.w3.org/2000/svg}"
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = [group.find(f"{space}rect").attrib for group in root.iter(f"{space}g")]
    spots = [tuple(float(each[name]) for name in ("x", "y", "width", "height")) for each in boxes]
    assert spots
    for number, (x, y, wide, high) in enumerate(spots):
        assert x >= 0
        assert x + wide <= width
        assert y + high <= height
        for left, top, broad, tall in spots[:number]:
            apart = x >= left + broad or left >= x + wide or y >= top + tall or top >= y + high
            assert apart
    assert not list(root.iter(f"{space}script"))


def test_nothing_that_an_event_says_is_obeyed():
    for name, content in MADE.items():
        assert "\x1b" not in content, name
        if not name.endswith((".json", ".txt")):
            assert "<script" not in content, name
    assert HOSTILE.partition(" &")[0] in MADE["pair-veto.txt"]

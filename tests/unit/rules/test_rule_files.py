"""Rule files: read, refused with line and remedy, written out, and the same again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from icustomer.contracts import rules_file
from icustomer.contracts.export import rules_schema
from icustomer.contracts.rules_file import RulesFile
from icustomer.contracts.rules_loading import load_file, load_rules
from icustomer.contracts.rules_reading import RulesMistakesError, read_rules
from icustomer.contracts.rules_text import as_json, as_toml
from icustomer.core.blocking import PLACEHOLDER_KINDS
from icustomer.core.own_kinds import FIELDS, STEPS
from icustomer.core.rules import DEFAULT_RULES, Match
from icustomer.core.survivorship import Choice
from icustomer.errors import SettingsError

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.toml"))
REFERENCE = ROOT / "docs" / "reference" / "rules.md"
EVERYTHING = """
placeholders = ["phone"]

[limits]
max_facets = 50

[kinds.email]
match = "verified"
tag_domains = ["example.org"]
provider_rules = false

[kinds.phone]
max_per_customer = 4

[kinds.loyalty_card]
strength = 400
pattern = '[A-Z]{2}[0-9]{8}'
normalise = ["no_separators", "upper"]

[kinds.order]
from = "order_id"
transactional = true

[composites.person]
parts = ["given", "family", "birth_date"]

[[blocked]]
kind = "email"
value = "info@example.org"
reason = "the office's own"

[[blocked]]
kind = "phone"
pattern = '\\+4930555[0-9]*'
reason = "the call centre's numbers"

[sources."web shop"]
trust = 2

[survivorship]
name = "most_events"
consents = "source_order"
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(RulesMistakesError) as caught:
        read_rules(text)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_an_empty_file_is_the_built_in_rules():
    assert read_rules("").rules() == DEFAULT_RULES == load_rules(None)


def test_every_setting_arrives_in_the_core():
    rules = read_rules(EVERYTHING).rules()
    assert list(rules.kinds) == ["loyalty_card", "account", "email", "phone", "order", "person"]
    assert rules.kinds["email"].match is Match.VERIFIED
    assert rules.kinds["phone"].veto
    assert rules.kinds["phone"].max_per_customer == 4
    assert rules.fields == (("order_id", "order"),)
    assert rules.composites == (("person", ("given", "family", "birth_date")),)
    assert rules.max_facets == 50
    assert rules.trust == {"web shop": 2}
    assert rules.survivorship.consents is Choice.SOURCE_ORDER
    assert not rules.connects("email", "info@example.org")
    assert not rules.connects("phone", "+493055512")
    assert rules.connects("email", "test@test.com")


@pytest.mark.parametrize("text", ["", EVERYTHING, *(each.read_text("utf-8") for each in EXAMPLES)])
def test_what_is_shown_reads_back_as_the_same(text: str):
    file = read_rules(text)
    again = read_rules(as_toml(file))
    assert again == file
    assert again.rules().fingerprint == file.rules().fingerprint


def test_every_setting_is_shown_under_a_comment():
    lines = as_toml(read_rules(EVERYTHING)).splitlines()
    told = [number for number, line in enumerate(lines) if " = " in line and line[0].islower()]
    in_blocked = {n for n in told if lines[n].split(" ")[0] in {"kind", "value", "reason"}}
    silent = [lines[n] for n in told if not lines[n - 1].startswith("#") and n not in in_blocked]
    assert [line for line in silent if not line.startswith("pattern")] == []
    assert len(told) > 60


def test_the_json_form_is_the_file_with_fingerprint_and_placeholders():
    document = as_json(read_rules(EVERYTHING))
    assert document["kinds"]["order"]["from"] == "order_id"
    assert len(document.pop("fingerprint")) == 16
    assert {one["kind"] for one in document.pop("shipped_placeholders")} == {"phone"}
    assert RulesFile.model_validate_json(json.dumps(document)) == read_rules(EVERYTHING)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = [\n", "line 2: no TOML: "),
        ("[kinds.phone]\n\n# x\nmach = 1", "line 4: kinds.phone.mach: is no setting; did you mean"),
        ("[kinds.phone]\nmatch = 'often'", "line 2: kinds.phone.match: must be 'always', 'verif"),
        ("[limits]\nmax_facets = 0", "line 2: limits.max_facets: must be greater than or equal"),
        ("[limits]\nmax_facets = '9'", "line 2: limits.max_facets: must be a whole number"),
        ("[sources]\nshop = 5", "line 2: sources.shop: must be a table: write [sources.shop]"),
        ("kinds = 3", "line 1: kinds: must be a table: write [kinds]"),
        ("[blocked]\nkind = 'email'", "line 1: blocked: is a list of tables: write [[blocked]]"),
        ("placeholders = true", "line 1: placeholders: must be a list"),
        (
            "[kinds.card]\npattern = 7",
            "line 2: kinds.card.pattern: must be text, in quotation marks",
        ),
        ("[composites.z]\nparts = ['name']", "composites.z.parts: must have at least 2 entries"),
        (
            "[[blocked]]\nkind = 'email'\nvalue = 'a@x.example'\nreason = ''",
            "line 4: blocked.0.reason: must not be empty",
        ),
        (
            "[[blocked]]\nkind = 'phone'\nvalue = '044 668 18 00'\nreason = 'x'",
            "line 3: blocked.0.value: write '044 668 18 00' internationally, such as +41446681800",
        ),
        ("x = " + "[" * 3_000, "line 1: no TOML: nested too deep"),
        ("[kinds.account]\nveto = 'yes'", "line 2: kinds.account.veto: must be true or false"),
        ("[kinds.Card]\nmatch = 'always'", "line 1: kinds.Card: a name is 1 to 32 of a-z"),
        ("[kinds.emial]\nmatch = 'never'", "line 1: kinds.emial: did you mean email?"),
        ("[kinds.name]\nmatch = 'never'", "line 1: kinds.name: is a word of its own"),
        ("[kinds.card]\npattern = '(a'", "line 2: kinds.card.pattern: is no regular expression"),
        ("[kinds.card]\npattern = '(?=a)b'", "line 2: kinds.card.pattern: is no regular express"),
        ("[kinds.card]\nfrom = 'total'", "line 2: kinds.card.from: must be 'order_id', "),
        ("[kinds.card]\nnormalise = [\n'upper',\n'up']", "line 2: kinds.card.normalise.1: must b"),
        ("[composites.x]\nparts = ['given', 'family']", "line 2: composites.x.parts: is made of a"),
        ("[composites.x]\nparts = ['birth_date', 'birth_year']", "is made of a birth date alone"),
        ("[composites.x]\nparts = ['given', 'postcode']", "line 2: composites.x.parts.1: 'postcod"),
        ("[composites.x]\nparts = ['given']", "line 2: composites.x.parts: must have at le"),
        ("[composites.x]\nstrength = 1", "line 1: composites.x.parts: is missing: add parts"),
        ("[composites.email]\nparts = ['given', 'phone']", "line 1: composites.email: is a kind"),
        ("[[blocked]]\nkind = 'email'\nvalue = 'a@b.c'", "line 1: blocked.0.reason: is missing"),
        ("[[blocked]]\nkind = 'email'\nreason = 'x'", "line 1: blocked.0: has either a value or"),
        (
            "[[blocked]]\nkind = 'email'\nvalue = 'A@b.com'\nreason = 'x'",
            "line 3: blocked.0.value: write 'A@b.com' as 'a@b.com'",
        ),
        (
            "x = 1\n[[blocked]]\nkind = 'mail'\nvalue = 'a@b.com'\nreason = 'x'",
            "line 1: x: is no setting; here are: blocked, ",
        ),
        (
            "[[blocked]]\nkind = 'mail'\nvalue = 'a@b.com'\nreason = 'x'",
            "line 2: blocked.0.kind: 'mail' is none of: account, email, phone",
        ),
        (
            "[kinds.email]\ntag_domains = ['Ö.de']",
            "line 2: kinds.email.tag_domains.0: write 'Ö.de'",
        ),
        ("[survivorship]\nlocale = 'most_events'", "line 2: survivorship.locale: must be 'latest'"),
    ],
)
def test_a_mistake_names_line_key_and_remedy(text: str, told: str):
    (found, *_) = mistakes(text)
    assert told in found


def test_all_mistakes_are_told_in_the_order_of_their_lines():
    text = "[kinds.phone]\nveto = 1\n[kinds.email]\nmatch = 'x'\nstrength = -1\n"
    assert [one.partition(":")[0] for one in mistakes(text)] == ["line 2", "line 4", "line 5"]


def test_a_file_with_mistakes_stops_with_one_line(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text("[kinds.phone]\nveto = 1\nmatch = 2\n")
    with pytest.raises(SettingsError, match=r"rules.toml, line 2: kinds.phone.veto: must.*1 more"):
        load_file(path)
    with pytest.raises(SettingsError, match="readable text file"):
        load_file(tmp_path / "missing.toml")


def test_schema_and_model_refuse_the_same():
    validator = jsonschema.Draft202012Validator(rules_schema())
    jsonschema.Draft202012Validator.check_schema(rules_schema())
    good = as_json(read_rules(EVERYTHING))
    good.pop("fingerprint")
    good.pop("shipped_placeholders")
    assert [error.message for error in validator.iter_errors(good)] == []
    for broken in (
        {"limits": {"max_facets": 0}},
        {"kinds": {"phone": {"mach": 1}}},
        {"kinds": {"card": {"from": "total"}}},
        {"composites": {"x": {"parts": ["given"]}}},
        {"blocked": [{"kind": "email", "value": "a@b.com"}]},
        {"survivorship": {"locale": "most_events"}},
        {"unknown": 1},
    ):
        assert not validator.is_valid(broken), broken
        with pytest.raises(ValueError, match="validation error"):
            RulesFile.model_validate(broken)


def test_the_words_of_the_schema_are_those_of_the_core():
    assert get_args(rules_file.Step) == tuple(STEPS)
    assert get_args(rules_file.EventField) == FIELDS
    assert get_args(rules_file.PlaceholderKind) == PLACEHOLDER_KINDS
    assert get_args(rules_file.SurvivingName) == tuple(Choice)


def test_every_setting_says_what_it_means_and_stands_in_the_reference():
    text = REFERENCE.read_text("utf-8")
    schema = rules_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, field in model.get("properties", {}).items():
            told = field.get("description") or "$ref" in field
            assert told, (model["title"], name)
            assert f"`{name}`" in text, name


def test_a_fingerprint_tells_rules_apart_and_not_how_they_are_written():
    def fingerprint(text: str) -> str:
        return read_rules(text).rules().fingerprint

    assert fingerprint("") == fingerprint("# nothing\n[limits]\nmax_facets = 200\n")
    assert fingerprint("[kinds.phone]\nstrength = 99") == fingerprint("")
    told = {
        fingerprint(text)
        for text in (
            "",
            "placeholders = []",
            "[kinds.phone]\nstrength = 301",
            "[kinds.phone]\nveto = false",
            "[kinds.card]\nfrom = 'order_id'",
            "[kinds.email]\nprovider_rules = false",
            "[sources.x]\ntrust = 1",
            "[survivorship]\nname = 'most_events'",
            "[[blocked]]\nkind = 'phone'\nvalue = '+4930123456'\nreason = 'x'",
        )
    }
    assert len(told) == 9

"""Labelled events of a family on one phone, and how tests have a file of them judged."""

from __future__ import annotations

import json

from icustomer.core.keys import Keyring
from icustomer.core.rules import DEFAULT_RULES
from icustomer.evaluation.evaluate import evaluate_file

KEYRING = Keyring(b"a key of the tests, 32 bytes long")
PHONE = "+447723817083"


def event(who, name=None, **fields):
    body = {"who": who, "country": "GB", **fields}
    if name:
        given, family = name.split()
        body["name"] = {"given": given, "family": family}
    return body


def judged(tmp_path, events, rules=DEFAULT_RULES):
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in events))
    return evaluate_file(path, "who", rules, KEYRING)


FAMILY = [
    event("mother", "Ann Smith", email="ann@x.example", phone=PHONE),
    event("father", "Bob Smith", email="bob@x.example", phone=PHONE),
    event("mother", "Ann Smith", phone="07723 817083"),
    event("father", "Bob Smith", phone=PHONE),
]

"""Writes the contract for others: JSON Schemas, examples and the AsyncAPI document.

`python -m icustomer.contracts.export [DIR]`; DIR is `schemas` unless named. The same models
give the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from icustomer.contracts.asyncapi import document
from icustomer.contracts.commands import Command
from icustomer.contracts.customer_export import CUSTOMER_EXPORT
from icustomer.contracts.events import Order, Signup, Support
from icustomer.contracts.examples import EXAMPLES
from icustomer.contracts.explanation import EXPLANATION
from icustomer.contracts.outputs import IdentityChange, ProfileRecord
from icustomer.contracts.rules_file import RulesFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFAULT_DIRECTORY = "schemas"
LINE_WIDTH = 100
"""Columns at which the YAML is wrapped, as all our text."""

ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "signup": TypeAdapter(Signup),
    "order": TypeAdapter(Order),
    "support": TypeAdapter(Support),
    "command": TypeAdapter(Command),
    "profile": TypeAdapter(ProfileRecord),
    "identity-change": TypeAdapter(IdentityChange),
}
"""Message to its model."""
DOCUMENTS: dict[str, TypeAdapter[Any]] = {
    "explanation": EXPLANATION,
    "export": CUSTOMER_EXPORT,
}
"""What commands hand out to its model."""

_UNIONS = {
    "command": "A person's word on who is one customer and who is not.",
    "profile": "A record of the profile topic: a profile, or the redirect of a retired ID.",
    "explanation": "How a customer was put together, or why two are one or not.",
}
"""Messages of several forms, which no model describes as a whole."""


def schema(message: str) -> dict[str, Any]:
    """The JSON Schema of a message, with its examples, or of a document."""
    body = (ADAPTERS | DOCUMENTS)[message].json_schema()
    if message in _UNIONS:
        body |= {"title": message.capitalize(), "description": _UNIONS[message]}
    head = {"$schema": DIALECT, "$id": f"urn:icustomer:schema:{message}"}
    if message in DOCUMENTS:
        return head | body
    return head | body | {"examples": list(EXAMPLES[message].values())}


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of the rule file: editors that know it complete and check rules.toml."""
    body = RulesFile.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, "$id": "urn:icustomer:schema:rules"} | body | {"title": "Rules"}


def files() -> dict[str, str]:
    """Path within the directory to content, of every file that is written."""
    found = {f"{message}.schema.json": _json(schema(message)) for message in ADAPTERS | DOCUMENTS}
    found["rules.schema.json"] = _json(rules_schema())
    for examples in EXAMPLES.values():
        for name, example in examples.items():
            found[f"examples/{name}.json"] = _json(example)
    found["asyncapi.yaml"] = yaml.dump(
        document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=LINE_WIDTH
    )
    return found


class _Plain(yaml.SafeDumper):
    """Writes everything out where it stands: anchors are hard to read for people."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class names it
        return True


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write(directory: Path) -> None:
    """Write all files; what else lies in the directory stays."""
    for path, content in files().items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write(Path(*sys.argv[1:2] or [DEFAULT_DIRECTORY]))

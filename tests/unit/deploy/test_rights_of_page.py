"""docs/operations.md allows every command of Redis that the code calls, and no other."""

from __future__ import annotations

import re

from unit.deploy.deployed import OPERATIONS, ROOT

STORE = ROOT / "src" / "icustomer" / "store"
IN_SCRIPTS = re.compile(r"(?:redis\.call|in_chunks)\('([A-Z]+)'")
OUTSIDE = re.compile(r'\b_call\(\s*"([A-Z]+)"|\bcommand\(\s*"([A-Z]+)"')
OF_CONNECTIONS = {"ping", "select"}
"""What the client sends by itself. Logging in needs no right."""


def called() -> set[str]:
    """Names of all commands in scripts and in the adapter."""
    scripts = (IN_SCRIPTS.findall(path.read_text()) for path in STORE.glob("*.lua"))
    adapter = (OUTSIDE.findall(path.read_text()) for path in STORE.glob("*.py"))
    return {name.lower() for names in scripts for name in names} | {
        name.lower() for found in adapter for pair in found for name in pair if name
    }


def allowed() -> set[str]:
    (line,) = re.findall(r"^ACL SETUSER .*$", OPERATIONS.read_text(), re.MULTILINE)
    return {word[1:] for word in line.split() if word.startswith("+")}


def test_rights_in_redis_are_what_the_code_needs():
    assert called() >= {"evalsha", "eval", "mget", "info"}
    assert allowed() == called() | OF_CONNECTIONS

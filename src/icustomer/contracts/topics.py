"""The topics by their short names: where messages come in and where they go out."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """Short names; the topic is `<TOPIC_PREFIX>.<short name>`."""

    SIGNUPS = "signups"
    ORDERS = "orders"
    SUPPORT = "support"
    COMMANDS = "commands"
    PROFILES = "profiles"
    IDENTITY_CHANGES = "identity-changes"
    IDENTITY_STATE = "identity-state"
    DEAD_LETTERS = "dead-letters"


INPUTS = (Topic.SIGNUPS, Topic.ORDERS, Topic.SUPPORT, Topic.COMMANDS)
OUTPUTS = (Topic.PROFILES, Topic.IDENTITY_CHANGES, Topic.IDENTITY_STATE, Topic.DEAD_LETTERS)

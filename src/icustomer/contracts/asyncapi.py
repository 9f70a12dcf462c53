"""The AsyncAPI 3.0.0 document of all topics: what icustomer receives and what it sends.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

from typing import Any

from icustomer.contracts.decode import MAX_BYTES, MAX_NESTING
from icustomer.contracts.examples import EXAMPLES
from icustomer.contracts.rejection import Reason
from icustomer.contracts.topics import INPUTS, OUTPUTS, Topic

JSON_SCHEMA = "application/schema+json;version=draft-2020-12"
JSON = "application/json"
BINARY = "application/octet-stream"

Json = dict[str, Any]

MESSAGES = {
    Topic.SIGNUPS: "signup",
    Topic.ORDERS: "order",
    Topic.SUPPORT: "support",
    Topic.COMMANDS: "command",
    Topic.PROFILES: "profile",
    Topic.IDENTITY_CHANGES: "identity-change",
}
"""Topics whose records are JSON, and the name of their message and schema."""

_DESCRIPTIONS = {
    Topic.SIGNUPS: "People who sign up, or change what they told of themselves.",
    Topic.ORDERS: "Orders that are placed or move on; guest orders too.",
    Topic.SUPPORT: "Support tickets that are opened or move on.",
    Topic.COMMANDS: "A person's word on who is one customer and who is not.",
    Topic.PROFILES: (
        "The profile of every customer; compacted. The key is the customer ID. A retired ID "
        "redirects, an erased one is a tombstone. Read with isolation level read_committed."
    ),
    Topic.IDENTITY_CHANGES: (
        "What happened to customer IDs; kept by time, without personal data. The key is the "
        "customer ID, or the digest of an identifier that became shared."
    ),
    Topic.IDENTITY_STATE: (
        "Internal: the log from which Redis is rebuilt; compacted. The key is a group ID; the "
        "value is opaque, versioned and no interface."
    ),
    Topic.DEAD_LETTERS: (
        "Input records that were refused: key, value and headers byte for byte, and headers "
        "that say why. May repeat after a crash: the same topic, partition and offset."
    ),
}
_KEYS = {
    Topic.PROFILES: "Customer ID.",
    Topic.IDENTITY_CHANGES: "Customer ID, or the digest of a shared identifier.",
    Topic.IDENTITY_STATE: "Group ID, 16 bytes.",
    Topic.DEAD_LETTERS: "The key of the refused record.",
}
_MARK = "redriven"
_INPUT_KEY = "Any; records of one person are best given one key, so that they stay in order."


def document() -> Json:
    """The whole document, with references to the schemas beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "icustomer",
            "version": "1.0.0",
            "description": (
                "One customer ID for every person who deals with a company. Topics are named "
                "with the prefix of the installation, by default `customer`. A JSON record is "
                f"at most {MAX_BYTES} bytes and nested at most {MAX_NESTING} deep; unknown "
                "fields are ignored."
            ),
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "defaultContentType": JSON,
        "servers": {
            "kafka": {
                "host": "{host}:{port}",
                "protocol": "kafka",
                "description": "The brokers of KAFKA_SERVERS.",
                "variables": {"host": {"default": "localhost"}, "port": {"default": "9092"}},
            }
        },
        "channels": {topic.value: _channel(topic) for topic in Topic},
        "operations": _operations(),
        "components": {
            "messages": {_message_name(topic): _message(topic) for topic in Topic}
            | {_MARK: _mark()},
            "messageTraits": {"cloudEvents": _cloud_events()},
        },
    }


def _channel(topic: Topic) -> Json:
    return {
        "address": f"{{prefix}}.{topic.value}",
        "title": topic.value,
        "description": _DESCRIPTIONS[topic],
        "parameters": {
            "prefix": {"description": "TOPIC_PREFIX of the installation.", "default": "customer"}
        },
        "messages": {
            each: {"$ref": f"#/components/messages/{each}"} for each in _message_names(topic)
        },
    }


def _message_names(topic: Topic) -> list[str]:
    name = _message_name(topic)
    return [name, _MARK] if topic is Topic.DEAD_LETTERS else [name]


def _message_name(topic: Topic) -> str:
    return MESSAGES.get(topic, topic.value.removesuffix("s"))


def _operations() -> Json:
    receive = {f"receive-{topic.value}": _operation("receive", topic) for topic in INPUTS}
    return receive | {f"send-{topic.value}": _operation("send", topic) for topic in OUTPUTS}


def _operation(action: str, topic: Topic) -> Json:
    channel = f"#/channels/{topic.value}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": _DESCRIPTIONS[topic],
        "messages": [{"$ref": f"{channel}/messages/{each}"} for each in _message_names(topic)],
    }


def _message(topic: Topic) -> Json:
    name = _message_name(topic)
    message: Json = {
        "name": name,
        "title": name.replace("-", " ").capitalize(),
        "summary": _DESCRIPTIONS[topic],
        "contentType": JSON if topic in MESSAGES else BINARY,
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": _KEYS.get(topic, _INPUT_KEY)},
                "bindingVersion": "0.5.0",
            }
        },
    }
    return message | _payload(topic) | _headers(topic)


def _payload(topic: Topic) -> Json:
    if topic not in MESSAGES:
        return {"payload": {"description": _DESCRIPTIONS[topic]}}
    name = MESSAGES[topic]
    return {
        "payload": {
            "schemaFormat": JSON_SCHEMA,
            "schema": {"$ref": f"./{name}.schema.json"},
        },
        "examples": [
            {"name": title, "payload": example} for title, example in EXAMPLES[name].items()
        ],
    }


def _mark() -> Json:
    described = {
        "icustomer-redriven-topic": "The topic of the refused record that was sent again.",
        "icustomer-redriven-partition": "Its partition.",
        "icustomer-redriven-offset": "Its offset.",
        "icustomer-redriven-digest": "Digest of its key, value and headers.",
        "icustomer-redriven-at": "When it was sent again, RFC 3339.",
    }
    return {
        "name": _MARK,
        "title": "Redriven",
        "summary": "A dead letter was sent again. It has neither key nor value.",
        "contentType": BINARY,
        "payload": {"description": "None."},
        "headers": _texts(described),
    }


def _headers(topic: Topic) -> Json:
    match topic:
        case Topic.PROFILES | Topic.IDENTITY_CHANGES:
            return {"traits": [{"$ref": "#/components/messageTraits/cloudEvents"}]}
        case Topic.IDENTITY_STATE:
            return {"headers": _texts({"icustomer-version": "Version of the group."})}
        case Topic.DEAD_LETTERS:
            return {"headers": _dead_letter_headers()}
        case _:
            return {
                "headers": _texts(
                    {
                        "traceparent": "W3C trace context, passed on to what comes of the record.",
                        "tracestate": "W3C trace context, passed on to what comes of the record.",
                        "icustomer-attempt": "How often a dead letter was sent again.",
                    },
                    required=(),
                )
            }


def _texts(described: dict[str, str], required: tuple[str, ...] | None = None) -> Json:
    """Headers, all of them text."""
    return {
        "type": "object",
        "required": list(described if required is None else required),
        "properties": {
            name: {"type": "string", "description": text} for name, text in described.items()
        },
    }


def _dead_letter_headers() -> Json:
    described = {
        "icustomer-reason": "Why the record was refused.",
        "icustomer-detail": "Field and rule, for people; never a value.",
        "icustomer-topic": "The topic it came from.",
        "icustomer-partition": "The partition it came from.",
        "icustomer-offset": "Its offset there.",
        "icustomer-failed-at": "When it was refused, RFC 3339.",
    }
    headers = _texts(described)
    headers["properties"]["icustomer-reason"]["enum"] = [reason.value for reason in Reason]
    headers["properties"]["icustomer-truncated"] = {
        "type": "string",
        "description": "Only where the value had to be cut: the bytes that it had.",
    }
    return headers


def _cloud_events() -> Json:
    """CloudEvents 1.0 in binary mode, Kafka protocol binding."""
    described = {
        "ce_specversion": "Always 1.0.",
        "ce_id": "`<customer ID>:<version>` or the change ID: the same on a repeat.",
        "ce_type": (
            "`icustomer.profile.updated`, `.merged` or `.erased`; `icustomer.identity.<type>`."
        ),
        "ce_source": "`/icustomer/<space>`.",
        "ce_time": "When the record that brought it about came in, RFC 3339.",
    }
    headers = _texts(described)
    headers["properties"]["ce_specversion"]["const"] = "1.0"
    return {"headers": headers}

"""Examples as documents, changed in one place, judged by the models; and what was refused."""

import json

from icustomer.contracts.decode import judge
from icustomer.contracts.examples import EXAMPLES
from icustomer.contracts.rejection import Rejection
from icustomer.contracts.topics import Topic

TOPICS = {
    "signup": Topic.SIGNUPS,
    "order": Topic.ORDERS,
    "support": Topic.SUPPORT,
    "command": Topic.COMMANDS,
}
SECRET = "hunter2"  # stands for a value that must not be told


def message_of(name: str) -> str:
    return name.partition("-")[0]


def topic(name: str) -> Topic:
    return TOPICS[message_of(name)]


def example(name: str) -> dict:
    return json.loads(json.dumps(EXAMPLES[message_of(name)][name]))


def decoded(name: str, changed: dict):
    value = json.dumps({**example(name), **changed}).encode()
    return judge(topic(name), value)


def raw(text: bytes | str):
    """A least signup with one more, ignored field, whose value is the text."""
    head = json.dumps(example("signup-least")).encode()[:-1]
    return head + b', "ignored": ' + (text.encode() if isinstance(text, str) else text) + b"}"


def refused(answer) -> tuple[str, str]:
    assert isinstance(answer, Rejection), answer
    return answer.reason.value, answer.detail

"""What `icustomer verify` says of each kind of damage, and that `--repair` mends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from icustomer.commands.verify import Outcome, Progress, mended, verified
from icustomer.contracts.topics import Topic
from icustomer.local.generator import generate
from icustomer.settings import Settings
from integration.conftest import MakeProgram
from integration.support import damage as done
from integration.support.damage import Damage
from integration.support.program import Program, wait_until
from integration.support.reading import Plain, Reader, delete_topics
from servers.kafka import KafkaServer
from servers.redis import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EVENTS = 800
SEED = 41
AT_REST_SECONDS = 0.2
"""Nobody works on these spaces: what differs once differs for ever."""
PHONE = "+41446681800"

MATRIX: dict[Callable[[Damage], None], set[str]] = {
    done.link_removed: {"link_missing"},
    done.link_to_another: {"link_wrong"},
    done.link_to_no_group: {"link_orphan"},
    done.link_without_evidence: {"link_orphan"},
    done.mark_of_nobody: {"link_orphan"},
    done.mark_lost: {"link_missing"},
    done.field_of_nobody: {"link_orphan"},
    done.alias_lost: {"alias_missing"},
    done.alias_to_another: {"alias_wrong"},
    done.alias_of_nobody: {"alias_orphan"},
    done.index_member_lost: {"index_missing"},
    done.index_of_a_stranger: {"index_orphan"},
    done.index_of_nothing: {"index_orphan"},
    done.key_of_nobody: {"key_unknown"},
    done.group_of_garbage: {"group_damaged"},
    done.group_under_another_key: {"group_damaged"},
    done.group_deleted: {"group_lost"},
    done.group_set_back: {"redis_behind"},
    done.group_altered: {"changelog_differs"},
    done.customer_without_facets_of_the_group: {"customers", "unpublished"},
    done.facet_in_two_groups: {"one_owner", "unpublished"},
    done.group_not_published: {"unpublished"},
    done.changelog_told_an_old_version: {"changelog_stale"},
    done.changelog_told_a_tombstone: {"changelog_stale"},
    done.profile_of_an_old_version: {"profile_stale"},
    done.profile_forged: {"profile_differs"},
    done.profile_erased: {"profile_erased"},
    done.profile_of_an_erased_one: {"profile_not_erased"},
    done.profile_of_nobody: {"profile_of_nobody"},
    done.entry_left: {"outbox_left"},
    done.entry_without_its_nonce: {"outbox_left", "outbox_index"},
    done.names_of_no_entry: {"outbox_damaged"},
    done.time_of_no_entry: {"outbox_damaged"},
    done.fence_gone: {"fence"},
    done.fence_of_another_server: {"fence"},
}


def one_phone_for_many() -> Iterator[Plain]:
    """So many names on one phone that it is shared."""
    names = ("Anneliese", "Boris", "Chiara", "Dimitri", "Esperanza", "Fritz")
    for number, name in enumerate(names):
        event = {
            "event_id": f"shared-{number}",
            "occurred_at": "2026-03-01T09:00:00Z",
            "source": "shop",
            "phone": PHONE,
            "email": f"{name.lower()}@shared.example",
            "name": {"given": name, "family": f"{name}witz"},
        }
        yield Plain(Topic.SIGNUPS, PHONE.encode(), json.dumps(event).encode())


@pytest.fixture(scope="module")
def worked(
    kafka_server: KafkaServer, redis_server: RedisServer, make_program: MakeProgram
) -> Iterator[Program]:
    """A space that a worker filled, and left in order."""
    made = make_program(kafka_server.servers, redis_server.url, BATCH_RECORDS="50")
    worker = made.start_worker()
    worker.wait_ready()
    print(f"seed {SEED}")  # noqa: T201 - to run it again
    made.send([*one_phone_for_many(), *generate(SEED, EVENTS).records])
    reader = Reader(kafka_server.servers, made.prefix)
    wait_until(lambda: reader.lag(made.prefix) == 0, "lag 0")
    gone = made.json("lookup", "email:fritz@shared.example")["customer_id"]
    assert made.json("forget", gone, "--reason", "test")["outcome"] == "erased"
    wait_until(lambda: reader.lag(made.prefix) == 0, "lag 0")
    assert worker.terminate() == 0
    yield made
    hands = Damage(made)
    for key in hands.redis.scan_iter(hands.keys.everything, 5_000):
        hands.redis.unlink(key)
    delete_topics(kafka_server.servers, made.prefix)


def settings_of(program: Program) -> Settings:
    names = {
        name.removeprefix("ICUSTOMER_").lower(): value
        for name, value in program.environment.items()
        if name.startswith("ICUSTOMER_")
    }
    return Settings(_env_file=None, **names)


async def look(program: Program) -> Outcome:
    return await verified(settings_of(program), AT_REST_SECONDS, Progress())


async def mend(program: Program) -> Outcome:
    return await mended(settings_of(program), AT_REST_SECONDS, Progress())


def profiles(program: Program) -> dict[str, Any]:
    """The last record of each ID without its story, tombstones left out."""
    servers = program.environment["ICUSTOMER_KAFKA_SERVERS"]
    last = {each.key().decode(): each for each in Reader(servers, program.prefix).read("profiles")}
    documents = {key: json.loads(each.value()) for key, each in last.items() if each.value()}
    for document in documents.values():
        document.pop("change", None)
    return documents


def without_versions(documents: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {name: value for name, value in each.items() if name != "version"}
        for key, each in documents.items()
    }


async def test_a_space_that_a_worker_left_is_in_order(worked: Program) -> None:
    outcome = await look(worked)
    assert outcome.problems == []
    assert outcome.groups == len(Damage(worked).groups()) > EVENTS / 20


@pytest.mark.parametrize(
    ("harm", "expected"), MATRIX.items(), ids=lambda it: getattr(it, "__name__", "")
)
async def test_damage_is_named_exactly_and_mended(
    worked: Program, harm: Callable[[Damage], None], expected: set[str]
) -> None:
    before = profiles(worked)
    harm(Damage(worked))
    outcome = await mend(worked)
    assert {str(each.law) for each in outcome.found} == expected, outcome.found
    assert outcome.problems == [], "what was mended was verified again"
    assert without_versions(profiles(worked)) == without_versions(before)


def told(program: Program, *arguments: str) -> tuple[int, Any]:
    """Exit code and JSON of the command."""
    process = program.call("verify", *arguments, "--json")
    return process.returncode, json.loads(process.stdout)


def test_the_command_says_what_differs_and_how_to_mend_it(worked: Program) -> None:
    done.alias_lost(Damage(worked))
    customer = Damage(worked).plain()
    exit_code, document = told(worked, "--wait", "0.2")
    assert exit_code == 1
    assert document["groups"] == len(Damage(worked).groups())
    detail = f"{customer.customers[0].id} has no alias"
    problem = {"law": "alias_missing", "group": customer.id.hex(), "detail": detail}
    assert document["problems"] == [problem]
    shown = worked.call("verify", "--wait", "0.2")
    assert shown.returncode == 1
    assert "alias_missing" in shown.stdout
    assert "--repair" in shown.stderr
    exit_code, document = told(worked, "--wait", "0.2", "--repair")
    assert (exit_code, document["problems"], document["found"]) == (0, [], [problem])
    assert document["repaired"]["rebuilds"] == 1
    assert "all as it should be" in worked.call("verify", "--wait", "0.2").stdout


def test_beside_a_worker_under_load_there_is_no_false_alarm_and_a_repair_does_no_harm(
    worked: Program,
) -> None:
    worker = worked.start_worker()
    worker.wait_ready()
    reader = Reader(worked.environment["ICUSTOMER_KAFKA_SERVERS"], worked.prefix)
    worked.send(generate(SEED + 1, 6_000).records)
    looks = 0
    while reader.lag(worked.prefix) or not looks:
        exit_code, document = told(worked, "--wait", "6")
        assert exit_code == 0, document
        looks += 1
    done.link_removed(Damage(worked))
    worked.send(generate(SEED + 2, 1_500).records)
    exit_code, document = told(worked, "--wait", "6", "--repair")
    assert exit_code == 0, document
    assert {each["law"] for each in document["found"]} <= {"link_missing"}
    wait_until(lambda: reader.lag(worked.prefix) == 0, "lag 0")
    assert worker.terminate() == 0
    assert told(worked, "--wait", "0.2") == (
        0,
        {"groups": len(Damage(worked).groups()), "problems": [], "complete": True},
    )

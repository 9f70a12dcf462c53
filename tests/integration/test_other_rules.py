"""Rules that differ from those of the space: tried on what is stored, and refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.support.damage import Damage
from integration.support.program import Program, wait_until
from integration.support.working import send_more

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

WITHOUT_VETO = "[kinds.phone]\nveto = false\n"


@pytest.fixture
def other(working: Program, tmp_path: Path) -> Program:
    """The same program with other rules."""
    path = tmp_path / "rules.toml"
    path.write_text(WITHOUT_VETO)
    return working.variant(RULES=str(path))


def test_a_worker_with_other_rules_stops_with_one_line_and_the_others_go_on(
    working: Program, other: Program
) -> None:
    before = Damage(working).redis.get(Damage(working).keys.fence)
    worker = other.start_worker("--workers", "1")
    wait_until(worker.ended, "the worker with other rules to stop")
    assert worker.process.returncode == 1
    text = worker.log.read_text()
    assert "ICUSTOMER_RULES" in text
    assert "Traceback" not in text
    assert Damage(working).redis.get(Damage(working).keys.fence) == before
    send_more(working, 100)
    assert not working.workers[0].ended()


@pytest.mark.parametrize(
    "command",
    [
        "rebuild",
        "verify",
        "lookup email:a@example.org",
        "explain email:a@example.org",
        "export email:a@example.org",
        "rules diff FILE",
        "split ic_7K3M-9QX2-4HTB-W6PZ-S --reason test",
    ],
)
def test_a_command_with_other_rules_touches_nothing(other: Program, command: str) -> None:
    before = Damage(other).redis.get(Damage(other).keys.fence)
    words = command.replace("FILE", other.environment["ICUSTOMER_RULES"]).split()
    process = other.call(*words, "--json")
    assert process.returncode == 1
    lines = [line for line in process.stderr.splitlines() if line.startswith("icustomer: ")]
    assert len(lines) == 1
    assert "ICUSTOMER_RULES" in lines[0]
    assert not process.stdout
    assert Damage(other).redis.get(Damage(other).keys.fence) == before


def test_what_is_stored_is_compared_without_altering_anything(
    working: Program, other: Program
) -> None:
    groups = Damage(working).groups()
    new = other.environment["ICUSTOMER_RULES"]
    told = working.json("rules", "diff", new)
    assert told["unit"] == "claims"
    assert told["customers"]["after"] < told["customers"]["before"]
    assert told["joins"] > 0
    assert told["partings"] == 0
    assert told["examples"]["joins"]
    assert Damage(working).groups() == groups


def test_the_rules_of_the_space_change_nothing(working: Program, tmp_path: Path) -> None:
    path = tmp_path / "same.toml"
    path.write_text("")
    told = working.json("rules", "diff", str(path))
    assert told["customers"]["after"] == told["customers"]["before"] == told["unchanged"]
    assert told["joins"] == told["partings"] == told["found"] == told["lost"] == 0

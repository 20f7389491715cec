"""deploy/k8s against the code: what it starts, sets, probes, scales and names must be there."""

import asyncio
import re
from functools import cache
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from deploy import process
from deploy.k8s import topics
from deploy.prepare import STEPS
from deploy.services import GATEWAY, SCHEMAS, build
from gateway import bootstrap
from services.kit.consumer import Consumer
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.topics import all_topics
from tests.support.kustomized import K8S, OVERLAYS, Cluster, Object, containers
from tests.support.settings import names_by_field, variables

PROCESSES = {f"{service}-{role}" for service in SCHEMAS for role in ("api", "worker")}
OF_KUBERNETES = {"SERVICE"}  # which service a pod is, told by its label; no setting
README = (K8S.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=OVERLAYS)
def cluster(request: pytest.FixtureRequest) -> Cluster:
    return Cluster(request.param)


@cache
def services() -> dict[str, Service]:
    settings = Settings()
    built = {name: build(name, settings) for name in SCHEMAS if name != GATEWAY}
    return built | {GATEWAY: bootstrap.build(settings, {}).service}


def expanded(container: Object, template: Object) -> list[str]:
    """What is run, as the kubelet would expand it."""
    service = template["metadata"]["labels"]["app.kubernetes.io/component"]
    line = [*container["command"], *container.get("args", [])]
    return [word.replace("$(SERVICE)", service) for word in line]


def environment(cluster: Cluster, container: Object) -> dict[str, Any]:
    given: dict[str, Any] = dict(cluster.settings()) if container.get("envFrom") else {}
    return given | {each["name"]: each.get("value", each.get("valueFrom")) for each in container.get("env", [])}


def test_topics_are_those_of_the_contract() -> None:
    assert topics.FILE.read_text(encoding="utf-8") == topics.render(), "run `python -m deploy.k8s.topics`"


def test_each_topic_and_its_dead_letters_are_made(cluster: Cluster) -> None:
    assert cluster.names("KafkaTopic") == {name for each in all_topics() for name in (each.name, each.dead_letters)}
    for each in all_topics():
        assert cluster.one("KafkaTopic", each.name)["spec"]["partitions"] == each.partitions
    (pool,) = cluster.all("KafkaNodePool")
    assert {each["spec"]["replicas"] for each in cluster.all("KafkaTopic")} == {min(3, pool["spec"]["replicas"])}
    (kafka,) = cluster.all("Kafka")
    assert {each["metadata"]["labels"]["strimzi.io/cluster"] for each in cluster.all("KafkaTopic")} == {
        kafka["metadata"]["name"]
    }


def test_there_is_a_deployment_for_each_process_and_it_is_run_as_the_command_line_has_it(cluster: Cluster) -> None:
    assert cluster.names("Deployment") == PROCESSES
    for deployment in cluster.processes():
        template = deployment["spec"]["template"]
        (hall,) = template["spec"]["containers"]
        service, role = deployment["metadata"]["name"].rsplit("-", 1)
        assert expanded(hall, template) == [
            *("python", "-m", process.__name__, service, role, "--host", "0.0.0.0", "--port", "8000")
        ]


def test_code_starts_after_its_schema_and_the_job_that_migrates_bears_the_version(cluster: Cluster) -> None:
    for deployment in cluster.processes():
        (waits,) = deployment["spec"]["template"]["spec"]["initContainers"]
        assert waits["command"] == ["python", "-m", "deploy.prepare", "wait"]
    (job,) = cluster.all("Job")
    (migrates,) = job["spec"]["template"]["spec"]["containers"]
    assert migrates["command"][2] == "deploy.prepare"
    assert migrates["command"][3:] == ["schemas"]
    assert {"wait", "schemas"} <= STEPS.keys()
    assert job["metadata"]["name"] == f"prepare-{migrates['image'].rpartition(':')[2]}"
    assert {each["image"] for _, template in cluster.hall() for each in containers(template)} == {migrates["image"]}


def test_variables_are_ones_that_the_code_reads(cluster: Cluster) -> None:
    for name, template in cluster.hall():
        for container in containers(template):
            assert environment(cluster, container).keys() - variables() - OF_KUBERNETES == set(), name


def test_settings_without_a_default_are_given_and_production_is_complete(cluster: Cluster) -> None:
    for name, template in cluster.hall():
        for container in containers(template):
            given = environment(cluster, container)
            for field, names in names_by_field().values():
                assert not field.is_required() or set(names) & given.keys(), f"{name}: {names}"
            assert given["ZAYTON_ENVIRONMENT"] == "production"
            assert {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "ZAYTON_SECRET_KEY", "ZAYTON_PUBLIC_URL"} <= given.keys()


def test_secrets_come_by_reference_and_the_readme_tells_of_each(cluster: Cluster) -> None:
    secret = {names[0] for field, names in names_by_field().values() if "SecretStr" in str(field.annotation)}
    assert secret & cluster.settings().keys() == set()
    for _, template in cluster.hall():
        for container in containers(template):
            for variable in secret & {each["name"] for each in container["env"]}:
                reference = environment(cluster, container)[variable]["secretKeyRef"]
                assert f"`{reference['name']}`" in README
    assert cluster.all("Secret") == []


def test_a_secret_is_given_to_those_alone_who_need_it(cluster: Cluster) -> None:
    given = {
        variable: {
            name for name, template in cluster.hall() if variable in environment(cluster, containers(template)[-1])
        }
        for variable in ("MEILISEARCH_KEY", "SMTP_URL")
    }
    searching = {f"{name}-{role}" for name, each in services().items() if each.index for role in ("api", "worker")}
    assert given == {"MEILISEARCH_KEY": searching, "SMTP_URL": {"notify-api", "notify-worker"}}


def test_addresses_lead_to_services_of_the_cluster(cluster: Cluster) -> None:
    settings, there = cluster.settings(), cluster.names("Service")
    for service in set(SCHEMAS) - {GATEWAY}:
        assert settings[f"ZAYTON_{service.upper()}_URL"] == f"http://{service}-api:8000"
    assert there == {f"{service}-api" for service in SCHEMAS} | {"meilisearch"}
    assert settings["MEILISEARCH_URL"] == "http://meilisearch:7700"
    assert cluster.one("Service", "meilisearch")["spec"]["ports"][0]["port"] == 7700
    assert settings["ZAYTON_JWKS_URL"] == "http://gateway-api:8000/.well-known/jwks.json"
    (kafka,) = cluster.all("Kafka")
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    bootstrap_servers = f"{kafka['metadata']['name']}-kafka-bootstrap"  # so Strimzi calls its service
    assert settings["KAFKA_BOOTSTRAP_SERVERS"] == f"{bootstrap_servers}:{listener['port']}"
    (postgres,) = cluster.all("Cluster")
    url = environment(cluster, cluster.processes()[0]["spec"]["template"]["spec"]["containers"][0])["DATABASE_URL"]
    assert url["secretKeyRef"] == {"name": f"{postgres['metadata']['name']}-app", "key": "uri"}  # so CloudNativePG


async def test_probes_and_ports_are_those_of_the_processes(cluster: Cluster) -> None:
    for deployment in cluster.processes():
        (hall,) = deployment["spec"]["template"]["spec"]["containers"]
        name, role = deployment["metadata"]["name"].rsplit("-", 1)
        service = services()[name]
        app = service.app if role == "api" else process._health(service, asyncio.Event())
        assert {hall[each]["httpGet"]["path"] for each in ("startupProbe", "livenessProbe")} == {"/healthz"}
        assert hall["readinessProbe"]["httpGet"]["path"] == "/readyz"
        # Neither database nor broker is there: alive, but not ready.
        told = [await status(app, path) for path in ("/healthz", "/readyz", "/metrics")]
        assert told == [200, 503, 200], deployment["metadata"]["name"]
        assert hall["ports"] == [{"name": "http", "containerPort": 8000}]
        assert hall["args"][-1] == "8000"
    for each in cluster.all("Service"):
        assert [port["targetPort"] for port in each["spec"]["ports"]] == ["http"]


async def status(app: ASGIApp, path: str) -> int:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pod", follow_redirects=True) as caller:
        return (await caller.get(path)).status_code


def test_workers_scale_on_the_lag_of_their_own_group_and_never_to_none(cluster: Cluster) -> None:
    assert cluster.names("ScaledObject") == {f"{service}-worker" for service in SCHEMAS}
    for each in cluster.all("ScaledObject"):
        name = each["metadata"]["name"]
        service = services()[name.rsplit("-", 1)[0]]
        group = Consumer(service.name, service.database, service.handlers, "localhost:9092").group
        (trigger,) = each["spec"]["triggers"]
        assert trigger["metadata"]["consumerGroup"] == group
        assert trigger["metadata"]["bootstrapServers"].startswith(
            cluster.settings()["KAFKA_BOOTSTRAP_SERVERS"].split(":")[0]
        )
        assert each["spec"]["scaleTargetRef"]["name"] == name
        most = max(topic.partitions for topic in all_topics() if service.name in topic.consumers)
        assert 1 <= each["spec"]["minReplicaCount"] <= each["spec"]["maxReplicaCount"] <= most


def test_nothing_says_how_many_replicas_there_are_but_what_scales_them(cluster: Cluster) -> None:
    assert all("replicas" not in each["spec"] for each in cluster.processes())
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in cluster.all("HorizontalPodAutoscaler")}
    assert scaled == {f"{service}-api" for service in SCHEMAS}


def test_postgresql_has_a_connection_for_every_pod_there_may_be(cluster: Cluster) -> None:
    pods = sum(each["spec"]["maxReplicas"] + 1 for each in cluster.all("HorizontalPodAutoscaler"))
    pods += sum(each["spec"]["maxReplicaCount"] + 1 for each in cluster.all("ScaledObject"))
    (postgres,) = cluster.all("Cluster")
    limit = int(postgres["spec"]["postgresql"]["parameters"]["max_connections"])
    # A pool overflows to twice its size; a worker keeps one more to lead, the gateway one to hear of events. +1 above
    # is the pod of a rollout. Ten are left for the operator and for people.
    assert pods * (2 * int(cluster.settings()["ZAYTON_POOL_SIZE"]) + 1) + 10 <= limit


def test_every_pod_is_one_that_restricted_namespaces_take(cluster: Cluster) -> None:
    (namespace,) = cluster.all("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for name, template in cluster.pods():
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}, name
        assert all(volume.keys() - {"name"} <= {"emptyDir", "configMap", "secret"} for volume in pod["volumes"]), name
        for container in containers(template):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name


def test_budgets_and_spread_cover_exactly_their_own_pods(cluster: Cluster) -> None:
    assert cluster.names("PodDisruptionBudget") == PROCESSES
    for deployment in cluster.processes():
        name, labels = deployment["metadata"]["name"], deployment["spec"]["selector"]["matchLabels"]
        assert cluster.one("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"] == labels
        for spread in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            # Kubernetes refuses a key that is in both.
            assert set(spread["matchLabelKeys"]) & spread["labelSelector"]["matchLabels"].keys() == set()
            assert spread["labelSelector"]["matchLabels"].items() <= labels.items()


def test_the_way_in_leads_to_the_gateway_alone_and_not_to_what_is_for_inside(cluster: Cluster) -> None:
    rules = cluster.one("HTTPRoute", "hall")["spec"]["rules"]
    backends = {(each["name"], each["port"]) for rule in rules for each in rule.get("backendRefs", [])}
    assert backends == {("gateway-api", 8000)}
    closed = {match["path"]["value"] for rule in rules if "backendRefs" not in rule for match in rule["matches"]}
    assert closed == {"/metrics", "/healthz", "/readyz"}
    (stream,) = [path for path in services()[GATEWAY].app.openapi()["paths"] if path.endswith("/stream")]
    (endless,) = [rule for rule in rules if rule.get("timeouts", {}).get("request") == "0s"]
    assert endless["matches"] == [{"path": {"type": "PathPrefix", "value": stream}}]
    (gateway,) = cluster.all("Gateway")
    hosts = {each["hostname"] for each in gateway["spec"]["listeners"]}
    assert {f"https://{host}" for host in hosts} == {cluster.settings()["ZAYTON_PUBLIC_URL"]}
    assert {host for each in cluster.all("HTTPRoute") for host in each["spec"]["hostnames"]} == hosts
    assert gateway["spec"]["listeners"][0]["tls"]["certificateRefs"]


def test_the_database_is_archived_and_backed_up_every_night(cluster: Cluster) -> None:
    (postgres,), (nightly,), (store,) = (cluster.all(kind) for kind in ("Cluster", "ScheduledBackup", "ObjectStore"))
    (plugin,) = postgres["spec"]["plugins"]
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"]["barmanObjectName"] == store["metadata"]["name"]
    assert nightly["spec"]["cluster"]["name"] == postgres["metadata"]["name"]
    assert nightly["spec"]["pluginConfiguration"]["name"] == plugin["name"]
    assert re.fullmatch(r"0 \d+ \d+ \* \* \*", nightly["spec"]["schedule"])
    for reference in store["spec"]["configuration"]["s3Credentials"].values():
        assert f"`{reference['name']}`" in README
    assert postgres["spec"]["imageName"].rpartition(":")[2].startswith("18.")

"""Alerts and dashboards against the metrics that the code has, and alerts against the page for whoever is on call."""

import asyncio
import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import httpx
import promql_parser
import pytest
from prometheus_client import REGISTRY

from deploy.services import SERVICES, build
from services.kit.settings import Settings
from tests.support.brokers import PROJECT
from tests.support.kustomized import Cluster, folder_files

# What others measure, and who.
OF_OTHERS = {
    "up": "Prometheus",
    "kube_deployment_status_replicas_available": "kube-state-metrics",
    "kube_job_status_failed": "kube-state-metrics",
    "kube_pod_container_status_restarts_total": "kube-state-metrics",
    "kubelet_volume_stats_available_bytes": "the kubelet",
    "kubelet_volume_stats_capacity_bytes": "the kubelet",
    "kafka_consumergroup_lag": "Strimzi's Kafka exporter",
    "kafka_topic_partition_under_replicated_partition": "Strimzi's Kafka exporter",
    "cnpg_backends_total": "CloudNativePG",
    "cnpg_pg_replication_lag": "CloudNativePG",
    "cnpg_pg_settings_setting": "CloudNativePG",
    "cnpg_pg_stat_archiver_last_archived_time": "CloudNativePG",
    "cnpg_pg_stat_archiver_last_failed_time": "CloudNativePG",
    "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp": "the Barman Cloud plugin",
    "certmanager_certificate_expiration_timestamp_seconds": "cert-manager",
}
# Put on by PodMonitors; `le` and `quantile` by histograms.
OF_TARGETS = {"namespace", "pod", "container", "job", "component", "role", "le"}
HISTOGRAM = re.compile(r"_(bucket|count|sum)$")
OPERATIONS = PROJECT / "docs" / "operations.md"


@pytest.fixture(scope="module")
def exported() -> str:
    """What a service tells at /metrics, once all that measures has been imported."""
    for name in SERVICES:
        service = build(name, Settings())
    for module in ("services.kit.worker", "services.kit.search.metrics", "gateway.bootstrap"):
        import_module(module)

    async def scrape() -> str:
        transport = httpx.ASGITransport(service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://pod") as prometheus:
            return (await prometheus.get("/metrics")).text

    return asyncio.run(scrape())


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """Our metrics by the name they are asked for, and their labels."""
    found = {}
    for collector in set(REGISTRY._collector_to_names):
        for name in REGISTRY._collector_to_names[collector]:
            found[name] = set(getattr(collector, "_labelnames", ()))
    return found


def alerts() -> list[dict[str, Any]]:
    (rules,) = Cluster("city").all("PrometheusRule")
    return [rule for group in rules["spec"]["groups"] for rule in group["rules"]]


def panels() -> Iterator[tuple[str, str]]:
    for path in folder_files("base/dashboards/*.json"):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]


def queries() -> list[tuple[str, str]]:
    return [*((each["alert"], each["expr"]) for each in alerts()), *panels()]


def selectors(query: str) -> list[tuple[str, set[str]]]:
    """Each metric that a query asks for, with the labels it is asked by. Raises ValueError where it is no PromQL."""
    tree = promql_parser.parse(query.replace("$service", "listing"))
    return list(_selectors(tree))


def _selectors(node: Any) -> Iterator[tuple[str, set[str]]]:
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name, {matcher.name for matcher in node.matchers.matchers}
    for attribute in ("expr", "lhs", "rhs", "vector_selector", "param"):
        inner = getattr(node, attribute, None)
        if inner is not None and not isinstance(inner, str):
            yield from _selectors(inner)
    for inner in getattr(node, "args", ()) or ():
        yield from _selectors(inner)


@pytest.mark.parametrize(("where", "query"), queries(), ids=lambda value: value if len(value) < 40 else "")
def test_a_query_asks_for_metrics_that_are_measured(
    where: str, query: str, exported: str, labels: dict[str, set[str]]
) -> None:
    asked = selectors(query)
    assert asked, where
    for metric, by in asked:
        if metric in OF_OTHERS:
            continue
        assert metric in labels or HISTOGRAM.sub("", metric) in labels, f"{where}: nothing measures {metric}"
        assert f"# TYPE {HISTOGRAM.sub('', metric)} " in exported, f"{where}: {metric} is not told at /metrics"
        known = labels.get(metric) or labels.get(HISTOGRAM.sub("", metric)) or set()
        assert by <= known | OF_TARGETS, f"{where}: {metric} has no label {by - known}"


def test_what_others_measure_is_asked_for() -> None:
    assert {metric for _, query in queries() for metric, _ in selectors(query)} >= OF_OTHERS.keys()


def test_every_metric_of_ours_is_shown_or_watched(labels: dict[str, set[str]]) -> None:
    asked = {HISTOGRAM.sub("", metric) for _, query in queries() for metric, _ in selectors(query)}
    ours = {HISTOGRAM.sub("", name) for name in labels if name.startswith("zayton_") and not name.endswith("_created")}
    families = {name.removesuffix("_total") for name in ours}
    assert families == {name.removesuffix("_total") for name in asked if name.startswith("zayton_")}


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    section = OPERATIONS.read_text(encoding="utf-8").partition("\n## Alerts\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == [each["alert"] for each in alerts()]


def test_alerts_say_how_urgent_they_are_and_of_what_they_speak() -> None:
    names = [each["alert"] for each in alerts()]
    assert len(names) == len(set(names))
    for each in alerts():
        assert each["labels"]["severity"] in {"page", "ticket"}
        assert each["for"]
        for label in re.findall(r"\$labels\.(\w+)", each["annotations"]["summary"]):
            aggregated = re.findall(r"by \(([^)]*)\)", each["expr"])
            assert not aggregated or label in {name.strip() for name in aggregated[0].split(",")}, each["alert"]


def test_dashboards_can_be_told_apart_and_are_given_to_grafana() -> None:
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in folder_files("base/dashboards/*.json")]
    assert len({board["uid"] for board in boards}) == len(boards)
    (given,) = [each for each in Cluster("city").all("ConfigMap") if each["metadata"]["name"] == "dashboards"]
    assert set(given["data"]) == {path.name for path in folder_files("base/dashboards/*.json")}
    for board in boards:
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        assert all(panel["description"] for panel in board["panels"])

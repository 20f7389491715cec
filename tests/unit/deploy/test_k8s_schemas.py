"""deploy/k8s against the schemas of Kubernetes and of the operators whose kinds it uses, unknown fields included.

CloudNativePG's schemas come by no package manager; what its objects say is held against the rest in test_k8s.py, and
ZAYTON_CNPG_CRDS may name a folder with its CRDs (config/crd/bases of its sources).
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema_rs
import kubernetes_validate
import pytest
import yaml

from tests.support.kustomized import OVERLAYS, Object, rendered
from tests.support.registries import go_module, strimzi_crds

KUBERNETES = "1.34"
CORE = {"v1", "apps/v1", "batch/v1", "autoscaling/v2", "policy/v1", "networking.k8s.io/v1"}
WITHOUT_SCHEMA = {"postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"}


def crd_files() -> Iterator[Path]:
    keda = go_module("github.com/kedacore/keda/v2", "v2.21.0") / "config" / "crd" / "bases"
    gateway = go_module("sigs.k8s.io/gateway-api", "v1.4.0") / "config" / "crd" / "standard"
    prometheus = go_module("github.com/prometheus-operator/prometheus-operator", "v0.85.0")
    yield keda / "keda.sh_scaledobjects.yaml"
    yield gateway / "gateway.networking.k8s.io_gateways.yaml"
    yield gateway / "gateway.networking.k8s.io_httproutes.yaml"
    for kind in ("podmonitors", "prometheusrules"):
        yield prometheus / "example" / "prometheus-operator-crd" / f"monitoring.coreos.com_{kind}.yaml"
    yield from strimzi_crds().glob("*.yaml")
    if folder := os.environ.get("ZAYTON_CNPG_CRDS"):
        yield from Path(folder).glob("*.yaml")


@cache
def validators() -> dict[tuple[str, str], jsonschema_rs.Draft4Validator]:
    found = {}
    for path in crd_files():
        spec = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            name = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
            found[name] = jsonschema_rs.Draft4Validator(strict(schema))
    return found


def strict(schema: Object) -> Object:
    """Kubernetes drops a field it does not know; a file that is checked must not have one."""
    # Flags inside a pattern are Go's; the library here knows none.
    made: Object = {key: value for key, value in schema.items() if key != "pattern" or "(?" not in value}
    if "properties" in schema:
        made["properties"] = {name: strict(each) for name, each in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made.setdefault("additionalProperties", False)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            made[inner] = strict(schema[inner])
    if schema.get("nullable"):
        made = {"anyOf": [{"type": "null"}, made]}
    return made


def faults(each: Object) -> list[str]:
    name = f"{each['kind']} {each['metadata']['name']}"
    if each["apiVersion"] in CORE:
        try:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            return [f"{name}: {error.message}"]
        return []
    validator = validators().get((each["apiVersion"], each["kind"]))
    if validator is None:
        return [] if each["apiVersion"] in WITHOUT_SCHEMA else [f"{name}: no schema for {each['apiVersion']}"]
    return [f"{name} {error.instance_path}: {error.message}" for error in validator.iter_errors(each)]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_one_that_its_schema_takes(overlay: str) -> None:
    assert [fault for each in rendered(overlay) for fault in faults(each)] == []


def test_a_misspelt_field_is_found_in_kinds_of_kubernetes_and_of_operators() -> None:
    deployment = next(each for each in rendered("city") if each["kind"] == "Deployment")
    assert faults({**deployment, "spec": {**deployment["spec"], "replcas": 2}})
    for kind in ("ScaledObject", "Kafka", "KafkaTopic", "HTTPRoute", "PodMonitor", "PrometheusRule"):
        each = next(each for each in rendered("city") if each["kind"] == kind)
        assert faults({**each, "spec": {**each["spec"], "misspelt": 2}}), kind


def test_a_wrong_type_is_found() -> None:
    topic = next(each for each in rendered("city") if each["kind"] == "KafkaTopic")
    assert faults({**topic, "spec": {**topic["spec"], "partitions": "six"}})

"""The overlays of deploy/k8s as Kubernetes would be given them."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.brokers import PROJECT, lacking

K8S = PROJECT / "deploy" / "k8s"
OVERLAYS = ("small", "city")

Object = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Object, ...]:
    """Every object of an overlay. Fails where kustomize warns, too."""
    done = subprocess.run([*_kustomize(), K8S / "overlays" / overlay], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return tuple(yaml.safe_load_all(done.stdout))


def _kustomize() -> list[str]:
    if found := shutil.which("kustomize"):
        return [found, "build"]
    if found := shutil.which("kubectl"):
        return [found, "kustomize"]
    lacking("kustomize builds the overlays: go install sigs.k8s.io/kustomize/kustomize/v5@v5.5.0, or install kubectl.")
    raise AssertionError


class Cluster:
    """The objects of one overlay, by kind and name."""

    def __init__(self, overlay: str) -> None:
        self.overlay = overlay
        self.objects = rendered(overlay)

    def all(self, kind: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str, name: str) -> Object:
        (found,) = [each for each in self.all(kind) if each["metadata"]["name"] == name]
        return found

    def names(self, kind: str) -> set[str]:
        return {each["metadata"]["name"] for each in self.all(kind)}

    def settings(self) -> dict[str, str]:
        (found,) = [each for each in self.all("ConfigMap") if each["metadata"]["name"].startswith("settings-")]
        data: dict[str, str] = found["data"]
        return data

    def pods(self) -> list[tuple[str, Object]]:
        """Name and template of everything that becomes a pod of ours."""
        kinds = ("Deployment", "StatefulSet", "Job")
        return [(each["metadata"]["name"], each["spec"]["template"]) for kind in kinds for each in self.all(kind)]

    def hall(self) -> list[tuple[str, Object]]:
        """The same of our own code alone."""
        return [
            (name, template)
            for name, template in self.pods()
            if template["metadata"]["labels"]["app.kubernetes.io/name"] == "hall"
        ]

    def processes(self) -> list[Object]:
        """The Deployments of our own processes."""
        return self.all("Deployment")


def containers(template: Object) -> list[Object]:
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def folder_files(pattern: str) -> list[Path]:
    return sorted(K8S.glob(pattern))

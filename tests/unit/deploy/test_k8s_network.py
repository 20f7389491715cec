"""Who may talk to whom, asked of the network policies as a cluster would ask them."""

from collections.abc import Iterator

import pytest

from deploy.services import SCHEMAS
from tests.support.kustomized import OVERLAYS, Cluster, Object

Labels = dict[str, str]
NAMESPACES: dict[str, Labels] = {
    name: {"kubernetes.io/metadata.name": name}
    for name in ("zayton", "monitoring", "keda", "strimzi", "cnpg-system", "kube-system", "elsewhere")
} | {"proxies": {"kubernetes.io/metadata.name": "proxies", "zayton/proxies": "true"}}
SERVICES = set(SCHEMAS) - {"gateway"}
APIS = {f"{name}-api" for name in SCHEMAS}
WORKERS = {f"{name}-worker" for name in SCHEMAS}


class Network:
    def __init__(self, cluster: Cluster) -> None:
        self._policies = cluster.all("NetworkPolicy")
        self.pods: dict[str, tuple[str, Labels]] = {
            name: ("zayton", template["metadata"]["labels"]) for name, template in cluster.pods()
        }
        self.pods["prepare"] = self.pods.pop(next(name for name in self.pods if name.startswith("prepare-")))
        self.pods["postgres"] = ("zayton", {"cnpg.io/cluster": "postgres"})
        self.pods["kafka"] = ("zayton", {"strimzi.io/cluster": "hall", "strimzi.io/pool-name": "brokers"})
        self.pods["stranger"] = ("zayton", {"app": "stranger"})
        self.pods["dns"] = ("kube-system", {"k8s-app": "kube-dns"})
        self.pods |= {name: (name, {}) for name in NAMESPACES if name not in {"zayton", "kube-system"}}

    def allows(self, source: str, target: str, port: int) -> bool:
        """Out of the source and into the target. Other namespaces are taken to forbid nothing themselves."""
        return self._passes(source, target, port, "Egress") and self._passes(target, source, port, "Ingress")

    def reaching(self, target: str, port: int) -> set[str]:
        return {name for name in self.pods if name != target and self.allows(name, target, port)}

    def to_the_world(self, port: int) -> set[str]:
        return {
            name
            for name, (namespace, _) in self.pods.items()
            if namespace == "zayton"
            and any("ipBlock" in peer for rule in self._rules(name, "Egress", port) for peer in rule.get("to", []))
        }

    def _passes(self, pod: str, other: str, port: int, direction: str) -> bool:
        if self.pods[pod][0] != "zayton":
            return True
        peers = "to" if direction == "Egress" else "from"
        return any(
            not rule.get(peers) or any(self._is(other, peer) for peer in rule[peers])
            for rule in self._rules(pod, direction, port)
        )

    def _rules(self, pod: str, direction: str, port: int) -> Iterator[Object]:
        for policy in self._policies:
            spec = policy["spec"]
            if direction in spec["policyTypes"] and selected(spec["podSelector"], self.pods[pod][1]):
                for rule in spec.get(direction.lower(), []):
                    if not rule.get("ports") or any(each.get("port") == port for each in rule["ports"]):
                        yield rule

    def _is(self, pod: str, peer: Object) -> bool:
        namespace, labels = self.pods[pod]
        if "ipBlock" in peer:
            return False
        if "namespaceSelector" in peer:
            here = selected(peer["namespaceSelector"], NAMESPACES[namespace])
        else:
            here = namespace == "zayton"
        return here and selected(peer.get("podSelector", {}), labels)


def selected(selector: Object, labels: Labels) -> bool:
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    for each in selector.get("matchExpressions", []):
        within = labels.get(each["key"]) in each["values"]
        if within is not (each["operator"] == "In"):
            return False
    return True


@pytest.fixture(scope="module", params=OVERLAYS)
def network(request: pytest.FixtureRequest) -> Network:
    return Network(Cluster(request.param))


def test_postgresql_is_reached_by_our_processes_and_its_operator_alone(network: Network) -> None:
    assert network.reaching("postgres", 5432) == APIS | WORKERS | {"prepare", "cnpg-system"}


def test_kafka_is_reached_by_workers_and_by_what_scales_them_and_by_no_api(network: Network) -> None:
    assert network.reaching("kafka", 9092) == WORKERS | {"keda"}


def test_meilisearch_is_reached_by_those_who_search(network: Network) -> None:
    assert network.reaching("meilisearch", 7700) == {
        f"{name}-{role}" for name in ("listing", "matching") for role in ("api", "worker")
    }


def test_services_are_reached_by_the_gateway_alone_and_the_gateway_by_proxies_and_apis(network: Network) -> None:
    for service in SERVICES:
        assert network.reaching(f"{service}-api", 8000) == {"gateway-api", "monitoring"}
    # Its own worker is where people run the command `zayton`.
    others = {"gateway-worker", "proxies", "monitoring"}
    assert network.reaching("gateway-api", 8000) == {f"{name}-api" for name in SERVICES} | others


def test_workers_are_only_measured(network: Network) -> None:
    for worker in WORKERS:
        assert network.reaching(worker, 8000) == {"monitoring"}


def test_strangers_reach_nothing_and_nobody_reaches_them(network: Network) -> None:
    for port in (80, 443, 5432, 7700, 8000, 9090, 9091, 9092):
        assert network.reaching("stranger", port) == set()
        assert all("stranger" not in network.reaching(pod, port) for pod in network.pods if pod != "dns")
        assert all("elsewhere" not in network.reaching(pod, port) for pod in APIS | WORKERS | {"postgres", "kafka"})


def test_everybody_may_look_up_names(network: Network) -> None:
    inside = {name for name, (namespace, _) in network.pods.items() if namespace == "zayton"}
    assert inside <= network.reaching("dns", 53)


def test_only_those_who_must_reach_the_world_do_and_no_private_address(network: Network) -> None:
    assert network.to_the_world(443) == {"notify-api", "notify-worker", "contract-api", "contract-worker"}
    assert network.to_the_world(22) == set()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_world_leaves_out_what_is_private(overlay: str) -> None:
    rule = Cluster(overlay).one("NetworkPolicy", "to-the-world")["spec"]["egress"][0]
    left_out = {network for peer in rule["to"] for network in peer["ipBlock"].get("except", [])}
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"} <= left_out


def test_strimzi_is_told_the_same_as_the_policies_say(network: Network) -> None:
    for overlay in OVERLAYS:
        (listener,) = Cluster(overlay).one("Kafka", "hall")["spec"]["kafka"]["listeners"]
        let_in = {
            name
            for name, (namespace, labels) in network.pods.items()
            for peer in listener["networkPolicyPeers"]
            if ("namespaceSelector" in peer and selected(peer["namespaceSelector"], NAMESPACES[namespace]))
            or (namespace == "zayton" and selected(peer.get("podSelector", {"matchLabels": {"": ""}}), labels))
        }
        assert let_in == network.reaching("kafka", 9092)

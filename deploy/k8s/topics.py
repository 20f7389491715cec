"""`python -m deploy.k8s.topics`: writes base/topics.yaml, a KafkaTopic for each topic of proto/topics and for its dead
letters; `--check` tells whether it is out of date.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.local.topics import DEAD_LETTER_RETENTION_HOURS
from services.kit.topics import all_topics

FILE = Path(__file__).parent / "base" / "topics.yaml"
HEADER = """\
# Written by `python -m deploy.k8s.topics` from proto/topics; change it there.
# An overlay with fewer brokers patches the number of replicas.
"""
CLUSTER = "hall"
REPLICAS = 3


def topic(name: str, partitions: int, retention_hours: int) -> dict[str, Any]:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {
            "partitions": partitions,
            "replicas": REPLICAS,
            "config": {"retention.ms": retention_hours * 3_600_000},
        },
    }


def wanted() -> Iterator[dict[str, Any]]:
    for each in all_topics():
        yield topic(each.name, each.partitions, each.retention_hours)
        yield topic(each.dead_letters, 1, DEAD_LETTER_RETENTION_HOURS)


def render() -> str:
    return HEADER + yaml.safe_dump_all(wanted(), sort_keys=False, explicit_start=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.k8s.topics", description="Write base/topics.yaml.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the file is out of date")
    if not parser.parse_args().check:
        FILE.write_text(render(), encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != render():
        sys.exit(f"{FILE.name} is not what proto/topics gives. Run `python -m deploy.k8s.topics` and commit it.")


if __name__ == "__main__":
    main()

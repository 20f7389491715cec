"""How well matching ranks, on the retrieval tasks of ../shared/data/beir (measured with the service's own scorer).

A task whose data is missing is absent from the figures. nDCG@10 is ranx's. `demand_to_achievement` ranks each demand's
judged achievements, over the demands with a grade of 2 or more, with gains of 2^grade - 1.
"""

import json
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from ranx import Qrels, Run, evaluate

from services.matching.application.find_matches import CANDIDATES, key_terms_of
from services.matching.domain.facts import DemandFacts, ListingFacts
from services.matching.domain.relevance import Document, Statistics, Tally, bm25, document, query

DATA = Path(__file__).parents[1].parent / "shared" / "data" / "beir"
SOMEBODY = UUID(int=0)
# What plain BM25 over characters and pairs reaches; less than that is a fault.
FLOORS = {"demand_to_achievement": 0.620, "zh_title_to_abstract": 0.786}
FAIR = 2

Judged = dict[str, dict[str, int]]


def measure(_folder: Path, _say: Callable[[str], None]) -> dict[str, float]:
    return figures_of(DATA)


def figures_of(data: Path) -> dict[str, float]:
    tasks: dict[str, tuple[str, Callable[[Path], dict[str, float]]]] = {
        "zh-demand-to-achievement": ("demand_to_achievement", _judged_only),
        "zh-title-to-abstract": ("zh_title_to_abstract", _whole_corpus),
        "zh-prospect-to-patent": ("zh_prospect_to_patent", _whole_corpus),
        "en-title-to-abstract": ("en_title_to_abstract", _whole_corpus),
    }
    figures: dict[str, float] = {}
    for folder, (name, task) in tasks.items():
        if (data / folder).is_dir():
            figures |= {f"{name}{suffix}": value for suffix, value in task(data / folder).items()}
    return figures


def _judged_only(folder: Path) -> dict[str, float]:
    listings, demands, judged = _load(folder)
    statistics = _statistics(listings.values())
    fair = {key: grades for key, grades in judged.items() if max(grades.values()) >= FAIR}
    ranked = {
        key: _scores(demands[key], {each: listings[each] for each in grades}, statistics)
        for key, grades in fair.items()
    }
    return {"": _ndcg(fair, ranked, "ndcg_burges@10")}


def _whole_corpus(folder: Path) -> dict[str, float]:
    """Also the share of queries whose right document is among the candidates that key terms alone bring up."""
    listings, demands, judged = _load(folder)
    statistics = _statistics(listings.values())
    ranked: dict[str, dict[str, float]] = {}
    kept = 0
    by_term: dict[str, set[str]] = defaultdict(set)
    for key, counted in listings.items():
        for term in counted.counts:
            by_term[term].add(key)
    for key in judged:
        weights: dict[str, float] = defaultdict(float)
        for term, weight in key_terms_of(demands[key], statistics, len(listings)):
            for each in by_term[term]:
                weights[each] += weight
        candidates = sorted(weights, key=lambda each: (-weights[each], each))[:CANDIDATES]
        kept += any(each in candidates for each in judged[key])
        ranked[key] = _scores(demands[key], {each: listings[each] for each in candidates}, statistics)
    return {"": _ndcg(judged, ranked, "ndcg@10"), "_candidates": round(kept / len(judged), 4)}


def _scores(demand: DemandFacts, listings: dict[str, Document], statistics: Statistics) -> dict[str, float]:
    asked = query(demand, statistics)
    return {key: bm25(asked, counted, statistics) for key, counted in listings.items()}


def _ndcg(judged: Judged, ranked: dict[str, dict[str, float]], metric: str) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba's, about ranx's own integers
        value = evaluate(Qrels(judged), Run({key: found or {"none": 0.0} for key, found in ranked.items()}), metric)
    return round(float(value), 4)


def _statistics(documents: Iterable[Document]) -> Statistics:
    tally = Tally()
    for each in documents:
        tally.add(each, ())
    return tally.statistics()


def _load(folder: Path) -> tuple[dict[str, Document], dict[str, DemandFacts], Judged]:
    judged: Judged = defaultdict(dict)
    for line in (folder / "qrels" / "dev.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        asked, answer, grade = line.split("\t")
        judged[asked][answer] = int(grade)
    listings = {each["_id"]: document(_listing(each)) for each in _rows(folder / "corpus.jsonl")}
    demands = {each["_id"]: _demand(each) for each in _rows(folder / "queries.jsonl")}
    return listings, demands, dict(judged)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _listing(row: dict[str, Any]) -> ListingFacts:
    return ListingFacts(uuid5(SOMEBODY, row["_id"]), SOMEBODY, row["title"], row["text"])


def _demand(row: dict[str, Any]) -> DemandFacts:
    return DemandFacts(uuid5(SOMEBODY, row["_id"]), SOMEBODY, row["text"], row.get("metadata", {}).get("body") or "")


if __name__ == "__main__":
    for name, value in figures_of(DATA).items():
        floor = FLOORS.get(name)
        print(f"{name:40} {value:.4f}" + (f"  (floor {floor})" if floor else ""))

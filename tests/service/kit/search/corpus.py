"""A small catalogue, written for these tests."""

from typing import Any
from uuid import UUID

from services.kit.search import Document

_ROWS: list[dict[str, Any]] = [
    {
        "title": "一种石墨烯锂电池负极材料的制备方法",
        "summary": "将石墨烯与硅纳米颗粒混合，经喷雾干燥得到负极材料，循环寿命提高。",
        "owner": "泉州试验大学",
        "number": "CN202310375785.X",
        "kind": "invention",
        "section": ["H", "C"],
        "region": "福建",
        "price": 80_000_00,
        "published_at": "2025-03-01T00:00:00Z",
    },
    {
        "title": "便携式水质检测装置",
        "summary": "装置包括壳体、光源和比色皿，现场测定氨氮浓度。",
        "owner": "晋江技术学院",
        "number": "CN202020087202.X",
        "kind": "utility_model",
        "section": ["G"],
        "region": "福建",
        "price": 20_000_00,
        "published_at": "2025-01-15T00:00:00Z",
    },
    {
        "title": "基于光催化的废水处理系统",
        "summary": "以二氧化钛光催化剂降解印染废水中的有机物。",
        "owner": "泉州试验大学",
        "number": "CN201710117081.7",
        "kind": "invention",
        "section": ["C"],
        "region": "浙江",
        "published_at": "2024-06-30T00:00:00Z",
    },
    {
        "title": "Speech recognition with recurrent neural networks",
        "summary": "An acoustic model is retrained while it runs, which lowers the error rate of spoken commands.",
        "owner": "Harbour Institute of Technology",
        "number": "US9153231",
        "kind": "invention",
        "section": ["G"],
        "region": "",
        "price": 500_000_00,
        "published_at": "2025-02-10T00:00:00Z",
    },
    {
        "title": "Training aid for baseball batters",
        "summary": "A tethered ball returns to the batter after every swing.",
        "owner": "Harbour Institute of Technology",
        "number": "US9449272",
        "kind": "invention",
        "section": ["A"],
        "region": "",
        "price": 5_000_00,
        "published_at": "2023-11-05T00:00:00Z",
    },
    {
        "title": "锂电池 battery management 系统",
        "summary": "估算 state of charge 的方法，误差小于百分之二。",
        "owner": "晋江技术学院",
        "number": "CN95115608.X",
        "kind": "utility_model",
        "section": ["H"],
        "region": "福建",
        "price": 80_000_00,
        "published_at": "2025-03-02T00:00:00Z",
    },
]
GRAPHENE, WATER, CATALYSIS, SPEECH, BASEBALL, MANAGEMENT = (row["title"] for row in _ROWS)


def identity(title: str) -> UUID:
    return UUID(int=next(place for place, row in enumerate(_ROWS, 1) if row["title"] == title))


def document(title: str, version: int = 1, /, **changes: Any) -> Document:
    fields = next(row for row in _ROWS if row["title"] == title)
    return Document(identity(title), version, fields | changes)


def catalogue() -> list[Document]:
    return [document(row["title"]) for row in _ROWS]

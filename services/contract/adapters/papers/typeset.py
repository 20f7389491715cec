"""Typst makes the PDF: PDF/A-2a and PDF/UA-1, fonts from wheels, the same bytes for the same facts."""

import unicodedata
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from services.contract.adapters.papers.wording import TEMPLATES, Facts, Wording
from services.kit.messages import Catalogue

if TYPE_CHECKING:
    from typst import Fonts

STANDARDS = ["a-2a", "ua-1"]


def typeset(facts: Facts) -> bytes:
    """The document of these facts. Takes about 50 ms of a processor: call it in a thread."""
    import typst

    folder = TEMPLATES / facts["template"]
    content = Wording(facts, _texts(facts["template"])).content()
    compiler = typst.Compiler(root=str(folder), font_paths=_fonts())
    made = compiler.compile(
        (folder / "contract.typ").read_bytes(),
        format="pdf",
        sys_inputs={"data": orjson.dumps(_printable(content)).decode()},
        pdf_standards=STANDARDS,  # type: ignore[arg-type]  # a list of the literals it takes
        timestamp=int(datetime.fromisoformat(facts["made_at"]).timestamp()),
    )
    assert isinstance(made, bytes)
    # Signatures are appended, and PDF/A wants each object on a line of its own (ISO 19005-2, 6.1.9).
    return made.removesuffix(b"\n") + b"\n"


@cache
def _texts(template: str) -> Catalogue:
    return Catalogue.load(TEMPLATES / template / "texts.toml")


@cache
def _fonts() -> "Fonts":
    """Loaded once, since they are large. Those of the system are left out: the machine may have no say in the bytes."""
    import pylopdf_fonts_zh_cn as fonts
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(Path(fonts.serif_path()).parent)])


def _printable(node: Any) -> Any:
    """The same content with every character that would not show, or would deceive, spelled out as 〔U+202E〕."""
    if isinstance(node, dict):
        return {name: _printable(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_printable(value) for value in node]
    return "".join(map(_shown, node.replace("\r\n", "\n").replace("\r", "\n"))) if isinstance(node, str) else node


@cache
def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    if is_common(character):
        return character
    # Cc, Cf and their like have no shape of their own: direction marks can make a text read otherwise than it is.
    if not unicodedata.category(character).startswith(("C", "Z")) and ord(character) in coverage():
        return character
    return " " if unicodedata.category(character) == "Zs" else f"〔U+{ord(character):04X}〕"


def is_common(character: str) -> bool:
    """Whether it is known without looking that the fonts have it, as of nearly all that contracts are written with."""
    return (
        " " <= character <= "~"
        or "\u4e00" <= character <= "\u9fa5"  # CJK ideographs of Unicode 1.1
        or "\u3001" <= character <= "\u3011"  # CJK punctuation
        or character in "“”‘’—…·–（），：；！？／％"
    )


@cache
def coverage() -> frozenset[int]:
    """What the fonts can draw: PDF/A admits no missing glyph. Takes half a second, once."""
    import pylopdf_fonts_zh_cn as fonts
    from fontTools.ttLib import TTFont

    drawn = []
    for path in (fonts.serif_path(), fonts.sans_path()):
        with TTFont(path, lazy=True) as font:
            drawn.append(frozenset(font.getBestCmap()))
    return drawn[0] & drawn[1]

"""Jinja for the pages: one environment for each language, so that macros know it without being told."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.pages import charts
from gateway.pages.assets import Assets
from gateway.pages.links import page_of, with_query, without
from gateway.pages.texts import TAGS, Language, paragraphs, tag_of

TEMPLATES = Path(__file__).parent / "templates"


def environment(language: Language, assets: Assets) -> Environment:
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    jinja.globals.update(
        t=language.t,
        n=language.n,
        word=language.word,
        language=language,
        asset=assets.url,
        tag_of=tag_of,
        bars=charts.bars,
        tag_of_code=TAGS.__getitem__,
        with_query=with_query,
        without=without,
        page_of=page_of,
    )
    jinja.tests["message"] = language.has
    jinja.filters.update(
        paragraphs=paragraphs,
        said=language.said,
        date=language.day,
        time=language.time,
        iso=language.iso,
        number=language.number,
        money=language.money,
        price=language.price,
    )
    return jinja

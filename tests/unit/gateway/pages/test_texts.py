"""Numbers, money and dates as people of each language write them; what people wrote, kept as it is."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from gateway.pages.charts import bars
from gateway.pages.links import page_of, with_query, without
from gateway.pages.texts import Language, load_messages, paragraphs

CATALOGUE = load_messages()
ZH = Language("zh", CATALOGUE, ZoneInfo("Asia/Shanghai"))
EN = Language("en", CATALOGUE, ZoneInfo("Asia/Shanghai"))
YUAN = {"minor_units": 80_000_000, "currency": "CNY"}


@pytest.mark.parametrize(
    ("language", "amount", "short", "text"),
    [
        (ZH, YUAN, False, "¥800,000"),
        (ZH, YUAN, True, "¥80万"),
        (EN, YUAN, False, "CN¥800,000"),
        (EN, YUAN, True, "CN¥800K"),
        (ZH, {"minor_units": 1_234_567, "currency": "CNY"}, False, "¥12,345.67"),
        (EN, {"minor_units": 500, "currency": "JPY"}, False, "JP¥500"),
    ],
)
def test_money(language: Language, amount: dict[str, Any], short: bool, text: str) -> None:
    assert language.money(amount, short=short) == text


@pytest.mark.parametrize(
    ("price", "zh", "en"),
    [
        ({"form": "fixed", "minimum": YUAN}, "¥800,000", "CN¥800,000"),
        ({"form": "negotiable", "minimum": None}, "面议", "By negotiation"),
        ({"form": "negotiable", "minimum": YUAN}, "¥800,000 起，面议", "From CN¥800,000, by negotiation"),
        ({"form": "royalty", "royalty_basis_points": 250}, "提成 2.5%", "Royalty 2.5%"),
        ({"form": "free"}, "免费", "Free of charge"),
    ],
)
def test_price(price: dict[str, Any], zh: str, en: str) -> None:
    assert (ZH.price(price), EN.price(price)) == (zh, en)


def test_days_are_those_of_the_halls_time_zone() -> None:
    late = "2026-11-24T17:00:00Z"  # already the next day in Quanzhou
    assert (ZH.day(late), EN.day(late)) == ("2026年11月25日", "25 November 2026")
    assert ZH.time(late) == "2026年11月25日 01:00"
    assert ZH.day(None) == ""


def test_counts_have_their_plural() -> None:
    assert (EN.n("catalogue.found", 1), EN.n("catalogue.found", 1_200)) == ("1 listing", "1,200 listings")
    assert ZH.n("catalogue.found", 1) == "1 条挂牌"


def test_parameters_are_escaped_unless_they_are_markup() -> None:
    assert EN.t("trust.owner", owner="<b>") == "Owner: &lt;b&gt;"
    assert EN.t("trust.owner", owner=Markup("<b>x</b>")) == "Owner: <b>x</b>"


def test_what_people_wrote_is_escaped_and_marked_with_its_language() -> None:
    assert ZH.said("<script>") == '<span lang="en">&lt;script&gt;</span>'
    assert EN.said("鞋底 & sole") == '<span lang="zh-CN">鞋底 &amp; sole</span>'
    assert ZH.said("鞋底") == "鞋底"
    assert ZH.said("") == ""


def test_lines_become_paragraphs() -> None:
    assert paragraphs("a<b\n\n c ") == "<p>a&lt;b</p><p>c</p>"


def test_words_of_the_api_have_names_and_unknown_ones_stand_for_themselves() -> None:
    assert (ZH.word("deal_form", "sole_licence"), EN.word("deal_form", "<new>")) == ("排他许可", "&lt;new&gt;")


def test_query_is_changed_and_kept() -> None:
    query = [("q", "鞋"), ("kind", "a"), ("kind", "b"), ("cursor", "x")]
    assert with_query("/p", query, cursor=None) == "/p?q=%E9%9E%8B&kind=a&kind=b"
    assert without("/p", query, "kind", "a") == "/p?q=%E9%9E%8B&kind=b"
    assert with_query("/p") == "/p"


def test_link_of_a_notification_leads_to_a_page_that_there_is() -> None:
    assert page_of("/api/v1/listings/7", "zh") == "/zh/listings/7"
    assert page_of("/api/v1/imports/7", "zh") == "/zh/imports/7"
    assert page_of("/api/v1/matches?demand_id=7", "en") == "/en/matches?demand_id=7"
    assert page_of("/api/v1/webhook-endpoints/7/deliveries", "en") == "/en/webhooks/7"
    assert page_of("/api/v1/organisations/7/members", "zh") == "/zh/organisation"
    assert page_of("/api/v1/ledger/7", "zh") is None
    assert page_of("https://elsewhere.example/listings/7", "zh") is None


def test_bars_are_to_scale_and_the_least_is_seen() -> None:
    drawn = bars([("a", 1_000, None, ""), ("b", 500, None, ""), ("c", 1, None, ""), ("d", 0, None, "")])
    assert [bar.width for bar in drawn] == [1_000, 500, 4, 0]
    assert bars([]) == []

"""Every value of a facet has its words in both languages."""

from enum import StrEnum
from pathlib import Path

import pytest

from services.kit.bands import BANDS
from services.kit.messages import Catalogue
from services.listing import bootstrap
from services.listing.domain.ipc import SECTIONS
from services.listing.domain.listings import OPEN
from services.listing.domain.price_bands import OTHER_BANDS
from services.listing.domain.vocabulary import DealForm, Language, Maturity, RightKind

SERVICES = Path(bootstrap.__file__).parents[1]
TEXTS = Catalogue.load(SERVICES / "kit" / "messages.toml", SERVICES / "listing" / "messages.toml")


@pytest.mark.parametrize(
    ("facet", "values"),
    [
        ("kind", RightKind),
        ("ipc_section", SECTIONS),
        ("deal_form", DealForm),
        ("price_band", OTHER_BANDS),
        ("band", BANDS),
        ("status", OPEN),
        ("maturity", Maturity),
        ("language", Language),
    ],
)
def test_every_value_of_a_facet_has_its_words(facet: str, values: type[StrEnum] | tuple[str, ...]) -> None:
    given = {key.rpartition(".")[2] for key in TEXTS if key.startswith(f"facet.{facet}.")}
    assert given == set(values)

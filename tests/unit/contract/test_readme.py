from pathlib import Path

from services.contract.domain import diagram
from services.contract.domain.states import TRANSITIONS

README = Path(diagram.__file__).parents[1] / "README.md"


def test_the_readme_shows_the_machine_as_it_is() -> None:
    drawn = README.read_text(encoding="utf-8").partition("```mermaid\n")[2].partition("\n```")[0]
    assert drawn == diagram.mermaid(), "run `python -m services.contract.domain.diagram` and put its output there"


def test_what_is_not_performed_is_marked() -> None:
    arrows = [line for line in diagram.mermaid().splitlines() if "-->" in line]
    assert [line.endswith("(later)") for line in arrows] == [not each.performed for each in TRANSITIONS]

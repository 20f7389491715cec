"""`zayton demo` against a whole hall: from registration to released payment, again, and through a power cut."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.support.brokers import lacking
from tests.support.halls import HallProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

DEMANDS, LISTINGS, WITH_A_FIT = 24, 71, 22
TOLD_OF_A_DEAL = 13  # what the broker hears of one deal, from the inquiry to the released payment

COMPANY_TOLD = 10

Steps = list[dict[str, Any]]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HallProcess]:
    hall = HallProcess(tmp_path_factory.mktemp("demo") / "home")
    hall.start()
    yield hall
    hall.stop()


def finished(process: "subprocess.Popen[str]", before: str = "") -> Steps:
    """The steps of a demo that must end well. All of its standard output is JSON."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, f"{output[-2_000:]}\n{errors[-2_000:]}"
    return [json.loads(line) for line in (before + output).splitlines()]


def step(steps: Steps, name: str) -> dict[str, Any]:
    (found,) = [each for each in steps if each["step"] == name]
    return found


def ids_of(steps: Steps, name: str) -> list[str]:
    return [each["id"] for each in steps if each["step"] == name]


def check_story(steps: Steps) -> None:
    counts = Counter(each["step"] for each in steps)
    assert counts == {
        "hall": 1,
        "registered": 3,
        "imported": 1,
        "listed": 1,
        "demand": DEMANDS,
        "matches": 1,
        "best-match": 1,
        "deal": 1,
        "offer": 1,
        "counter": 1,
        "accepted": 1,
        "signed": 2,
        "sealed": 1,
        "invoice": 1,
        "paid": 1,
        "held": 1,
        "filed": 1,
        "recorded": 1,
        "account": 2,
        "active": 1,
        "statement": 3,
        "notifications": 3,
        "done": 1,
    }
    assert all(UUID(each["id"]) for each in steps[1:])
    assert all(each["elapsed_s"] >= 0 for each in steps)
    assert steps[-1]["total_s"] == pytest.approx(sum(each["elapsed_s"] for each in steps), abs=0.1)
    imported = step(steps, "imported")
    assert (imported["accepted"], imported["rejected"], imported["published"]) == (LISTINGS, 0, LISTINGS)
    matches = step(steps, "matches")
    # What fits nothing must match nothing; what fits must be found, and nearly always the right one first.
    assert (matches["matched"], matches["demands"]) == (WITH_A_FIT, DEMANDS)
    assert matches["right"] >= WITH_A_FIT - 2
    best = step(steps, "best-match")
    assert best["expected"]
    assert len(best["reasons"]) >= 3
    assert [each["state"] for each in steps if each["step"] == "signed"] == ["signing", "signed"]
    assert (step(steps, "recorded")["state"], step(steps, "active")["state"]) == ("released", "active")
    university, company, broker = [each for each in steps if each["step"] == "statement"]
    # All that was due came in, was held, and went out again; each account ends at nothing.
    assert set(university["balances"]) == {"expected", "payable"}
    assert set(company["balances"]) == {"receivable", "held"}
    assert set(broker["balances"]) == {"commission"}
    assert {value for each in (university, company, broker) for value in each["balances"].values()} == {"0.00 CNY"}


async def rows_of(hall: HallProcess, steps: Steps) -> dict[str, int]:
    """What is in the hall's tables of the organisations of one run."""
    organisations = ids_of(steps, "registered")
    connection = await asyncpg.connect(hall.database_url)
    try:
        return {
            table: await connection.fetchval(
                f"SELECT count(*) FROM {table} WHERE {column}::text = ANY($1)", organisations
            )
            for table, column in (
                ("gateway.members", "organisation_id"),
                ("listing.rights", "organisation_id"),
                ("listing.listings", "organisation_id"),
                ("matching.demands", "organisation_id"),
                ("contract.deals", "licensee_organisation_id"),
            )
        }
    finally:
        await connection.close()


ONCE_EACH = {
    "gateway.members": 3,
    "listing.rights": LISTINGS,
    "listing.listings": LISTINGS,
    "matching.demands": DEMANDS,
    "contract.deals": 1,
}


async def test_the_sample_goes_from_listing_to_released_payment(hall: HallProcess) -> None:
    steps = finished(hall.zayton("demo", "--json"))
    check_story(steps)
    assert await rows_of(hall, steps) == ONCE_EACH
    university, company, broker = [each for each in steps if each["step"] == "notifications"]
    # The university files for recordal itself; everything else both of them hear of.
    assert (university["count"], broker["count"]) == (TOLD_OF_A_DEAL - 1, TOLD_OF_A_DEAL)
    assert [each["title"] for each in broker["notifications"]] == [
        "A new inquiry",
        "An offer has been made",
        "An offer has been made",
        "The offer has been accepted",
        "A party has signed",
        "A party has signed",
        "The contract is made",
        "The signed document is ready",
        "The payment is held",
        "Filed at the register",
        "The register shows the deal",
        "The payment is released",
        "The contract is in force",
    ]
    # One for each demand with matches; then the counter-offer, the licensor's signature, the contract, its document,
    # the invoice, and what the broker hears of the money.
    assert company["count"] == WITH_A_FIT + COMPANY_TOLD


def test_it_can_be_played_again_on_the_same_hall_in_chinese(hall: HallProcess) -> None:
    first, second = (finished(hall.zayton("demo", "--json", "--lang", "zh")) for _ in range(2))
    for steps in (first, second):
        check_story(steps)
        texts = [note["text"] for each in steps if each["step"] == "notifications" for note in each["notifications"]]
        assert all(any("\u4e00" <= character <= "\u9fff" for character in text) for text in texts)
    assert not set(ids_of(first, "registered")) & set(ids_of(second, "registered"))


def test_people_read_it_in_lines(hall: HallProcess) -> None:
    output, _ = hall.zayton("demo", "--lang", "zh").communicate(timeout=300)
    assert "✔" in output
    assert "完成：从挂牌到放款" in output
    assert '{"step"' not in output


@pytest.mark.parametrize("steps_before_the_cut", [4, 12, 32, 40, 43])
async def test_a_power_cut_in_the_middle_loses_nothing_and_doubles_nothing(
    hall: HallProcess, steps_before_the_cut: int
) -> None:
    """-9 to the whole hall: while patents are imported, demands posted, a deal made; paid, and paid out."""
    demo = hall.zayton("demo", "--json")
    assert demo.stdout is not None
    lines = [demo.stdout.readline() for _ in range(steps_before_the_cut)]
    hall.kill()
    assert demo.poll() is None, "the demo was quicker than the cut"
    hall.start()
    steps = finished(demo, "".join(lines))
    check_story(steps)
    assert await rows_of(hall, steps) == ONCE_EACH
    told = [each["count"] for each in steps if each["step"] == "notifications"]
    assert told == [TOLD_OF_A_DEAL - 1, WITH_A_FIT + COMPANY_TOLD, TOLD_OF_A_DEAL]


def test_patents_of_ones_own(hall: HallProcess, tmp_path: Path) -> None:
    sample = (Path(__file__).parents[2] / "deploy" / "local" / "sample" / "listings.jsonl").read_text(encoding="utf-8")
    broken = '{"number": "CN202310375785.1", "title": "A wrong check digit", "abstract": "x"}\n'
    own = tmp_path / "own.jsonl"
    own.write_text(sample + broken, encoding="utf-8")
    steps = finished(hall.zayton("demo", "--json", "--data", str(own)))
    imported = step(steps, "imported")
    assert (imported["rows"], imported["rejected"]) == (LISTINGS + 1, 1)
    matches = step(steps, "matches-of-own-words")
    assert matches["right"] >= matches["demands"] - 2
    assert step(steps, "done")


def test_eight_thousand_real_patents(hall: HallProcess, tmp_path: Path) -> None:
    folder = Path(__file__).parents[3] / "shared" / "data"
    files = [folder / "patents_zh.jsonl", folder / "patents_en.jsonl"]
    if not all(file.exists() for file in files):
        lacking(f"the real patents are not in {folder}")
    together = tmp_path / "real.jsonl"
    together.write_bytes(b"".join(file.read_bytes() for file in files))
    steps = finished(hall.zayton("demo", "--json", "--data", str(together)))
    imported = step(steps, "imported")
    assert (imported["rows"], imported["accepted"], imported["rejected"]) == (8_000, 8_000, 0)
    # The others' terms are over (G3), or their holders want no deal.
    assert 5_000 < imported["published"] < 6_000
    assert step(steps, "done")


def test_a_file_that_holds_no_patents_is_refused_with_its_line(hall: HallProcess, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"number": "CN1", "title": "x"}\n{oops}\n', encoding="utf-8")
    process = hall.zayton("demo", "--json", "--data", str(bad))
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert json.loads(output)["step"] == "failed"
    assert "line 2" in errors

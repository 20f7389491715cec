"""`zayton verify`, as a person and as a program use it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.cli import app
from tests.unit.contract.paper_makers import Authority, authority, draft, signed


def verify(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZAYTON_HOME", str(tmp_path / "home"))
    (tmp_path / "contract.pdf").write_bytes(signed())
    (tmp_path / "root.pem").write_text(authority().roots)
    return tmp_path


def test_a_good_document_says_who_signed_and_when(files: Path) -> None:
    code, said = verify(files / "contract.pdf", "--trust", files / "root.pem")
    assert code == 0, said
    for shown in ("VALID", "华侨大学", "林蔚", "Jinjiang Shoes", "time-stamped 20", "covers the whole file"):
        assert shown in said
    code, said = verify(files / "contract.pdf", "--trust", files / "root.pem", "--lang", "zh")
    assert code == 0
    assert "有效" in said
    assert "涵盖整个文件" in said


def test_programs_get_json(files: Path) -> None:
    code, said = verify(files / "contract.pdf", "--trust", files / "root.pem", "--json")
    verdict = json.loads(said)
    assert (code, verdict["good"], len(verdict["signatures"])) == (0, True, 2)
    assert verdict["signatures"][0]["stamped_at"].endswith("Z")
    (files / "contract.pdf").write_bytes(signed() + b"x")
    code, said = verify(files / "contract.pdf", "--trust", files / "root.pem", "--json")
    verdict = json.loads(said)
    assert (code, verdict["good"]) == (1, False)
    assert [each["code"] for each in verdict["signatures"][1]["faults"]] == ["changed-after-signing"]


def test_without_an_authority_nobody_is_vouched_for(files: Path) -> None:
    code, said = verify(files / "contract.pdf")
    assert code == 1
    assert "INTACT, BUT UNVOUCHED FOR" in said
    assert "none given" in said
    (files / "stranger.pem").write_text(Authority.new().roots)
    assert verify(files / "contract.pdf", "--trust", files / "stranger.pem")[0] == 1


def test_the_hall_of_this_machine_is_believed(files: Path) -> None:
    (files / "home").mkdir()
    (files / "home" / "authority.pem").write_text(authority().roots)
    assert verify(files / "contract.pdf")[0] == 0


def test_what_was_changed_is_said(files: Path) -> None:
    changed = bytearray(signed())
    changed[draft().index(b"stream", len(draft()) // 3) + 400] ^= 1
    (files / "contract.pdf").write_bytes(changed)
    code, said = verify(files / "contract.pdf", "--trust", files / "root.pem")
    assert code == 1
    assert "NOT VALID" in said
    assert "The content is not what was signed" in said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("program.pdf", b"MZ" + bytes(100), "neither a PDF nor a zip of evidence"),
        ("missing.pdf", None, "cannot be read"),
        ("unsigned.pdf", draft(), "carries no signature"),
        ("broken.zip", b"PK\x03\x04", "damaged"),
    ],
)
def test_what_cannot_be_verified(files: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (files / name).write_bytes(content)
    code, output = verify(files / name, "--trust", files / "root.pem")
    assert code == 1
    assert said in output


def test_a_root_that_is_none(files: Path) -> None:
    code, said = verify(files / "contract.pdf", "--trust", files / "contract.pdf")
    assert code == 1
    assert "holds no certificate" in said

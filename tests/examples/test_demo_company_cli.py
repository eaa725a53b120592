"""`scorecard simulate`: the thin door to the demo company."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration import cli
from tests.conftest import ROOT
from tests.examples.conftest import SMALL, SMALL_SEED, hashes


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("SCORECARD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


def test_it_writes_the_same_bytes_for_the_same_seed_and_says_where(
    call: CliRunner, small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = {**SMALL, "seed": SMALL_SEED, "out": out}
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    result = call.invoke(cli.app, ["simulate", *arguments])
    assert result.exit_code == 0
    assert "300 customers over 12 months" in result.output
    assert str(out) in result.output.replace("\n", "")
    assert hashes(out) == hashes(small)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--customers", "5"], "A company of 5 customers cannot be simulated"),
        (["--months", "1"], "A history of 1 months cannot be simulated"),
        (["--format", "paper"], "No format is called 'paper'"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(
    call: CliRunner, tmp_path: Path, arguments: list[str], said: str
) -> None:
    result = call.invoke(cli.app, ["simulate", "--out", str(tmp_path / "out"), *arguments])
    assert result.exit_code == 2
    assert said in result.output


def test_the_help_shows_the_options(call: CliRunner) -> None:
    output = call.invoke(cli.app, ["simulate", "--help"]).output
    for option in ("--customers", "--months", "--seed", "--out", "--format"):
        assert option in output


def test_prepare_runs_from_the_root_as_make_calls_it(tmp_path: Path) -> None:
    (tmp_path / "landing" / "crm").mkdir(parents=True)
    (tmp_path / "landing" / "crm" / "customers.csv").write_text("not ours", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo_company.prepare", str(tmp_path / "landing")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "crm/customers.csv" in done.stderr

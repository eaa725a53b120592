"""The whole way, on the small company: what is published stays the same when it should.

Killing a run anywhere and running again, and running again without a reason, must end in the same
checksums; a mart must not know what came after its month.
"""

import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.company import cut_landing
from tests.conftest import ROOT, checksums, manifest, scorecard

pytestmark = pytest.mark.slow

# Stages of a run at which it is killed, by the words with which they begin on the terminal.
KILL_AT = (
    "Load landing files",
    "Build the models up to",
    "Train the estimators",
    "Run the gates",
    "Release",
)
PAST_MONTHS = (date(2011, 1, 31), date(2011, 4, 30), date(2011, 8, 31))
INVARIANT = {
    "indicators": ("ind_value", "ind_retention", "ind_activity", "ind_rfm_cutoffs"),
    "features": ("ftr_churn", "ftr_value"),
    "scorecard": ("customer_indicators", "customer_scorecard", "portfolio_indicators"),
}


def test_the_first_run_releases_every_product(first_run):
    products = manifest(first_run)["products"]
    assert set(products) == {"customers", "finance", "portfolio", "predictions", "scorecard"}
    assert {name: product["decision"] for name, product in products.items()} == dict.fromkeys(
        products, "pass"
    )
    assert (first_run / "current" / "report" / "index.html").stat().st_size > 10_000
    assert (first_run / "current" / "quality" / "index.html").stat().st_size > 5_000


def test_a_second_run_loads_nothing_and_publishes_the_same(run_home, company):
    before = checksums(run_home)
    result = scorecard(run_home, "run", "--landing", str(company))
    assert result.code == 0, result.output
    assert "nothing new" in result.output.lower()
    assert checksums(run_home) == before


def test_a_run_over_all_months_again_publishes_the_same(run_home, company):
    before = checksums(run_home)
    result = scorecard(run_home, "run", "--landing", str(company), "--from", "2009-12")
    assert result.code == 0, result.output
    assert checksums(run_home) == before


def test_a_run_killed_at_five_points_ends_in_the_same_checksums(first_run, company, tmp_path):
    home = tmp_path / "home"
    for stage in KILL_AT:
        assert _run_and_kill(home, company, stage), f"the run was never seen at {stage!r}"
    result = scorecard(home, "run", "--landing", str(company))
    assert result.code == 0, result.output
    assert checksums(home) == checksums(first_run)
    assert scorecard(home, "verify").code == 0


def _run_and_kill(home: Path, company: Path, stage: str) -> bool:
    """Start a run and kill it (SIGKILL) as soon as it says that it has come to the stage."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "run", "--landing", str(company)],
        cwd=ROOT,
        env={**os.environ, "SCORECARD_HOME": str(home), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith(stage):
                process.send_signal(signal.SIGKILL)
                return True
        return False
    finally:
        process.stdout.close()
        process.wait()


@pytest.mark.parametrize("until", PAST_MONTHS, ids=str)
def test_no_row_of_a_month_knows_what_came_after_it(first_run, company, tmp_path, until):
    """As-of invariance: cutting every raw fact after a month changes no row up to it."""
    landing = cut_landing(company, tmp_path / "landing", until=until)
    result = scorecard(tmp_path / "home", "run", "--landing", str(landing))
    assert result.code in (0, 3), result.output
    differences = {
        f"{schema}.{table}": _rows_that_differ(first_run, tmp_path / "home", schema, table, until)
        for schema, tables in INVARIANT.items()
        for table in tables
    }
    assert differences == dict.fromkeys(differences, 0)


def _rows_that_differ(whole: Path, cut: Path, schema: str, table: str, until: date) -> int:
    with duckdb.connect() as con:
        con.execute(f"attach '{whole / 'warehouse.duckdb'}' as whole (read_only)")
        con.execute(f"attach '{cut / 'warehouse.duckdb'}' as cut (read_only)")
        counted = con.execute(
            f"select count(*) from cut.{schema}.{table} where as_of_date <= date '{until}'"
        ).fetchone()
        assert counted is not None
        assert counted[0] > 0, f"{schema}.{table} has no row up to {until}"
        one = f"select * from {{}}.{schema}.{table} where as_of_date <= date '{until}'"
        query = f"""
            select count(*) from (
                ({one.format("whole")} except all {one.format("cut")})
                union all
                ({one.format("cut")} except all {one.format("whole")})
            )
        """
        row = con.execute(query).fetchone()
        assert row is not None
        return row[0]


def test_a_held_product_keeps_its_last_good_version(run_home, company, tmp_path):
    """A reconciliation that does not come out holds one product; the others go on."""
    before = checksums(run_home)
    landing = shutil.copytree(company, tmp_path / "landing")
    root = shutil.copytree(ROOT, tmp_path / "root", ignore=_not_the_project)
    model = root / "models" / "scorecard" / "revenue_reconciliation.sql"
    text = model.read_text(encoding="utf-8")
    broken = text.replace(
        "published.amount - totals.amount as amount",
        "published.amount - totals.amount + 1 as amount",
    )
    assert broken != text
    model.write_text(broken, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "run", "--landing", str(landing)],
        cwd=root,
        env={**os.environ, "SCORECARD_HOME": str(run_home), "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 3, output
    products = manifest(run_home)["products"]
    assert products["finance"]["decision"] == "hold"
    assert products["finance"]["stale"] is True
    assert "finance" in output
    assert checksums(run_home) == before


def _not_the_project(folder: str, names: list[str]) -> set[str]:
    left_out = {".git", ".venv", ".scorecard", "__pycache__", "data", ".mypy_cache", ".ruff_cache"}
    kept = {"data"} if folder.endswith("ml") else set()
    return (left_out - kept) & set(names)

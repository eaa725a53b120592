"""The whole way on the small company: what is published, and what is held.

That a second run and one over all months again publish the same is `test_second_runs`.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.notify import WEBHOOK_VARIABLE
from orchestration.release.reading import open_database
from tests.command import ONE_THREAD, scorecard
from tests.conftest import ROOT, checksums, manifest
from tests.orchestration.test_notify import Hook

pytestmark = pytest.mark.slow


def test_the_first_run_releases_every_product(first_run):
    products = manifest(first_run)["products"]
    declared = yaml.safe_load((ROOT / "data_quality" / "products.yml").read_text(encoding="utf-8"))
    assert set(products) == set(declared)
    assert {name: product["decision"] for name, product in products.items()} == dict.fromkeys(
        products, "pass"
    )
    assert (first_run / "current" / "report" / "index.html").stat().st_size > 10_000
    assert (first_run / "current" / "quality" / "index.html").stat().st_size > 5_000


def test_one_id_of_the_run_stands_everywhere(first_run):
    """Whoever holds one of these finds all others by a search for one word."""
    release = (first_run / "current").resolve()
    run_id = manifest(first_run)["run_id"]
    log = first_run / "logs" / "runs" / f"{run_id}.jsonl"
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert {line["run_id"] for line in lines} == {run_id}
    assert {"Choose the months", "Release"} <= {line.get("stage") for line in lines}
    with open_database(release / "release.duckdb") as con:
        for table in ("release_info", "releases", "quality_results"):
            found = con.execute(f"select distinct run_id from scorecard.{table}").fetchall()
            assert found == [(run_id,)], table
    with duckdb.connect(str(first_run / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select run_id from control.runs").fetchall() == [(run_id,)]
    lineage = json.loads((release / "lineage.json").read_text(encoding="utf-8"))
    assert {event["run"]["runId"] for event in lineage} == {run_id}
    told = {event["outputs"][0]["name"] for event in lineage}
    assert {f"scorecard.{mart}" for mart in manifest(first_run)["marts"]} <= told
    assert (first_run / "evidence" / run_id).is_dir()
    assert list((first_run / "dagster").rglob(f"{run_id}.db"))


def test_a_held_product_keeps_its_last_good_version(run_home, company, tmp_path):
    """A reconciliation that does not come out holds one product; the others go on.

    The reason stands wherever somebody looks: the manifest, the release, the report, the quality
    page, the exit code, the webhook.
    """
    hook = Hook(200)
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
        env={
            **os.environ,
            **ONE_THREAD,
            "SCORECARD_HOME": str(run_home),
            "PYTHONPATH": str(root),
            WEBHOOK_VARIABLE: hook.url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    hook.close()
    output = done.stdout + done.stderr
    assert done.returncode == 3, output
    products = manifest(run_home)["products"]
    assert products["finance"]["decision"] == "hold"
    assert products["finance"]["stale"] is True
    assert "finance" in output
    assert checksums(run_home) == before
    reason = products["finance"]["reason"]
    assert "revenue_reconciliation.nothing_is_unexplained does not hold" in reason
    (told,) = hook.bodies
    assert told["held"] == {"finance": reason}
    release = (run_home / "current").resolve()
    for page in ("report/index.html", "quality/index.html"):
        assert "nothing_is_unexplained" in (release / page).read_text(encoding="utf-8"), page
    with open_database(release / "release.duckdb") as con:
        stated = con.execute(
            "select reason, is_stale from scorecard.release_products where product = 'finance'"
        ).fetchone()
        holding = con.execute(
            "select results.rule_id from scorecard.quality_results as results "
            "inner join scorecard.release_info as info on results.run_id = info.run_id "
            "where results.is_holding and results.rule_id not like 'dbt_test.%'"
        ).fetchall()
        runs = con.execute("select count(distinct run_id) from scorecard.quality_results")
        assert runs.fetchone() == (2,)
    assert stated == (reason, True)
    assert set(holding) == {
        ("revenue_reconciliation.ends_at_the_scorecard",),
        ("revenue_reconciliation.nothing_is_unexplained",),
    }


def _not_the_project(folder: str, names: list[str]) -> set[str]:
    left_out = {".git", ".venv", ".scorecard", "__pycache__", "data", ".mypy_cache", ".ruff_cache"}
    kept = {"data"} if Path(folder).is_relative_to(ROOT / "ml") else set()
    homes = {name for name in names if name.startswith(".scorecard-")}
    return ((left_out - kept) & set(names)) | homes


def test_the_real_example_says_what_it_cannot_measure(first_run):
    """Invoices and customers are all that it has; every gap has its reason, in words."""
    with open_database((first_run / "current").resolve() / "release.duckdb") as con:
        rows = con.execute(
            """
            select indicator_id, needs_system, status, why_not
            from scorecard.indicator_coverage
            where as_of_date = (select max(as_of_date) from scorecard.indicator_coverage)
            """
        ).fetchall()
    missing = {name: why for name, _, status, why in rows if status == "not measured"}
    assert {name for name, needs, _, _ in rows if needs} <= set(missing)
    assert missing["first_contact_ratio_6m"] == "not connected: support"
    assert missing["cost_to_serve_12m"] == "not connected: organisation, support"
    assert missing["sentiment"] == "not connected: support, survey"
    assert missing["gross_margin_12m"] == "nothing or too little in billing.unit_costs"
    assert missing["mrr"] == "nothing or too little in billing.subscriptions"
    assert [name for name, why in missing.items() if not why] == []
    assert "tier" not in missing
    assert "depth_index" not in missing
    told = scorecard(first_run, "status").output
    assert "not connected: support" in told

"""The semantic layer answers over a built company, with the numbers of the marts.

What belongs here: calling `mf query` as an analyst would. What does not: how a metric is defined,
which stands in `models/scorecard/semantic/`.
"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

LAYER = ROOT / "models" / "scorecard" / "semantic" / "_semantic__metrics.yml"
METRICS = tuple(
    metric["name"] for metric in yaml.safe_load(LAYER.read_text(encoding="utf-8"))["metrics"]
)
# What each is by hand, over all months or at the last one.
BY_HAND = {
    "customers": "select count(*) from newest",
    "revenue": "select sum(revenue_1m) from customer_indicators",
    "recurring_revenue": "select sum(mrr) from newest",
    "expansion_mrr": "select sum(expansion_mrr) from mrr_movements",
    "tickets": "select count(*) from tickets where exclusion_reason is null",
    "mean_time_to_resolve": """
        select avg(resolution_minutes) from tickets where exclusion_reason is null
    """,
    "net_promoter_score": """
        select 100.0 * (count(*) filter (answer >= 9) - count(*) filter (answer <= 6)) / count(*)
        from survey_responses where measure = 'nps' and is_latest_in_wave
    """,
    "value_at_risk": """
        select sum(value_at_risk) from predictions inner join newest using (customer_id, as_of_date)
    """,
}
NEWEST = """
    create temp view newest as select * from customer_indicators
    where as_of_date = (select max(as_of_date) from customer_indicators)
"""


@pytest.fixture(scope="module")
def answers(simulated_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The answer of the layer to every metric at once, over all time."""
    project = tmp_path_factory.mktemp("project")
    shutil.copy2(ROOT / "dbt_project.yml", project)
    (project / "target").mkdir()
    shutil.copy2(simulated_run / "dbt_target" / "semantic_manifest.json", project / "target")
    written = project / "answers.csv"
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("mf")), "query", "--quiet"),
            *("--metrics", ",".join(METRICS), "--csv", str(written)),
        ],
        cwd=project,
        env={
            **os.environ,
            "DBT_PROFILES_DIR": str(ROOT / "dbt_project" / "profiles"),
            "SCORECARD_WAREHOUSE": str(simulated_run / "warehouse.duckdb"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with written.open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    return row


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_has_an_answer(metric: str, answers: dict[str, str]) -> None:
    assert answers[metric] not in ("", "nan")


@pytest.mark.parametrize("metric", BY_HAND)
def test_the_answer_is_that_of_the_mart(
    metric: str, answers: dict[str, str], simulated_run: Path
) -> None:
    with duckdb.connect(str(simulated_run / "warehouse.duckdb"), read_only=True) as con:
        con.execute("use scorecard")
        con.execute(NEWEST)
        row = con.execute(BY_HAND[metric]).fetchone()
    assert row is not None
    assert float(answers[metric]) == pytest.approx(float(row[0]), rel=1e-9)

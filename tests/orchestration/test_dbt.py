import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration import dbt
from orchestration.dbt import (
    DbtNodesFailedError,
    DbtTestResult,
    NodeResult,
    models_behind,
    prepare_manifest,
    read_manifest,
    read_test_results,
    run_dbt,
    write_test_results,
)
from orchestration.errors import ScorecardError, WarehouseLockedError
from orchestration.progress import listen, stage
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home
from tests.orchestration.test_progress import Recorder

PROJECT = {
    "dbt_project.yml": """
name: tiny
version: "1.0"
profile: scorecard
model-paths: ["models"]
macro-paths: ["dbt_project/macros"]
seed-paths: ["dbt_project/seeds"]
test-paths: ["dbt_project/tests"]
""",
    "dbt_project/profiles/profiles.yml": """
scorecard:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: "{{ env_var('SCORECARD_WAREHOUSE') }}"
      threads: 2
      keep_open: "{{ env_var('SCORECARD_KEEP_OPEN', 'False') | as_bool }}"
""",
    "dbt_project/seeds/colours.csv": "colour\nred\ngreen\n",
    "models/good.sql": "select colour from {{ ref('colours') }}",
    "models/better.sql": "select colour from {{ ref('good') }}",
    "models/_models.yml": """
models:
  - name: good
    columns:
      - name: colour
        data_tests:
          - not_null
          - accepted_values: {arguments: {values: [red]}}
          - accepted_values:
              name: only_red_wanted
              arguments: {values: [red]}
              config: {severity: warn}
""",
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("tiny")
    for name, text in PROJECT.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings = Settings(root=root, home=root / "home", landing=root / "home" / "landing")
    prepare_home(settings)
    return settings


def test_a_build_tells_every_node_and_leaves_the_warehouse_free(tiny: Settings) -> None:
    recorder = Recorder()
    before = dict(os.environ)
    with listen(recorder), stage("Build") as current:
        outcome = run_dbt(tiny, "build", exclude_types=("test", "unit_test"), stage=current)
    assert {node.name: node.status for node in outcome.nodes} == {
        "colours": "success",
        "good": "success",
        "better": "success",
    }
    advanced = [event for event in recorder.events if event[0] == "advanced"]
    assert [event[2] for event in advanced] == [1, 2, 3]
    assert {event[3] for event in advanced} == {3}
    assert dict(os.environ) == before
    with connect(tiny) as con:
        assert con.execute("select count(*) from better").fetchall() == [(2,)]


def test_failing_tests_are_results_and_no_errors(tiny: Settings) -> None:
    run_dbt(tiny, "build", exclude_types=("test", "unit_test"))
    outcome = run_dbt(tiny, "test")
    results = dbt.test_results(outcome, read_manifest(tiny.dbt_target / dbt.MANIFEST_NAME))
    found = {result.test: (result.status, result.failures, result.models) for result in results}
    assert found == {
        "not_null_good_colour": ("pass", 0, ("good",)),
        "accepted_values_good_colour__red": ("fail", 1, ("good",)),
        "only_red_wanted": ("warn", 1, ("good",)),
    }
    assert [result.test for result in results if result.is_passed] == ["not_null_good_colour"]


def test_a_failing_model_is_an_error_that_names_it_and_keeps_the_rest(tiny: Settings) -> None:
    broken = tiny.root / "models" / "broken.sql"
    broken.write_text("select nothing_there from {{ ref('good') }}", encoding="utf-8")
    (tiny.root / "models" / "after.sql").write_text(
        "select * from {{ ref('broken') }}", encoding="utf-8"
    )
    try:
        with pytest.raises(DbtNodesFailedError, match="broken") as caught:
            run_dbt(tiny, "build", exclude_types=("test", "unit_test"))
    finally:
        broken.unlink()
        (tiny.root / "models" / "after.sql").unlink()
    statuses = {node.name: node.status for node in caught.value.outcome.nodes}
    assert statuses["better"] == "success"
    assert statuses["broken"] == "error"
    assert statuses["after"] == "skipped"
    assert "nothing_there" in str(caught.value)
    assert "1 node(s) that build on them were skipped" in str(caught.value)


def test_a_project_that_does_not_parse_says_where(tiny: Settings) -> None:
    broken = tiny.root / "models" / "unfinished.sql"
    broken.write_text("select * from {{ ref('no_such_model') }}", encoding="utf-8")
    try:
        with pytest.raises(ScorecardError, match="no_such_model"):
            run_dbt(tiny, "parse")
    finally:
        broken.unlink()


def test_a_locked_warehouse_is_told_as_one(settings: Settings) -> None:
    words = 'IO Error: Could not set lock on file "x": Conflicting lock is held'
    assert isinstance(dbt._failure(settings, "build", words), WarehouseLockedError)


def test_the_manifest_is_parsed_only_when_a_file_changed(tiny: Settings) -> None:
    path = prepare_manifest(tiny)
    first = path.stat().st_mtime_ns
    assert prepare_manifest(tiny).stat().st_mtime_ns == first
    time.sleep(0.02)
    (tiny.root / "models" / "better.sql").write_text(
        "select colour as tone from {{ ref('good') }}", encoding="utf-8"
    )
    try:
        manifest = read_manifest(prepare_manifest(tiny))
        assert path.stat().st_mtime_ns > first
        assert "tone" in manifest["nodes"]["model.tiny.better"]["raw_code"]
    finally:
        text = PROJECT["models/better.sql"]
        (tiny.root / "models" / "better.sql").write_text(text, encoding="utf-8")


def test_a_copied_home_is_not_parsed_anew(tiny: Settings, tmp_path: Path) -> None:
    run_dbt(tiny, "build", exclude_types=("test", "unit_test"))
    parsed = read_manifest(prepare_manifest(tiny))
    copied = replace(tiny, home=shutil.copytree(tiny.home, tmp_path / "copied"))
    dbt._PARSED.clear()
    run_dbt(copied, "run", select=["better"])
    (copied.dbt_target / dbt.MANIFEST_NAME).unlink()
    again = read_manifest(prepare_manifest(copied))
    for name, node in parsed["nodes"].items():
        assert again["nodes"][name]["created_at"] == node["created_at"]
    with connect(copied) as con:
        assert con.execute("select count(*) from better").fetchall() == [(2,)]


def test_another_copy_of_the_project_loads_its_own_seeds(tiny: Settings, tmp_path: Path) -> None:
    """Regression: what dbt has parsed names the folder that the rows of its seeds are read from."""
    run_dbt(tiny, "build", exclude_types=("test", "unit_test"))
    parsed = read_manifest(prepare_manifest(tiny))
    copied = tmp_path / "another_copy_of_the_project_with_a_name_that_is_longer"
    shutil.copytree(tiny.root, copied, ignore=shutil.ignore_patterns("home"))
    moved = replace(tiny, root=copied)
    seed = tiny.root / "dbt_project" / "seeds" / "colours.csv"
    seed.write_text("colour\nnone of this copy\n", encoding="utf-8")
    try:
        run_dbt(moved, "build", exclude_types=("test", "unit_test"))
    finally:
        seed.write_text(PROJECT["dbt_project/seeds/colours.csv"], encoding="utf-8")
    with connect(moved) as con:
        assert con.execute("select colour from better order by 1").fetchall() == [
            ("green",),
            ("red",),
        ]
    (moved.dbt_target / dbt.MANIFEST_NAME).unlink()
    again = read_manifest(prepare_manifest(moved))
    for name, node in parsed["nodes"].items():
        assert again["nodes"][name]["created_at"] == node["created_at"], "nothing is parsed anew"


def test_a_removed_model_makes_the_manifest_old(tiny: Settings) -> None:
    extra = tiny.root / "models" / "extra.sql"
    extra.write_text("select 1 as one", encoding="utf-8")
    assert "model.tiny.extra" in read_manifest(prepare_manifest(tiny))["nodes"]
    time.sleep(0.02)
    extra.unlink()
    assert "model.tiny.extra" not in read_manifest(prepare_manifest(tiny))["nodes"]


MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.x.ftr_churn": {"schema": "features", "name": "ftr_churn"},
        "model.x.stg_a": {"schema": "staging", "name": "stg_a"},
        "model.x.stg_support__ticket_comments": {
            "schema": "staging",
            "name": "stg_support__ticket_comments",
        },
        "model.x.scr_measures": {"schema": "scores", "name": "scr_measures"},
        "model.x.weights": {"schema": "scorecard", "name": "weights"},
        "model.x.moods": {"schema": "scorecard", "name": "moods"},
        "model.x.predictions": {"schema": "scorecard", "name": "predictions"},
        "model.x.customers": {"schema": "scorecard", "name": "customers"},
        "test.x.t": {
            "schema": "tests",
            "name": "t",
            "depends_on": {"nodes": ["model.x.stg_a", "model.x.customers"]},
        },
    },
    "sources": {
        "source.x.ml.churn_predictions": {
            "source_name": "ml",
            "schema": "ml",
            "identifier": "churn_predictions",
        },
        "source.x.ml.text_scores": {
            "source_name": "ml",
            "schema": "ml",
            "identifier": "text_scores",
        },
        "source.x.ml.scorecard_weights": {
            "source_name": "ml",
            "schema": "ml",
            "identifier": "scorecard_weights",
        },
        "source.x.crm.customers": {
            "source_name": "crm",
            "schema": "raw",
            "identifier": "crm__customers",
        },
    },
    "parent_map": {
        "model.x.predictions": ["source.x.ml.churn_predictions"],
        "model.x.moods": ["source.x.ml.text_scores"],
        "model.x.weights": ["source.x.ml.scorecard_weights"],
        "model.x.scr_measures": ["model.x.predictions"],
        "model.x.customers": ["model.x.stg_a"],
        "model.x.stg_a": ["source.x.crm.customers"],
        "model.x.ftr_churn": ["model.x.stg_a"],
    },
}


def test_what_stands_behind_a_mart_reaches_through_the_estimators() -> None:
    behind = models_behind(MANIFEST)
    assert behind["customers"] == {"customers", "stg_a", "raw.crm__customers"}
    assert behind["predictions"] == {
        "predictions",
        "ml.churn_predictions",
        "ftr_churn",
        "stg_a",
        "raw.crm__customers",
    }


def test_what_stands_behind_a_mart_reaches_through_the_scores_of_texts() -> None:
    assert models_behind(MANIFEST)["moods"] == {
        "moods",
        "ml.text_scores",
        "stg_support__ticket_comments",
    }


def test_what_stands_behind_a_mart_reaches_through_the_weights() -> None:
    found = models_behind(MANIFEST)["weights"]
    assert {"ml.scorecard_weights", "scr_measures", "predictions", "stg_a"} <= found


def test_a_test_without_a_model_of_its_own_looks_at_all_it_refers_to() -> None:
    assert dbt.tested_nodes(MANIFEST, "test.x.t") == ("model.x.stg_a", "model.x.customers")


def test_what_the_tests_found_comes_back_as_it_was_written(tmp_path: Path) -> None:
    results = (DbtTestResult("t", "test.x.t", "error", "fail", 3, "3 rows", ("a", "b"), 0.1),)
    write_test_results(results, tmp_path / "run" / "dbt_tests.json")
    assert read_test_results(tmp_path / "run" / "dbt_tests.json") == results


def test_missing_test_evidence_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ScorecardError, match="quality/dbt_tests"):
        read_test_results(tmp_path / "none.json")


def test_a_warning_is_no_failed_node() -> None:
    node = NodeResult("test.x.t", "t", "test", "warn", 0.1, "", 1, None)
    assert not node.is_failed


def test_the_callback_survives_events_of_any_shape(settings: Settings) -> None:
    """Regression: an exception in a callback made dbt fail all 151 tests."""

    class Info:
        name = "LogTestResult"

    class Data:
        class node_info:  # noqa: N801
            node_name = "t"

    class Event:
        info = Info
        data = Data

    recorder = Recorder()
    with listen(recorder), stage("Test") as current:
        dbt._follow(current)(Event)
    assert ("advanced", "Test", 1, 0, "t") in recorder.events


def test_the_adapter_still_has_what_keeping_the_connection_rests_on() -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    assert hasattr(DuckDBConnectionManager, "_ENV")
    assert callable(DuckDBConnectionManager.close_all_connections)

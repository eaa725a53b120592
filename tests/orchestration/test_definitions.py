import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from data_quality.products import load_products
from orchestration.dagster_home import FIRST_MONTH_VARIABLE, month_partitions
from orchestration.errors import UsageError
from orchestration.ingestion.contract import load_contracts
from tests import bench_scorecard
from tests.orchestration.conftest import ROOT

DEFS = ROOT / "orchestration" / "defs"


@pytest.fixture(scope="module")
def definitions(shared_folder: Path) -> dg.Definitions:
    """The real definitions, with dbt's manifest in a home of the tests."""
    from orchestration.definitions import defs

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCORECARD_HOME", str(shared_folder / "definitions"))
        return defs()


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> Any:
    return definitions.resolve_asset_graph()


def test_every_asset_is_described_grouped_owned_and_of_a_kind(graph: Any) -> None:
    keys = graph.get_all_asset_keys()
    assert len(keys) > 60
    for key in keys:
        node = graph.get(key)
        assert node.is_materializable, f"{key} is only referred to"
        assert (node.description or "").strip(), f"{key} has no description"
        assert node.group_name not in (None, "default"), f"{key} has no group"
        assert node.owners, f"{key} has no owner"
        assert node.kinds, f"{key} has no kind"


def test_every_contract_table_is_an_asset_with_the_contracts_columns(graph: Any) -> None:
    contracts = load_contracts(ROOT / "models" / "staging")
    for contract in contracts:
        node = graph.get(dg.AssetKey(["raw", contract.system, contract.name]))
        schema = node.metadata["dagster/column_schema"]
        assert [column.name for column in schema.columns] == list(contract.column_names)


def test_dbt_runs_in_parts_with_texts_estimators_and_weights_between(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    parts = {
        found.op.name: {key.to_user_string() for key in found.keys}
        for found in graph.assets_defs
        if found.is_executable and found.op.name.startswith("dbt_") and found.keys
    }
    assert set(parts) == {
        "dbt_before_texts",
        "dbt_before_estimators",
        "dbt_after_estimators",
        "dbt_after_weights",
    }
    assert "core/int_tickets" in parts["dbt_before_texts"]
    assert "staging/stg_ml__text_scores" in parts["dbt_before_estimators"]
    assert "core/int_text_items" in parts["dbt_before_estimators"]
    assert "features/ftr_churn" in parts["dbt_before_estimators"]
    assert "scorecard/customer_indicators" in parts["dbt_after_estimators"]
    assert "scores/scr_measures" in parts["dbt_after_estimators"]
    assert "scores/scr_weights" in parts["dbt_after_weights"]
    assert "scorecard/customer_scorecard" in parts["dbt_after_weights"]
    weights = dg.AssetKey(["ml", "scorecard_weights"])
    assert dg.AssetKey(["scores", "scr_measures"]) in graph.get(weights).parent_keys
    staged = dg.AssetKey(["staging", "stg_ml__scorecard_weights"])
    assert weights in graph.get(staged).parent_keys
    assert staged in graph.get(dg.AssetKey(["scores", "scr_weights"])).parent_keys
    assert sum(map(len, parts.values())) == len(set().union(*parts.values()))
    # Judgements are looked at before any model is built.
    matrices = dg.AssetKey(["ml", "ahp_matrices"])
    assert dg.AssetKey(["control", "run_window"]) in graph.get(matrices).parent_keys
    assert matrices in graph.get(dg.AssetKey(["staging", "stg_ml__ahp_matrices"])).parent_keys
    assert "staging/stg_ml__ahp_matrices" in parts["dbt_before_texts"]
    texts = dg.AssetKey(["ml", "text_scores"])
    messages = dg.AssetKey(["staging", "stg_support__ticket_comments"])
    assert messages in graph.get(texts).parent_keys
    assert texts in graph.get(dg.AssetKey(["staging", "stg_ml__text_scores"])).parent_keys
    predictions = dg.AssetKey(["ml", "churn_predictions"])
    assert dg.AssetKey(["features", "ftr_churn"]) in graph.get(predictions).parent_keys
    assert predictions in graph.get(dg.AssetKey(["scorecard", "predictions"])).parent_keys


def test_every_model_and_seed_is_built_by_one_part(
    definitions: dg.Definitions, shared_folder: Path
) -> None:
    manifest = json.loads(
        (shared_folder / "definitions" / "dbt_target" / "manifest.json").read_text(encoding="utf-8")
    )
    wanted = {
        f"{node['schema']}/{node['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }
    built = {
        key.to_user_string()
        for found in definitions.resolve_asset_graph().assets_defs
        if found.is_executable and found.op.name.startswith("dbt_") and found.keys
        for key in found.keys
    }
    assert wanted <= built


def test_the_bench_of_scoring_makes_up_all_that_it_does_not_build(
    definitions: dg.Definitions, shared_folder: Path
) -> None:
    # A model of the engine that reads something new breaks `make bench`, which no test runs.
    manifest = json.loads(
        (shared_folder / "definitions" / "dbt_target" / "manifest.json").read_text(encoding="utf-8")
    )
    nodes, parents = manifest["nodes"], manifest["parent_map"]
    (mart,) = (name for name in nodes if name.endswith(".customer_scorecard"))
    built, waiting, read = {mart}, [mart], set()
    while waiting:
        for parent in parents[waiting.pop()]:
            if nodes.get(parent, {}).get("path", "").startswith("scores/"):
                waiting += [parent] if parent not in built else []
                built.add(parent)
            elif nodes.get(parent, {}).get("resource_type") != "seed":
                read.add(parent.rpartition(".")[2])
    assert len(built) > 8
    assert read == {*bench_scorecard.MADE, bench_scorecard.STAGED}


def test_the_way_from_raw_to_release_is_one_graph(graph: Any) -> None:
    release = dg.AssetKey(["release", "current"])
    upstream = {
        key.to_user_string() for key in dg.AssetSelection.assets(release).upstream().resolve(graph)
    }
    for key in (
        "raw/billing/invoice_lines",
        "control/run_window",
        "staging/stg_billing__invoices",
        "features/ftr_churn",
        "ml/churn_estimator",
        "ml/churn_reasons",
        "ml/clv_predictions",
        "ml/clv_rescored",
        "ml/credit_predictions",
        "ml/upsell_predictions",
        "ml/customer_clusters",
        "ml/ahp_matrices",
        "ml/scorecard_weights",
        "scorecard/customer_scorecard",
        "quality/dbt_tests",
        "quality/scorecard",
        "quality/page",
    ):
        assert key in upstream, f"{key} does not lead to the release"


def test_every_dbt_test_is_a_check_that_blocks_nothing(
    definitions: dg.Definitions, graph: Any, shared_folder: Path
) -> None:
    manifest = json.loads(
        (shared_folder / "definitions" / "dbt_target" / "manifest.json").read_text(encoding="utf-8")
    )
    tests = {n["name"] for n in manifest["nodes"].values() if n["resource_type"] == "test"}
    checks = {key.name for key in graph.asset_check_keys}
    assert tests
    assert tests <= checks
    assert not any(graph.get(key).blocking for key in graph.asset_check_keys)


def test_every_product_has_a_gate_and_the_sources_have_one(graph: Any) -> None:
    checks = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    for product in load_products():
        assert (f"quality/{product}", "gate") in checks
    assert ("control/loads", "source_gate") in checks


def test_months_are_partitions_that_a_backfill_computes_in_one_run(graph: Any) -> None:
    for key in (["control", "run_window"], ["release", "current"]):
        node = graph.get(dg.AssetKey(key))
        assert isinstance(node.partitions_def, dg.MonthlyPartitionsDefinition)
        assert node.backfill_policy == dg.BackfillPolicy.single_run()


def test_jobs_hold_what_they_say(definitions: dg.Definitions) -> None:
    def assets(job: str) -> set[str]:
        layer = definitions.resolve_job_def(job).asset_layer
        return {key.to_user_string() for key in layer.executable_asset_keys}

    raw = {"raw/billing/invoices", "raw/crm/customers", "control/loads"}
    assert raw <= assets("ingest")
    assert assets("ingest") == assets("load")
    assert "release/current" not in assets("ingest")
    assert raw | {"release/current", "release/places", "ml/churn_estimator"} <= assets("scorecard")
    assert not raw & assets("retrain")
    assert assets("retrain") | assets("ingest") == assets("scorecard")


def test_only_ingest_judges_the_sources_and_load_does_not(definitions: dg.Definitions) -> None:
    def steps(job: str) -> set[str]:
        return {node.name for node in definitions.resolve_job_def(job).graph.nodes}

    assert steps("ingest") - steps("load") == {"judge_sources"}


def test_retraining_forces_both_estimators(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def("retrain")
    config = job.get_run_config_for_partition_key("2011-11")
    assert config["ops"] == {"train_estimators": {"config": {"force": True}}}


def test_all_jobs_work_in_one_process(definitions: dg.Definitions) -> None:
    for job in ("scorecard", "ingest", "load", "retrain"):
        assert definitions.resolve_job_def(job).executor_def is dg.in_process_executor


def test_schedules_are_off_until_somebody_wants_them(definitions: dg.Definitions) -> None:
    schedules = {s.name: s for s in definitions.schedules or ()}
    assert set(schedules) == {"monthly_close", "monthly_retrain", "daily_ingestion"}
    for schedule in schedules.values():
        assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
        assert schedule.execution_timezone == "UTC"
        assert schedule.description


def test_sensors_are_there_and_those_that_start_runs_are_off(definitions: dg.Definitions) -> None:
    sensors = {s.name: s for s in definitions.sensors or ()}
    assert set(sensors) == {"landing_files", "estimator_drift", "run_failure", "dead_runs"}
    assert sensors["landing_files"].default_status == dg.DefaultSensorStatus.STOPPED
    assert sensors["estimator_drift"].default_status == dg.DefaultSensorStatus.STOPPED
    assert sensors["run_failure"].default_status == dg.DefaultSensorStatus.RUNNING


@pytest.mark.parametrize("path", sorted(DEFS.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_a_defs_file_holds_one_definitions_function_and_hides_nothing(path: Path) -> None:
    """A function with @definitions hides every other definition of its file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    decorated = {
        node.name: {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    makers = [name for name, found in decorated.items() if "dg.definitions" in found]
    hidden = [
        name
        for name, found in decorated.items()
        if any(d.startswith(("dg.asset", "dg.multi_asset", "dg.sensor", "dg.sched")) for d in found)
    ]
    assert len(makers) == 1
    assert not hidden


def test_workspace_and_pyproject_name_the_same_code_location() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = project["tool"]["dg"]["project"]
    assert workspace["load_from"] == [
        {
            "python_module": {
                "module_name": f"{named['root_module']}.definitions",
                "location_name": named["code_location_name"],
            }
        }
    ]


def test_the_instance_sends_no_telemetry() -> None:
    instance = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    assert instance["telemetry"] == {"enabled": False}


def test_the_first_month_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert month_partitions().get_first_partition_key() == "2009-12"
    monkeypatch.setenv(FIRST_MONTH_VARIABLE, "2001-05")
    assert month_partitions().get_first_partition_key() == "2001-05"
    monkeypatch.setenv(FIRST_MONTH_VARIABLE, "May 2001")
    with pytest.raises(UsageError, match=FIRST_MONTH_VARIABLE):
        month_partitions()

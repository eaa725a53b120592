"""The lineage that a release carries: every mart back to the raw tables, inputs before outputs."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.release.lineage import LINEAGE_NAME, lineage_events, write_lineage


def node(schema: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "schema": schema,
        "name": name,
        "original_file_path": f"models/{schema}/{name}.sql",
        "description": f"What\n{name} is.",
        "columns": {},
        **more,
    }


def source(system: str, name: str, schema: str = "raw") -> dict[str, Any]:
    identifier = name if schema == "ml" else f"{system}__{name}"
    return {"schema": schema, "name": name, "identifier": identifier, "source_name": system}


@pytest.fixture
def parsed() -> dict[str, Any]:
    """Marts from invoices (`customers`) and an estimator (`predictions`), and one not released."""
    columns = {"customer_id": {"name": "customer_id", "data_type": "varchar", "description": "Who"}}
    return {
        "nodes": {
            "model.s.customers": node("scorecard", "customers", columns=columns),
            "model.s.predictions": node("scorecard", "predictions"),
            "model.s.held": node("scorecard", "held"),
            "model.s.ftr_churn": node("features", "ftr_churn"),
            "model.s.stg": node("staging", "stg_billing__invoices"),
        },
        "sources": {
            "source.s.raw": source("billing", "invoices"),
            "source.s.ml": source("ml", "churn_predictions", schema="ml"),
        },
        "parent_map": {
            "model.s.customers": ["model.s.stg"],
            "model.s.predictions": ["source.s.ml", "model.s.customers"],
            "model.s.held": ["model.s.stg"],
            "model.s.ftr_churn": ["model.s.customers"],
            "model.s.stg": ["source.s.raw"],
            "source.s.raw": [],
            "source.s.ml": [],
        },
    }


def release(*marts: str) -> Any:
    return SimpleNamespace(marts=dict.fromkeys(marts), created_at="2026-01-01", run_id="run-1")


def told(events: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return [
        (event["outputs"][0]["name"], [each["name"] for each in event["inputs"]])
        for event in events
    ]


def test_a_mart_is_followed_down_to_the_raw_tables_inputs_first(parsed):
    assert told(lineage_events(release("customers"), parsed)) == [
        ("staging.stg_billing__invoices", ["raw.billing__invoices"]),
        ("scorecard.customers", ["staging.stg_billing__invoices"]),
    ]


def test_what_an_estimator_writes_is_computed_from_the_features(parsed):
    found = dict(told(lineage_events(release("predictions"), parsed)))
    assert found["ml.churn_predictions"] == ["features.ftr_churn"]
    assert found["scorecard.predictions"] == ["ml.churn_predictions", "scorecard.customers"]
    assert list(found).index("ml.churn_predictions") < list(found).index("scorecard.predictions")
    assert "scorecard.held" not in found, "what the release does not hold is not told"


def test_an_event_names_the_run_the_file_and_the_columns(parsed):
    *_, event = lineage_events(release("customers"), parsed)
    assert event["run"] == {"runId": "run-1"}
    assert event["job"]["name"] == "models/scorecard/customers.sql"
    facets = event["outputs"][0]["facets"]
    assert facets["schema"]["fields"] == [
        {"name": "customer_id", "type": "varchar", "description": "Who"}
    ]
    assert facets["documentation"]["description"] == "What customers is."


@pytest.mark.parametrize(
    "marked", [{"meta": {"restricted": True}}, {"config": {"meta": {"restricted": True}}}]
)
def test_a_restricted_column_is_not_told_of(parsed, marked):
    hidden = {"name": "aml_flag", "description": "Hidden", **marked}
    parsed["nodes"]["model.s.customers"]["columns"]["aml_flag"] = hidden
    assert "aml_flag" not in json.dumps(lineage_events(release("customers"), parsed))


def test_the_file_is_written_where_dbt_left_a_manifest(parsed, tmp_path):
    write_lineage(tmp_path, release("customers"), tmp_path / "manifest.json")
    assert not (tmp_path / LINEAGE_NAME).exists()
    (tmp_path / "manifest.json").write_text(json.dumps(parsed), encoding="utf-8")
    write_lineage(tmp_path, release("customers"), tmp_path / "manifest.json")
    events = json.loads((tmp_path / LINEAGE_NAME).read_text(encoding="utf-8"))
    assert events == lineage_events(release("customers"), parsed)

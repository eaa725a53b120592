"""What only entitled persons may read stays in the warehouse: one core model, nothing after it."""

import re
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.catalogue_terms import LOADER
from orchestration.ingestion.contract import load_contracts
from tests.conftest import ROOT

# The staging model of the source table, and the one model that hands it on to a person.
ALLOWED = {"stg_organisation__credit_checks", "int_aml_checks"}
RESTRICTED = {
    column.name
    for contract in load_contracts(ROOT / "models" / "staging")
    for column in contract.columns
    if column.is_restricted
}
NAMES = re.compile(rf"\b({'|'.join(sorted(RESTRICTED))})\b|launder|\baml\b", re.IGNORECASE)
# A comment says what may not be; code may not do it.
COMMENTS = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
TEXTS = (".html", ".json", ".csv", ".md", ".txt", ".svg", ".yml")


def _sql(folder: str) -> dict[str, str]:
    return {
        path.stem: COMMENTS.sub("", path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / folder).rglob("*.sql"))
    }


def test_the_report_on_money_laundering_is_restricted():
    assert {"aml_flag", "aml_checked_on"} == RESTRICTED


def test_only_two_models_have_restricted_columns_and_say_so():
    marked = {
        (model["name"], column["name"])
        for file in sorted((ROOT / "models").rglob("_*__models.yml"))
        for model in yaml.load(file.read_text(encoding="utf-8"), LOADER)["models"]  # noqa: S506
        for column in model["columns"]
        if column.get("config", {}).get("meta", {}).get("restricted")
    }
    assert marked == {(model, name) for model in ALLOWED for name in RESTRICTED}


def test_no_other_model_macro_or_dbt_test_names_them():
    found = {
        f"{folder}/{name}"
        for folder in ("models", "dbt_project/macros", "dbt_project/tests")
        for name, sql in _sql(folder).items()
        if NAMES.search(sql) and name not in ALLOWED
    }
    assert found == set()


def test_nothing_is_computed_from_them():
    """The core model has no reader, and who reads the checks takes columns by name."""
    models = _sql("models")
    readers = {name for name, sql in models.items() if "'stg_organisation__credit_checks'" in sql}
    assert readers == {"int_aml_checks", "int_credit_reports", "int_measured_facts"}
    assert not [name for name, sql in models.items() if "'int_aml_checks'" in sql]
    assert "checks.*" not in models["int_credit_reports"]


@pytest.mark.parametrize("room", ["ml", "orchestration", "data_quality"])
def test_no_python_reads_them(room):
    found = [
        path.name
        for path in sorted((ROOT / room).rglob("*.py"))
        if any(name in path.read_text(encoding="utf-8") for name in RESTRICTED)
    ]
    assert found == []


@pytest.mark.slow
def test_a_whole_run_keeps_them_in_the_warehouse(simulated_run: Path):
    with duckdb.connect(str(simulated_run / "warehouse.duckdb"), read_only=True) as con:
        ((reports, suspicions),) = con.execute(
            "select count(*), count(*) filter (where aml_flag) from core.int_aml_checks"
        ).fetchall()
        holders = {
            table
            for (table,) in con.execute(
                "select distinct table_name from information_schema.columns "
                "where list_contains(?, column_name)",
                [sorted(RESTRICTED)],
            ).fetchall()
        }
    assert reports > suspicions
    assert suspicions > 0
    assert holders == {"organisation__credit_checks", *ALLOWED}

    release = (simulated_run / "current").resolve()
    with duckdb.connect(str(release / "release.duckdb"), read_only=True) as con:
        columns = con.execute("select column_name from information_schema.columns").fetchall()
        texts = con.execute(
            "select name, description, purpose from scorecard.indicator_catalogue"
        ).fetchall()
    assert len(columns) > 500
    assert [name for (name,) in columns if NAMES.search(name)] == []
    assert [row for row in texts if any(NAMES.search(cell or "") for cell in row)] == []
    files = [path for path in release.rglob("*") if path.suffix in TEXTS]
    assert any(path.name == "index.html" for path in files)
    assert [path for path in files if NAMES.search(path.read_text(encoding="utf-8"))] == []

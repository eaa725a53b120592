import ast
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import ml
from ml.errors import FrameError
from ml.frames import (
    TABLES,
    conform,
    customer_hash,
    numeric_matrix,
    require_columns,
    sample_customers,
    sort_by_key,
)

GOLDEN_HASH = 10401820565001439367


def two_rows() -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ["b", "a"], "as_of_date": ["2024-01-31", "2024-01-31"]})


def test_missing_column_is_named():
    with pytest.raises(FrameError, match="things: missing columns tier; found customer_id"):
        require_columns(two_rows(), ["customer_id", "tier"], filled=[], name="things")


def test_repeated_column_is_named():
    doubled = pd.concat([two_rows(), two_rows()[["customer_id"]]], axis=1)
    with pytest.raises(FrameError, match="more than once: customer_id"):
        require_columns(doubled, ["customer_id"], filled=[], name="things")


@pytest.mark.parametrize("blank", [None, ""])
def test_empty_value_in_a_needed_column_is_named(blank):
    frame = two_rows().assign(customer_id=["a", blank])
    with pytest.raises(FrameError, match="null or empty values: customer_id"):
        require_columns(frame, ["customer_id"], filled=["customer_id"], name="things")


def test_repeated_key_is_refused():
    with pytest.raises(FrameError, match="1 rows repeat a key"):
        sort_by_key(pd.concat([two_rows(), two_rows().head(1)]), name="things")


@pytest.mark.parametrize(("value", "message"), [("many", "not numeric"), (np.inf, "infinite")])
def test_values_that_are_no_measure_are_refused(value, message):
    frame = pd.DataFrame({"x": [1.0, value]})
    with pytest.raises(FrameError, match=message):
        numeric_matrix(frame, ["x"], name="things")


def test_conform_gives_exactly_the_columns_of_the_table():
    frame = conform([{"estimator": "churn", "value": 1}], "estimator_metrics")
    assert list(frame.columns) == list(TABLES["estimator_metrics"])
    assert frame["n"].isna().all()
    assert frame["as_of_date"].dtype == "datetime64[us]"


def test_conform_refuses_a_column_that_the_table_lacks():
    with pytest.raises(FrameError, match="no column surprise"):
        conform([{"surprise": 1}], "estimators")


def test_an_empty_table_has_its_columns_and_types():
    frame = conform([], "churn_predictions")
    assert frame.empty
    assert frame["churn_probability"].dtype == "float64"


def test_customer_hash_depends_on_id_and_seed_only():
    ids = pd.Series(["a", "b", "c"])
    alone = customer_hash(ids.iloc[[1]], seed=1)
    assert alone[0] == customer_hash(ids, seed=1)[1]
    assert alone[0] != customer_hash(ids.iloc[[1]], seed=2)[0]
    assert int(customer_hash(pd.Series(["c00001"]), seed=20)[0]) == GOLDEN_HASH


def test_sample_keeps_whole_customers_whatever_the_order():
    frame = pd.DataFrame(
        {"customer_id": np.repeat([f"c{n}" for n in range(50)], 4), "row": np.arange(200)}
    )
    sample = sample_customers(frame, max_rows=60, seed=1)
    shuffled = sample_customers(frame.sample(frac=1, random_state=5), max_rows=60, seed=1)
    assert 40 < len(sample) <= 60
    assert (sample["customer_id"].value_counts() == 4).all()
    assert set(shuffled["row"]) == set(sample["row"])


def test_the_room_imports_neither_orchestration_nor_an_engine():
    forbidden = {"dagster", "dbt", "duckdb", "orchestration", "data_quality", "great_expectations"}
    found = set()
    for path in Path(ml.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    assert "numpy" in found
    assert not found & forbidden


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([Decimal("1.5"), None], dtype=object),
        pd.Series([Decimal("1.5"), None], dtype=pd.ArrowDtype(pa.decimal128(18, 4))),
        pd.Series([1.5, None], dtype="Float64"),
        pd.Series([1.5, np.nan]),
    ],
)
def test_numbers_of_every_engine_type_are_read(column):
    values = numeric_matrix(pd.DataFrame({"x": column}), ["x"], name="things")
    assert values[0, 0] == 1.5
    assert np.isnan(values[1, 0])

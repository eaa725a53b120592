"""The shapes of the frames that go in and out of `ml`.

Belongs here: the columns of the published `ml` tables, checks of incoming frames, the
deterministic order and the deterministic sample of customers.
Does not belong here: features, statistics, SQL.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.errors import FrameError

KEY: Final = ("customer_id", "as_of_date")
_HASH_KEY: Final = "scorecard-ml-v01"  # pandas wants exactly 16 characters

_DTYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "varchar": "str",
        "double": "float64",
        "bigint": "Int64",
        "boolean": "bool",
        "date": "datetime64[us]",
        "timestamp": "datetime64[us]",
        "integer": "Int32",
    }
)

_CLV_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "customer_id": "varchar",
        "as_of_date": "date",
        "probability_alive": "double",
        "expected_purchases_12m": "double",
        "expected_purchase_value": "double",
        "clv_12m": "double",
        "clv_36m": "double",
        "value_if_kept_12m": "double",
        "clv_12m_low": "double",
        "clv_12m_high": "double",
        "clv_36m_low": "double",
        "clv_36m_high": "double",
        "clv_36m_interval_basis": "varchar",
        "discounted_units_12m": "double",
        "margin_per_unit": "double",
        "unit_kind": "varchar",
        "margin_rate": "double",
        "value_basis": "varchar",
        "method": "varchar",
        "has_warning": "boolean",
        "estimator_version": "varchar",
    }
)

TABLES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "churn_predictions": {
            "customer_id": "varchar",
            "as_of_date": "date",
            "churn_probability": "double",
            "probability_low": "double",
            "probability_high": "double",
            "method": "varchar",
            "estimator_version": "varchar",
            "status": "varchar",
            "is_eligible": "boolean",
        },
        "churn_reasons": {
            "customer_id": "varchar",
            "as_of_date": "date",
            "direction": "varchar",
            "reason_rank": "integer",
            "feature": "varchar",
            "feature_value": "double",
            "usual_value": "double",
            "contribution_log_odds": "double",
            "base_log_odds": "double",
            "unlisted_log_odds": "double",
            "score_log_odds": "double",
            "reason": "varchar",
            "reason_zh": "varchar",
            "reason_method": "varchar",
            "estimator_version": "varchar",
        },
        "churn_challenger": {
            "customer_id": "varchar",
            "as_of_date": "date",
            "churn_probability": "double",
            "probability_low": "double",
            "probability_high": "double",
            "method": "varchar",
            "estimator_version": "varchar",
            "status": "varchar",
            "is_eligible": "boolean",
            "role": "varchar",
        },
        "clv_predictions": _CLV_COLUMNS,
        "clv_rescored": _CLV_COLUMNS,
        "upsell_predictions": {
            "customer_id": "varchar",
            "as_of_date": "date",
            "upsell_kind": "varchar",
            "expand_probability": "double",
            "probability_low": "double",
            "probability_high": "double",
            "amount_if_expands": "double",
            "amount_if_expands_p10": "double",
            "amount_if_expands_p50": "double",
            "amount_if_expands_p90": "double",
            "expected_upsell_6m": "double",
            "upsell_p10": "double",
            "upsell_p50": "double",
            "upsell_p90": "double",
            "is_eligible": "boolean",
            "ineligible_reason": "varchar",
            "method": "varchar",
            "status": "varchar",
            "estimator_version": "varchar",
        },
        "customer_clusters": {
            "customer_id": "varchar",
            "as_of_date": "date",
            "cluster_id": "integer",
            "cluster_name": "varchar",
            "cluster_name_zh": "varchar",
            "distance": "double",
            "review_date": "date",
            "segment_status": "varchar",
            "estimator_version": "varchar",
        },
        "cluster_profiles": {
            "estimator": "varchar",
            "estimator_version": "varchar",
            "review_date": "date",
            "cluster_id": "integer",
            "cluster_name": "varchar",
            "cluster_name_zh": "varchar",
            "feature": "varchar",
            "typical_value": "double",
            "deviation": "double",
            "wording": "varchar",
            "customer_count": "bigint",
            "review_customer_count": "bigint",
            "cluster_count": "integer",
            "silhouette": "double",
            "stability": "double",
        },
        "credit_predictions": {
            "customer_id": "varchar",
            "as_of_date": "date",
            "credit_points": "integer",
            "bad_probability": "double",
            "reason_1": "varchar",
            "reason_2": "varchar",
            "reason_3": "varchar",
            "method": "varchar",
            "status": "varchar",
            "estimator_version": "varchar",
        },
        "credit_bins": {
            "estimator": "varchar",
            "estimator_version": "varchar",
            "feature": "varchar",
            "bin_number": "integer",
            "bin_label": "varchar",
            "from_value": "double",
            "to_value": "double",
            "row_count": "bigint",
            "bad_count": "bigint",
            "evidence": "double",
            "points": "integer",
        },
        "estimator_metrics": {
            "estimator": "varchar",
            "estimator_version": "varchar",
            "candidate": "varchar",
            "slice": "varchar",
            "metric": "varchar",
            "value": "double",
            "value_low": "double",
            "value_high": "double",
            "n": "bigint",
            "as_of_date": "date",
        },
        "estimators": {
            "estimator": "varchar",
            "estimator_version": "varchar",
            "candidate": "varchar",
            "status": "varchar",
            "reason": "varchar",
            "trained_from": "date",
            "trained_to": "date",
            "labels_to": "date",
            "row_count": "bigint",
            "customer_count": "bigint",
            "positive_count": "bigint",
            "content_hash": "varchar",
            "code_version": "varchar",
            "role": "varchar",
            "approved_by": "varchar",
            "approved_as_of": "date",
            "approval_reason": "varchar",
            "grade": "varchar",
            "grade_reason": "varchar",
        },
        "estimator_surrogates": {
            "estimator": "varchar",
            "estimator_version": "varchar",
            "node": "integer",
            "parent_node": "integer",
            "depth": "integer",
            "condition": "varchar",
            "feature": "varchar",
            "threshold": "double",
            "is_leaf": "boolean",
            "row_count": "bigint",
            "mean_probability": "double",
            "fidelity_r2": "double",
            "fidelity_row_count": "bigint",
        },
        "estimator_checks": {
            "estimator": "varchar",
            "estimator_version": "varchar",
            "check_name": "varchar",
            "value": "double",
            "threshold": "varchar",
            "is_passed": "boolean",
            "explanation": "varchar",
        },
        "drift_counts": {
            "estimator": "varchar",
            "estimator_version": "varchar",
            "as_of_date": "date",
            "subject_kind": "varchar",
            "subject": "varchar",
            "bin_number": "integer",
            "from_value": "double",
            "to_value": "double",
            "reference_count": "bigint",
            "row_count": "bigint",
        },
        "published_predictions": {
            "estimator": "varchar",
            "prediction_kind": "varchar",
            "subject": "varchar",
            "customer_id": "varchar",
            "as_of_date": "date",
            "probability": "double",
            "probability_low": "double",
            "probability_high": "double",
            "method": "varchar",
            "status": "varchar",
            "estimator_version": "varchar",
            "published_month": "date",
            "release_id": "varchar",
        },
        "recorded_outcomes": {
            "estimator": "varchar",
            "prediction_kind": "varchar",
            "subject": "varchar",
            "customer_id": "varchar",
            "as_of_date": "date",
            "outcome_state": "varchar",
            "has_happened": "boolean",
            "known_month": "date",
            "release_id": "varchar",
        },
        "text_scores": {
            "source_table": "varchar",
            "item_id": "varchar",
            "load_id": "bigint",
            "happened_at": "timestamp",
            "ticket_id": "varchar",
            "response_id": "varchar",
            "language": "varchar",
            "sentiment": "double",
            "topic": "varchar",
            "severity": "integer",
            "model_version": "varchar",
        },
        "ahp_matrices": {
            "matrix_id": "varchar",
            "in_force_from": "date",
            "row_criterion": "varchar",
            "column_criterion": "varchar",
            "preference": "double",
            "lowest_preference": "double",
            "highest_preference": "double",
            "assessor_count": "bigint",
            "criterion_count": "bigint",
            "lambda_max": "double",
            "consistency_index": "double",
            "consistency_ratio": "double",
            "random_index": "varchar",
            "worst_triad": "varchar",
        },
        "scorecard_weights": {
            "profile": "varchar",
            "parent_node_id": "varchar",
            "node_id": "varchar",
            "in_force_from": "date",
            "in_force_until": "date",
            "weighting": "varchar",
            "method": "varchar",
            "weight": "double",
            "seed_weight": "double",
            "ahp_weight": "double",
            "entropy_weight": "double",
            "entropy": "double",
            "beta": "double",
            "matrix_id": "varchar",
            "judged_from": "date",
            "assessor_count": "bigint",
            "lambda_max": "double",
            "consistency_ratio": "double",
            "random_index": "varchar",
            "review_date": "date",
            "n_customers": "bigint",
            "note": "varchar",
        },
        "weight_sensitivity": {
            "profile": "varchar",
            "as_of_date": "date",
            "parent_node_id": "varchar",
            "node_id": "varchar",
            "factor": "double",
            "weight": "double",
            "changed_weight": "double",
            "n_customers": "bigint",
            "n_band_changed": "bigint",
            "mean_change": "double",
            "largest_change": "double",
            "n_ranked": "bigint",
            "n_decile_changed": "bigint",
            "rank_correlation": "double",
        },
        "kpi_associations": {
            "as_of_date": "date",
            "pair_id": "varchar",
            "segment": "varchar",
            "lag_months": "integer",
            "first_month": "date",
            "unit_count": "bigint",
            "row_count": "bigint",
            "low_response_row_count": "bigint",
            "sampled_customer_count": "bigint",
            "customer_count": "bigint",
            "rho": "double",
            "rho_low": "double",
            "rho_high": "double",
            "p_value": "double",
            "q_value": "double",
            "partial_rho": "double",
            "partial_rho_low": "double",
            "partial_rho_high": "double",
            "within_rho": "double",
            "within_rho_low": "double",
            "within_rho_high": "double",
            "between_rho": "double",
            "between_rho_low": "double",
            "between_rho_high": "double",
            "is_tested": "boolean",
            "not_tested_reason": "varchar",
            "is_supported": "boolean",
            "is_best_lag": "boolean",
            "is_sign_flip": "boolean",
        },
        "topsis_comparison": {
            "profile": "varchar",
            "as_of_date": "date",
            "criterion_count": "bigint",
            "n_customers": "bigint",
            "n_decile_changed": "bigint",
            "rank_correlation": "double",
            "rank_concordance": "double",
        },
    }
)
"""Table name -> column -> type, in the order in which the columns are written."""


def conform(rows: pd.DataFrame | Sequence[Mapping[str, Any]], table: str) -> pd.DataFrame:
    """Give rows exactly the columns, order and types of one published table.

    Args:
        rows: A frame or a list of mappings; a column that is absent becomes null.
        table: A key of `TABLES`.

    Returns:
        A frame with a fresh index; dates are midnight `datetime64[us]`.

    Raises:
        FrameError: A column is not one of the table.
    """
    columns = TABLES[table]
    frame = pd.DataFrame(rows) if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    unknown = sorted(set(frame.columns) - set(columns))
    if unknown:
        raise FrameError(f"ml.{table} has no column {', '.join(unknown)}.")
    frame = frame.reindex(columns=list(columns))
    return frame.astype({c: _DTYPES[t] for c, t in columns.items()}).reset_index(drop=True)


def require_columns(
    frame: pd.DataFrame, required: Iterable[str], *, filled: Iterable[str], name: str
) -> None:
    """Refuse a frame that lacks, repeats or leaves empty a column.

    Args:
        frame: The frame given by the caller.
        required: Columns that must be there once.
        filled: Of these, columns that may hold no null and no empty text.
        name: What the frame is, for the message.

    Raises:
        FrameError: Naming every column at fault.
    """
    names = [str(column) for column in frame.columns]
    missing = [column for column in required if column not in names]
    if missing:
        raise FrameError(f"{name}: missing columns {', '.join(missing)}; found {', '.join(names)}.")
    repeated = sorted({column for column in names if names.count(column) > 1})
    if repeated:
        raise FrameError(f"{name}: columns given more than once: {', '.join(repeated)}.")
    empty = [c for c in filled if len(frame) and _has_blank(frame[c])]
    if empty:
        raise FrameError(
            f"{name}: columns with null or empty values: {', '.join(empty)}; "
            "every row needs a value there."
        )


def _has_blank(column: pd.Series) -> bool:
    if bool(column.isna().any()):
        return True
    is_text = pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column)
    return is_text and bool((column.astype(str) == "").any())


def sort_by_key(frame: pd.DataFrame, *, name: str) -> pd.DataFrame:
    """Order a frame by customer and date, which fixes every later floating-point sum.

    Returns:
        A copy with text ids, `datetime64[us]` dates and a fresh index.

    Raises:
        FrameError: Two rows have the same key.
    """
    keyed = frame.assign(
        customer_id=frame["customer_id"].astype("str"),
        as_of_date=pd.to_datetime(frame["as_of_date"]).astype("datetime64[us]"),
    )
    repeated = keyed.duplicated(list(KEY)).sum()
    if repeated:
        raise FrameError(
            f"{name}: {repeated} rows repeat a key ({', '.join(KEY)}); expected one row per key."
        )
    return keyed.sort_values(list(KEY), kind="stable").reset_index(drop=True)


def customer_hash(customer_id: pd.Series, *, seed: int) -> npt.NDArray[np.uint64]:
    """Hash ids to 64 bits, the same on every machine and in every run.

    The result depends on the id and the seed only, not on which other customers are present,
    so folds and samples stay put when customers join.
    """
    text = (f"{seed}|" + customer_id.astype("str")).to_numpy(dtype=object)
    hashed = pd.util.hash_array(text, hash_key=_HASH_KEY, categorize=False)
    return np.asarray(hashed, dtype=np.uint64)


def sample_customers(frame: pd.DataFrame, *, max_rows: int, seed: int) -> pd.DataFrame:
    """Keep whole customers, chosen by hash, until a frame has at most `max_rows` rows.

    Customers are taken in the order of their hash, all rows of one or none, so that the
    sample is the same whatever the order of the frame.
    """
    if len(frame) <= max_rows:
        return frame
    hashes = pd.Series(customer_hash(frame["customer_id"], seed=seed), index=frame.index)
    sizes = hashes.value_counts().sort_index()
    kept = sizes.index[sizes.cumsum() <= max_rows]
    return frame[hashes.isin(kept)].reset_index(drop=True)


def numeric_matrix(
    frame: pd.DataFrame, columns: Sequence[str], *, name: str
) -> npt.NDArray[np.float64]:
    """Read columns as a float matrix, null as NaN.

    Raises:
        FrameError: A column is not numeric or holds an infinite value.
    """
    parts = []
    for column in columns:
        try:
            values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise FrameError(f"{name}: column {column} is not numeric: {error}.") from error
        if np.isinf(values).any():
            raise FrameError(f"{name}: column {column} holds infinite values.")
        parts.append(values)
    return np.column_stack(parts) if parts else np.empty((len(frame), 0))

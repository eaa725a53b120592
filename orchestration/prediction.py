"""Frames between the warehouse and `ml`: what is trained on, what is scored, where it goes.

What belongs here: reading feature frames, deciding whether an estimator must be trained, choosing
the estimator of each month, writing the `ml` tables.
What does not: statistics (`ml`), features and labels (dbt), Dagster.

No look-ahead: an estimator is trained only on labels that were complete by the run's last month,
and scores only months at or after the end of those labels.

`ml.churn` costs 2.3 s to import (scikit-learn) and is imported where it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from ml.frames import TABLES
from ml.segments.features import FEATURES as SEGMENT_FEATURES
from ml.upsell.features import FEATURE_DEFINITIONS as UPSELL_FEATURES
from orchestration import window
from orchestration.errors import ScorecardError
from orchestration.fingerprints import combine, query_fingerprint
from orchestration.progress import Stage
from orchestration.settings import Settings
from orchestration.warehouse import connect, transaction

if TYPE_CHECKING:
    from ml.registry import Estimator
    from ml.training_rows import Training

LOGGER = logging.getLogger(__name__)

Kind = Literal["churn", "clv", "credit", "upsell", "segments"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Rows that are scored at once: 100,000 rows of 20 columns are 16 MB.
BATCH_ROWS = 100_000
_PREDICTIONS: dict[Kind, str] = {
    "churn": "churn_predictions",
    "clv": "clv_predictions",
    "credit": "credit_predictions",
    "upsell": "upsell_predictions",
    "segments": "customer_clusters",
}
# What upsell is learnt from beside the features of churn.
_UPSELL_COLUMNS = ", ".join(f"upsell.{feature.name}" for feature in UPSELL_FEATURES)
_SEGMENT_COLUMNS = ", ".join(("customer_id", "as_of_date", *SEGMENT_FEATURES))
_DESCRIPTIONS = (
    "estimators",
    "estimator_metrics",
    "estimator_checks",
    "credit_bins",
    "cluster_profiles",
)


@dataclass(frozen=True)
class TrainingSummary:
    """What became of one estimator.

    Attributes:
        kind: `churn`, `clv`, `credit`, `upsell` or `segments`.
        version: The estimator that the run uses.
        status: `published`, `not_published` or `base_rate`.
        reason: Why it has that status; empty when it is published.
        is_new: Whether it was trained now; otherwise a stored one was taken.
        labels_to: End of the facts that it has seen.
        row_count: Rows it was trained on.
    """

    kind: Kind
    version: str
    status: str
    reason: str
    is_new: bool
    labels_to: date | None
    row_count: int


@dataclass(frozen=True)
class MonthScore:
    """Which estimator scored a range of months, and how many rows.

    Attributes:
        version: The estimator.
        first_month: First month end scored.
        last_month: Last month end scored.
        rows: Rows written.
    """

    version: str
    first_month: date
    last_month: date
    rows: int


@dataclass(frozen=True)
class _Range:
    version: str
    first_month: date
    last_month: date


@dataclass(frozen=True)
class _Queries:
    """The frames that one training reads."""

    frame: str
    outcomes: str | None = None

    @property
    def all(self) -> tuple[str, ...]:
        return (self.frame,) if self.outcomes is None else (self.frame, self.outcomes)


def ensure_ml_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the `ml` tables, empty, so that dbt finds its sources.

    A home of an earlier version may have a table without its newer columns.
    """
    con.execute("create schema if not exists ml")
    for table, columns in TABLES.items():
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        con.execute(f"create table if not exists ml.{table} ({listed})")
        there = {str(row[0]) for row in con.execute(f"describe ml.{table}").fetchall()}
        for name in (name for name in columns if name not in there):
            con.execute(f"alter table ml.{table} add column {name} {columns[name]}")


def train(settings: Settings, kind: Kind, *, force: bool = False) -> TrainingSummary:
    """Give the run its estimator: a stored one if nothing it depends on changed, else a new one.

    It depends on its rows, its configuration and the code of `ml`; all three are in its key. The
    rows that describe it are written to `ml.estimators` and its two companions.

    Args:
        settings: The home.
        kind: `churn`, `clv`, `credit`, `upsell` or `segments`.
        force: Train even if an estimator with the same key is stored.

    Raises:
        ScorecardError: No run was begun, or the feature tables are missing.
    """
    from ml.registry import find_estimator, load_training, save_estimator

    config = _config(kind)
    with connect(settings) as con, _features_expected(settings):
        ensure_ml_tables(con)
        queries = _training_queries(kind, window.current_run(con).last_month, config)
        key = _key(con, kind, queries, config)
        stored = None if force else find_estimator(settings.estimators, kind, key)
        frames = [] if stored else [_frame(con, query) for query in queries.all]
    if stored is not None:
        training, path = load_training(stored), stored
    else:
        training = _train(kind, frames, config)
        path = save_estimator(
            training, settings.estimators, training_key=key, config=asdict(config)
        )
    LOGGER.info("%s estimator %s (%s)", kind, path.name, "stored" if stored else "trained")
    with connect(settings) as con:
        _write_description(con, training)
    estimator = training.estimator
    return TrainingSummary(
        kind=kind,
        version=estimator.version,
        status=estimator.status,
        reason=estimator.reason,
        is_new=stored is None,
        labels_to=estimator.labels_to,
        row_count=estimator.row_count,
    )


def score(settings: Settings, kind: Kind, *, stage: Stage | None = None) -> tuple[MonthScore, ...]:
    """Score the run's months and replace what the `ml` table holds for them, in one transaction.

    Each month is scored by the newest estimator whose labels had ended by then: the run's own for
    the newest months, a stored one for earlier months that are computed again. Months before the
    first estimator have no predictions. Rows are read and scored in batches, so that memory does
    not grow with their number.

    Args:
        settings: The home.
        kind: `churn`, `clv`, `credit`, `upsell` or `segments`.
        stage: The stage whose progress follows the batches.

    Raises:
        ScorecardError: No run was begun, no estimator was trained, or a stored one is gone.
    """
    with connect(settings) as con, _features_expected(settings):
        ensure_ml_tables(con)
        run = window.current_run(con)
        current = _current_version(con, settings, kind, run.last_month)
        ranges = _plan(con, kind, run, current)
        writer = con.cursor()
        with closing(writer), transaction(writer):
            writer.execute(
                # Later months are there only from a run that went further than this one.
                f"delete from ml.{_PREDICTIONS[kind]} where as_of_date >= ?",
                [run.first_month],
            )
            scores = tuple(
                _score_range(con, writer, settings, kind, part, stage) for part in ranges
            )
            _forget_unused(writer, kind, current)
    return scores


def _config(kind: Kind) -> Any:
    if kind == "churn":
        from ml.churn.config import ChurnConfig

        return ChurnConfig()
    if kind == "credit":
        from ml.credit.config import CreditConfig

        return CreditConfig()
    if kind == "upsell":
        from ml.upsell.config import UpsellConfig

        return UpsellConfig()
    if kind == "segments":
        from ml.segments.config import SegmentConfig

        return SegmentConfig()
    from ml.clv.config import ClvConfig

    return ClvConfig()


def _training_queries(kind: Kind, last_month: date, config: Any) -> _Queries:
    if kind == "churn":
        # A label of a later month may be there from a run that went further: it is not used.
        newest = window.add_months(last_month, -config.embargo_months)
        return _Queries(
            "select features.*, labels.is_churned from features.ftr_churn as features "
            "inner join features.ftr_churn_labels as labels "
            "using (customer_id, as_of_date) "
            "where labels.is_eligible and labels.is_label_complete "
            f"and as_of_date <= date '{newest}' order by customer_id, as_of_date"
        )
    if kind == "upsell":
        newest = window.add_months(last_month, -config.embargo_months)
        return _Queries(
            f"select features.*, {_UPSELL_COLUMNS}, labels.is_expanded, labels.expansion_amount "
            "from features.ftr_churn as features "
            "inner join features.ftr_upsell as upsell using (customer_id, as_of_date) "
            "inner join features.ftr_upsell_labels as labels using (customer_id, as_of_date) "
            "where upsell.is_eligible and labels.is_label_complete "
            f"and as_of_date <= date '{newest}' order by customer_id, as_of_date"
        )
    if kind == "segments":
        return _Queries(
            f"select {_SEGMENT_COLUMNS} from features.ftr_churn where as_of_date in ("
            "select review_date from indicators.ind_activity_reviews "
            f"where review_date <= date '{last_month}') order by customer_id, as_of_date"
        )
    judged = window.add_months(last_month, -config.outcome_months)
    if kind == "credit":
        return _Queries(
            "select features.*, labels.is_bad from features.ftr_credit as features "
            "inner join features.ftr_credit_labels as labels "
            "using (customer_id, as_of_date) "
            "where labels.is_eligible and labels.is_label_complete "
            f"and as_of_date <= date '{judged}' order by customer_id, as_of_date"
        )
    earlier = window.add_months(judged, -config.outcome_months)
    return _Queries(
        "select * from features.ftr_value "
        f"where as_of_date in (date '{last_month}', date '{judged}', date '{earlier}') "
        "order by customer_id, as_of_date",
        "select * from features.ftr_value_outcomes "
        f"where as_of_date in (date '{judged}', date '{earlier}') "
        f"and outcome_months = {config.outcome_months} "
        "order by customer_id, as_of_date",
    )


def _key(con: duckdb.DuckDBPyConnection, kind: Kind, queries: _Queries, config: Any) -> str:
    from ml.registry import training_key

    checksum = combine(*(query_fingerprint(con, query) for query in queries.all))
    return training_key(kind, checksum, config)


def _train(kind: Kind, frames: Sequence[Any], config: Any) -> Training[Estimator]:
    if kind == "churn":
        from ml.churn.training import train_churn

        return train_churn(frames[0], config)
    if kind == "credit":
        from ml.credit.training import train_credit

        return train_credit(frames[0], config)
    if kind == "upsell":
        from ml.upsell.training import train_upsell

        return train_upsell(frames[0], config)
    if kind == "segments":
        from ml.segments.training import train_segments

        return train_segments(frames[0], config)
    from ml.clv.training import train_clv

    return train_clv(frames[0], frames[1], config)


def _frame(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return con.execute(query).fetch_arrow_table().to_pandas()


def _write_description(con: duckdb.DuckDBPyConnection, training: Training[Estimator]) -> None:
    """Replace the rows that describe one estimator, in one transaction."""
    from ml.credit.estimator import CreditEstimator
    from ml.segments.estimator import SegmentEstimator

    frames = {
        "estimators": training.estimators,
        "estimator_metrics": training.metrics,
        "estimator_checks": training.checks,
    }
    if isinstance(training.estimator, CreditEstimator):
        frames["credit_bins"] = training.estimator.bins()
    if isinstance(training.estimator, SegmentEstimator):
        frames["cluster_profiles"] = training.estimator.profiles()
    with transaction(con):
        for table, frame in frames.items():
            con.execute(
                f"delete from ml.{table} where estimator_version = ?", [training.estimator.version]
            )
            _append(con, table, frame)


def _append(con: duckdb.DuckDBPyConnection, table: str, frame: Any) -> None:
    con.register("incoming", pa.Table.from_pandas(frame, preserve_index=False))
    con.execute(f"insert into ml.{table} by name select * from incoming")
    con.unregister("incoming")


def _current_version(
    con: duckdb.DuckDBPyConnection, settings: Settings, kind: Kind, last_month: date
) -> str:
    from ml.registry import find_estimator

    config = _config(kind)
    key = _key(con, kind, _training_queries(kind, last_month, config), config)
    path = find_estimator(settings.estimators, kind, key)
    if path is None:
        raise ScorecardError(
            f"No {kind} estimator was trained on the features as they stand now. Materialise "
            f"`ml/{kind}_estimator` first, or start the whole way with `scorecard run`."
        )
    return path.name


def _plan(
    con: duckdb.DuckDBPyConnection, kind: Kind, run: window.RunRecord, current: str
) -> list[_Range]:
    """Choose the estimator of each month, and join neighbours that have the same one."""
    rows = con.execute(
        "select estimator_version, coalesce(labels_to, ?) from ml.estimators where estimator = ?",
        [run.last_month, kind],
    ).fetchall()
    ranges: list[_Range] = []
    month = run.first_month
    while month <= run.last_month:
        known = [
            (labels_to, version == current, version)
            for version, labels_to in rows
            if labels_to <= month
        ]
        if known:
            version = max(known)[2]
            if ranges and ranges[-1].version == version:
                ranges[-1] = _Range(version, ranges[-1].first_month, month)
            else:
                ranges.append(_Range(version, month, month))
        month = window.add_months(month, 1)
    return ranges


def _score_range(
    reader: duckdb.DuckDBPyConnection,
    writer: duckdb.DuckDBPyConnection,
    settings: Settings,
    kind: Kind,
    part: _Range,
    stage: Stage | None,
) -> MonthScore:
    from ml.registry import load_estimator

    estimator = load_estimator(_stored(settings, part.version))
    where = f"where as_of_date between date '{part.first_month}' and date '{part.last_month}'"
    query = _scoring_query(kind, where)
    total = _count(reader, f"select count(*) from ({query})")
    done = 0
    for batch in reader.execute(query).fetch_record_batch(BATCH_ROWS):
        _append(writer, _PREDICTIONS[kind], _score(kind, batch.to_pandas(), estimator))
        done += batch.num_rows
        if stage is not None:
            stage.advance(done, total, f"{kind} rows")
    return MonthScore(part.version, part.first_month, part.last_month, done)


def _scoring_query(kind: Kind, where: str) -> str:
    if kind == "churn":
        return (
            "select features.*, coalesce(labels.is_eligible, false) as is_eligible "
            "from features.ftr_churn as features "
            "left join features.ftr_churn_labels as labels using (customer_id, as_of_date) "
            f"{where} order by customer_id, as_of_date"
        )
    if kind == "credit":
        return (
            "select features.*, "
            "coalesce(labels.ineligible_reason = 'already_bad', false) as is_already_bad "
            "from features.ftr_credit as features "
            "left join features.ftr_credit_labels as labels using (customer_id, as_of_date) "
            f"{where} order by customer_id, as_of_date"
        )
    if kind == "upsell":
        return (
            f"select features.*, {_UPSELL_COLUMNS}, upsell.upsell_kind, upsell.is_eligible, "
            "upsell.ineligible_reason from features.ftr_churn as features "
            "inner join features.ftr_upsell as upsell using (customer_id, as_of_date) "
            f"{where} order by customer_id, as_of_date"
        )
    if kind == "segments":
        return (
            f"select {_SEGMENT_COLUMNS} from features.ftr_churn {where} "
            "order by customer_id, as_of_date"
        )
    return f"select * from features.ftr_value {where} order by customer_id, as_of_date"


def _score(kind: Kind, frame: Any, estimator: Any) -> Any:
    if kind == "churn":
        from ml.churn.training import score_churn

        return score_churn(frame, estimator)
    if kind == "credit":
        from ml.credit.estimator import score_credit

        return score_credit(frame, estimator)
    if kind == "upsell":
        from ml.upsell.estimator import score_upsell

        return score_upsell(frame, estimator)
    if kind == "segments":
        from ml.segments.estimator import score_segments

        return score_segments(frame, estimator)
    from ml.clv.training import score_clv

    return score_clv(frame, estimator)


def _stored(settings: Settings, version: str) -> Path:
    path = settings.estimators / version
    if not path.is_dir():
        raise ScorecardError(
            f"The estimator {version} is described in the warehouse but not stored below "
            f"{settings.estimators}. Put its folder back, or run with a `--from` after the months "
            "that it scored."
        )
    return path


def _forget_unused(con: duckdb.DuckDBPyConnection, kind: Kind, current: str) -> None:
    """Drop the description of estimators that no prediction comes from, but the run's own."""
    used = f"select estimator_version from ml.{_PREDICTIONS[kind]}"
    for table in _DESCRIPTIONS:
        con.execute(
            f"delete from ml.{table} where estimator = ? and estimator_version <> ? "
            f"and estimator_version not in ({used})",
            [kind, current],
        )


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _features_expected(settings: Settings) -> Iterator[None]:
    try:
        yield
    except duckdb.CatalogException as error:
        raise ScorecardError(
            f"The feature tables are missing in {settings.warehouse}: {error}. Materialise the "
            "group `features` first, or start the whole way with `scorecard run`."
        ) from error

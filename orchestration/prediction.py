"""Frames between the warehouse and `ml`: what is trained on, what is scored, where it goes.

What belongs here: reading feature frames, deciding whether an estimator must be trained, scoring
each month with the estimator that speaks for it, writing the `ml` tables.
What does not: statistics (`ml`), which estimator speaks (`champions`), features and labels (dbt),
Dagster.

No look-ahead: an estimator is trained only on labels that were complete by the run's last month,
and scores only months at or after the end of those labels.

`ml.churn` costs 2.3 s to import (scikit-learn) and is imported where it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import duckdb
import pyarrow as pa

from ml.approvals import GATE, Approval, decided, ever_chosen, read_approvals
from ml.frames import TABLES
from ml.segments.features import FEATURES as SEGMENT_FEATURES
from ml.upsell.features import FEATURE_DEFINITIONS as UPSELL_FEATURES
from orchestration import window
from orchestration.champions import (
    BEFORE_THE_LOG,
    Challenge,
    approvals_by_version,
    champion_of,
    registry_errors,
    settle,
    speaking,
)
from orchestration.drift import count_drift
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
REASONS = "churn_reasons"
_CHURN_FEATURES = "ftr_churn"
# Probabilities are published with six decimals.
_PUBLISHED_PRECISION = 1e-6
# A key account has a person who asks why, whatever the risk.
_REASONS_TIER = "A"
# Months in which the estimator of lifetime value changed, as the one before would have scored them:
# without it nobody could tell a change of the customer from one of the estimator.
_RESCORED = "clv_rescored"
# Measures that are lines of a table: a part of a distribution, a group.
_TABLE_METRICS = r"_\d\d(?:_|$)|_tier_|_kind_|_group_"
# The number that a prediction of each kind is about.
_MEASURES: dict[Kind, str] = {
    "churn": "churn_probability",
    "clv": "clv_12m",
    "credit": "bad_probability",
    "upsell": "expected_upsell_6m",
    "segments": "distance",
}
# What a challenger says of the last month, for the kinds that have a contest.
_CHALLENGERS: dict[Kind, str] = {"churn": "churn_challenger"}
# What is told of months whose estimator cannot be used any more, for each kind.
_UNSCORED: dict[Kind, str] = {
    "churn": "is_eligible, 'not_scored' as method, 'not_published' as status",
    "clv": "'not_scored' as method, true as has_warning",
    "credit": "'expert' as method, 'not_published' as status",
    "upsell": (
        "upsell_kind, is_eligible, ineligible_reason, 'not_scored' as method, "
        "'not_published' as status, "
        "case when ineligible_reason = 'not_active' then 0.0 end as expected_upsell_6m"
    ),
    "segments": "'not_scored' as segment_status",
}
_LEDGER = ("published_predictions", "recorded_outcomes")
# What a ledger was about before it told kinds of predictions apart.
_BEFORE_THE_KINDS = {"prediction_kind": "churn", "subject": "customer"}
_DESCRIPTIONS = (
    "estimators",
    "estimator_metrics",
    "estimator_checks",
    "credit_bins",
    "cluster_profiles",
    "estimator_surrogates",
)


@dataclass(frozen=True)
class TrainingSummary:
    """What became of one estimator.

    Attributes:
        kind: `churn`, `clv`, `credit`, `upsell` or `segments`.
        version: The estimator that the run uses: the champion.
        status: `published`, `not_published` or `base_rate`.
        reason: Why it has that status; empty when it is published.
        is_new: Whether an estimator was trained now; otherwise a stored one was taken.
        labels_to: End of the facts that the champion has seen.
        row_count: Rows it was trained on.
        challenger: The estimator trained on the rows of now; the champion itself where it won.
        decision: `chosen`, `kept` or `pinned`.
        decision_reason: Why, in words.
        metrics: Measures of the champion on months that it had not seen, by name.
    """

    kind: Kind
    version: str
    status: str
    reason: str
    is_new: bool
    labels_to: date | None
    row_count: int
    challenger: str
    decision: str
    decision_reason: str
    metrics: Mapping[str, float]


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
    more: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return self.frame, *self.more


def ensure_ml_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the `ml` tables, empty, so that dbt finds its sources.

    A home of an earlier version may have a table without its newer columns. What its ledger holds
    is never lost: all of it is about churn.
    """
    con.execute("create schema if not exists ml")
    for table, columns in TABLES.items():
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        con.execute(f"create table if not exists ml.{table} ({listed})")
        there = {str(row[0]) for row in con.execute(f"describe ml.{table}").fetchall()}
        for name in (name for name in columns if name not in there):
            con.execute(f"alter table ml.{table} add column {name} {columns[name]}")
            if table in _LEDGER and name in _BEFORE_THE_KINDS:
                con.execute(f"update ml.{table} set {name} = ?", [_BEFORE_THE_KINDS[name]])


def append_frame(con: duckdb.DuckDBPyConnection, table: str, frame: Any) -> None:
    """Insert the rows of a frame into a table, by the names of its columns.

    The frame is found by the name of a variable (a replacement scan of the engine). One that is
    registered would be kept, with all its memory, until the transaction ends.
    """
    incoming = pa.Table.from_pandas(frame, preserve_index=False)  # noqa: F841 (the SQL names it)
    con.execute(f"insert into {table} by name select * from incoming")


def train(settings: Settings, kind: Kind, *, force: bool = False) -> TrainingSummary:
    """Train an estimator where there is none for what stands now, and decide which one speaks.

    A training depends on its rows, its configuration and the code of `ml`; all three are in its
    key, and a stored estimator with that key is taken instead. What was trained challenges the
    champion (`orchestration.champions`). The rows that describe the one that speaks are written to
    `ml.estimators` and its two companions.

    Args:
        settings: The home.
        kind: `churn`, `clv`, `credit`, `upsell` or `segments`.
        force: Train even if an estimator with the same key is stored.

    Raises:
        ScorecardError: No run was begun, or the feature tables are missing.
    """
    from ml.registry import find_estimator, load_training, save_estimator

    with connect(settings) as con, _features_expected(settings):
        ensure_ml_tables(con)
        last_month = window.current_run(con).last_month
        config = _config(con, kind, last_month)
        queries = _training_queries(kind, last_month, config)
        key = _key(con, kind, queries, config)
        path = None if force else find_estimator(settings.estimators, kind, key)
        frames = [] if path else [_frame(con, query) for query in queries.all]
        columns = [str(row[0]) for row in con.execute(f"describe {queries.frame}").fetchall()]
    is_new = path is None
    if path is None:
        path = save_estimator(
            _train(kind, frames, config),
            settings.estimators,
            training_key=key,
            config=asdict(config),
        )
    LOGGER.info("%s estimator %s (%s)", kind, path.name, "trained" if is_new else "stored")

    def frame() -> Any:
        if frames:
            return frames[0]
        with connect(settings, read_only=True) as con:
            return _frame(con, queries.frame)

    with registry_errors():
        approval = settle(settings, Challenge(kind, last_month, path, key, config, columns, frame))
        training = load_training(_stored(settings, approval.champion))
    LOGGER.info("%s champion %s: %s", kind, approval.champion, approval.reason)
    with connect(settings) as con:
        _write_description(con, training)
        _write_roles(con, settings, kind, approval.champion)
    estimator = training.estimator
    return TrainingSummary(
        kind=kind,
        version=estimator.version,
        status=estimator.status,
        reason=estimator.reason,
        is_new=is_new,
        labels_to=estimator.labels_to,
        row_count=estimator.row_count,
        challenger=path.name,
        decision=approval.action,
        decision_reason=approval.reason,
        metrics=_measures(training),
    )


def _measures(training: Training[Estimator]) -> dict[str, float]:
    """The measures of the chosen candidate on later months, without its tables and groups."""
    rows = training.metrics
    own = rows[
        (rows["candidate"] == training.estimator.candidate)
        & rows["slice"].isin(["test", "out_of_time"])
        & rows["as_of_date"].isna()
        & rows["value"].notna()
        & ~rows["metric"].str.contains(_TABLE_METRICS)
    ]
    return {str(k): float(v) for k, v in zip(own["metric"], own["value"], strict=True)}


def recall(settings: Settings, kind: Kind) -> None:
    """Describe the estimators that speak in a past run again, without training any.

    The home holds the log of decisions as the run left it (`ml.approvals.cut_approvals`). All that
    ever spoke are described, those too that were replaced within a month; scoring then forgets
    those of which no prediction is left, as in a run. A former champion that this code cannot read
    is left out, as its months are.

    Raises:
        ScorecardError: No run was begun, nothing was decided for its last month, or the estimator
            that speaks is gone or was changed.
    """
    from ml.errors import OutdatedError
    from ml.registry import load_training

    with connect(settings) as con, registry_errors():
        ensure_ml_tables(con)
        last_month = window.current_run(con).last_month
        champion = _decided(settings, kind, last_month).champion
        for version in sorted(ever_chosen(read_approvals(settings.estimators), kind, last_month)):
            try:
                _write_description(con, load_training(_stored(settings, version)))
            except OutdatedError as error:
                if version == champion:
                    raise
                LOGGER.warning("%s is not described: %s", version, error)
        _write_roles(con, settings, kind, champion)


def score(
    settings: Settings, kind: Kind, *, stage: Stage | None = None, is_replay: bool = False
) -> tuple[MonthScore, ...]:
    """Score the run's months and replace what the `ml` table holds for them, in one transaction.

    Each month is scored by the champion of its time: the run's own for the newest months, that of
    an earlier decision for earlier months that are computed again. Months before the labels of the
    first champion have no predictions. Rows are read and scored in batches, so that memory does
    not grow with their number. Whoever lost the last decision (a challenger that was not taken, a
    champion that was replaced) scores the last month too, in a table of its own.

    The first month of another estimator of lifetime value is scored by the one before it, too, into
    `ml.clv_rescored`.

    Months of an earlier estimator that this code or these features cannot use any more get rows
    without numbers, whose method says `not_scored`; an estimator that learnt later is no stand-in.

    Args:
        settings: The home.
        kind: `churn`, `clv`, `credit`, `upsell` or `segments`.
        stage: The stage whose progress follows the batches.
        is_replay: Take what was decided for the last month, whatever a training would give now.

    Raises:
        ScorecardError: No run was begun, no estimator was trained, a stored one is gone or was
            changed, or that of the last month cannot be used.
    """
    with connect(settings) as con, _features_expected(settings), registry_errors():
        ensure_ml_tables(con)
        run = window.current_run(con)
        approval = (
            _decided(settings, kind, run.last_month)
            if is_replay
            else _current_approval(con, settings, kind, run.last_month)
        )
        ranges = _plan(con, settings, kind, run)
        writer = con.cursor()
        with closing(writer), transaction(writer):
            writer.execute(
                # Later months are there only from a run that went further than this one.
                f"delete from ml.{_PREDICTIONS[kind]} where as_of_date >= ?",
                [run.first_month],
            )
            writer.execute(
                "delete from ml.drift_counts where estimator = ? and as_of_date >= ?",
                [kind, run.first_month],
            )
            if kind == "churn":
                writer.execute(f"delete from ml.{REASONS} where as_of_date >= ?", [run.first_month])
            scores = tuple(
                _score_range(con, writer, settings, kind, part, run.last_month, stage)
                for part in ranges
            )
            if kind == "clv":
                _rescore(con, writer, settings, run.first_month, ranges)
            if kind in _CHALLENGERS:
                _score_challengers(con, writer, settings, kind, run, approval)
            _forget_unused(writer, kind, approval.champion, run.last_month)
    return scores


def describe_predictions(settings: Settings, kind: Kind) -> dict[str, float]:
    """Count and average the predictions of the run's last month, for whoever watches the runs."""
    measure = _MEASURES[kind]
    with connect(settings, read_only=True) as con:
        month = window.current_run(con).last_month
        row = con.execute(
            f"select count(*), count({measure}), avg({measure}), median({measure}) "
            f"from ml.{_PREDICTIONS[kind]} where as_of_date = ?",
            [month],
        ).fetchone()
    names = ("rows", "predicted", f"mean_{measure}", f"median_{measure}")
    found = zip(names, row or (), strict=True)
    return {name: float(value) for name, value in found if value is not None}


def describe_challengers(settings: Settings) -> dict[str, int]:
    """Count the rows of those that score beside the champion, by version."""
    with connect(settings, read_only=True) as con:
        return dict(
            con.execute(
                "select estimator_version, count(*) from ml.churn_challenger group by all"
            ).fetchall()
        )


def _config(con: duckdb.DuckDBPyConnection, kind: Kind, last_month: date) -> Any:
    if kind == "churn":
        from ml.churn.config import ChurnConfig

        # One contract is enough: a slice of a month is whole only when all its labels are.
        row = con.execute(
            "select max(label_ends_on - last_day(as_of_date + to_months(?))) "
            "from features.ftr_churn_labels where as_of_date <= ?",
            [ChurnConfig.label_months, last_month],
        ).fetchone()
        return ChurnConfig(grace_days=int(row[0] or 0) if row else 0)
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
        from ml.churn.splits import label_end

        # A label of a later month may be there from a run that went further: it is not used.
        newest = window.add_months(last_month, -config.label_months)
        while label_end(newest, config) > last_month:
            newest = window.add_months(newest, -1)
        return _Queries(
            "select features.*, labels.is_churned, labels.exclusion_reason, "
            "labels.is_partially_churned, "
            "groups.region as group_region, groups.customer_kind as group_customer_kind "
            "from features.ftr_churn as features "
            "inner join features.ftr_churn_labels as labels "
            "using (customer_id, as_of_date) "
            "left join features.ftr_customer_groups as groups using (customer_id, as_of_date) "
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
    from ml.clv.contract import HORIZON

    # Outcomes are complete twelve months later, and shorter ones, for calibrating, six.
    earlier = window.add_months(judged, -config.outcome_months)
    # What 36 months brought, and what was known when they began.
    ago = window.add_months(last_month, -HORIZON)
    before = window.add_months(ago, -config.outcome_months)
    short = (
        window.add_months(day, -config.calibration_months) for day in (last_month, judged, ago)
    )
    months = ", ".join(
        f"date '{day}'" for day in (last_month, judged, earlier, ago, before, *short)
    )
    return _Queries(
        f"select * from features.ftr_value where as_of_date in ({months}) "
        "order by customer_id, as_of_date",
        (
            "select outcomes.* from features.ftr_value_outcomes as outcomes "
            f"where as_of_date in ({months}) and date_trunc('month', as_of_date) "
            f"<= date_trunc('month', date '{last_month}') - to_months(outcome_months) "
            "order by customer_id, as_of_date, outcome_months",
            "select * from features.ftr_contract_changes "
            f"where as_of_date <= date '{last_month}' "
            "order by as_of_date, state, tier, months_in_state",
        ),
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

    return train_clv(frames[0], frames[1], config, frames[2])


def _frame(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return con.execute(query).fetch_arrow_table().to_pandas()


def _write_description(con: duckdb.DuckDBPyConnection, training: Training[Estimator]) -> None:
    """Replace the rows that describe one estimator, in one transaction."""
    from ml.churn.estimator import ChurnEstimator
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
    if isinstance(training.estimator, ChurnEstimator):
        frames["estimator_surrogates"] = training.estimator.surrogate_nodes()
    with transaction(con):
        for table, frame in frames.items():
            con.execute(
                f"delete from ml.{table} where estimator_version = ?", [training.estimator.version]
            )
            append_frame(con, f"ml.{table}", frame)


def _write_roles(
    con: duckdb.DuckDBPyConnection, settings: Settings, kind: Kind, champion: str
) -> None:
    """Say of every described estimator whether it speaks, and by which decision it ever did."""
    approvals = approvals_by_version(settings, kind)
    described = con.execute(
        "select estimator_version, labels_to from ml.estimators where estimator = ?", [kind]
    ).fetchall()
    with transaction(con):
        for version, labels_to in described:
            found = approvals.get(version)
            con.execute(
                "update ml.estimators set role = ?, approved_by = ?, approved_as_of = ?, "
                "approval_reason = ? where estimator = ? and estimator_version = ?",
                [
                    "champion" if version == champion else "former",
                    found.by if found else GATE,
                    found.as_of_date if found else labels_to,
                    found.reason if found else BEFORE_THE_LOG,
                    kind,
                    version,
                ],
            )


def _current_approval(
    con: duckdb.DuckDBPyConnection, settings: Settings, kind: Kind, last_month: date
) -> Approval:
    from ml.registry import find_estimator

    config = _config(con, kind, last_month)
    key = _key(con, kind, _training_queries(kind, last_month, config), config)
    path = find_estimator(settings.estimators, kind, key)
    approval = speaking(settings, kind, last_month)
    if path is None or approval is None:
        raise ScorecardError(
            f"No {kind} estimator was trained on the features as they stand now. Materialise "
            f"`ml/{kind}_estimator` first, or start the whole way with `scorecard run`."
        )
    return approval


def _decided(settings: Settings, kind: Kind, last_month: date) -> Approval:
    approval = speaking(settings, kind, last_month)
    if approval is None:
        raise ScorecardError(
            f"No {kind} estimator was decided on for {last_month:%Y-%m} in {settings.estimators}."
        )
    return approval


def _plan(
    con: duckdb.DuckDBPyConnection, settings: Settings, kind: Kind, run: window.RunRecord
) -> list[_Range]:
    """Choose the estimator of each month, and join neighbours that have the same one."""
    log = read_approvals(settings.estimators)
    decisions = decided(log, kind, run.last_month)
    undecided = _described_before_the_log(con, kind, ever_chosen(log, kind, run.last_month))
    ranges: list[_Range] = []
    month = run.first_month
    while month <= run.last_month:
        version = champion_of(decisions, month)
        if version is None:
            known = [found for found in undecided if found[0] <= month]
            version = max(known)[1] if known else None
        if version is not None:
            if ranges and ranges[-1].version == version:
                ranges[-1] = _Range(version, ranges[-1].first_month, month)
            else:
                ranges.append(_Range(version, month, month))
        month = window.add_months(month, 1)
    return ranges


def _described_before_the_log(
    con: duckdb.DuckDBPyConnection, kind: Kind, champions: set[str]
) -> list[tuple[date, str]]:
    """Estimators of a home that is older than its log: end of labels and version."""
    rows = con.execute(
        "select labels_to, estimator_version from ml.estimators "
        "where estimator = ? and labels_to is not null",
        [kind],
    ).fetchall()
    return [(labels_to, version) for labels_to, version in rows if version not in champions]


def _score_challengers(
    reader: duckdb.DuckDBPyConnection,
    writer: duckdb.DuckDBPyConnection,
    settings: Settings,
    kind: Kind,
    run: window.RunRecord,
    approval: Approval,
) -> None:
    """Score the last month by who does not speak, so that both can be compared when it is over."""
    from ml.errors import RegistryError
    from ml.registry import load_estimator, outdated_told

    table = _CHALLENGERS[kind]
    writer.execute(f"delete from ml.{table} where as_of_date >= ?", [run.first_month])
    others = {"challenger": approval.challenger}
    if approval.former != approval.champion:
        others["former_champion"] = approval.former
    month = run.last_month
    query = _scoring_query(kind, f"where as_of_date = date '{month}'")
    columns = {str(row[0]) for row in reader.execute(f"describe {query}").fetchall()}
    for role, version in others.items():
        if version in ("", approval.champion):
            continue
        path = settings.estimators / version
        try:
            estimator = load_estimator(path)
            if set(estimator.features) - columns:
                LOGGER.warning("%s %s reads features that are gone", role, version)
                continue
            for batch in reader.execute(query).fetch_record_batch(BATCH_ROWS):
                with outdated_told(path):
                    scored = _score(kind, batch.to_pandas(), estimator).assign(role=role)
                append_frame(writer, f"ml.{table}", scored)
        except RegistryError as error:
            # Why it was replaced, perhaps: the decision says so already.
            LOGGER.warning("%s %s does not score beside the champion: %s", role, version, error)
            writer.execute(
                f"delete from ml.{table} where estimator_version = ? and as_of_date = ?",
                [version, month],
            )


def _score_range(
    reader: duckdb.DuckDBPyConnection,
    writer: duckdb.DuckDBPyConnection,
    settings: Settings,
    kind: Kind,
    part: _Range,
    last_month: date,
    stage: Stage | None,
) -> MonthScore:
    from ml.churn.estimator import ChurnEstimator
    from ml.errors import OutdatedError
    from ml.registry import load_estimator

    path = _stored(settings, part.version)
    try:
        estimator = load_estimator(path)
        done = _write_scores(
            reader, writer, kind, part, estimator, _PREDICTIONS[kind], stage, path=path
        )
    except OutdatedError as error:
        if part.last_month == last_month:
            raise
        LOGGER.warning(
            "%s %s to %s is not scored: %s", kind, part.first_month, part.last_month, error
        )
        return _leave_unscored(writer, kind, part)
    if isinstance(estimator, ChurnEstimator):
        counts = count_drift(writer, estimator, part.first_month, part.last_month)
        append_frame(writer, "ml.drift_counts", counts)
    return MonthScore(part.version, part.first_month, part.last_month, done)


def _leave_unscored(writer: duckdb.DuckDBPyConnection, kind: Kind, part: _Range) -> MonthScore:
    """Write rows without numbers for months whose estimator cannot be used.

    Of credit the expert's count is there without an estimator. Who has left buys nothing more,
    which needs none either.
    """
    # Some batches may have been written before the error.
    for table in (_PREDICTIONS[kind], *([REASONS] if kind == "churn" else [])):
        writer.execute(
            f"delete from ml.{table} where as_of_date between ? and ?",
            [part.first_month, part.last_month],
        )
    where = f"where as_of_date between date '{part.first_month}' and date '{part.last_month}'"
    writer.execute(
        f"insert into ml.{_PREDICTIONS[kind]} by name "
        f"select customer_id, as_of_date, {_UNSCORED[kind]}, ? as estimator_version "
        f"from ({_scoring_query(kind, where)})",
        [part.version],
    )
    rows = _count(
        writer,
        f"select count(*) from ml.{_PREDICTIONS[kind]} where as_of_date "
        f"between date '{part.first_month}' and date '{part.last_month}'",
    )
    return MonthScore(part.version, part.first_month, part.last_month, rows)


def _write_scores(
    reader: duckdb.DuckDBPyConnection,
    writer: duckdb.DuckDBPyConnection,
    kind: Kind,
    part: _Range,
    estimator: Any,
    table: str,
    stage: Stage | None,
    *,
    path: Path,
) -> int:
    from ml.registry import outdated_told

    where = f"where as_of_date between date '{part.first_month}' and date '{part.last_month}'"
    query = _scoring_query(kind, where)
    total = _count(reader, f"select count(*) from ({query})")
    done = 0
    for batch in reader.execute(query).fetch_record_batch(BATCH_ROWS):
        frame = batch.to_pandas()
        with outdated_told(path):
            scored = _score(kind, frame, estimator)
        append_frame(writer, f"ml.{table}", scored)
        if table == _PREDICTIONS["churn"]:
            with outdated_told(path):
                reasons = _reasons(frame, scored, estimator)
            append_frame(writer, f"ml.{REASONS}", reasons)
        done += batch.num_rows
        if stage is not None:
            stage.advance(done, total, f"{kind} rows")
    return done


def _rescore(
    reader: duckdb.DuckDBPyConnection,
    writer: duckdb.DuckDBPyConnection,
    settings: Settings,
    first_month: date,
    ranges: Sequence[_Range],
) -> None:
    """Score the first month of each new estimator of lifetime value by the one before, too.

    An estimator that is no longer stored, or cannot read the features as they are now, leaves its
    month out: the change of that month is then published without its parts, not guessed.
    """
    from ml.errors import EstimatorError
    from ml.registry import load_estimator

    writer.execute(f"delete from ml.{_RESCORED} where as_of_date >= ?", [first_month])
    for part, before in _changes(reader, ranges):
        month = _Range(before, part.first_month, part.first_month)
        path = settings.estimators / before
        if not path.is_dir():
            LOGGER.warning(
                "clv %s: %s is not stored, its change is not decomposed", month.first_month, before
            )
            continue
        try:
            estimator = load_estimator(path)
            _write_scores(reader, writer, "clv", month, estimator, _RESCORED, None, path=path)
        except EstimatorError as error:
            LOGGER.warning(
                "clv %s: %s cannot score it, its change is not decomposed: %s",
                month.first_month,
                before,
                error,
            )
            writer.execute(f"delete from ml.{_RESCORED} where as_of_date = ?", [month.first_month])


def _changes(
    reader: duckdb.DuckDBPyConnection, ranges: Sequence[_Range]
) -> Iterator[tuple[_Range, str]]:
    """Ranges whose month before was scored by another estimator, with that estimator's version."""
    scored_before: tuple[date, str] | None = None
    if ranges:
        month = window.add_months(ranges[0].first_month, -1)
        row = reader.execute(
            "select min(estimator_version) from ml.clv_predictions where as_of_date = ?", [month]
        ).fetchone()
        if row and row[0] is not None:
            scored_before = (month, str(row[0]))
    for part in ranges:
        if (
            scored_before is not None
            and scored_before[1] != part.version
            and scored_before[0] == window.add_months(part.first_month, -1)
        ):
            yield part, scored_before[1]
        scored_before = (part.last_month, part.version)


def _scoring_query(kind: Kind, where: str) -> str:
    if kind == "churn":
        return (
            "select features.*, coalesce(labels.is_eligible, false) as is_eligible, "
            "labels.ineligible_reason from features.ftr_churn as features "
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


def _reasons(frame: Any, scored: Any, estimator: Any) -> Any:
    """Reasons of the customers whom a rule or a person looks at.

    Those on the watch list and above, and key accounts; a year of reasons of everybody would be
    ten times the predictions. All others can be had on demand (`reasons_of`).
    """
    from ml.churn.config import ChurnConfig
    from ml.churn.reasons import churn_reasons
    from ml.frames import sort_by_key

    ordered = sort_by_key(frame, name="churn frame")  # as what was scored is ordered
    chance = scored["churn_probability"]
    # A base rate of buyers of a long cycle has no reasons of its own.
    is_told = chance.notna() & scored["is_eligible"]
    is_asked = (chance >= ChurnConfig.reasons_from) | (ordered["tier"] == _REASONS_TIER)
    return churn_reasons(ordered[is_told & is_asked], estimator)


def reasons_of(
    settings: Settings, customer_id: str, month: date, *, version: str, probability: float
) -> Any:
    """Reasons of one customer's churn probability, computed now from the features in the warehouse.

    Args:
        settings: The home.
        customer_id: The customer.
        month: The month end that was scored.
        version: The estimator that scored it.
        probability: The published probability, which the reasons must be of.

    Returns:
        The columns of `ml.churn_reasons`.

    Raises:
        ScorecardError: The estimator is gone or of another kind, or the features in the warehouse
            no longer give the published probability.
    """
    from ml.churn.estimator import ChurnEstimator, score_churn
    from ml.churn.reasons import churn_reasons
    from ml.registry import load_estimator

    estimator = load_estimator(_stored(settings, version))
    query = f"select *, true as is_eligible from features.{_CHURN_FEATURES} "
    with connect(settings, read_only=True) as con, _features_expected(settings):
        frame = (
            con.execute(query + "where customer_id = ? and as_of_date = ?", [customer_id, month])
            .fetch_arrow_table()
            .to_pandas()
        )
    if not isinstance(estimator, ChurnEstimator):
        raise ScorecardError(f"{version} is no estimator of churn.")
    found = score_churn(frame, estimator)["churn_probability"].tolist()
    if len(found) != 1 or abs(found[0] - probability) > _PUBLISHED_PRECISION:
        raise ScorecardError(
            f"The features of {customer_id} in the warehouse are no longer those that the release "
            f"was made of: its reasons for {month:%Y-%m} cannot be told. Publish a new release."
        )
    return churn_reasons(frame, estimator)


def _stored(settings: Settings, version: str) -> Path:
    path = settings.estimators / version
    if not path.is_dir():
        raise ScorecardError(
            f"The estimator {version} is described in the warehouse but not stored below "
            f"{settings.estimators}. Put its folder back, or run with a `--from` after the months "
            "that it scored."
        )
    return path


def _forget_unused(
    con: duckdb.DuckDBPyConnection, kind: Kind, current: str, last_month: date
) -> None:
    """Drop the description of estimators that no prediction comes from, but the run's own.

    What was published by the run's last month is a prediction too, though it was computed anew.
    """
    used = (
        f"select estimator_version from ml.{_PREDICTIONS[kind]} union "
        "select estimator_version from ml.published_predictions "
        f"where published_month <= date '{last_month}'"
    )
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

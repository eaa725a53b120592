"""Weights between the warehouse and `ml.weighting`: judgements in, weights and their proof out.

What belongs here: reading judgements, the configuration of weights and the scores of reviews;
writing the `ml` tables of weights; the message that tells whom what to mend.
What does not: how a weight is computed (`ml.weighting`), scores (dbt), Dagster.

Judgements are looked at before anything is computed: an inconsistent matrix stops the run.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np

from orchestration import window
from orchestration.errors import ScorecardError
from orchestration.prediction import append_frame, ensure_ml_tables
from orchestration.progress import Stage
from orchestration.settings import Settings
from orchestration.warehouse import connect, transaction

if TYPE_CHECKING:
    import pandas as pd

    from ml.weighting.judgements import Judged
    from ml.weighting.sensitivity import Scores
    from ml.weighting.tree import Tree

LOGGER = logging.getLogger(__name__)

MATRICES: Final = "ahp_matrices"
WEIGHTS: Final = "scorecard_weights"
SENSITIVITY: Final = "weight_sensitivity"
TOPSIS: Final = "topsis_comparison"
JUDGEMENTS: Final = "organisation/ahp_judgements*"
NODES_FILE: Final = "dbt_project/seeds/scorecard_nodes.csv"
# Raw rows as the run knows them; what a newer load says of the same day corrects it. Staging has
# the same rows, but it is built later.
_JUDGEMENTS_QUERY: Final = """
    select
        trim(matrix_id) as matrix_id,
        trim(row_criterion) as row_criterion,
        trim(column_criterion) as column_criterion,
        cast(preference as double) as preference,
        trim(assessor_id) as assessor_id,
        judged_on
    from raw.organisation__ahp_judgements
    where _load_id <= ?
    qualify row_number() over (
        partition by matrix_id, row_criterion, column_criterion, assessor_id, judged_on
        order by _load_id desc, _line desc
    ) = 1
"""
_NODES_QUERY: Final = """
    select
        nodes.profile, nodes.node_id, nodes.parent_id, nodes.indicator_id,
        cast(nodes.weight as double) as weight, nodes.weighting, nodes.matrix_id, nodes.scoring,
        nodes.valid_from, nodes.valid_until
    from seeds.scorecard_nodes as nodes
    where nodes.profile in (
        select profile from seeds.scorecards where subject = 'customer' and valid_from <= ?
    )
    order by nodes.profile, nodes.valid_from, nodes.node_id
"""
_BETA_QUERY: Final = """
    select profile, valid_from, cast(beta as double) from seeds.scorecards
    where valid_from <= $month order by profile, valid_from
"""
# The newest bands in force, as `customer_scorecard` has them: those of the profile itself go before
# those of all.
_BANDS_QUERY: Final = """
    select cast(lower_bound as double) from seeds.bands
    where valid_from <= $month and profile in ($profile, '*')
    qualify rank() over (order by profile = '*', valid_from desc) = 1
    order by 1
"""
_REVIEWS_QUERY: Final = """
    select distinct review_date from indicators.ind_activity_reviews
    where review_date <= ? order by 1
"""


@dataclass(frozen=True)
class WeightSummary:
    """What was weighed and tried.

    Attributes:
        weights: Rows of weights, over all months of force.
        profiles: Profiles whose weights were tried.
        trials: Rows of the sensitivity.
        most_moved: The greatest share of customers that one changed weight moves to another band.
    """

    weights: int
    profiles: tuple[str, ...]
    trials: int
    most_moved: float


@dataclass(frozen=True)
class JudgementSummary:
    """What became of the judgements.

    Attributes:
        matrices: Matrices in force at the run's last month.
        states: Their states over time.
        worst_ratio: The greatest consistency ratio among those in force; 0 without any.
        set_aside: Mistakes of matrices that no scorecard uses.
    """

    matrices: int
    states: int
    worst_ratio: float
    set_aside: tuple[str, ...]


def check_judgements(settings: Settings) -> JudgementSummary:
    """Judge the judgements before anything is computed, and keep the matrices as proof.

    Args:
        settings: The home.

    Raises:
        ScorecardError: A matrix that a scorecard uses is incomplete or contradicts itself; the
            message names file, matrix, people and the three judgements. Or no run was begun.
    """
    from ml.weighting.judgements import describe_matrices

    with connect(settings) as con:
        ensure_ml_tables(con)
        judged = read_judged(con, settings)
        with transaction(con):
            con.execute(f"delete from ml.{MATRICES}")
            append_frame(con, f"ml.{MATRICES}", describe_matrices(judged.matrices))
    for mistake in judged.set_aside:
        LOGGER.warning("not used by any scorecard, so set aside: %s", mistake)
    newest = {each.matrix_id: each for each in judged.matrices}
    return JudgementSummary(
        matrices=len(newest),
        states=len(judged.matrices),
        worst_ratio=max(
            (each.priorities.consistency_ratio for each in newest.values()), default=0.0
        ),
        set_aside=judged.set_aside,
    )


def read_judged(con: duckdb.DuckDBPyConnection, settings: Settings) -> Judged:
    """Read the judgements that the run knows, and make matrices of them.

    Raises:
        ScorecardError: A matrix that a scorecard uses cannot be used.
    """
    from ml.weighting.judgements import JudgementsError, judge

    run = window.current_run(con)
    rows = con.execute(_JUDGEMENTS_QUERY, [run.known_load_id]).to_arrow_table().to_pandas()
    try:
        return judge(rows, last_month=run.last_month, needed=_needed(settings, run.last_month))
    except JudgementsError as error:
        raise ScorecardError(_judgement_words(str(error))) from error


def _judgement_words(mistakes: str) -> str:
    listed = "\n".join(f"  {line}" for line in mistakes.splitlines())
    return (
        f"The judgements in `{JUDGEMENTS}` give no weights, so nothing was computed:\n{listed}\n"
        "Ask those who judged again and load their answers: the same `judged_on` corrects what was "
        "said, a later one replaces it from that month on. A name written wrongly cannot be taken "
        f"back: judge under a new `matrix_id` and name it in {NODES_FILE}. Then run again."
    )


def _needed(settings: Settings, last_month: date) -> frozenset[str]:
    """Name the matrices that the scorecards of the last month use.

    Read from the file, since the seeds are built after this.
    """
    with (settings.root / NODES_FILE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return frozenset(
        row["matrix_id"]
        for row in rows
        if row["matrix_id"]
        and row["weighting"] in ("ahp", "combined")
        and row["valid_from"] <= last_month.isoformat()
        and not (row["valid_until"] and row["valid_until"] <= last_month.isoformat())
    )


def weigh(settings: Settings, *, stage: Stage | None = None) -> WeightSummary:
    """Compute the weights that the configuration leaves to a method, and try all that are in force.

    Replaces `ml.scorecard_weights`, `ml.weight_sensitivity` and `ml.topsis_comparison`, in one
    transaction. Entropy reads the scores of yearly reviews, the trials those of the last month.

    Args:
        settings: The home.
        stage: The stage whose progress follows the profiles.

    Raises:
        ScorecardError: A matrix in force compares other criteria than the children of its node, or
            the tables that are needed are missing.
    """
    from ml.frames import conform
    from ml.weighting.in_force import profiles_at, tree_at

    with connect(settings) as con, _scores_expected(settings):
        ensure_ml_tables(con)
        month = window.current_run(con).last_month
        nodes = read_nodes(con, month)
        weights = _weights(con, settings, nodes, month)
        trials: list[dict[str, Any]] = []
        rankings: list[dict[str, Any]] = []
        tried = []
        profiles = profiles_at(nodes, month)
        for done, profile in enumerate(profiles):
            tree = tree_at(nodes, profile, month).weighted(_at(weights, profile, month))
            found = _try(con, profile, tree, month)
            if found is not None:
                trials += found[0]
                rankings += found[1]
                tried.append(profile)
            if stage is not None:
                stage.advance(done + 1, len(profiles), "profiles")
        with transaction(con):
            for table, frame in (
                (WEIGHTS, weights),
                (SENSITIVITY, conform(trials, SENSITIVITY)),
                (TOPSIS, conform(rankings, TOPSIS)),
            ):
                con.execute(f"delete from ml.{table}")
                append_frame(con, f"ml.{table}", frame)
    moved = [row["n_band_changed"] / row["n_customers"] for row in trials if row["n_customers"]]
    return WeightSummary(len(weights), tuple(tried), len(trials), max(moved, default=0.0))


def _weights(
    con: duckdb.DuckDBPyConnection, settings: Settings, nodes: pd.DataFrame, month: date
) -> pd.DataFrame:
    from ml.weighting.in_force import WeightingError, weights_in_force

    @lru_cache(maxsize=1)
    def read(review: date, measures: tuple[str, ...]) -> Scores:
        return read_scores(con, review, measures)

    beta: dict[str, dict[date, float]] = {}
    for profile, first_day, share in con.execute(_BETA_QUERY, {"month": month}).fetchall():
        beta.setdefault(profile, {})[first_day] = share
    reviews = [row[0] for row in con.execute(_REVIEWS_QUERY, [month]).fetchall()]
    try:
        return weights_in_force(
            nodes,
            beta,
            read_judged(con, settings).matrices,
            reviews,
            lambda review, measures: read(review, tuple(measures)),
            last_month=month,
        )
    except WeightingError as error:
        listed = "\n".join(f"  {line}" for line in str(error).splitlines())
        raise ScorecardError(
            f"The judgements in `{JUDGEMENTS}` and {NODES_FILE} do not fit:\n{listed}\n"
            "The criteria of a matrix are the `node_id` of the children of the node that names it. "
            "Rename one or the other, or judge what is missing, then run again."
        ) from error


def _at(weights: pd.DataFrame, profile: str, month: date) -> dict[str, float]:
    """Give the computed weights of a profile in force at a month end."""
    import pandas as pd

    return {
        row["node_id"]: row["weight"]
        for row in weights.to_dict("records")
        if row["profile"] == profile
        and row["in_force_from"].date() <= month
        and not row["in_force_until"] <= pd.Timestamp(month)  # of an open one, nothing is said
    }


def _try(
    con: duckdb.DuckDBPyConnection, profile: str, tree: Tree, month: date
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """Try the weights of a profile; None where too much of its weight is not measured."""
    from ml.weighting.sensitivity import (
        SensitivityConfig,
        compare_with_topsis,
        trial_rows,
        try_weights,
    )

    config = SensitivityConfig()
    customers = read_scores(con, month, tree.measures)
    if tree.measured_weight(customers.scores) < config.min_coverage:
        return None
    bands = [
        row[0] for row in con.execute(_BANDS_QUERY, {"month": month, "profile": profile}).fetchall()
    ]
    trials = try_weights(tree, customers, bands, config=config)
    ranking = compare_with_topsis(tree, customers, config=config)
    rows = []
    if ranking is not None:
        rows.append(
            {
                "profile": profile,
                "as_of_date": month,
                "criterion_count": len(tree.children[tree.root.node_id]),
                "n_customers": ranking.customers,
                "n_decile_changed": ranking.decile_changed,
                "rank_correlation": ranking.spearman,
                "rank_concordance": ranking.kendall,
            }
        )
    return trial_rows(profile, month, trials, tree), rows


def read_nodes(con: duckdb.DuckDBPyConnection, month: date) -> pd.DataFrame:
    """Read the configured nodes of all profiles that score customers by a month end."""
    nodes: pd.DataFrame = con.execute(_NODES_QUERY, [month]).to_arrow_table().to_pandas()
    return nodes


def read_scores(con: duckdb.DuckDBPyConnection, month: date, measures: Sequence[str]) -> Scores:
    """Read scores and evidence of measures at a month end, ordered by customer.

    Args:
        con: The warehouse.
        month: Month end.
        measures: Columns of scores, `<indicator>__<scoring>`; what no mart holds is left out.
    """
    from ml.weighting.sensitivity import Scores

    there = {str(row[0]) for row in con.execute("describe scores.scr_measures").fetchall()}
    known = [name for name in measures if name in there]
    evidence = {name: f"{name.rpartition('__')[0]}__evidence" for name in known}
    columns = ", ".join(["customer_id", *known, *sorted(set(evidence.values()))])
    table = con.execute(
        f"select {columns} from scores.scr_measures where as_of_date = ? order by customer_id",
        [month],
    ).to_arrow_table()

    def numbers(column: str) -> Any:
        return table[column].to_numpy(zero_copy_only=False).astype(np.float64, copy=False)

    decay = {column: numbers(column) for column in sorted(set(evidence.values()))}
    return Scores(
        table["customer_id"].to_pandas(),
        {name: numbers(name) for name in known},
        {name: decay[column] for name, column in evidence.items()},
    )


@contextmanager
def _scores_expected(settings: Settings) -> Iterator[None]:
    try:
        yield
    except duckdb.CatalogException as error:
        raise ScorecardError(
            f"The scores of measures are missing in {settings.warehouse}. Materialise the group "
            "`scores` first, or start the whole way with `scorecard run`."
        ) from error

"""Dagster definitions of the weights: judged before anything is computed, computed from scores.

What belongs here: assets around `orchestration.weighting`. What does not: how weights are computed
(`ml.weighting`), scores (dbt).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.dagster_home import ScorecardHome, reported
from orchestration.defs.transform import RUN_WINDOW
from orchestration.progress import stage
from orchestration.weighting import (
    MATRICES,
    SENSITIVITY,
    TOPSIS,
    WEIGHTS,
    JudgementSummary,
    WeightSummary,
    check_judgements,
    weigh,
)

GROUP = "ml"
OWNERS = ["team:data-science"]
MATRICES_KEY = dg.AssetKey(["ml", MATRICES])
JUDGEMENTS_KEY = dg.AssetKey(["raw", "organisation", "ahp_judgements"])
SCORES_KEY = dg.AssetKey(["scores", "scr_measures"])
SEEDS = [dg.AssetKey(["seeds", name]) for name in ("scorecards", "scorecard_nodes", "bands")]
WEIGHT_TABLES = {
    WEIGHTS: (
        "One row per profile, node and month end from which its weight is in force, of all weights "
        "that a method gives: judgements, entropy of the scores of a yearly review, or both."
    ),
    SENSITIVITY: (
        "One row per profile, node and change of its weight by a fifth: who would change band, and "
        "by how many points the scores of the last month move."
    ),
    TOPSIS: "One row per profile: the ranking of the last month's customers beside that by TOPSIS.",
}


@dg.definitions
def weights() -> dg.Definitions:
    """Build the definitions of judging and weighing."""
    return dg.Definitions(assets=[_judging(), _weighing()])


def _judging() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="judge_weights",
        specs=[
            dg.AssetSpec(
                MATRICES_KEY,
                deps=[RUN_WINDOW, JUDGEMENTS_KEY],
                description=(
                    "One row per judged matrix, month end from which it is in force, and pair of "
                    "criteria. Models wait for it: judgements that contradict each other stop the "
                    "run before anything is computed, with the three that contradict most."
                ),
                group_name=GROUP,
                kinds={"python", "duckdb"},
                owners=OWNERS,
            )
        ],
    )
    def judge_weights(scorecard_home: ScorecardHome) -> Iterator[dg.MaterializeResult[Any]]:
        with reported(scorecard_home) as settings, stage("Check the judgements") as current:
            summary = check_judgements(settings)
            current.describe(describe_judgements(summary))
        yield dg.MaterializeResult(
            asset_key=MATRICES_KEY,
            metadata={
                "matrices": summary.matrices,
                "states": summary.states,
                "worst_consistency_ratio": summary.worst_ratio,
                "set_aside": list(summary.set_aside),
            },
        )

    return judge_weights


def _weighing() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="weigh_measures",
        specs=[
            dg.AssetSpec(
                dg.AssetKey(["ml", name]),
                deps=[MATRICES_KEY, SCORES_KEY, *SEEDS],
                description=text,
                group_name=GROUP,
                kinds={"python", "duckdb"},
                owners=OWNERS,
            )
            for name, text in WEIGHT_TABLES.items()
        ],
    )
    def weigh_measures(scorecard_home: ScorecardHome) -> Iterator[dg.MaterializeResult[Any]]:
        with reported(scorecard_home) as settings, stage("Weigh the measures") as current:
            summary = weigh(settings, stage=current)
            current.describe(describe_weights(summary))
        rows = {WEIGHTS: summary.weights, SENSITIVITY: summary.trials}
        for name in WEIGHT_TABLES:
            metadata: dict[str, str | int | float] = {"profiles": ", ".join(summary.profiles)}
            if name in rows:
                metadata["dagster/row_count"] = rows[name]
            if name == SENSITIVITY:
                metadata["most_moved"] = summary.most_moved
            yield dg.MaterializeResult(asset_key=dg.AssetKey(["ml", name]), metadata=metadata)

    return weigh_measures


def describe_weights(summary: WeightSummary) -> str:
    """Say in one line what was weighed and how much hangs on one weight."""
    return (
        f"{len(summary.profiles)} profiles; a fifth more or less of one weight moves at most "
        f"{summary.most_moved:.1%} of the customers to another band"
    )


def describe_judgements(summary: JudgementSummary) -> str:
    """Say in one line what the judgements came to."""
    if not summary.matrices:
        return "no judgements; configured weights hold"
    return (
        f"{summary.matrices} matrices, consistency ratio at most {summary.worst_ratio:.3f} "
        "(saaty_1980)"
    )

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
from orchestration.weighting import MATRICES, JudgementSummary, check_judgements

GROUP = "ml"
OWNERS = ["team:data-science"]
MATRICES_KEY = dg.AssetKey(["ml", MATRICES])
JUDGEMENTS_KEY = dg.AssetKey(["raw", "organisation", "ahp_judgements"])


@dg.definitions
def weights() -> dg.Definitions:
    """Build the definitions of judging and weighing."""
    return dg.Definitions(assets=[_judging()])


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


def describe_judgements(summary: JudgementSummary) -> str:
    """Say in one line what the judgements came to."""
    if not summary.matrices:
        return "no judgements; configured weights hold"
    return (
        f"{summary.matrices} matrices, consistency ratio at most {summary.worst_ratio:.3f} "
        "(saaty_1980)"
    )

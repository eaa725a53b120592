"""Dagster definition of the associations between measures.

What belongs here: the asset around `orchestration.association`. What does not: statistics (`ml`).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.association import ASSOCIATIONS, AssociationSummary, associate_measures
from orchestration.dagster_home import ScorecardHome, reported
from orchestration.progress import stage

GROUP = "ml"
OWNERS = ["team:data-science"]
ASSOCIATIONS_KEY = dg.AssetKey(["ml", ASSOCIATIONS])
PANEL_MODELS = (
    "ftr_association_customers",
    "ftr_association_measures",
    "ftr_association_teams",
)


@dg.definitions
def associations() -> dg.Definitions:
    """Build the definition."""
    return dg.Definitions(assets=[_associating()])


def _associating() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="associate_measures",
        specs=[
            dg.AssetSpec(
                ASSOCIATIONS_KEY,
                deps=[
                    *(dg.AssetKey(["features", model]) for model in PANEL_MODELS),
                    dg.AssetKey(["seeds", "kpi_pairs"]),
                ],
                description=(
                    "One row per pair of measures, segment and lag, as of the run's last month: "
                    "how they go together, how surely, and whether that is more than chance among "
                    "all tests of the run. No cause is claimed."
                ),
                group_name=GROUP,
                kinds={"python", "duckdb"},
                owners=OWNERS,
            )
        ],
    )
    def associate(scorecard_home: ScorecardHome) -> Iterator[dg.MaterializeResult[Any]]:
        with reported(scorecard_home) as settings, stage("Associate the measures") as current:
            summary = associate_measures(settings)
            current.describe(describe_associations(summary))
        yield dg.MaterializeResult(
            asset_key=ASSOCIATIONS_KEY,
            metadata={
                "pairs": summary.pairs,
                "tests": summary.tests,
                "not_tested": summary.untested,
                "supported": summary.supported,
            },
        )

    return associate


def describe_associations(summary: AssociationSummary) -> str:
    """Say in one line what was found."""
    return f"{summary.supported} of {summary.tests} tests supported, of {summary.pairs} pairs"

"""Dagster definitions of the release, and of the places outside that show it.

What belongs here: the assets around `orchestration.publishing` and
`orchestration.release.targets`. What does not: building a release (`orchestration.release`).
"""

from typing import Any

import dagster as dg

from data_quality.products import load_products
from orchestration.dagster_home import ScorecardHome, month_partitions, reported
from orchestration.defs.quality import PAGE, gate_key
from orchestration.publishing import publish
from orchestration.release.store import find_release
from orchestration.release.targets.publish import publish_everywhere

RELEASE = dg.AssetKey(["release", "current"])
PLACES = dg.AssetKey(["release", "places"])


@dg.definitions
def release() -> dg.Definitions:
    """Build the definition from the list of data products."""

    @dg.asset(
        key=RELEASE,
        deps=[PAGE, *(gate_key(product) for product in load_products())],
        group_name="release",
        kinds={"duckdb", "parquet", "html"},
        owners=["team:data-engineering"],
        partitions_def=month_partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        description=(
            "The published scorecard: DuckDB file, Parquet, report and manifest, swapped in by "
            "one rename. Takes each product whose evidence holds for exactly the rows that stand "
            "there; a held product keeps its last good version. BI reads only this."
        ),
    )
    def current_release(scorecard_home: ScorecardHome) -> dg.MaterializeResult[Any]:
        with reported(scorecard_home) as settings:
            outcome = publish(settings)
        return dg.MaterializeResult(
            metadata={
                "release": outcome.release_id,
                "status": outcome.status,
                "held_products": ", ".join(outcome.held_products) or "none",
                "report": dg.MetadataValue.path(outcome.report),
            }
        )

    @dg.asset(
        key=PLACES,
        deps=[RELEASE],
        group_name="release",
        kinds={"postgres", "s3"},
        owners=["team:data-engineering"],
        partitions_def=month_partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        description=(
            "The same release in the places that the environment names: behind the views of a "
            "Postgres database, and in an object store. Readers there see the old release or the "
            "new one. Where none is named there is nothing to do."
        ),
    )
    def places(scorecard_home: ScorecardHome) -> dg.MaterializeResult[Any]:
        with reported(scorecard_home) as settings:
            found = find_release(settings, None)
            shown = publish_everywhere(settings, found)
        return dg.MaterializeResult(
            metadata={"release": found.id, "places": ", ".join(shown) or "none is named"}
        )

    return dg.Definitions(assets=[current_release, places])

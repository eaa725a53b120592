"""The entry of Dagster: everything in `orchestration/defs/`, and what all of it shares.

What belongs here: gathering. Each file of `defs/` holds exactly one function with `@definitions`,
since such a function hides every other definition of its file.
"""

from pathlib import Path

import dagster as dg

from orchestration.dagster_home import RESOURCE, ScorecardHome


@dg.definitions
def defs() -> dg.Definitions:
    """Gather the definitions.

    Every run works in one process: DuckDB has one writer, and a process per step costs 10 s each.
    """
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        dg.Definitions(resources={RESOURCE: ScorecardHome()}, executor=dg.in_process_executor),
    )

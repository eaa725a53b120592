"""Weights between the warehouse and `ml.weighting`: judgements in, weights and their proof out.

What belongs here: reading judgements, the configuration of weights and the scores of reviews;
writing the `ml` tables of weights; the message that tells whom what to mend.
What does not: how a weight is computed (`ml.weighting`), scores (dbt), Dagster.

Judgements are looked at before anything is computed: an inconsistent matrix stops the run.
"""

from __future__ import annotations

import csv
import logging
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import duckdb

from orchestration import window
from orchestration.errors import ScorecardError
from orchestration.prediction import append_frame, ensure_ml_tables
from orchestration.settings import Settings
from orchestration.warehouse import connect, transaction

if TYPE_CHECKING:
    from ml.weighting.judgements import Judged

LOGGER = logging.getLogger(__name__)

MATRICES: Final = "ahp_matrices"
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
    rows = con.execute(_JUDGEMENTS_QUERY, [run.known_load_id]).fetch_arrow_table().to_pandas()
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

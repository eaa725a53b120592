"""The ledger of what was foretold, and of what came.

What belongs here: adding to `ml.published_predictions` and `ml.recorded_outcomes` what a release
has just published.
What does not: what is published (the mart `prediction_outcomes`), the release itself.

Rows are only ever added. The first publication of a probability counts, and so does the first
publication of its outcome: a later run that computes an old month anew, on corrected facts or with
another estimator, changes neither. A run whose release was refused, or held this product, adds
nothing, since nobody was told.
"""

from typing import Final

import duckdb

from orchestration.warehouse import transaction

PRODUCTS: Final = frozenset({"predictions", "upsell", "credit", "value", "evaluation"})
"""Where one of these is held back nobody was told."""
KEYS: Final = "prediction_kind, subject, customer_id, as_of_date"
"""What a published probability is known by."""
_MART: Final = "scorecard.prediction_outcomes"


def record_published(con: duckdb.DuckDBPyConnection, *, release_id: str) -> None:
    """Add what the release published first: probabilities, and outcomes that are over.

    Args:
        con: An open connection, outside a transaction.
        release_id: The release.
    """
    found = con.execute(
        "select count(*) from duckdb_tables() "
        "where schema_name = 'scorecard' and table_name = 'prediction_outcomes'"
    ).fetchone()
    if found is None or found[0] == 0:
        return
    with transaction(con):
        con.execute(
            f"insert into ml.published_predictions by name select estimator, {KEYS}, probability, "
            "probability_low, probability_high, method, status, estimator_version, "
            f"published_month, ? as release_id from {_MART} as outcomes "
            f"anti join ml.published_predictions using ({KEYS}) order by {KEYS}",
            [release_id],
        )
        con.execute(
            f"insert into ml.recorded_outcomes by name select estimator, {KEYS}, outcome_state, "
            f"has_happened, known_month, ? as release_id from {_MART} as outcomes "
            f"anti join ml.recorded_outcomes using ({KEYS}) "
            f"where outcome_state <> 'pending' order by {KEYS}",
            [release_id],
        )

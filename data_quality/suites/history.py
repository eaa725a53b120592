"""Rules of the mart customer_history: what was true of a customer then.

Belongs here: that it has every customer month and agrees with the marts that say the same. It is a
part of the product `customers`.
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import keys, month_ends, no_personal_data

OWNER = "customer analytics"
HISTORY = Table("scorecard", "customer_history", OWNER, ("customer_id", "as_of_date"))


def rules() -> tuple[Rule, ...]:
    """List the rules of the mart."""
    return (
        *keys(HISTORY),
        month_ends(HISTORY),
        no_personal_data(HISTORY),
        HISTORY.no_rows(
            "has_every_customer_month",
            """
            select customer_id, as_of_date
            from scorecard.customer_history as history
            full outer join (
                select customer_id, as_of_date, tier from scorecard.customer_indicators
            ) as indicators using (customer_id, as_of_date)
            where customer_id is not null and as_of_date is not null
                and (history.customer_id is null or indicators.customer_id is null
                    or history.tier is distinct from indicators.tier)
            """,
            says="Every customer month of the indicators is there, with the tier it had then.",
            because="Who asks for then must not get now, and must get an answer.",
            characteristic="consistency",
            columns=("tier",),
            reads=("scorecard.customer_indicators",),
        ),
        HISTORY.no_rows(
            "revenue_is_that_of_the_movements",
            """
            select history.customer_id, history.as_of_date
            from scorecard.customer_history as history
            left join scorecard.mrr_movements as movements
                on history.customer_id = movements.customer_id
                and history.as_of_date = movements.as_of_date
            where history.mrr is distinct from movements.closing_mrr
            """,
            says="Recurring revenue is that of the movements; empty for who never subscribed.",
            because="One month has one recurring revenue, whoever asks.",
            characteristic="consistency",
            columns=("mrr",),
            reads=("scorecard.mrr_movements",),
        ),
    )

"""What the scores of texts say, measured against what is true of the simulated company."""

import duckdb
import pytest

from tests.dbt_project.conftest import KnownCompany
from tests.measure_text import mood_correlation, topic_agreement

pytestmark = pytest.mark.slow

# Far below what is measured (docs/text.md): these fail when the method breaks, not when it moves.
MIN_CORRELATION = 0.25
MIN_TOPIC_COVERAGE = 0.80
MIN_TOPIC_ACCURACY = 0.80


def test_mood_follows_the_latent_satisfaction(known_company: KnownCompany) -> None:
    customers, correlation = mood_correlation(known_company.warehouse, known_company.truth)
    print(f"rank correlation {correlation:.3f} over {customers}")  # noqa: T201 (the figures)
    assert customers >= 50
    assert correlation >= MIN_CORRELATION


def test_topics_are_those_of_the_tickets(known_company: KnownCompany) -> None:
    found = topic_agreement(known_company.warehouse, known_company.truth, first_only=True)
    print(f"{found}")  # noqa: T201 (the figures)
    assert found.coverage >= MIN_TOPIC_COVERAGE
    assert found.accuracy >= MIN_TOPIC_ACCURACY


def test_every_text_of_a_known_customer_counts_once(known_company: KnownCompany) -> None:
    with duckdb.connect(str(known_company.warehouse), read_only=True) as con:
        row = con.execute(
            """
            with newest as (select max(as_of_date) as as_of_date from indicators.ind_text)
            select
                (
                    select sum(text_items_12m) from indicators.ind_text
                    where as_of_date = newest.as_of_date
                ),
                (
                    select count(*) from core.int_text_items
                    where
                        customer_id is not null
                        and month_end > last_day(newest.as_of_date - interval 12 month)
                        and (excluded_at is null or excluded_at::date > newest.as_of_date)
                )
            from newest
            """
        ).fetchone()
    assert row is not None
    assert row[0] == row[1] > 0

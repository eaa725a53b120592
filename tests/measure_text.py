"""How well the scores of texts say what is true of a simulated company: `docs/text.md` has figures.

    python -m tests.measure_text HOME TRUTH

HOME holds a warehouse that a run built of the company, TRUTH is its folder of what is true.

What belongs here: comparing scores with the latent satisfaction and with the tickets' own topics.
What does not: tuning. The company's texts are made of few sentences, so the figures say that the
method works, not how well it reads real people.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
from scipy.stats import spearmanr

# What the simulated service desk calls the lexicon's topics, where it has another word.
TOPICS = {"login": "access", "invoice": "billing"}

_MOODS = """
    with people as (
        select links.customer_id, min(truth.true_customer_id) as true_customer_id
        from read_parquet('{truth}/identity.parquet') as truth
        inner join warehouse.core.int_identity_links as links
            on truth.system = links.source_system and truth.source_id = links.source_id
        where links.customer_id is not null
        group by links.customer_id
        -- Whom the links mix up has no satisfaction of one's own.
        having count(distinct truth.true_customer_id) = 1
    )
    select
        ind_text.customer_id, ind_text.scored_text_items_12m as texts, ind_text.sentiment,
        states.satisfaction
    from warehouse.indicators.ind_text as ind_text
    inner join people on ind_text.customer_id = people.customer_id
    inner join read_parquet('{truth}/states/*.parquet') as states
        on
            people.true_customer_id = states.true_customer_id
            and ind_text.as_of_date = states.month_end
    where
        ind_text.sentiment is not null
        and ind_text.as_of_date = (select max(as_of_date) from warehouse.indicators.ind_text)
    order by ind_text.customer_id
"""
_TOPICS = """
    select
        items.language, items.topic, tickets.topic as source_topic,
        row_number() over (
            partition by items.ticket_id order by items.happened_at, items.item_id
        ) = 1 as is_first
    from warehouse.core.int_text_items as items
    inner join warehouse.core.int_tickets as tickets on items.ticket_id = tickets.ticket_id
    where items.source_table = 'support.ticket_comments' and items.language is not null
"""


@dataclass(frozen=True)
class Agreement:
    """How topics agree.

    Attributes:
        texts: Texts compared.
        coverage: Share of them that have a topic.
        accuracy: Share of those whose topic is the ticket's own.
    """

    texts: int
    coverage: float
    accuracy: float


def read(warehouse: Path, truth: Path, query: str) -> pd.DataFrame:
    """Ask the warehouse and the truth."""
    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse}' as warehouse (read_only)")
        return con.execute(query.format(truth=truth)).df()


def mood_correlation(warehouse: Path, truth: Path, *, min_texts: int = 1) -> tuple[int, float]:
    """Give customers, and the rank correlation of their mood with their latent satisfaction.

    Both stand at the last month; only customers with so many texts in twelve months count.
    """
    found = read(warehouse, truth, _MOODS)
    found = found[found["texts"] >= min_texts]
    return len(found), float(spearmanr(found["sentiment"], found["satisfaction"]).statistic)


def topic_agreement(warehouse: Path, truth: Path, *, first_only: bool) -> Agreement:
    """Compare the topics of messages, or of each ticket's first one, with the ticket's own."""
    found = read(warehouse, truth, _TOPICS)
    if first_only:
        found = found[found["is_first"]]
    wanted = found["source_topic"].replace(TOPICS)
    has_topic = found["topic"].notna()
    return Agreement(
        texts=len(found),
        coverage=float(has_topic.mean()),
        accuracy=float((found["topic"] == wanted)[has_topic].mean()),
    )


def main(home: Path, truth: Path) -> None:
    """Print the figures."""
    warehouse = home / "warehouse.duckdb"
    for min_texts in (1, 3, 5):
        customers, correlation = mood_correlation(warehouse, truth, min_texts=min_texts)
        print(  # noqa: T201 (the figures)
            f"mood and satisfaction, {min_texts} texts or more: "
            f"rank correlation {correlation:.3f} over {customers} customers"
        )
    for first_only, which in ((True, "first messages"), (False, "all messages")):
        found = topic_agreement(warehouse, truth, first_only=first_only)
        print(  # noqa: T201
            f"topic, {which}: {found.coverage:.1%} of {found.texts} have one, "
            f"{found.accuracy:.1%} of these the ticket's own"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

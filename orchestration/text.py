"""Texts between the warehouse and `ml.text`: which are scored, and where their scores go.

What belongs here: finding the items that have no score yet, streaming each distinct text once to
the scorer, writing `ml.text_scores`; the scores that stay when texts are erased.
What does not: what a text says (`ml.text`), customers and indicators (dbt), Dagster.

No text is written anywhere, nor any hash of one: a short text could be guessed from its hash. That
an item changed is told by the load that brought it. No text goes to a log either.

`ml.text` costs 1 s to import (pandas) and is imported where it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb

from orchestration.errors import ScorecardError
from orchestration.ingestion.retention import EMPTIED
from orchestration.ingestion.sql import literal
from orchestration.progress import Stage
from orchestration.settings import Settings
from orchestration.warehouse import connect, transaction

if TYPE_CHECKING:
    from ml.text.scoring import TextScorer

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class RawTexts:
    """Where a raw table holds texts of customers.

    Attributes:
        key: The column of the item's identifier.
        text: The column of the text.
        condition: SQL of which rows `t` a customer wrote for others to read.
    """

    key: str
    text: str
    condition: str


TEXT_SCORES = "text_scores"
# What `keep_scores` makes.
KEPT_SCORES: Final = "kept_text_scores"
# The models that hold customers' texts. No other text is read: what agents write says how they
# write, and a subject repeats the first comment.
TEXT_MODELS = ("stg_support__ticket_comments", "stg_survey__responses")
# Texts that are scored at once: 5,000 of 10,000 characters, the longest that are read, are 200 MB;
# of the usual few hundred, some MB.
BATCH_TEXTS = 5_000
# Null texts are no items; blank ones are, with an empty score, so that no text need be read to find
# what is new.
_ITEMS = """
    select
        'support.ticket_comments' as source_table, comment_id as item_id, load_id,
        commented_at as happened_at, ticket_id, null::varchar as response_id, body as written
    from staging.stg_support__ticket_comments
    where author_kind = 'customer' and is_public and body is not null
    union all
    select
        'survey.responses', response_id, load_id, responded_at, null, response_id, comment
    from staging.stg_survey__responses
    where comment is not null
"""
# The same items in raw facts, as they stand at every load.
RAW_TEXTS: Final = {
    "support.ticket_comments": RawTexts(
        "comment_id", "body", "trim(t.author_kind) = 'customer' and t.is_public"
    ),
    "survey.responses": RawTexts("response_id", "comment", "true"),
}
# Items with the scores that stayed of them where their texts were erased.
_DUE = f"""
    select
        items.*, kept.item_id is not null as is_kept, kept.language, kept.sentiment, kept.topic,
        kept.severity, coalesce(kept.model_version, '{{version}}') as model_version
    from ({_ITEMS}) as items
    left join control.erased_text_scores as kept
        on
            items.source_table = kept.source_table
            and items.item_id = kept.item_id
            and items.load_id = kept.load_id
"""
_SCORED = """
    due.source_table = scores.source_table
    and due.item_id = scores.item_id
    and due.load_id = scores.load_id
    and due.ticket_id is not distinct from scores.ticket_id
    and due.model_version = scores.model_version
"""
# An emptied text that nobody scored while it was there says nothing.
_IS_THERE = f"(due.is_kept or due.written <> {literal(EMPTIED)})"
_GOING = "texts_that_go"
# The same text has the same key; 128 bits, so that two texts never share one.
_KEY = "md5_number(left(written, {length}))"


@dataclass(frozen=True)
class TextSummary:
    """What a run scored.

    Attributes:
        version: The lexicon that scored all rows.
        items: Rows in `ml.text_scores` now.
        new_items: Of these, scored in this run.
        texts: Distinct texts that were read for that.
        removed: Rows taken out: of another version, of a changed item, or of one that is gone.
        unread: Rows without a language, so without a score.
    """

    version: str
    items: int
    new_items: int
    texts: int
    removed: int
    unread: int


def score_items(
    settings: Settings, *, scorer: TextScorer | None = None, stage: Stage | None = None
) -> TextSummary:
    """Bring `ml.text_scores` to one row per customer text that the run knows, in one transaction.

    Scored are items without a row of this version and load; rows whose item is gone (not yet known
    at an earlier load that is replayed) are taken out. Of a text that was erased, or emptied at the
    end of its period, the score stays that it had then, whatever the version is now. Texts are read
    in batches and each distinct one once, so that memory does not grow with their number.

    Args:
        settings: The home.
        scorer: Scores with another lexicon than the package's own.
        stage: The stage whose progress follows the batches.

    Raises:
        ScorecardError: The staging models are missing.
    """
    from ml.text.scoring import default_scorer
    from orchestration.prediction import ensure_ml_tables

    scorer = scorer or default_scorer()
    version = scorer.lexicon.version
    key = _KEY.format(length=scorer.lexicon.rules.max_characters)
    with connect(settings) as con, _texts_expected(settings):
        ensure_ml_tables(con)
        writer = con.cursor()
        with closing(writer), transaction(writer):
            removed = _remove_stale(writer, version)
            texts = _score_texts(con, writer, scorer, key=key, stage=stage)
            new_items = _insert(writer, version, key)
        items, unread = _counts(con)
    summary = TextSummary(version, items, new_items, texts, removed, unread)
    LOGGER.info(
        "texts: %d of %d items scored by %s, %d rows taken out", new_items, items, version, removed
    )
    return summary


def keep_scores(con: duckdb.DuckDBPyConnection, conditions: Mapping[str, str]) -> int:
    """Score the texts of raw rows that are about to go, and keep the scores.

    A person who is erased has some, a period that is over may have a million: they are read in
    batches.

    Args:
        con: The warehouse's connection.
        conditions: Table of `RAW_TEXTS` to the SQL condition on its rows `t`.

    Returns:
        How many scores are in `KEPT_SCORES` now, a temporary table with the columns of
        `control.erased_text_scores` but `erasure_id`. A text that went before has its already.
    """
    from ml.text.scoring import default_scorer, score_texts
    from orchestration.prediction import append_frame

    scorer = default_scorer()
    con.execute(
        f"create or replace temp table {KEPT_SCORES} as "
        "select * exclude (erasure_id) from control.erased_text_scores where false"
    )
    for title, found in RAW_TEXTS.items():
        if title not in conditions:
            continue
        con.execute(
            f"""
            create or replace temp table {_GOING} as
            select
                row_number() over (order by trim(t.{found.key}), t._load_id) as place,
                trim(t.{found.key}) as item_id, t._load_id as load_id, trim(t.{found.text}) as body
            from raw.{title.replace(".", "__")} as t
            where {conditions[title]} and {found.condition} and t.{found.text} <> {literal(EMPTIED)}
                and not exists (
                    select 1 from control.erased_text_scores as kept
                    where
                        kept.source_table = '{title}'
                        and kept.item_id = trim(t.{found.key})
                        and kept.load_id = t._load_id
                )
            """
        )
        for begin in range(0, _number(con, f"select count(*) from {_GOING}"), BATCH_TEXTS):
            texts = con.execute(
                f"select * exclude (place) from {_GOING} where place > ? and place <= ? "
                "order by place",
                [begin, begin + BATCH_TEXTS],
            ).df()
            scores = score_texts(texts.pop("body"), scorer)
            texts = texts.join(scores)
            texts = texts.assign(source_table=title, model_version=scorer.lexicon.version)
            append_frame(con, KEPT_SCORES, texts)
        con.execute(f"drop table {_GOING}")
    return _number(con, f"select count(*) from {KEPT_SCORES}")


def _remove_stale(writer: duckdb.DuckDBPyConnection, version: str) -> int:
    before = _number(writer, f"select count(*) from ml.{TEXT_SCORES}")
    writer.execute(
        f"delete from ml.{TEXT_SCORES} as scores where not exists "
        f"(select 1 from ({_DUE.format(version=version)}) as due where {_SCORED})"
    )
    return before - _number(writer, f"select count(*) from ml.{TEXT_SCORES}")


def _new_items(version: str) -> str:
    """Return the SQL of the items without the row that is due."""
    return (
        f"select due.* from ({_DUE.format(version=version)}) as due "
        f"anti join ml.{TEXT_SCORES} as scores on {_SCORED} where {_IS_THERE}"
    )


def _score_texts(
    reader: duckdb.DuckDBPyConnection,
    writer: duckdb.DuckDBPyConnection,
    scorer: TextScorer,
    *,
    key: str,
    stage: Stage | None,
) -> int:
    """Score each distinct text of the new items into a temporary table of the writer."""
    from ml.text.scoring import score_texts
    from orchestration.prediction import append_frame

    writer.execute(
        "create or replace temp table scored_texts (text_key uhugeint, language varchar, "
        "sentiment double, topic varchar, severity integer)"
    )
    new_items = f"from ({_new_items(scorer.lexicon.version)}) where not is_kept"
    total = _number(reader, f"select count(*) {new_items}")
    length = scorer.lexicon.rules.max_characters
    # The key as text: Arrow has no unsigned number of 128 bits.
    batches = reader.execute(
        f"select {key}::varchar as text_key, any_value(left(written, {length})) as written, "
        f"count(*) as item_count {new_items} group by all"
    ).fetch_record_batch(BATCH_TEXTS)
    texts = done = 0
    for batch in batches:
        frame = batch.to_pandas()
        scores = score_texts(frame["written"], scorer).assign(text_key=frame["text_key"])
        append_frame(writer, "scored_texts", scores)
        texts += batch.num_rows
        done += int(frame["item_count"].sum())
        if stage is not None:
            stage.advance(done, total, "texts")
    return texts


def _insert(writer: duckdb.DuckDBPyConnection, version: str, key: str) -> int:
    before = _number(writer, f"select count(*) from ml.{TEXT_SCORES}")
    writer.execute(
        f"""
        insert into ml.{TEXT_SCORES} by name
        with items as (select *, {key} as text_key from ({_new_items(version)}))
        select items.* exclude (written, text_key, is_kept)
        from items
        where items.is_kept
        union all by name
        select
            items.source_table, items.item_id, items.load_id, items.happened_at, items.ticket_id,
            items.response_id, scored_texts.language, scored_texts.sentiment, scored_texts.topic,
            scored_texts.severity, items.model_version
        from items
        inner join scored_texts on items.text_key = scored_texts.text_key
        where not items.is_kept
        """
    )
    writer.execute("drop table scored_texts")
    return _number(writer, f"select count(*) from ml.{TEXT_SCORES}") - before


def _counts(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    items = _number(con, f"select count(*) from ml.{TEXT_SCORES}")
    return items, _number(con, f"select count(*) from ml.{TEXT_SCORES} where language is null")


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _texts_expected(settings: Settings) -> Iterator[None]:
    try:
        yield
    except duckdb.CatalogException as error:
        raise ScorecardError(
            f"The models that hold the texts ({', '.join(TEXT_MODELS)}) are missing in "
            f"{settings.warehouse}. Materialise the group `staging` first, or start the whole way "
            "with `scorecard run`."
        ) from error

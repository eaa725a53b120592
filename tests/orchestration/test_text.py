"""Texts between the warehouse and `ml.text`, on a small invented service desk."""

import logging
from pathlib import Path
from typing import Any

import pytest

from ml.text.lexicon import DATA, default_lexicon, read_lexicon
from ml.text.scoring import TextScorer
from orchestration import text
from orchestration.errors import ScorecardError
from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.ingestion.retention import EMPTIED
from orchestration.settings import Settings
from orchestration.text import TextSummary, score_items
from orchestration.warehouse import connect

RARE_WORD = "zanzibarquux"
STAGING = f"""
create schema staging;
create table staging.stg_support__ticket_comments (
    comment_id varchar, ticket_id varchar, author_kind varchar, is_public boolean, body varchar,
    commented_at timestamp, load_id bigint
);
create table staging.stg_survey__responses (
    response_id varchar, comment varchar, responded_at timestamp, load_id bigint
);
insert into staging.stg_support__ticket_comments values
    ('c1', 't1', 'customer', true, 'I am very satisfied, {RARE_WORD}', '2024-01-01 10:00:00', 1),
    ('c2', 't1', 'customer', true, 'The invoice is bad', '2024-01-02 10:00:00', 1),
    ('c3', 't2', 'customer', true, 'The invoice is bad', '2024-01-03 10:00:00', 1),
    ('c4', 't2', 'customer', true, '   ', '2024-01-04 10:00:00', 1),
    ('c5', 't2', 'customer', true, 'Очень плохо {RARE_WORD}', '2024-01-05 10:00:00', 1),
    ('c6', 't2', 'customer', true, null, '2024-01-06 10:00:00', 1),
    ('c7', 't2', 'customer', false, 'An internal note is bad', '2024-01-07 10:00:00', 1),
    ('c8', 't2', 'agent', true, 'We are sorry', '2024-01-08 10:00:00', 1),
    ('c9', 't2', 'bot', true, 'We are happy to help', '2024-01-09 10:00:00', 1);
insert into staging.stg_survey__responses values
    ('r1', '很满意', '2024-02-01 10:00:00', 2),
    ('r2', null, '2024-02-02 10:00:00', 2);
"""
ALL = (
    "source_table, item_id, load_id, happened_at, ticket_id, response_id, language, sentiment, "
    "topic, severity, model_version"
)


@pytest.fixture
def desk(settings: Settings) -> Settings:
    with connect(settings) as con:
        con.execute(CONTROL_TABLES)
        con.execute(STAGING)
    return settings


@pytest.fixture
def rows(desk: Settings) -> Any:
    def ask(query: str) -> list[tuple[Any, ...]]:
        with connect(desk, read_only=True) as con:
            return con.execute(query).fetchall()

    return ask


def change(settings: Settings, statement: str) -> None:
    with connect(settings) as con:
        con.execute(statement)


def test_public_customer_comments_and_survey_comments_are_scored(desk: Settings, rows: Any) -> None:
    summary = score_items(desk)
    version = default_lexicon().version
    assert summary == TextSummary(version, items=6, new_items=6, texts=5, removed=0, unread=2)
    found = rows(
        "select source_table, item_id, ticket_id, response_id, language, sign(sentiment), topic, "
        "model_version from ml.text_scores order by all"
    )
    comments, responses = "support.ticket_comments", "survey.responses"
    assert found == [
        (comments, "c1", "t1", None, "en", 1, None, version),
        (comments, "c2", "t1", None, "en", -1, "billing", version),
        (comments, "c3", "t2", None, "en", -1, "billing", version),
        (comments, "c4", "t2", None, None, None, None, version),
        (comments, "c5", "t2", None, None, None, None, version),
        (responses, "r1", None, "r1", "zh", 1, None, version),
    ]
    assert rows("select happened_at::varchar from ml.text_scores where item_id = 'r1'") == [
        ("2024-02-01 10:00:00",)
    ]


def test_the_table_has_the_columns_of_ml_and_none_for_text(desk: Settings, rows: Any) -> None:
    score_items(desk)
    assert [row[0] for row in rows("describe ml.text_scores")] == ALL.split(", ")


def test_what_has_a_score_is_not_scored_again(
    desk: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_items(desk)
    before = rows("from ml.text_scores order by all")

    def refuse(*_: object) -> None:
        pytest.fail("a text was scored again")

    monkeypatch.setattr(TextScorer, "score", refuse)
    summary = score_items(desk)
    assert (summary.new_items, summary.texts, summary.removed, summary.items) == (0, 0, 0, 6)
    assert rows("from ml.text_scores order by all") == before


def test_only_what_is_new_is_scored(desk: Settings, rows: Any) -> None:
    score_items(desk)
    change(
        desk, "insert into staging.stg_survey__responses values ('r3', 'terrible', '2024-03-01', 3)"
    )
    summary = score_items(desk)
    assert (summary.new_items, summary.texts, summary.items) == (1, 1, 7)


def test_a_changed_text_is_scored_again(desk: Settings, rows: Any) -> None:
    score_items(desk)
    change(
        desk,
        "update staging.stg_support__ticket_comments set body = 'Great', load_id = 5 "
        "where comment_id = 'c2'",
    )
    summary = score_items(desk)
    assert (summary.new_items, summary.removed, summary.items) == (1, 1, 6)
    assert rows("select sentiment > 0, load_id from ml.text_scores where item_id = 'c2'") == [
        (True, 5)
    ]


def test_an_item_that_is_gone_loses_its_score(desk: Settings, rows: Any) -> None:
    score_items(desk)
    change(desk, "delete from staging.stg_support__ticket_comments where comment_id = 'c1'")
    summary = score_items(desk)
    assert (summary.new_items, summary.removed, summary.items) == (0, 1, 5)
    assert rows("select count(*) from ml.text_scores where item_id = 'c1'") == [(0,)]


def test_the_score_of_an_erased_text_stays_as_nobodys(desk: Settings, rows: Any) -> None:
    """Also where it was of another version: there is nothing left to score anew."""
    score_items(desk)
    others = rows("from ml.text_scores where item_id <> 'c1' order by all")
    change(
        desk,
        "insert into control.erased_text_scores values "
        "(1, 'support.ticket_comments', 'c1', 1, 'en', 0.5, 'billing', 2, 'lexicon-old'); "
        "update staging.stg_support__ticket_comments set body = 'erased', ticket_id = 'token' "
        "where comment_id = 'c1'",
    )
    summary = score_items(desk)
    assert (summary.new_items, summary.texts, summary.removed, summary.items) == (1, 0, 1, 6)
    assert rows("from ml.text_scores where item_id <> 'c1' order by all") == others
    kept = "select ticket_id, language, sentiment, topic, severity, model_version "
    assert rows(f"{kept} from ml.text_scores where item_id = 'c1'") == [
        ("token", "en", 0.5, "billing", 2, "lexicon-old")
    ]
    assert score_items(desk).new_items == 0


def test_a_text_that_came_without_its_words_is_not_measured(desk: Settings, rows: Any) -> None:
    change(
        desk,
        f"update staging.stg_survey__responses set comment = '{EMPTIED}' where response_id = 'r1'",
    )
    assert score_items(desk).items == 5
    assert rows("select item_id from ml.text_scores where item_id = 'r1'") == []


def test_a_text_loaded_later_under_the_same_number_is_scored(desk: Settings, rows: Any) -> None:
    change(
        desk,
        "insert into control.erased_text_scores values "
        "(1, 'support.ticket_comments', 'c1', 9, null, null, null, null, 'lexicon-old')",
    )
    score_items(desk)
    assert rows("select language from ml.text_scores where item_id = 'c1'") == [("en",)]


def test_another_lexicon_scores_all_anew(desk: Settings, rows: Any, tmp_path: Path) -> None:
    score_items(desk)
    for path in DATA.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "sentiment_en.csv").open("a", encoding="utf-8") as file:
        file.write("invoice,3\n")
    other = TextScorer(read_lexicon(tmp_path))
    summary = score_items(desk, scorer=other)
    assert (summary.new_items, summary.removed, summary.items) == (6, 6, 6)
    assert rows("select distinct model_version from ml.text_scores") == [(other.lexicon.version,)]
    assert score_items(desk).new_items == 6


def test_each_distinct_text_is_scored_once_however_it_is_cut_into_batches(
    desk: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_items(desk)
    straight = rows("from ml.text_scores order by all")
    change(desk, "delete from ml.text_scores")
    change(
        desk,
        "insert into staging.stg_survey__responses select 'x' || i, 'The invoice is bad', "
        "'2024-03-01', 3 from range(50) as t(i)",
    )
    seen: list[str | None] = []
    score = TextScorer.score

    def listen(self: TextScorer, written: str | None) -> Any:
        seen.append(written)
        return score(self, written)

    monkeypatch.setattr(TextScorer, "score", listen)
    monkeypatch.setattr(text, "BATCH_TEXTS", 2)
    assert score_items(desk).new_items == 56
    assert len(seen) == len(set(seen)) == 5
    assert rows("from ml.text_scores where item_id not like 'x%' order by all") == straight


def test_no_support_and_no_survey_leave_an_empty_table(desk: Settings, rows: Any) -> None:
    change(desk, "delete from staging.stg_support__ticket_comments")
    change(desk, "delete from staging.stg_survey__responses")
    assert score_items(desk) == TextSummary(default_lexicon().version, 0, 0, 0, 0, 0)
    assert rows("from ml.text_scores") == []


def test_a_very_long_text_is_read_up_to_its_limit(desk: Settings, rows: Any) -> None:
    change(
        desk,
        "update staging.stg_support__ticket_comments set load_id = 9, "
        "body = repeat('the parcel ', 100000) || 'terrible' where comment_id = 'c1'",
    )
    score_items(desk)
    assert rows("select sentiment, topic from ml.text_scores where item_id = 'c1'") == [
        (0.0, "delivery")
    ]


def test_missing_models_are_named(settings: Settings) -> None:
    with pytest.raises(ScorecardError, match="stg_support__ticket_comments"):
        score_items(settings)


def test_a_step_that_dies_leaves_what_was_there(
    desk: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_items(desk)
    before = rows("from ml.text_scores order by all")
    change(desk, "update staging.stg_support__ticket_comments set load_id = 9")

    def die(*_: object) -> None:
        raise RuntimeError("the power failed")

    monkeypatch.setattr(TextScorer, "score", die)
    with pytest.raises(RuntimeError):
        score_items(desk)
    assert rows("from ml.text_scores order by all") == before


def test_no_text_reaches_the_table_the_log_or_the_summary(
    desk: Settings, rows: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        summary = score_items(desk)
    assert "6 of 6 items" in caplog.text
    written = " ".join(str(value) for row in rows("from ml.text_scores") for value in row)
    for said in (written, caplog.text, str(summary)):
        assert RARE_WORD not in said
        assert "satisfied" not in said
        assert "满意" not in said
    # No table keeps a text either, not even a temporary one.
    tables = rows("select table_schema || '.' || table_name from information_schema.tables")
    assert ("ml.text_scores",) in tables
    assert not any("scored_texts" in name or "incoming" in name for (name,) in tables)
    # What is text in the table is a name of a table, a key, a version or one of a fixed list.
    free = rows(
        "select count(*) from ml.text_scores where length(coalesce(topic, '')) > 20 "
        "or language not in ('en', 'zh') or item_id like '% %'"
    )
    assert free == [(0,)]

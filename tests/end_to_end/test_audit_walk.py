"""The auditor's walk of docs/audit.md, walked on a release."""

from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.audit_walk import PAGE, QUERY, answered, as_text, open_release, queries

pytestmark = pytest.mark.slow

WALK = PAGE.read_text(encoding="utf-8")


def test_every_query_of_the_walk_runs_and_its_answer_is_shown(simulated_run: Path) -> None:
    with open_release(simulated_run) as con:
        page = answered(WALK, con)

    assert len(queries(WALK)) == WALK.count("```sql") == page.count("```text")
    assert QUERY.sub("", page) == QUERY.sub("", WALK)


def test_scores_are_the_sum_of_their_measures_and_changes_of_their_parts(
    simulated_run: Path,
) -> None:
    (query,) = (each for each in queries(WALK) if "score_less_contributions" in each)

    with open_release(simulated_run) as con:
        row = con.execute(query).fetchone()

    assert row is not None
    scores, score_gap, _, change_gap = row
    assert scores > 0
    assert max(score_gap, change_gap or 0) <= 1e-4


def test_answers_stand_below_their_query_once() -> None:
    page = "Text\n\n```sql\nselect 1 as one, null as nothing\n```\n\nMore\n"
    with duckdb.connect() as con:
        once = answered(page, con)

        assert answered(once, con) == once
    assert "```text\none  nothing\n1    -\n```\n\nMore" in once


def test_no_rows_are_told() -> None:
    assert as_text(["a"], []) == "(no rows)"

"""How rules are run: inside DuckDB, without personal data, without a crash."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from data_quality.dialect import MAX_ROWS, BufferedCursor, TooManyRowsError
from data_quality.engine import Judge, JudgeError, open_judge
from data_quality.masking import masked_key
from data_quality.rules import Table

CUSTOMERS = Table("scorecard", "customers", "someone", ("customer_id",))


def cursor(judge: Judge, query: str) -> BufferedCursor:
    made: BufferedCursor = judge.connection.cursor()
    made.execute(query)
    return made


def test_gates_do_not_import_great_expectations_before_they_run() -> None:
    code = (
        "import sys, data_quality.gates, data_quality.report, data_quality.rulebook;"
        "sys.exit('great_expectations' in sys.modules or 'sqlalchemy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_outlive_the_connection(judge: Judge) -> None:
    made = cursor(judge, "select * from range(3)")
    judge.connection.execute("select 'another statement'")

    assert made.fetchone() == (0,)
    assert made.fetchmany(5) == [(1,), (2,)]
    assert made.fetchone() is None
    assert made.fetchall() == []


def test_no_table_is_read_into_python(judge: Judge) -> None:
    made = cursor(judge, f"select * from range({MAX_ROWS + 1})")

    assert made.description is not None
    assert len(made.fetchmany(200)) == 200
    with pytest.raises(TooManyRowsError, match="Ask for an aggregate"):
        made.fetchall()


def test_exactly_the_limit_of_rows_may_be_read(judge: Judge) -> None:
    assert len(cursor(judge, f"select * from range({MAX_ROWS})").fetchall()) == MAX_ROWS


def test_rule_on_a_missing_column_fails_and_says_so(judge: Judge) -> None:
    rule = CUSTOMERS.between("shoe_size", 1, 60, says="It fits.", because="Shoes.")

    outcome = judge.judge("missing-column", [rule], run_id="r")[0]

    assert not outcome.is_passed
    assert outcome.observed == "could not be judged"
    assert "shoe_size" in outcome.error


def test_rule_whose_query_is_wrong_fails_and_says_so(judge: Judge) -> None:
    rule = CUSTOMERS.no_rows(
        "wrong",
        "select customer_id from scorecard.customers where shoe_size > 60",
        says="It fits.",
        because="Shoes.",
        characteristic="accuracy",
    )

    outcome = judge.judge("wrong-query", [rule], run_id="r")[0]

    assert not outcome.is_passed
    assert "shoe_size" in outcome.error


def test_failing_rows_are_shown_by_masked_keys_only(judge: Judge) -> None:
    rule = CUSTOMERS.in_set("country", ["Atlantis"], says="It is there.", because="Myth.")

    outcome = judge.judge("samples", [rule], run_id="r")[0]

    assert outcome.rows_failed == outcome.rows_checked == 240
    assert outcome.sample_keys == tuple(f"customer_id=•••0{n}" for n in range(5))


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("customer_id", "12345", "customer_id=•••45"),
        ("customer_id", "1234", "customer_id=•••"),
        ("customer_id", None, "customer_id=null"),
        ("as_of_date", "2011-11-30", "as_of_date=2011-11-30"),
        ("tier", "A", "tier=A"),
        ("source_table", "tickets", "source_table=tickets"),
        ("invoice_id", "536365", "invoice_id=•••65"),
    ],
)
def test_keys_of_customers_are_masked(column: str, value: str | None, shown: str) -> None:
    assert masked_key(column, value) == shown


def test_judging_leaves_no_chatter_in_the_log(
    judge: Judge, caplog: pytest.LogCaptureFixture
) -> None:
    rule = CUSTOMERS.not_null("customer_id", says="There.", because="Why not.")

    with caplog.at_level(logging.INFO):
        judge.judge("quiet", [rule], run_id="r")

    assert [each.name for each in caplog.records if each.levelno < logging.WARNING] == []


def test_table_without_rows_keeps_every_rule_about_rows(judge: Judge) -> None:
    judge.connection.execute("create table raw.nobody (id varchar, tier varchar, score double)")
    table = Table("raw", "nobody", "someone", ("id",))
    rules = [
        table.unique(says="Once.", because="Why not."),
        table.not_null("id", says="There.", because="Why not."),
        table.in_set("tier", ["A"], says="Known.", because="Why not."),
        table.between("score", 0, 100, says="Within.", because="Why not."),
        table.no_rows(
            "none",
            "select id from raw.nobody",
            says="None.",
            because="Why not.",
            characteristic="accuracy",
        ),
    ]

    outcomes = judge.judge("no-rows", rules, run_id="r")
    judge.connection.execute("drop table raw.nobody")

    assert [(each.is_passed, each.error, each.rows_failed) for each in outcomes] == [
        (True, "", 0)
    ] * len(rules)
    assert {each.observed for each in outcomes} == {"0 of 0 rows"}


def test_judge_without_a_folder_builds_no_docs(judge: Judge) -> None:
    with pytest.raises(JudgeError, match="without a folder"):
        judge.build_docs()


def test_judging_keeps_within_its_limits(good_warehouse: Path) -> None:
    with open_judge(good_warehouse, limits={"memory_limit": "1GB", "threads": 1}) as opened:
        limits = opened.connection.execute(
            "select current_setting('memory_limit'), current_setting('threads')"
        ).fetchone()

    assert limits == ("953.6 MiB", 1)


def test_missing_warehouse_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(JudgeError, match=r"no warehouse at absent\.duckdb"),
        open_judge(tmp_path / "absent.duckdb"),
    ):
        pass


def test_file_that_is_no_warehouse_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_text("this is no database", encoding="utf-8")

    with pytest.raises(JudgeError, match="could not be opened"), open_judge(path):
        pass

"""Rules that are counted together give what each gives by itself."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from data_quality.engine import Judge, failing_rows_query
from data_quality.row_conditions import row_condition
from data_quality.rules import Rule, Table
from data_quality.suites.catalogue import all_rules

CUSTOMERS = Table("scorecard", "customers", "someone", ("customer_id",))
KEYED = Table("raw", "keyed", "someone", ("customer_id", "as_of_date", "measure"))


def asking(query: str) -> Rule:
    return CUSTOMERS.no_rows(
        "asked", query, says="None.", because="Why not.", characteristic="accuracy"
    )


def conditions_by_rows(judge: Judge) -> dict[str, dict[str, tuple[str, str]]]:
    """For each query of rows the rules that are counted together: query and condition."""
    found: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for rules in all_rules().values():
        for rule in rules:
            query = failing_rows_query(rule)
            relation = rule.kwargs.get("relation")
            condition = rule.kwargs.get("condition") or (
                query and row_condition(judge.connection, rule, query)
            )
            if query and condition:
                found[relation or f"select * from {rule.table}"][rule.id] = (query, condition)
    return found


@pytest.fixture
def disordered(judge: Judge) -> Iterator[Judge]:
    """Every judged table with its columns pushed down by a number of rows each: many rules fail."""
    con = judge.connection
    con.execute("begin")
    for table in {rule.table for rules in all_rules().values() for rule in rules}:
        columns = [row[0] for row in con.execute(f"describe {table}").fetchall()]
        pushed = ", ".join(
            f'lag("{column}", {place % 7}) over (order by rowid) as "{column}"'
            for place, column in enumerate(columns)
        )
        con.execute(f"create or replace table {table} as select {pushed} from {table}")
    yield judge
    con.execute("rollback")


def test_rules_counted_together_give_what_each_gives_by_itself(disordered: Judge) -> None:
    con = disordered.connection
    together: dict[str, int] = {}
    alone: dict[str, int] = {}

    for rows, rules in conditions_by_rows(disordered).items():
        counts = ", ".join(f"count(*) filter (where {each[1]}\n)" for each in rules.values())
        counted = con.execute(f"select {counts} from ({rows}) as judged").fetchone()
        together.update(zip(rules, counted, strict=True))
        for rule_id, (query, _) in rules.items():
            alone[rule_id] = con.execute(f"select count(*) from ({query}) as failing").fetchone()[0]

    assert together == alone
    assert len(together) > 800
    assert sum(count > 0 for count in together.values()) > 200


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("select customer_id from scorecard.customers where tier = 'A'", "tier = 'A'"),
        (
            "select c.tier from scorecard.customers as c where c.tier = 'c.' or c.country > tier",
            "tier = 'c.' or country > tier",
        ),
        (
            "select '客户' from scorecard.customers as c\nWHERE c.tier = '客' and c.tier <> ''",
            "tier = '客' and tier <> ''",
        ),
        (
            "select tier from scorecard.customers where tier = (select max(tier) from raw.x)",
            "tier = (select max(tier) from raw.x)",
        ),
    ],
)
def test_condition_is_taken_out_of_a_query_of_single_rows(
    judge: Judge, query: str, condition: str
) -> None:
    assert row_condition(judge.connection, asking(query), query) == condition


@pytest.mark.parametrize(
    "query",
    [
        "select distinct customer_id from scorecard.customers where tier = 'A'",
        "select customer_id from scorecard.customers where tier = 'A' limit 1",
        "select min(customer_id) from scorecard.customers where tier = 'A'",
        "select tier from scorecard.customers where tier = 'A' group by tier",
        "select tier from scorecard.customers group by tier having count(*) > 1",
        "select customer_id from scorecard.customers where true qualify row_number() over () > 1",
        "select customer_id from scorecard.tickets where tier = 'A'",
        "select customer_id from customers where tier = 'A'",
        "select customer_id from scorecard.customers",
        "select customer_id from (select * from scorecard.customers) as c where tier = 'A'",
        "select c.tier from scorecard.customers as c cross join raw.x as x where c.tier = x.tier",
        "select tier from scorecard.customers as c where c.tier in (select c.tier from raw.x)",
        "select tier from scorecard.customers as c where c.tier.part = 1 and struct.part = 2",
        "select customer_id from scorecard.customers where a union all select 1 where b",
        "select unnest([1, 2]) from scorecard.customers where tier = 'A'",
        "with c as (select 1) select customer_id from scorecard.customers where tier = 'A'",
        "select customer_id from scorecard.customers where tier = 'A'; select 1",
        "select where",
    ],
)
def test_query_that_counts_anything_else_keeps_its_own_statement(judge: Judge, query: str) -> None:
    assert row_condition(judge.connection, asking(query), query) is None


@pytest.mark.parametrize(
    ("added", "repeated"),
    [
        ("select 'nobody', null, null limit 0", 0),
        ("select 'c7', date '2024-02-29', 'm3'", 1),
        ("select 'c7', date '2024-02-29', 'm' || i from range(5) as r(i)", 5),
        ("select null, date '2024-02-29', 'm3' from range(3)", 0),
        ("select 'c' || i, date '2030-01-01', 'n' || i % 200 from range(400) as r(i)", 0),
        ("select 'c' || i % 200, date '2030-01-01', 'n' || i % 200 from range(399) as r(i)", 199),
    ],
)
@pytest.mark.parametrize("many", [1, 10**9])
def test_keys_of_a_long_table_are_told_apart_exactly(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, many: int, added: str, repeated: int
) -> None:
    monkeypatch.setattr("data_quality.expectations.MANY_ROWS", many)
    con: Any = judge.connection
    con.execute(
        "create or replace table raw.keyed as select 'c' || i // 60 as customer_id, "
        "last_day(date '2024-01-01' + interval 1 month * (i % 60 // 10)) as as_of_date, "
        "'m' || i % 10 as measure from range(6000) as r(i)"
    )
    con.execute(f"insert into raw.keyed {added}")

    rule = KEYED.unique(says="Once.", because="Why not.")
    outcome = judge.judge(f"keys-{many}-{repeated}-{len(added)}", [rule], run_id="r")[0]
    con.execute("drop table raw.keyed")

    assert (outcome.error, outcome.rows_failed) == ("", repeated)
    assert outcome.is_passed == (repeated == 0)


def test_rules_with_the_same_relation_count_its_rows(judge: Judge) -> None:
    con: Any = judge.connection
    con.execute(
        "create or replace table raw.keyed as select 'c' || i % 4 as customer_id, "
        "last_day(date '2024-01-01' + interval 1 month * (i % 3)) as as_of_date, "
        "'m' || i as measure, i as amount from range(24) as r(i)"
    )
    relation = "select customer_id, sum(amount) as amount from raw.keyed group by customer_id"

    def holding(what: str, condition: str) -> Rule:
        return KEYED.none_where(
            what, relation, condition, says="None.", because="Why not.", characteristic="accuracy"
        )

    rules = [
        holding("none_is_large", "amount > 62"),
        holding("none_is_negative", "amount < 0"),
        KEYED.not_null("amount", says="There.", because="Why not."),
    ]
    outcomes = judge.judge("relation", rules, run_id="r")
    con.execute("drop table raw.keyed")

    # The sums of c0 to c3 are 60, 66, 72 and 78.
    found = [(each.error, each.rows_checked, each.rows_failed) for each in outcomes]
    assert found == [("", 4, 3), ("", 4, 0), ("", 24, 0)]
    assert [key[:11] for key in outcomes[0].sample_keys] == ["customer_id"] * 3

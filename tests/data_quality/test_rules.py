"""Every rule accepts good data and finds the one fault it is for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_quality.engine import Judge, failing_rows_query
from data_quality.kinds import KINDS, count_by_kind, kinds_of
from data_quality.rules import CHARACTERISTICS, MEASURE_BETWEEN, SEVERITIES, Rule, Table
from data_quality.suites.catalogue import SUITES, all_rules, suite

HERE = Path(__file__).parent
RULES = {rule.id: (product, rule) for product, rules in all_rules().items() for rule in rules}
TABLE_NAME = re.compile(r"\b(?:raw|control|core|quarantine|scorecard|seeds)\.[a-z_]+")
CHANGED = re.compile(r"(?:update|into|from|replace table) ([a-z]+\.[a-z_]+)")


@dataclass(frozen=True)
class Mutation:
    """A fault, and the rules that must find it."""

    sql: str
    finds: frozenset[str]

    @property
    def tables(self) -> set[str]:
        return set(CHANGED.findall(self.sql))


def read_mutations() -> dict[str, Mutation]:
    roll_up = (HERE / "sql" / "roll_up.sql").read_text(encoding="utf-8")
    content = yaml.safe_load((HERE / "mutations.yml").read_text(encoding="utf-8"))
    return {
        rule_id: Mutation(
            sql=entry["sql"].replace("{roll_up}", roll_up),
            finds=frozenset({rule_id, *entry.get("also", ())}),
        )
        for rule_id, entry in content.items()
    }


MUTATIONS = read_mutations()


# How a rule is translated for Great Expectations depends on its check and its query's form.
ONE_OF_A_KIND = {
    (product, rule.expectation, "key" in rule.kwargs): rule_id
    for rule_id, (product, rule) in reversed(RULES.items())
}


@pytest.fixture
def mutated(judge: Judge, request: pytest.FixtureRequest) -> Iterator[Mutation]:
    """Apply a mutation in a transaction, and take it back afterwards; other connections miss it."""
    mutation = MUTATIONS[request.param]
    judge.connection.execute("begin")
    try:
        judge.connection.execute(mutation.sql)
        yield mutation
    finally:
        judge.connection.execute("rollback")


@pytest.fixture
def spoilt(judge: Judge, request: pytest.FixtureRequest) -> Iterator[str]:
    """Apply a mutation for every connection, and put the tables back afterwards."""
    mutation = MUTATIONS[request.param]
    con = judge.connection
    for table in mutation.tables:
        con.execute(f"create or replace temp table {table.replace('.', '__')}_kept as from {table}")
    con.execute(mutation.sql)
    yield request.param
    for table in mutation.tables:
        con.execute(f"create or replace table {table} as from {table.replace('.', '__')}_kept")


def is_kept(judge: Judge, rule: Rule) -> bool:
    """Evaluate a rule with DuckDB alone, without Great Expectations."""
    con = judge.connection
    if rule.expectation == "expect_table_row_count_to_be_between":
        found = con.execute(f"select count(*) from {rule.table}").fetchone()[0]
        return bool(found >= rule.kwargs["min_value"])
    if rule.expectation == MEASURE_BETWEEN:
        row = con.execute(rule.kwargs["query"]).fetchone()
        return within(None if row is None else row[0], **rule.kwargs)
    query = failing_rows_query(rule)
    return con.execute(f"select 1 from ({query}) as failing limit 1").fetchone() is None


def within(
    value: Any, *, min_value: float | None, max_value: float | None, may_be_missing: bool, **_: Any
) -> bool:
    if value is None:
        return may_be_missing
    low = min_value is None or value >= min_value
    return low and (max_value is None or value <= max_value)


@pytest.mark.parametrize("product", SUITES)
def test_good_data_pass_every_rule(judge: Judge, product: str) -> None:
    outcomes = judge.judge(f"{product}-good", suite(product), run_id="good")

    assert [each.rule.id for each in outcomes if not each.is_passed] == []


def test_every_rule_has_a_mutation_and_every_mutation_a_rule() -> None:
    assert set(MUTATIONS) == set(RULES)


@pytest.mark.parametrize(("mutated", "rule_id"), [(i, i) for i in RULES], indirect=["mutated"])
def test_fault_is_found_by_its_rule_and_no_other(
    judge: Judge, mutated: Mutation, rule_id: str
) -> None:
    product = RULES[rule_id][0]
    concerned = [r for r in suite(product) if {r.table, *r.reads} & mutated.tables]

    found = {each.id for each in concerned if not is_kept(judge, each)}

    assert found == mutated.finds


@pytest.mark.parametrize("spoilt", ONE_OF_A_KIND.values(), indirect=True)
def test_judge_finds_the_fault_too(judge: Judge, spoilt: str) -> None:
    rule = RULES[spoilt][1]

    outcome = judge.judge(f"{spoilt}-mutated", [rule], run_id="mutated")[0]

    assert outcome.error == ""
    assert not outcome.is_passed
    assert outcome.rows_failed > 0


def test_an_undeclared_table_is_noticed() -> None:
    read = Table("scorecard", "customers", "someone", ("customer_id",)).no_rows(
        "orphans",
        "select customer_id from scorecard.tickets",
        says="None.",
        because="Why not.",
        characteristic="accuracy",
    )

    assert _undeclared(read) == {"scorecard.tickets"}


def test_rules_declare_the_tables_they_read() -> None:
    undeclared = {rule_id: _undeclared(rule) for rule_id, (_, rule) in RULES.items()}

    assert {rule_id: tables for rule_id, tables in undeclared.items() if tables} == {}


def _undeclared(rule: Rule) -> set[str]:
    text = " ".join(str(value) for key, value in rule.kwargs.items() if "query" in key)
    columns = {f"{alias}.{column}" for alias, column in aliases(text)}
    return set(TABLE_NAME.findall(text)) - {rule.table, *rule.reads} - columns


def aliases(text: str) -> set[tuple[str, str]]:
    """A query may call a table `scorecard`; its columns then look like tables."""
    if " as scorecard" not in text:
        return set()
    columns = {"customer_id", "as_of_date", "profile", "score", "tier"}
    return {("scorecard", column) for column in columns}


def test_rules_say_what_a_manager_needs() -> None:
    silent = [
        rule_id
        for rule_id, (_, rule) in RULES.items()
        if rule.severity not in SEVERITIES
        or rule.characteristic not in CHARACTERISTICS
        or not rule.owner
        or not rule.description.endswith(".")
        or not rule.reason
    ]

    assert silent == []


def test_rule_names_are_unique_over_all_suites() -> None:
    assert len(RULES) == sum(len(rules) for rules in all_rules().values())


def test_every_severity_is_used() -> None:
    assert {rule.severity for _, rule in RULES.values()} == set(SEVERITIES)


def test_rule_about_one_value_cannot_be_quarantine() -> None:
    table = Table("scorecard", "customers", "someone", ("customer_id",))

    with pytest.raises(ValueError, match="needs a check that counts rows"):
        table.measure(
            "mean",
            "select 1",
            because="x",
            says="y",
            characteristic="accuracy",
            severity="quarantine",
        )


GOOD = Rule(
    id="customers.has_rows",
    table="scorecard.customers",
    characteristic="completeness",
    severity="block",
    owner="customer analytics",
    description="There are rows.",
    reason="Without customers there is no scorecard.",
    expectation="expect_table_row_count_to_be_between",
    kwargs={"min_value": 1},
)


@pytest.mark.parametrize("name", ["id", "table", "owner", "description", "reason", "expectation"])
@pytest.mark.parametrize("value", ["", " ", None])
def test_rule_that_lacks_what_an_auditor_asks_is_refused(name: str, value: str | None) -> None:
    with pytest.raises(ValueError, match=rf"needs {name}: an auditor asks"):
        replace(GOOD, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("characteristic", "beauty"), ("severity", "fatal"), ("severity", "")]
)
def test_rule_of_an_unknown_characteristic_or_severity_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"has the {name} '{value}'. Expected one of"):
        replace(GOOD, **{name: value})


def test_every_kind_of_rule_is_asked_somewhere() -> None:
    counts = count_by_kind(all_rules())

    asked = {name for found in counts.values() for name in found}
    assert asked == {kind.name for kind in KINDS}
    assert sum(sum(found.values()) for found in counts.values()) >= len(RULES)


def test_every_product_proves_its_keys_unique_and_present() -> None:
    counts = count_by_kind(all_rules())

    lacking = {
        product: sorted({"uniqueness", "completeness"} - set(found))
        for product, found in counts.items()
    }
    assert {product: kinds for product, kinds in lacking.items() if kinds} == {}


@pytest.mark.parametrize(
    ("rule_id", "kinds"),
    [
        ("customer_scorecard.key_is_unique", ["uniqueness"]),
        ("customer_indicators.key_is_unique", ["uniqueness", "one state"]),
        ("mrr_movements.closing_is_the_next_opening", ["conservation"]),
        ("customer_scorecard.score_distribution_is_stable", ["drift"]),
        ("invoices.volume_is_usual_for_the_season", ["volume"]),
        ("invoices.none_is_lost", ["reconciliation"]),
        ("identity_summary.few_customers_changed", ["merges and splits"]),
        ("customer_events.events_and_activity_agree", ["sources agree"]),
        ("tickets.refused_share_is_small", ["quarantine"]),
        ("tickets.no_personal_data", ["confidentiality"]),
        ("source_findings.no_off_scale", ["bad input"]),
        ("nps_by_group.nps_is_its_formula", ["formulas"]),
        ("customers.customer_id_is_present", ["completeness"]),
    ],
)
def test_the_kind_of_a_rule_is_told_by_its_name_and_check(rule_id: str, kinds: list[str]) -> None:
    assert [kind.name for kind in kinds_of(RULES[rule_id][1])] == kinds


# Optional systems, and the products that are computed from them without another in between.
READS = {
    "usage": {"activity"},
    "marketing": {"activity", "commercial"},
    "organisation": {"activity", "cmat", "credit", "weights"},
    "support": {"service"},
    "survey": {"survey"},
}


@pytest.mark.parametrize("system", READS)
def test_the_limit_for_the_quarantine_is_asked_of_every_system(system: str) -> None:
    asking = {
        product
        for product, rules in all_rules().items()
        for rule in rules
        if rule.id.endswith(".refused_share_is_small")
        and f"'{system}'" in rule.kwargs["unexpected_rows_query"]
    }

    assert asking == READS[system]


def test_unknown_suite_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match="there are suites for source, identity, customers"):
        suite("unknown")

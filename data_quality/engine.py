"""Running rules: Great Expectations on DuckDB, and DuckDB itself for what it does not do.

Belongs here: opening the warehouse, turning rules into expectations, reading their results. Not
here: what the results mean for a product (`gates.py`).

Great Expectations is imported inside `open_judge`, because its import takes 5 to 10 s on two
cores. It never sees a table as a frame: every expectation is SQL that DuckDB runs.
"""

from __future__ import annotations

import logging
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_quality.docs import tidy_data_docs
from data_quality.masking import masked_key
from data_quality.row_conditions import row_condition
from data_quality.rules import MEASURE_BETWEEN, NO_FAILING_ROWS, ROW_LEVEL_EXPECTATIONS, Rule

LOGGER = logging.getLogger(__name__)

DOCS_SITE = "data_docs"
SAMPLE_SIZE = 5
GX_SEVERITY = {"block": "critical", "quarantine": "warning", "warn": "info"}
# Counts only: bad values of a column could be personal.
RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


class JudgeError(Exception):
    """The warehouse could not be judged at all; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What running one rule gave.

    Attributes:
        rule: The rule.
        is_passed: Whether it held.
        rows_checked: Rows of the table.
        rows_failed: Failing rows; 0 or 1 where the rule is about one value.
        observed: What was found, in words.
        sample_keys: Masked keys of up to five failing rows.
        error: Why the rule could not be run, or empty.
    """

    rule: Rule
    is_passed: bool
    rows_checked: int
    rows_failed: int
    observed: str
    sample_keys: tuple[str, ...] = ()
    error: str = ""


class Judge:
    """Runs rules against one open warehouse. Made by `open_judge`."""

    def __init__(self, context: Any, datasource: Any, connection: Any, docs: Path | None) -> None:
        self._context = context
        self._datasource = datasource
        self._docs = docs
        self.connection = connection

    def missing(self, tables: Sequence[str]) -> list[str]:
        """Name those of the tables (`schema.name`) that the warehouse does not have."""
        rows = self.connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_catalog = current_database()"
        ).fetchall()
        known = {row[0] for row in rows}
        return [table for table in tables if table not in known]

    def judge(self, suite: str, rules: Sequence[Rule], *, run_id: str) -> list[Outcome]:
        """Run the rules, whose tables must exist, and give their outcomes in the same order."""
        by_rows: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in rules:
            rows = rule.kwargs.get("relation", f"select * from {rule.table}")
            by_rows[rule.table, rows].append(rule)
        outcomes: dict[str, Outcome] = {}
        names: Counter[str] = Counter()
        for (table, rows), their_rules in by_rows.items():
            names[table] += 1
            name = f"{suite}.{table}" + (f"-{names[table]}" if names[table] > 1 else "")
            for outcome in self._judge_rows(name, rows, their_rules, run_id):
                outcomes[outcome.rule.id] = outcome
        return [outcomes[rule.id] for rule in rules]

    def build_docs(self) -> None:
        """Write the Data Docs site of everything that was judged.

        Raises:
            JudgeError: No folder for it was given.
        """
        if self._docs is None:
            raise JudgeError("This judge was opened without a folder for Data Docs.")
        self._context.build_data_docs(site_names=[DOCS_SITE])
        tidy_data_docs(self._docs)

    def _judge_rows(
        self, name: str, rows: str, rules: Sequence[Rule], run_id: str
    ) -> Iterator[Outcome]:
        import great_expectations as gx

        asset = self._datasource.add_query_asset(name, query=rows)
        expectations = gx.ExpectationSuite(
            name=name, expectations=[self._expectation(rule) for rule in rules]
        )
        definition = gx.ValidationDefinition(
            name=name,
            data=asset.add_batch_definition_whole_table("all rows"),
            suite=self._context.suites.add(expectations),
        )
        self._context.validation_definitions.add(definition)
        run = gx.RunIdentifier(run_name=run_id)
        validated = definition.run(result_format=RESULT_FORMAT, run_id=run)
        results = {each.expectation_config.meta["rule"]: each for each in validated.results}
        for rule in rules:
            yield self._outcome(rule, results[rule.id])

    def _expectation(self, rule: Rule) -> Any:
        from great_expectations.expectations.expectation_configuration import (
            ExpectationConfiguration,
        )

        kwargs: dict[str, Any] = dict(rule.kwargs)
        query = failing_rows_query(rule)
        if query is not None:
            kwargs = {
                "unexpected_rows_query": query,
                "condition": kwargs.get("condition") or row_condition(self.connection, rule, query),
                **_key(rule),
                "column": kwargs.get("column"),
                "sentence": rule.description,
            }
        return ExpectationConfiguration(
            type=rule.expectation if query is None else NO_FAILING_ROWS,
            kwargs={name: _literal(name, value) for name, value in kwargs.items()},
            severity=GX_SEVERITY[rule.severity],
            meta={
                "rule": rule.id,
                "characteristic": rule.characteristic,
                "severity": rule.severity,
                "owner": rule.owner,
                "reason": rule.reason,
            },
            description=rule.description,
        ).to_domain_obj()

    def _outcome(self, rule: Rule, result: Any) -> Outcome:
        error = _error(result.exception_info)
        if error:
            LOGGER.error("Rule %s could not be judged: %s", rule.id, error)
            return Outcome(
                rule=rule,
                is_passed=False,
                rows_checked=0,
                rows_failed=0,
                observed="could not be judged",
                error=error,
            )
        # Over a table without rows, Great Expectations gives some counts as None.
        found = {name: value for name, value in result.result.items() if value is not None}
        failed = found.get("unexpected_count", 0 if result.success else 1)
        return Outcome(
            rule=rule,
            is_passed=bool(result.success),
            rows_checked=self._rows_checked(rule, found),
            rows_failed=int(failed),
            observed=_observed(rule, found),
            sample_keys=() if result.success else self._samples(rule),
        )

    def _rows_checked(self, rule: Rule, found: Mapping[str, Any]) -> int:
        if "element_count" in found:
            return int(found["element_count"])
        return int(self.connection.execute(f"select count(*) from {rule.table}").fetchone()[0])

    def _samples(self, rule: Rule) -> tuple[str, ...]:
        query = failing_rows_query(rule)
        if query is None:
            return ()
        cursor = self.connection.execute(
            f"select * from ({query}) as failing order by all limit {SAMPLE_SIZE}"
        )
        columns = [column[0] for column in cursor.description]
        keys = [i for i, column in enumerate(columns) if column in rule.keys]
        return tuple(
            ", ".join(masked_key(columns[i], row[i]) for i in keys) for row in cursor.fetchall()
        )


@contextmanager
def open_judge(
    warehouse: Path,
    *,
    docs: Path | None = None,
    read_only: bool = True,
    limits: Mapping[str, str | int] | None = None,
) -> Iterator[Judge]:
    """Open the warehouse for judging.

    No other connection of this process to the file may be open: DuckDB refuses a second one with
    other settings.

    Args:
        warehouse: The DuckDB file.
        docs: Where `build_docs` writes the Data Docs site; None for no site.
        read_only: False only where rows must change between two judgements, as in tests.
        limits: Settings of DuckDB, such as `memory_limit`, `threads` and `temp_directory`, so that
            a rule over hundreds of millions of rows spills to disk and does not take all memory.

    Raises:
        JudgeError: The file does not exist or cannot be opened.
    """
    if not warehouse.exists():
        raise JudgeError(f"There is no warehouse at {warehouse.name}. Run the pipeline first.")
    # Read at import by Great Expectations, so it is set before.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from sqlalchemy.dialects import registry

    from data_quality import expectations  # noqa: F401  registers our expectations
    from data_quality.dialect import DIALECT_NAME

    registry.register(DIALECT_NAME, "data_quality.dialect", "BufferedDialect")
    # Some thousand lines a run, about arguments that no rule has.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    # This context saves nowhere, but writes its configuration as YAML twice a table to do so.
    context.variables.save = lambda: None
    if docs is not None:
        _add_docs_site(context, docs)
    try:
        datasource = context.data_sources.add_sql(
            "warehouse",
            connection_string=f"{DIALECT_NAME}:///{warehouse}",
            kwargs={"connect_args": {"read_only": read_only, "config": dict(limits or {})}},
        )
    except gx.datasource.fluent.interfaces.TestConnectionError as error:
        raise JudgeError(f"The warehouse could not be opened for judging: {error}") from error
    connection = datasource.get_engine().raw_connection()
    try:
        yield Judge(context, datasource, connection.driver_connection, docs)
    finally:
        connection.close()
        datasource.get_execution_engine().close()
        datasource.get_execution_engine().engine.dispose()
        datasource.get_engine().dispose()


def failing_rows_query(rule: Rule) -> str | None:
    """Write the SQL that selects the keys of a rule's failing rows, or None if it counts none.

    It is what the rule is judged by, is shown to auditors and gives the masked samples.
    """
    kwargs = rule.kwargs
    if rule.expectation == NO_FAILING_ROWS:
        return str(kwargs["unexpected_rows_query"])
    if rule.expectation in (MEASURE_BETWEEN, "expect_table_row_count_to_be_between"):
        return None
    keys = ", ".join(rule.keys)
    column = kwargs["column"]
    if rule.expectation == "expect_column_values_to_not_be_null":
        condition = f"{column} is null"
    elif rule.expectation == "expect_column_values_to_be_in_set":
        condition = f"{column} not in ({', '.join(repr(value) for value in kwargs['value_set'])})"
    else:
        bounds = []
        if "min_value" in kwargs:
            bounds.append(f"{column} < {kwargs['min_value']}")
        if "max_value" in kwargs:
            bounds.append(f"{column} > {kwargs['max_value']}")
        condition = " or ".join(bounds)
    return f"select {keys} from {rule.table} where {condition}"


def _key(rule: Rule) -> dict[str, str]:
    """Give the table and the key of a rule about keys that come more than once."""
    key = rule.kwargs.get("key")
    return {} if key is None else {"rows": rule.table, "key": ", ".join(key)}


def _literal(name: str, value: Any) -> Any:
    """Double the braces of a query: Great Expectations takes single ones for places to fill."""
    return value.replace("{", "{{").replace("}", "}}") if "query" in name else value


def _observed(rule: Rule, found: Mapping[str, Any]) -> str:
    if "element_count" in found and rule.expectation in ROW_LEVEL_EXPECTATIONS:
        return f"{found.get('unexpected_count', 0):,} of {found['element_count']:,} rows"
    return f"{_number(found.get('observed_value'))} (asked: {_asked(rule.kwargs)})"


def _asked(kwargs: Mapping[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if high is None:
        return f"at least {_number(low)}"
    if low is None:
        return f"at most {_number(high)}"
    return f"exactly {_number(low)}" if low == high else f"{_number(low)} to {_number(high)}"


def _number(value: Any) -> str:
    return "not measured" if value is None else f"{value:,.10g}"


def _error(exception_info: Mapping[str, Any]) -> str:
    """Give the message of a rule that raised: one level for simple checks, by metric for others."""
    if exception_info.get("raised_exception"):
        return _first_line(exception_info["exception_message"])
    for info in exception_info.values():
        if isinstance(info, Mapping) and info.get("raised_exception"):
            return _first_line(info["exception_message"])
    return ""


def _first_line(message: str) -> str:
    return str(message).strip().splitlines()[0][:300]


def _add_docs_site(context: Any, docs: Path) -> None:
    context.add_data_docs_site(
        site_name=DOCS_SITE,
        site_config={
            "class_name": "SiteBuilder",
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(docs),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "show_how_to_buttons": False,
        },
    )

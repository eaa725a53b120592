# ruff: noqa: ARG002, ARG003, N805  Great Expectations sets the signatures.
"""The Great Expectations that rules are judged by, all answered by aggregates inside DuckDB.

Belongs here: expectation classes, and the metric they share. Not here: which rules use them
(`suites/`).

Great Expectations resolves aggregates of one table in one statement. So rules that look at single
rows (`row_conditions.py`) and the count of rows are one scan of their table, however many they
are; its own expectations about columns read every column a second time, for bad values that are
not shown.

Importing this module imports Great Expectations (5 to 10 s measured on two cores): only
`data_quality.engine` imports it, inside a function.

`UnexpectedRowsExpectation`, which comes with Great Expectations, fetches the failing rows
themselves; ours count them, so no row of a customer leaves the engine.

An expectation names its metrics itself (`_metrics`): the inherited way through the configuration
copies the expectation some sixty times a rule, which took most of the time over small tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.compatibility.sqlalchemy import sqlalchemy as sa
from great_expectations.core.id_dict import IDDict
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.core.result_format import ResultFormat
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import (
    BatchExpectation,
    render_suite_parameter_string,
)
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

ROW_COUNT = "table.row_count"
ROWS_WHERE = "table.rows_where"
ROWS_OF_QUERY = "unexpected_rows_query.row_count"
REPEATED_KEYS = "table.repeated_keys"
VALUE_OF_QUERY = "query.table"
# From so many rows on, keys are told apart by bits; a HUGEINT holds this many without its sign.
MANY_ROWS = 5_000_000
BITS = 127


class RowsWhere(TableMetricProvider):  # type: ignore[misc]  # no types
    """The number of rows for which a condition holds, counted with the others of its table."""

    metric_name = ROWS_WHERE
    value_keys = ("condition",)

    @metric_partial(  # type: ignore[untyped-decorator]
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        condition = metric_value_kwargs["condition"]
        # The condition may end with a comment, hence the line of its own.
        counted = sa.literal_column(f"count(*) filter (where {condition}\n)", sa.Integer)
        return counted, metric_domain_kwargs, {}


class RepeatedKeys(TableMetricProvider):  # type: ignore[misc]  # no types
    """The number of keys that come more than once.

    Grouping a hundred million keys takes minutes, and memory for all of them. In long tables the
    key is that of a customer and some columns with few values (month, profile, measure): each
    combination of those gets a bit, and a customer whose rows are as many as their bits has each
    key once. That groups customers, not rows, and is exact. Where it does not fit, or where a key
    comes twice, the rule's own query counts.
    """

    metric_name = REPEATED_KEYS
    value_keys = ("unexpected_rows_query", "rows", "key")

    @metric_value(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]
    def _sqlalchemy(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> int:
        def first(query: str) -> int:
            return int(execution_engine.execute_query(sa.text(query)).fetchone()[0])

        table = metric_value_kwargs["rows"]
        key = metric_value_kwargs["key"].split(", ")
        if first(f"select count(*) from {table}") >= MANY_ROWS:
            for place in range(1, len(key)):
                if first(_count_of_values(table, key[place:])) <= BITS:
                    if first(_count_of_repeating(table, key, place)) == 0:
                        return 0
                    break
        query = metric_value_kwargs["unexpected_rows_query"]
        return first(f"select count(*) from ({query}) as repeated")


def _count_of_values(table: str, columns: Sequence[str]) -> str:
    return f"select count(*) from (select distinct {', '.join(columns)} from {table}) as held"


def _count_of_repeating(table: str, key: Sequence[str], place: int) -> str:
    """Count the first parts of a key that come with one of the second parts more than once."""
    owner, few = ", ".join(key[:place]), ", ".join(key[place:])
    present = " and ".join(f"{column} is not null" for column in key)
    return f"""
        with held as (
            select {few}, 1::hugeint << (row_number() over () - 1)::int as key_bit
            from (select distinct {few} from {table} where {present})
        )
        select count(*) from (
            select {owner} from {table} inner join held using ({few})
            where {present}
            group by {owner} having count(*) <> bit_count(bit_or(key_bit))
        ) as repeating
    """


class _SaidInWords(BatchExpectation):  # type: ignore[misc]  # no types
    """An expectation that Data Docs show as the sentence it carries."""

    sentence: str = pydantic.Field("", description="What is expected, in words.")

    column: str | None = pydantic.Field(None, description="The column it is listed under.")

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    def _metrics(self) -> dict[str, dict[str, Any]]:
        """Name each metric that is needed, with its arguments."""
        raise NotImplementedError

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: Any = None
    ) -> ValidationDependencies:
        """Say which metrics of the table are needed."""
        return ValidationDependencies(
            metric_configurations={
                name: MetricConfiguration(
                    metric_name=name,
                    metric_domain_kwargs=IDDict({"batch_id": self.batch_id}),
                    metric_value_kwargs=IDDict(arguments),
                )
                for name, arguments in self._metrics().items()
            },
            result_format={"result_format": ResultFormat.SUMMARY},
        )

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)  # type: ignore[untyped-decorator]
    @render_suite_parameter_string  # type: ignore[untyped-decorator]
    def _prescriptive_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,
        runtime_configuration: dict[str, Any] | None = None,
        **_: Any,
    ) -> list[Any]:
        styling = (runtime_configuration or {}).get("styling")
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template",
                string_template={
                    "template": "$sentence",
                    "params": {"sentence": configuration.kwargs["sentence"]},
                    "styling": styling,
                },
            )
        ]


class ExpectNoFailingRows(_SaidInWords):
    """Expect a query that selects the failing rows to select none.

    With a condition the rows for which it holds are counted instead, and with a key the keys that
    come more than once: as many, at less cost.
    """

    unexpected_rows_query: str = pydantic.Field(description="A query that selects failing rows.")
    condition: str | None = pydantic.Field(None, description="The condition of that query.")
    rows: str | None = pydantic.Field(None, description="The table whose key it groups.")
    key: str | None = pydantic.Field(None, description="The columns of that key.")

    success_keys: ClassVar[tuple[str, ...]] = ("unexpected_rows_query", "condition", "rows", "key")

    def _metrics(self) -> dict[str, dict[str, Any]]:
        return {ROW_COUNT: {}, **self._counted()}

    def _counted(self) -> dict[str, dict[str, Any]]:
        query = {"unexpected_rows_query": self.unexpected_rows_query}
        if self.condition is not None:
            return {ROWS_WHERE: {"condition": self.condition}}
        if self.key is not None:
            return {REPEATED_KEYS: {**query, "rows": self.rows, "key": self.key}}
        return {ROWS_OF_QUERY: query}

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        failed = sum(int(metrics[name]) for name in self._counted())
        checked = int(metrics[ROW_COUNT])
        return {
            "success": failed == 0,
            "result": {
                "observed_value": f"{failed} failing rows",
                "element_count": checked,
                "unexpected_count": failed,
                "unexpected_percent": 100 * failed / checked if checked else None,
            },
        }


class ExpectMeasureToBeBetween(_SaidInWords):
    """Expect the one value that a query gives to lie between two bounds."""

    query: str = pydantic.Field(description="A query that gives one value.")
    min_value: float | None = None
    max_value: float | None = None
    may_be_missing: bool = False

    success_keys: ClassVar[tuple[str, ...]] = ("query", "min_value", "max_value", "may_be_missing")

    def _metrics(self) -> dict[str, dict[str, Any]]:
        return {ROW_COUNT: {}, VALUE_OF_QUERY: {"query": self.query}}

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        rows = metrics[VALUE_OF_QUERY]
        value = next(iter(rows[0].values())) if rows else None
        return {
            "success": self._is_within(value),
            "result": {
                "observed_value": None if value is None else float(value),
                "element_count": int(metrics[ROW_COUNT]),
            },
        }

    def _is_within(self, value: Any) -> bool:
        if value is None:
            return self.may_be_missing
        return (self.min_value is None or value >= self.min_value) and (
            self.max_value is None or value <= self.max_value
        )

# ruff: noqa: ARG002, ARG003  Great Expectations sets the signatures.
"""Two Great Expectations of our own, both answered by one aggregate inside DuckDB.

Belongs here: expectation classes. Not here: which rules use them (`suites/`).

Importing this module imports Great Expectations (5 to 10 s measured on two cores): only
`data_quality.engine` imports it, inside a function.

`UnexpectedRowsExpectation`, which comes with Great Expectations, fetches the failing rows
themselves; ours count them, so no row of a customer leaves the engine.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import (
    BatchExpectation,
    render_suite_parameter_string,
)
from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer


class _SaidInWords(BatchExpectation):  # type: ignore[misc]  # no types
    """An expectation that Data Docs show as the sentence it carries."""

    sentence: str = pydantic.Field("", description="What is expected, in words.")

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

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
    """Expect a query that selects the failing rows to select none."""

    unexpected_rows_query: str = pydantic.Field(description="A query that selects failing rows.")

    metric_dependencies: ClassVar[tuple[str, ...]] = (
        "unexpected_rows_query.row_count",
        "table.row_count",
    )
    success_keys: ClassVar[tuple[str, ...]] = ("unexpected_rows_query",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        failed = int(metrics["unexpected_rows_query.row_count"])
        checked = int(metrics["table.row_count"])
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

    metric_dependencies: ClassVar[tuple[str, ...]] = ("query.table", "table.row_count")
    success_keys: ClassVar[tuple[str, ...]] = ("query", "min_value", "max_value", "may_be_missing")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        rows = metrics["query.table"]
        value = next(iter(rows[0].values())) if rows else None
        return {
            "success": self._is_within(value),
            "result": {
                "observed_value": None if value is None else float(value),
                "element_count": int(metrics["table.row_count"]),
            },
        }

    def _is_within(self, value: Any) -> bool:
        if value is None:
            return self.may_be_missing
        return (self.min_value is None or value >= self.min_value) and (
            self.max_value is None or value <= self.max_value
        )

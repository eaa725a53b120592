"""What a quality rule is, and the few shapes that rules take.

Belongs here: the `Rule` record and the builders that the suites call. Not here: the rules
themselves (`suites/`) and how they are run (`engine.py`). Great Expectations is not imported, so
rules can be listed, documented and tested in no time.

A rule names its characteristic of ISO/IEC 25012, and one of three severities:

* `block`: any failing row holds the data product.
* `quarantine`: failing rows are reported; more than `QUARANTINE_LIMIT` of them hold the product.
* `warn`: reported only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from textwrap import dedent, indent
from types import MappingProxyType
from typing import Any, Literal

Severity = Literal["block", "quarantine", "warn"]
Characteristic = Literal[
    "accuracy",
    "completeness",
    "consistency",
    "credibility",
    "currentness",
    "traceability",
    "confidentiality",
]

SEVERITIES: tuple[Severity, ...] = ("block", "quarantine", "warn")
CHARACTERISTICS: tuple[Characteristic, ...] = (
    "accuracy",
    "completeness",
    "consistency",
    "credibility",
    "currentness",
    "traceability",
    "confidentiality",
)

# A share of bad rows that a published mart may carry when they are reported (handbook C24).
QUARANTINE_LIMIT = 0.01

NO_FAILING_ROWS = "expect_no_failing_rows"
MEASURE_BETWEEN = "expect_measure_to_be_between"
ROW_LEVEL_EXPECTATIONS = frozenset(
    {
        NO_FAILING_ROWS,
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_not_be_null",
    }
)


@dataclass(frozen=True)
class Rule:
    """One thing that must hold of one table.

    Attributes:
        id: Unique name, `<table>.<what holds>`.
        table: Schema and name of the judged table, e.g. `scorecard.customers`.
        characteristic: Which characteristic of ISO/IEC 25012 it protects.
        severity: What a failure does to the data product.
        owner: The role that answers for it.
        description: What holds, in a manager's words.
        reason: Why it matters, or why the limit is what it is.
        expectation: Great Expectations' name of the check.
        kwargs: The arguments of that check.
        columns: The columns it is about.
        keys: Columns that name a failing row; they are masked before they are shown.
        reads: Other tables its query needs (schema and name).
    """

    id: str
    table: str
    characteristic: Characteristic
    severity: Severity
    owner: str
    description: str
    reason: str
    expectation: str
    kwargs: Mapping[str, Any]
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    reads: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse a rule that nobody could answer for, or that could not be judged."""
        missing = [
            name
            for name in ("id", "table", "owner", "description", "reason", "expectation")
            if not str(getattr(self, name) or "").strip()
        ]
        if missing:
            raise ValueError(
                f"Rule {self.id or 'without a name'} needs {', '.join(missing)}: an auditor asks "
                "what holds, why, and who answers for it."
            )
        for name, value, known in (
            ("characteristic", self.characteristic, CHARACTERISTICS),
            ("severity", self.severity, SEVERITIES),
        ):
            if value not in known:
                raise ValueError(
                    f"Rule {self.id} has the {name} {value!r}. Expected one of {', '.join(known)}."
                )
        if self.severity == "quarantine" and self.expectation not in ROW_LEVEL_EXPECTATIONS:
            raise ValueError(
                f"Rule {self.id}: severity quarantine needs a check that counts rows, "
                f"{self.expectation} does not. Use block or warn."
            )
        object.__setattr__(self, "kwargs", MappingProxyType(dict(self.kwargs)))

    @property
    def name(self) -> str:
        """The judged table without its schema."""
        return self.table.partition(".")[2]


@dataclass(frozen=True)
class Table:
    """A table to write rules about: it fills in what its rules share.

    Attributes:
        schema: Its schema.
        name: Its name.
        owner: The role that answers for its rules.
        keys: Its key columns.
    """

    schema: str
    name: str
    owner: str
    keys: tuple[str, ...]

    @property
    def path(self) -> str:
        """Schema and name, as SQL writes them."""
        return f"{self.schema}.{self.name}"

    def rule(
        self,
        what: str,
        expectation: str,
        kwargs: Mapping[str, Any],
        *,
        because: str,
        says: str,
        characteristic: Characteristic,
        severity: Severity = "block",
        columns: Sequence[str] = (),
        reads: Sequence[str] = (),
    ) -> Rule:
        """Build a rule on this table."""
        return Rule(
            id=f"{self.name}.{what}",
            table=self.path,
            characteristic=characteristic,
            severity=severity,
            owner=self.owner,
            description=says,
            reason=because,
            expectation=expectation,
            kwargs=kwargs,
            columns=tuple(columns),
            keys=self.keys,
            reads=tuple(reads),
        )

    def has_rows(self, *, because: str, says: str) -> Rule:
        """At least one row is there."""
        return self.rule(
            "has_rows",
            "expect_table_row_count_to_be_between",
            {"min_value": 1},
            because=because,
            says=says,
            characteristic="completeness",
        )

    def unique(self, *, because: str, says: str) -> Rule:
        """No two rows share the key; each key that comes more than once counts as one failure.

        Not by the expectations of Great Expectations: they join the counts back to all rows, which
        takes ten times as long, and memory for the whole table.
        """
        keys = ", ".join(self.keys)
        # Rows with a null in the key are the business of the not-null rule.
        present = " and ".join(f"{key} is not null" for key in self.keys)
        repeated = self.no_rows(
            "key_is_unique",
            f"select {keys} from {self.path} where {present} group by {keys} having count(*) > 1",
            because=because,
            says=says,
            characteristic="consistency",
            columns=self.keys,
        )
        return replace(repeated, kwargs={**repeated.kwargs, "key": self.keys})

    def not_null(self, column: str, *, because: str, says: str) -> Rule:
        """No row lacks the column."""
        return self.rule(
            f"{column}_is_present",
            "expect_column_values_to_not_be_null",
            {"column": column},
            because=because,
            says=says,
            characteristic="completeness",
            columns=(column,),
        )

    def in_set(
        self,
        column: str,
        values: Sequence[str],
        *,
        because: str,
        says: str,
        severity: Severity = "block",
    ) -> Rule:
        """The column, where it is filled, has one of the values."""
        return self.rule(
            f"{column}_is_known",
            "expect_column_values_to_be_in_set",
            {"column": column, "value_set": list(values)},
            because=because,
            says=says,
            characteristic="accuracy",
            severity=severity,
            columns=(column,),
        )

    def between(
        self,
        column: str,
        low: float | None,
        high: float | None,
        *,
        because: str,
        says: str,
        severity: Severity = "block",
    ) -> Rule:
        """The column, where it is filled, lies between the bounds (both included)."""
        kwargs: dict[str, Any] = {"column": column}
        if low is not None:
            kwargs["min_value"] = low
        if high is not None:
            kwargs["max_value"] = high
        return self.rule(
            f"{column}_is_in_range",
            "expect_column_values_to_be_between",
            kwargs,
            because=because,
            says=says,
            characteristic="accuracy",
            severity=severity,
            columns=(column,),
        )

    def no_rows(
        self,
        what: str,
        query: str,
        *,
        because: str,
        says: str,
        characteristic: Characteristic,
        severity: Severity = "block",
        columns: Sequence[str] = (),
        reads: Sequence[str] = (),
    ) -> Rule:
        """The query, which selects the failing rows with their keys, selects none."""
        return self.rule(
            what,
            NO_FAILING_ROWS,
            {"unexpected_rows_query": _tidy(query), "sentence": says},
            because=because,
            says=says,
            characteristic=characteristic,
            severity=severity,
            columns=columns,
            reads=reads,
        )

    def none_where(
        self,
        what: str,
        relation: str,
        condition: str,
        *,
        because: str,
        says: str,
        characteristic: Characteristic,
        severity: Severity = "block",
        columns: Sequence[str] = (),
        reads: Sequence[str] = (),
    ) -> Rule:
        """The condition holds for no row of a relation: a query whose rows have keys of this table.

        Rules with the same relation share one reading of it, so that a grouping of all rows that
        several need is done once; the rows checked are then those of the relation.
        """
        relation = _tidy(relation)
        rule = self.no_rows(
            what,
            f"select * from (\n{indent(relation, '    ')}\n) as judged\nwhere {_tidy(condition)}",
            because=because,
            says=says,
            characteristic=characteristic,
            severity=severity,
            columns=columns,
            reads=reads,
        )
        shared = {"relation": relation, "condition": _tidy(condition)}
        return replace(rule, kwargs={**rule.kwargs, **shared})

    def measure(
        self,
        what: str,
        query: str,
        *,
        because: str,
        says: str,
        characteristic: Characteristic,
        low: float | None = None,
        high: float | None = None,
        may_be_missing: bool = False,
        severity: Severity = "block",
        columns: Sequence[str] = (),
        reads: Sequence[str] = (),
    ) -> Rule:
        """The one value that the query gives lies between the bounds."""
        return self.rule(
            what,
            MEASURE_BETWEEN,
            {
                "query": _tidy(query),
                "min_value": low,
                "max_value": high,
                "may_be_missing": may_be_missing,
                "sentence": says,
            },
            because=because,
            says=says,
            characteristic=characteristic,
            severity=severity,
            columns=columns,
            reads=reads,
        )


def _tidy(query: str) -> str:
    """Take the common indentation and the blank ends off a query."""
    return dedent(query).strip()

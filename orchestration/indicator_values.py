"""Every published indicator of one customer in one month, with its definition and what it rests on.

Belongs here: reading catalogue and values from a release, and their table for a terminal. Not here:
the score made of some of them (`orchestration.explain`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.catalogue import FAMILIES
from orchestration.catalogue_terms import UNITLESS
from orchestration.release.reading import read_rows

MART = "customer_indicators"


@dataclass(frozen=True)
class IndicatorValue:
    """One indicator of the customer.

    Attributes:
        indicator_id: Column of the mart.
        family: What it is about.
        name: Name for people.
        definition: What it says.
        unit: Unit of the value.
        value: The value; None is not measured.
        source_row_count: How many rows it rests on; None where these were not measured.
        source_rows: What these rows are.
    """

    indicator_id: str
    family: str
    name: str
    definition: str
    unit: str
    value: Any
    source_row_count: int | None
    source_rows: str


def read_indicator_values(
    con: duckdb.DuckDBPyConnection, customer_id: str, month: date
) -> tuple[IndicatorValue, ...]:
    """Read all indicators of a customer, by family in the order of the catalogue's page.

    Args:
        con: An open release.
        customer_id: The resolved customer.
        month: A month end.

    Returns:
        Empty where the release has no catalogue with models (older ones have none), or the
        customer no row in that month.
    """
    columns = {
        row["column_name"]
        for row in read_rows(
            con,
            "select column_name from information_schema.columns "
            "where table_schema = 'scorecard' and table_name = 'indicator_catalogue'",
        )
    }
    if not {"model", "source_rows_column"} <= columns:
        return ()
    rows = read_rows(
        con,
        f"select * from scorecard.{MART} where customer_id = ? and as_of_date = ?",
        [customer_id, month],
    )
    if not rows:
        return ()
    values = rows[0]
    catalogue = read_rows(
        con,
        "select indicator_id, model, name, description, unit, source_rows_column "
        "from scorecard.indicator_catalogue where mart = ? order by indicator_id",
        [MART],
    )
    names = {row["indicator_id"]: row["name"] for row in catalogue}
    order = list(FAMILIES)
    catalogue.sort(key=lambda row: order.index(row["model"]) if row["model"] in order else 99)
    return tuple(
        IndicatorValue(
            indicator_id=row["indicator_id"],
            family=FAMILIES.get(row["model"], str(row["model"])),
            name=row["name"],
            definition=row["description"],
            unit=row["unit"],
            value=values[row["indicator_id"]],
            source_row_count=values.get(row["source_rows_column"]),
            source_rows=str(
                names.get(row["source_rows_column"], row["source_rows_column"])
            ).lower(),
        )
        for row in catalogue
        if row["indicator_id"] in values
    )


def render_indicator_values(indicators: Sequence[IndicatorValue]) -> RenderableType:
    """A table per family; what is not measured is named in a line below."""
    parts: list[RenderableType] = []
    for family, group in groupby(indicators, key=lambda each: each.family):
        listed = list(group)
        parts.append(_family_table(family, [each for each in listed if each.value is not None]))
        empty = [each.name for each in listed if each.value is None]
        if empty:
            parts.append(Text(f"  Not measured, or none yet: {', '.join(empty)}", style="dim"))
    return Group(*parts)


def _family_table(family: str, indicators: Sequence[IndicatorValue]) -> Table:
    table = Table(title=f"\n{family}", title_justify="left", box=None, pad_edge=False)
    table.add_column("Indicator", overflow="fold", ratio=3)
    table.add_column("Value", justify="right", overflow="fold", ratio=1)
    table.add_column("Rests on", overflow="fold", ratio=1)
    for each in indicators:
        label = Text(each.name, style="bold")
        label.append(f"  {each.indicator_id}", style="dim not bold")
        label.append(f"\n{each.definition}", style="dim not bold")
        table.add_row(label, shown_value(each), _rests_on(each))
    return table


def _rests_on(each: IndicatorValue) -> str:
    if each.source_row_count is None:
        return "–"
    return f"{each.source_row_count:,} {each.source_rows}"


def shown_value(each: IndicatorValue) -> str:
    """The value for people: shares in per cent, flags in words, money with two decimals."""
    value = each.value
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if each.unit == "ratio":
        return f"{100 * value:,.1f} %"
    if isinstance(value, (float, Decimal)):
        text = f"{value:,.2f}"
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        text = str(value)
    return text if each.unit in UNITLESS | {"count"} else f"{text} {each.unit}"

"""Names and small tables that the pages share.

Belongs here: how groups are called, tiles and tables made of a mart's rows. Not here: queries.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from orchestration.release.formats import (
    format_integer,
    format_interval,
    format_month,
    format_percent,
)
from orchestration.release.pages.model import Cell, Column, small
from orchestration.release.reading import Row
from orchestration.release.tiles import Tile
from orchestration.release.untold import DASH, FEW, HIDDEN, Few, is_few, is_told

MONTHS_SHOWN = 12
TIERS = {"all": "All", "none": "No tier", "unknown": "No tier"}
# Why somebody may not be contacted (handbook C26).
HELD = {"consent_refused": "Held: refused", "consent_unknown": "Held: never asked"}
TREND_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#a6578a")


def names(text: str) -> tuple[str, ...]:
    """Columns from a text with spaces between them."""
    return tuple(text.split())


def tier_name(tier: Any) -> str:
    """A tier for people: `A` becomes `Tier A`, `all` becomes `All`."""
    return "No tier" if tier is None else TIERS.get(str(tier), f"Tier {tier}")


def readable(name: Any) -> str:
    """A key as words: `first_contact` becomes `First contact`."""
    text = str(name or "").replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def tile(
    label: str,
    value: str,
    detail: str,
    *,
    definition: str,
    as_of: date,
    source: str,
    trend: Sequence[Any] = (),
) -> Tile:
    """A headline figure, with a small line of its months where there are any."""
    # Imported where it is used: the drawing library takes about 2 s.
    from orchestration.release.charts import sparkline

    svg = sparkline(trend) if trend else ""
    return Tile(label, value, detail, definition, as_of, source, Markup(svg))  # noqa: S704 - numbers


def tier_column() -> Column:
    """The tier, as the head of its row."""
    return Column("Tier", lambda row: tier_name(row["tier"]), is_number=False, is_head=True)


def month_column() -> Column:
    """The month, as the head of its row."""
    return Column("Month", lambda row: format_month(row["month"]), is_number=False, is_head=True)


def contact_column() -> Column:
    """Whether the customer may be contacted, and if not, why."""
    return Column(
        "Contact",
        lambda row: "Open" if row["may_contact"] else HELD.get(str(row["held_reason"]), "Held"),
        is_number=False,
    )


def label_column(label: str) -> Column:
    """The row's own name."""
    return Column(label, lambda row: str(row["label"]), is_number=False, is_head=True)


def number(
    label: str,
    key: str,
    form: Callable[[Any], str] = format_integer,
    *,
    small_key: str = "",
    on_phone: bool = True,
) -> Column:
    """A figure of a row, marked where it rests on few cases."""

    def read(row: Row) -> Cell:
        return small(form(row[key]), is_small=row[small_key] if small_key else None)

    return Column(label, read, is_on_phone=on_phone)


def rate(
    label: str,
    key: str,
    *,
    small_key: str = "",
    form: Callable[[Any], str] = format_percent,
    on_phone: bool = True,
) -> Column:
    """A rate of a row, marked where it rests on few cases."""
    return number(label, key, form, small_key=small_key, on_phone=on_phone)


def interval(
    low: str, high: str, form: Callable[[Any], str] = format_percent, *, on_phone: bool = False
) -> Column:
    """The 95 % interval of a row's rate."""
    return Column(
        "95 % interval",
        lambda row: format_interval(row[low], row[high], form),
        is_on_phone=on_phone,
    )


def count_of(value: Any, one: str, many: str) -> str:
    """A number with its noun: `1 ticket`, `3 tickets`."""
    is_one = value == 1 and not isinstance(value, Few)
    return f"{format_integer(value)} {one if is_one else many}"


def count_or_few(value: Any) -> str:
    """A number of customers, not counted out where it is very small."""
    return FEW if is_few(value) else format_integer(value)


def part_cell(part: Any, count: Any, hidden: Collection[Any], *, shade: float | None) -> Cell:
    """A number of customers in a cross table.

    Args:
        part: What it is a part of the table.
        count: The number.
        hidden: The parts that must not be told (`hidden_too`).
        shade: How dark it stands where it is told, 0 to 1.
    """
    if part in hidden:
        return Cell(FEW if is_few(count) else HIDDEN)
    return Cell(format_integer(count), shade=shade)


def total(rows: Sequence[Row], key: str) -> Any:
    """The sum of a column; what is not measured adds nothing."""
    return sum((row[key] or 0 for row in rows), 0)


def share_of(part: Any, whole: Any) -> float | None:
    """A part of a whole; None where there is no whole."""
    return float(part) / float(whole) if whole else None


def percent_short(value: Any) -> str:
    """A share without decimals, for a chart: `0.397` becomes `40 %`; a dash where there is none."""
    return f"{100 * float(value):,.0f}\u00a0%" if is_told(value) else DASH


def percent_interval(row: Row, key: str) -> str:
    """The interval of a row's rate: `82.5 % to 86.7 %`."""
    return format_interval(row[f"{key}_low"], row[f"{key}_high"], format_percent)


def dots(
    rows: Sequence[Row],
    value: str,
    *,
    low: str,
    high: str,
    small_key: str,
    target: str = "",
    label: Callable[[Row], str] = lambda row: tier_name(row["tier"]),
) -> list[Mapping[str, Any]]:
    """Rows as the chart of intervals takes them."""
    return [
        {
            "label": label(row),
            "value": row[value],
            "low": row[low],
            "high": row[high],
            "target": row[target] if target else None,
            "is_small": row[small_key],
        }
        for row in rows
    ]

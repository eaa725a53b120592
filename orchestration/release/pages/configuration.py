"""What changed in the configuration of the scorecards, by whom, and from which month.

Belongs here: changes as events with their words, for the charts that mark them and the table that
lists them. Not here: charts, other topics.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.release.formats import format_integer
from orchestration.release.pages.model import Column, Reader, Table
from orchestration.release.pages.teller import Teller
from orchestration.release.pages.words import names
from orchestration.release.reading import Row

CONFIG_COLUMNS = names(
    "revision seed row_key change column_name profile value_before value_after changed_by reason "
    "in_force_from in_force_month known_month is_retroactive"
)
WEIGHT_COLUMNS = names("profile as_of_date node_id weight method configured_weight review_date")
# Files of which a change moves a score; others are listed by their file name.
_FILES = {
    "scorecards": "Settings of the scorecards",
    "scorecard_nodes": "Measures and weights",
    "targets": "Targets",
    "bands": "Bands",
    "exceptions": "Exceptions",
    "overrides": "Overrides",
}
_CHANGES = ("added", "changed", "edited", "renewed", "ended", "removed")
_LATER = """
    revision > 1
    or in_force_month > (select min(in_force_month) from scorecard.config_versions)
"""


@dataclass(frozen=True)
class Event:
    """Something that changed for the scores from a month on.

    Attributes:
        month: First month end in which it is in force; None where that is yet to come.
        since: The day from which it is in force; None where the file has no dates.
        what: What changed.
        who: Who changed it, as the file says.
        why: The reason, as the file says.
        is_of_scores: Whether it can move a score.
    """

    month: date | None
    since: date | None
    what: str
    who: str
    why: str
    is_of_scores: bool


def events(reader: Reader, told: Teller) -> list[Event]:
    """All changes after the first month, newest first.

    Args:
        reader: A release with `config_versions` and `scorecard_weights`.
        told: The language.
    """
    found = [_edit(row, told) for row in _edits(reader)]
    found += [_estimate(row, told) for row in _estimates(reader)]
    return sorted(
        found,
        key=lambda event: (event.month or date.max, event.since or date.min, event.what),
        reverse=True,
    )


def marks(reader: Reader, told: Teller, months: Sequence[date]) -> list[Event]:
    """Changes that can have moved a score within some months, oldest first.

    Args:
        reader: A release; without both marts there are none.
        told: The language.
        months: Month ends in their order.
    """
    marts = reader.manifest.marts
    for mart, columns in (
        ("config_versions", CONFIG_COLUMNS),
        ("scorecard_weights", WEIGHT_COLUMNS),
    ):
        if mart not in marts or not set(columns) <= set(marts[mart].columns):
            return []
    return [
        event
        for event in events(reader, told)[::-1]
        if event.is_of_scores and event.month is not None and months[0] < event.month <= months[-1]
    ]


def numbered(found: Sequence[Event]) -> dict[date, str]:
    """The number under which a month with changes is marked."""
    months = sorted({event.month for event in found if event.month is not None})
    return {month: str(place) for place, month in enumerate(months, start=1)}


def listed(
    found: Sequence[Event], told: Teller, caption: str, *, empty: str, is_marked: bool = False
) -> Table:
    """Changes as a table.

    Args:
        found: The changes, in the order in which they are listed.
        told: The language.
        caption: What the table shows.
        empty: What is said where there is none.
        is_marked: Whether each has the number of its mark in a chart.
    """
    t = told.t
    places = numbered(found)
    rows: list[Row] = [
        {"event": event, "mark": places.get(event.month, "–") if event.month else "–"}
        for event in found
    ]
    mark = Column(t("Mark"), lambda row: str(row["mark"]), is_number=False, is_head=True)
    return Table(
        caption,
        [
            *([mark] if is_marked else []),
            Column(
                t("In force from"),
                lambda row: told.day(row["event"].since),
                is_number=False,
                is_head=not is_marked,
            ),
            Column(t("What"), lambda row: row["event"].what, is_number=False),
            Column(t("Who"), lambda row: row["event"].who, is_number=False),
            Column(t("Reason"), lambda row: row["event"].why, is_number=False, is_on_phone=False),
        ],
        rows,
        sources="config_versions, scorecard_weights",
        empty=empty,
    )


def _edits(reader: Reader) -> list[Row]:
    return reader.rows(
        f"""
        select
            in_force_month,
            in_force_from,
            seed,
            profile,
            change,
            changed_by,
            max(reason) as reason,
            bool_or(is_retroactive) as is_retroactive,
            count(distinct row_key) as row_count,
            min(row_key) as row_key,
            case when count(*) = 1 then max(column_name) end as column_name,
            max(value_before) as value_before,
            max(value_after) as value_after
        from scorecard.config_versions
        where {_LATER}
        group by in_force_month, in_force_from, seed, profile, change, changed_by
        """
    )


def _edit(row: Row, told: Teller) -> Event:
    t = told.t
    file = t(_FILES[row["seed"]]) if row["seed"] in _FILES else str(row["seed"])
    profile = row["profile"]
    whose = "" if profile in (None, "*") else f" ({told.name(profile)})"
    change = t(row["change"]) if row["change"] in _CHANGES else str(row["change"])
    if row["column_name"] not in (None, "*"):
        before, after = (_shown(row[key]) for key in ("value_before", "value_after"))
        what = f"{file}{whose}: {row['row_key']}, {row['column_name']}: {before} → {after}"
    elif row["row_count"] == 1:
        what = f"{file}{whose}: {row['row_key']} {change}"
    else:
        what = f"{file}{whose}: " + t("{n} rows {change}").format(
            n=format_integer(row["row_count"]), change=change
        )
    if row["is_retroactive"]:
        what += " " + t("(for months that were published before)")
    return Event(
        row["in_force_month"],
        row["in_force_from"],
        what,
        str(row["changed_by"] or "–"),
        str(row["reason"] or "–"),
        row["seed"] in _FILES,
    )


def _estimates(reader: Reader) -> list[Row]:
    """Months from which weights that are judged or computed count anew, without an edit."""
    return reader.rows(
        """
        with weights as (
            select
                profile,
                as_of_date,
                method,
                review_date,
                weight <> lag(weight) over nodes
                and configured_weight is not distinct from lag(configured_weight) over nodes
                    as is_new
            from scorecard.scorecard_weights
            where parent_node_id is not null
            window nodes as (partition by profile, node_id order by as_of_date)
        )

        select
            profile,
            as_of_date,
            max(method) as method,
            max(review_date) as review_date,
            count(*) as weight_count
        from weights
        where is_new and method <> 'fixed'
        group by profile, as_of_date
        """
    )


def _estimate(row: Row, told: Teller) -> Event:
    t = told.t
    reviewed = row["review_date"] is not None
    return Event(
        row["as_of_date"],
        row["as_of_date"].replace(day=1),
        t("{n} weights of {profile} computed anew").format(
            n=format_integer(row["weight_count"]), profile=told.name(row["profile"])
        ),
        t("computed"),
        t("Yearly review of {day}").format(day=told.day(row["review_date"]))
        if reviewed
        else t("New judgements"),
        True,
    )


def _shown(value: Any) -> str:
    return "–" if value in (None, "") else str(value)

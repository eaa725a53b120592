"""What changed between two releases, in a terminal.

Belongs here: how the evidence and the changes of `changes` are shown to a person. Not here: finding
them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.release.changes import (
    CHANGED,
    GONE,
    NEW,
    Evidence,
    Load,
    MartChange,
    PartChange,
    ReleaseDiff,
)
from orchestration.release.compare import PartDifference
from orchestration.release.marts import WHOLE_MART

SHOWN: Final = 10
SHOWN_COLUMNS: Final = 6


def render_diff(diff: ReleaseDiff) -> RenderableType:
    """Show what changed from one release to another, and why."""
    parts: list[RenderableType] = [Text(f"From {diff.first} to {diff.second}", style="bold")]
    parts += [Text(line) for line in _evidence_lines(diff.evidence)]
    for product, origin in diff.held.items():
        said = f"still as of {origin}" if origin else "absent"
        parts.append(Text(f"Held in the second: {product}, {said}.", style="yellow"))
    if diff.changes:
        parts.append(_changes_table(diff.changes))
    equal = len(diff.equal)
    parts.append(Text(f"{equal} mart{'s' if equal != 1 else ''} with the same rows in both."))
    return Group(*parts)


def _evidence_lines(evidence: Evidence) -> Iterator[str]:
    yield from evidence.notes
    one, other = (month[:7] for month in evidence.months)
    if one != other:
        yield f"Last month: {one}, then {other}."
    late = [load for load in evidence.loads if load.is_late]
    new = [load for load in evidence.loads if not load.is_late]
    if new:
        rows = sum(load.rows for load in new)
        yield f"New facts: {len(new)} load(s) with {rows:,} rows, all after {one}."
    if late:
        rows = sum(load.rows for load in late)
        yield f"Loads that reach back to {one} or before: {len(late)}, with {rows:,} rows:"
        yield from _listed([_load_told(load) for load in late])
    if evidence.loads_taken_out:
        yield f"Facts taken out: {evidence.loads_taken_out} load(s) are not in the second."
    if evidence.is_configuration_changed:
        yield "Configuration changed:"
        told = [
            f"{each.seed} {each.row}: {each.column} {each.before or 'nothing'} -> "
            f"{each.after or 'nothing'} ({each.change})"
            + (f", because {each.reason}" if each.reason else "")
            for each in evidence.settings
        ]
        yield from _listed(told or ["by what `config_versions` does not list"])
    if evidence.estimators:
        yield f"Estimators: {', '.join(evidence.estimators)}"
    if evidence.is_code_changed:
        then, now = (commit or "no commit" for commit in evidence.commits)
        yield f"Code of the dbt project changed: {then}, then {now}."


def _load_told(load: Load) -> str:
    days = f", facts of {load.first_day} to {load.last_day}" if load.first_day else ""
    return f"load {load.load_id}, {load.file}: {load.rows:,} rows of {load.source}{days}"


def _listed(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"  and {len(lines) - SHOWN} more (`--json` lists all)"


def _changes_table(changes: Sequence[MartChange]) -> Table:
    table = Table()
    for name in ("Mart", "Months"):
        table.add_column(name, overflow="fold")
    for name in ("Rows gone", "Rows new", "Rows changed", "Customers"):
        table.add_column(name, justify="right")
    for name in ("Columns (rows)", "Why"):
        table.add_column(name, overflow="fold")
    for change in changes:
        for kind in (CHANGED, NEW, GONE):
            parts = [part for part in change.parts if part.kind == kind]
            if parts:
                table.add_row(*_row(change, kind, parts))
        if not change.parts:
            table.add_row(change.mart, change.kind, "", "", "", "", "", _why(change.causes))
    return table


def _row(change: MartChange, kind: str, parts: Sequence[PartChange]) -> tuple[str, ...]:
    differences = [part.difference for part in parts]
    causes = tuple(dict.fromkeys(cause for part in parts for cause in part.causes))
    customers = [each.customers for each in differences if each.customers is not None]
    return (
        change.mart,
        _months(kind, [each.part for each in differences]),
        f"{sum(each.only[0] for each in differences):,}",
        f"{sum(each.only[1] for each in differences):,}",
        f"{sum(each.changed for each in differences):,}",
        f"{max(customers):,}" if customers else "",
        _columns(differences),
        _why(causes),
    )


def _months(kind: str, months: Sequence[str]) -> str:
    named = [month if month == WHOLE_MART else month[:7] for month in months]
    span = named[0] if len(named) == 1 else f"{named[0]} to {named[-1]} ({len(named)})"
    return span if kind == CHANGED else f"{kind}: {span}"


def _columns(differences: Sequence[PartDifference]) -> str:
    counts: dict[str, int] = {}
    for each in differences:
        for name, count in each.columns.items():
            counts[name] = counts.get(name, 0) + count
    return columns_told(counts, differences[0].shape)


def columns_told(counts: Mapping[str, int], shape: str) -> str:
    """Name the columns that differ, those with most rows first, and what became of columns.

    Args:
        counts: Column to the number of rows in which it differs.
        shape: What differs in the columns themselves.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{name} ({count:,})" for name, count in ordered[:SHOWN_COLUMNS]]
    if len(ordered) > len(told):
        told.append(f"and {len(ordered) - len(told)} more")
    return "; ".join(words for words in (", ".join(told), shape) if words)


def _why(causes: Sequence[str]) -> str:
    return " or ".join(causes)

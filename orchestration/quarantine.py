"""What a person sees of the quarantine and says about it: `scorecard quarantine`.

What belongs here: showing groups, rows and outcomes in a terminal or as JSON, and the name of
whoever decides.
What does not: finding, releasing and recording (`orchestration.ingestion.quarantine`).

A row's own text may name a person: it is shown only to whoever asks for it, and goes into no log.
"""

import getpass
import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.ingestion.quarantine import (
    OPEN,
    DecisionOutcome,
    QuarantinedRow,
    QuarantineGroup,
)


def whoever(author: str | None) -> str:
    """Give the name of who decides: the one given, else the user's own."""
    return getpass.getuser() if author is None else author


def groups_json(groups: Sequence[QuarantineGroup]) -> str:
    """Write groups as JSON."""
    return json.dumps([asdict(each) for each in groups], indent=2, ensure_ascii=False)


def rows_json(rows: Sequence[QuarantinedRow], *, with_text: bool) -> str:
    """Write rows as JSON, their own texts only where asked for."""
    listed = [asdict(each) for each in rows]
    for row in listed:
        if not with_text:
            del row["raw_text"]
    return json.dumps(listed, indent=2, ensure_ascii=False, default=str)


def render_groups(groups: Sequence[QuarantineGroup]) -> RenderableType:
    """Show groups in a terminal."""
    if not groups:
        return Text("No row in quarantine waits for a decision. --all shows those decided on.")
    table = Table()
    for name in ("Load", "Table", "File", "Rule", "Column"):
        table.add_column(name, overflow="fold")
    for name in ("Open", "Released", "Dismissed"):
        table.add_column(name, justify="right")
    for each in groups:
        table.add_row(
            str(each.load_id),
            f"{each.system}.{each.table_name}",
            each.file,
            each.rule,
            each.column or "whole row",
            *(f"{n:,}" for n in (each.open_rows, each.released_rows, each.dismissed_rows)),
        )
    waiting = sum(each.open_rows for each in groups)
    return Group(
        table,
        Text(
            f"{_rows(waiting)} without a decision. `scorecard quarantine show LOAD` lists them; "
            "`release` and `dismiss` take LOAD or LOAD:LINE, with --reason."
        ),
    )


def render_rows(rows: Sequence[QuarantinedRow], total: int, *, with_text: bool) -> RenderableType:
    """Show rows in a terminal, their own texts only where asked for."""
    table = Table()
    for name in ("Row", "File", "Rule", "What is wrong", "Decision"):
        table.add_column(name, overflow="fold", no_wrap=name == "Row")
    for row in rows:
        what = f"{row.message}\n{row.raw_text}" if with_text else row.message
        table.add_row(
            f"{row.load_id}:{row.line}", row.file, row.rule, Text(what), Text(_decision(row))
        )
    parts: list[RenderableType] = [table]
    if total > len(rows):
        parts.append(Text(f"{len(rows):,} of {total:,} rows; --limit shows more."))
    return Group(*parts)


def render_release(outcome: DecisionOutcome) -> RenderableType:
    """Say what became of rows that were to be released."""
    parts: list[RenderableType] = []
    if outcome.load_ids:
        stored = f"{_rows(outcome.accepted)} stored by {_loads(outcome)}"
        same = f", {_rows(outcome.unchanged)} said what was stored already"
        parts.append(Text(f"Released: {stored}{same if outcome.unchanged else ''}."))
        parts.append(Text("The next `scorecard run` counts them, and its gates judge them."))
    for kept in outcome.kept:
        of = f"{kept.rule}, {kept.column}" if kept.column else kept.rule
        parts.append(
            Text(
                f"{_rows(kept.rows)} of load {kept.load_id} stay in quarantine ({of}), the first "
                f"in line {kept.first_line}: {kept.message}",
                style="yellow",
            )
        )
    return Group(*parts)


def render_dismissal(outcome: DecisionOutcome) -> RenderableType:
    """Say what became of rows that were dismissed."""
    return Text(f"Dismissed: {_rows(outcome.dismissed)} stay out, recorded by {_loads(outcome)}.")


def _decision(row: QuarantinedRow) -> str:
    if row.state == OPEN or row.decided_at is None:
        return OPEN
    return (
        f"{row.state} by {row.author} on {row.decided_at:%Y-%m-%d %H:%M} UTC "
        f"(load {row.decision_load_id}): {row.reason}"
    )


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _loads(outcome: DecisionOutcome) -> str:
    numbers = ", ".join(map(str, outcome.load_ids))
    return f"load {numbers}" if len(outcome.load_ids) == 1 else f"loads {numbers}"

"""The queries of docs/audit.md, and what a release answers to them, written below each.

What belongs here: finding the queries and showing rows as text. What does not: the walk itself,
which is the page. `python -m tests.end_to_end.audit_walk .scorecard` writes the answers anew.
"""

import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
QUERY = re.compile(r"```sql\n(?P<query>.*?)```\n(?:\n```text\n.*?```\n)?", flags=re.S)
WIDTH = 48


def queries(page: str) -> list[str]:
    """The queries of the page, in order."""
    return [found["query"] for found in QUERY.finditer(page)]


def open_release(home: Path) -> duckdb.DuckDBPyConnection:
    """The current release of a home as an auditor opens it: the file by itself, read only."""
    release = (home / "current").resolve(strict=True) / "release.duckdb"
    con = duckdb.connect(str(release), read_only=True)
    con.execute("use scorecard")
    return con


def answered(page: str, con: duckdb.DuckDBPyConnection) -> str:
    """The page with what the release answers below each query."""
    return QUERY.sub(lambda found: _with_answer(found["query"], con), page)


def _with_answer(query: str, con: duckdb.DuckDBPyConnection) -> str:
    answer = con.execute(query)
    names = [column[0] for column in answer.description or []]
    return f"```sql\n{query}```\n\n```text\n{as_text(names, answer.fetchall())}\n```\n"


def as_text(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows under their names, in columns."""
    if not rows:
        return "(no rows)"
    lines = [list(names), *([_shown(value) for value in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _shown(value: object) -> str:
    text = "-" if value is None else f"{value:,}" if type(value) is int else str(value)
    if isinstance(value, float):
        text = f"{value:.6g}"
    if isinstance(value, date):
        text = value.isoformat()
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


if __name__ == "__main__":
    with open_release(Path(sys.argv[1])) as release:
        PAGE.write_text(answered(PAGE.read_text(encoding="utf-8"), release), encoding="utf-8")

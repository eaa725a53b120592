"""The seeds as people wrote them: rows with their lines, before dbt reads them.

Belongs here: reading the CSV files below `dbt_project/seeds`, and values as dates and numbers.
Does not belong here: what a value must be (`schema`, `rules`).
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from orchestration.settings import Settings

FOLDER: Final = "dbt_project/seeds"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


@dataclass(frozen=True)
class Row:
    """One row of a seed.

    Attributes:
        seed: The seed, which is the file's name without its ending.
        line: Line of the file on which the row begins, from 1.
        values: Text by column; empty for nothing.
    """

    seed: str
    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Give a value, empty where the file has no such column."""
        return self.values.get(column, "")

    def day(self, column: str) -> date | None:
        """Give a date; None where there is none that can be read."""
        return read_date(self[column])

    def number(self, column: str) -> Decimal | None:
        """Give a number; None where there is none that can be read."""
        return read_number(self[column])

    def holds_on(self, day: date) -> bool:
        """Tell whether the row is in force on a day: from its first day on, before its end."""
        start, end = self.day("valid_from"), self.day("valid_until")
        return start is not None and start <= day and (end is None or day < end)


@dataclass(frozen=True)
class Seed:
    """A seed file.

    Attributes:
        name: The file's name without its ending.
        columns: Columns in the file's order; empty where the file cannot be read.
        rows: The rows in the file's order.
        trouble: Why the file, or a line of it, cannot be read: line and words.
    """

    name: str
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    trouble: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Configuration:
    """Seeds by name."""

    seeds: Mapping[str, Seed] = field(default_factory=dict)

    def rows(self, seed: str) -> tuple[Row, ...]:
        """Give the rows of a seed; none where the file is missing."""
        found = self.seeds.get(seed)
        return found.rows if found else ()


def read_date(text: str) -> date | None:
    """Read a date as dbt does, `YYYY-MM-DD`; None for anything else."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_number(text: str) -> Decimal | None:
    """Read a decimal number without an exponent; None for anything else."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def read_configuration(settings: Settings) -> Configuration:
    """Read all seeds of the project.

    Args:
        settings: The repository's root.
    """
    folder = settings.root / FOLDER
    return Configuration({path.stem: read_seed(path) for path in sorted(folder.glob("*.csv"))})


def read_seed(path: Path) -> Seed:
    """Read one seed file, and say what of it cannot be read instead of stopping at it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return Seed(path.stem, trouble=((1, f"is not UTF-8 ({error.reason})"),))
    except OSError as error:
        return Seed(path.stem, trouble=((1, f"cannot be read ({error.strerror})"),))
    rows, trouble = [], []
    columns: tuple[str, ...] = ()
    try:
        for line, cells in _records(text):
            if not columns:
                columns = tuple(cells)
                trouble += [(line, f"has two columns {name}") for name in _twice(columns)]
            elif len(cells) != len(columns):
                trouble.append(
                    (line, f"has {len(cells)} cells where there are {len(columns)} columns")
                )
            else:
                rows.append(Row(path.stem, line, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        trouble.append((1, f"is no CSV file ({error})"))
    return Seed(path.stem, columns, tuple(rows), tuple(trouble))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give records with the line on which each begins; one can go over several lines."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    begins = 1
    for cells in reader:
        if cells:
            yield begins, cells
        begins = reader.line_num + 1


def _twice(names: tuple[str, ...]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})

"""The words of the catalogue and the reading of its two seeds, shared by customers and groups.

What belongs here: units, owners and the like that a row may name; a seed read as rows with errors
that name the line; what is wrong with the texts of a row in either language; the YAML of models.
What does not: what only indicators of a customer (`catalogue`) or only measures of a group
(`group_measures`) have.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from orchestration.errors import ScorecardError

COMMAND = "python -m orchestration.catalogue"
# Ten times as fast where PyYAML was built with it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Units that need no words behind the description.
UNITLESS = frozenset({"class", "date", "flag", "text"})

# Units, each with the types that a column of it may have.
NUMBERS = frozenset({"integer", "bigint", "double"})
UNITS = {
    "GBP": frozenset({"decimal(18,2)", "decimal(18,4)"}),
    "class": frozenset({"varchar"}),
    "text": frozenset({"varchar"}),
    "flag": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "minutes": frozenset({"double", "decimal(18,2)"}),
    "ratio": frozenset({"double"}),
    "score": frozenset({"double"}),
    "count": NUMBERS,
    "days": NUMBERS,
    "GBP per lead": frozenset({"double"}),
    "hours": frozenset({"double"}),
    "index 0 to 1": frozenset({"double"}),
    "index -1 to 1": NUMBERS,
    "level 0-4": NUMBERS,
    "level 1-4": NUMBERS,
    "levels": frozenset({"double"}),
    "months": frozenset({"double"}),
    "percent 0-100": frozenset({"double"}),
    "points": frozenset({"double"}),
    "points -100 to 100": frozenset({"double"}),
    "points 0-10": NUMBERS,
    "points 300-850": NUMBERS,
    "score 1-5": NUMBERS,
    "times": NUMBERS,
}
COUNTS = frozenset({"integer", "bigint"})
# What columns of either seed may say.
COMMON_CHOICES = {
    "unit": frozenset(UNITS),
    "direction": frozenset({"higher_is_better", "lower_is_better", "none"}),
    "viewpoint": frozenset({"buyer", "seller", "both"}),
    "kind": frozenset({"quantitative", "qualitative"}),
    "owner": frozenset(
        {
            "customer experience",
            "customer service",
            "data",
            "finance",
            "marketing",
            "operations",
            "sales",
        }
    ),
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")

RowT = TypeVar("RowT")


class CatalogueError(ScorecardError):
    """The catalogue cannot be read, or something does not agree with it."""


def read_seed(root: Path, seed: Path, row_type: type[RowT]) -> list[RowT]:
    """Read a seed below the project's root, in its order, as rows of a dataclass of its columns.

    Raises:
        CatalogueError: The file is not UTF-8, or a row has not the columns of the head.
    """
    names = [field.name for field in fields(row_type)]  # type: ignore[arg-type]
    try:
        # Some editors put a mark before the first character.
        with (root / seed).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            head = next(reader)
            rows = [(reader.line_num, row) for row in reader if row]
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{seed}: not UTF-8 ({error.reason}). Save it as UTF-8.") from error
    if sorted(head) != sorted(names):
        raise CatalogueError(f"{seed}: its columns must be {','.join(names)}")
    for number, row in rows:
        if len(row) != len(head):
            raise CatalogueError(
                f"{seed}:{number}: {row[0]} has {len(row)} values for {len(head)} columns. "
                'A value with a comma in it stands in double quotes: "so, and so".'
            )
    return [row_type(**dict(zip(head, row, strict=True))) for _, row in rows]


def with_unit(description: str, unit: str) -> str:
    """The description of a mart's column: definition and unit."""
    return description if unit in UNITLESS else f"{description} Unit: {unit}."


def problems_of_words(row: Any, choices: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """What is wrong with the texts, choices and whole numbers that a row of either seed has."""
    for field, allowed in choices.items():
        value = getattr(row, field)
        if value not in allowed:
            yield f"{field} is {value!r}. It may be {', '.join(sorted(allowed))}."
    for field in ("name", "description", "purpose", "time_window"):
        if not getattr(row, field).strip():
            yield f"{field} is empty. Fill it in."
    for field in ("name", "description"):
        if CHINESE.search(getattr(row, field)):
            yield f"{field} has Chinese in it, which belongs to {field}_zh."
    if not row.name_zh.strip() or row.name_zh.isascii():
        yield f"name_zh is {row.name_zh!r}. Give the name in Chinese."
    if not CHINESE.search(row.description_zh):
        yield f"description_zh is {row.description_zh!r}. Give the description in Chinese."
    for field in ("min_n", "freshness_days"):
        value = getattr(row, field)
        if not value.isdecimal() or int(value) < 1:
            yield f"{field} is {value!r}. It is a whole number from 1 on."


def models_of(file: Path) -> list[dict[str, Any]]:
    """The models that a YAML file describes; read only, as the same words are parsed once."""
    return _parsed(file.read_text(encoding="utf-8"))


@cache
def _parsed(text: str) -> list[dict[str, Any]]:
    return list(yaml.load(text, LOADER)["models"])  # noqa: S506 (a safe loader)


def words_of(column: Mapping[str, Any] | None) -> list[str]:
    """The words of a column's description."""
    return str((column or {}).get("description") or "").split()

"""Rules on files, cells and keys: what can be said of a row by itself or beside its like.

Belongs here: rules that follow from `schema`. Does not belong here: trees, measures, bands.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from orchestration.configuration.rule import Found, Rule, entering, first_day, head
from orchestration.configuration.schema import ALL_PROFILES, CATALOGUES, SEEDS, Column
from orchestration.configuration.seeds import Configuration, Row, read_date, read_number

RULES: list[Rule] = []
rule = entering(RULES)

_VERSIONED: Final = {
    "scorecard_nodes": ("profile", "node_id"),
    "cmat_questionnaire": ("practice_id",),
}
"""Seeds of which one row of a name is in force on a day, and the columns of the name."""
_IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@rule("Every seed is there, is UTF-8, and all of its lines have as many cells as its header.")
def _seed_is_readable(configuration: Configuration) -> Found:
    for name in (*SEEDS, *CATALOGUES):
        seed = configuration.seeds.get(name)
        if seed is None:
            yield head(name), "", "The file is missing.", "Put it back."
            continue
        for line, words in seed.trouble:
            remedy = "Write it as CSV in UTF-8, texts with commas in double quotes."
            yield Row(name, line, {}), "", f"This {words}.", remedy
        if (
            not seed.rows
            and not seed.trouble
            and (name not in SEEDS or not SEEDS[name].may_be_empty)
        ):
            yield head(name), "", "The file has no row.", "Write at least one."


@rule("Every column that a seed needs is there.")
def _column_is_there(configuration: Configuration) -> Found:
    for name, spec in SEEDS.items():
        seed = configuration.seeds.get(name)
        if seed is None or not seed.columns:
            continue
        for column in spec.columns:
            if column not in seed.columns:
                yield (
                    head(name),
                    column,
                    "The column is missing.",
                    "Add it to the header and each row.",
                )


def _cells(configuration: Configuration) -> Iterator[tuple[Row, str, Column, str]]:
    """Every cell of a column that is there, with what it may hold."""
    for name, spec in SEEDS.items():
        for row in configuration.rows(name):
            for column, allowed in spec.columns.items():
                if column in row.values:
                    yield row, column, allowed, row.values[column]


@rule("What must be said is said.")
def _value_is_there(configuration: Configuration) -> Found:
    for row, column, allowed, text in _cells(configuration):
        if allowed.is_required and not text.strip():
            yield row, column, "The cell is empty.", "Fill it."


@rule("No cell begins or ends with a blank: it would be another name.")
def _no_stray_blanks(configuration: Configuration) -> Found:
    for row, column, _, text in _cells(configuration):
        if text.strip() and text != text.strip():
            yield row, column, f"{text!r} has a blank at its edge.", "Take the blank out."


@rule("Dates are days of the calendar, written YYYY-MM-DD.")
def _date_is_readable(configuration: Configuration) -> Found:
    for row, column, allowed, text in _cells(configuration):
        if allowed.kind == "date" and text.strip() and read_date(text.strip()) is None:
            yield (
                row,
                column,
                f"{text!r} is no date.",
                "Write it as YYYY-MM-DD, such as 2026-01-31.",
            )


@rule(
    "Numbers are written with a point and without a thousands separator; flags are true or false."
)
def _number_is_readable(configuration: Configuration) -> Found:
    for row, column, allowed, given in _cells(configuration):
        text = given.strip()
        if not text:
            continue
        if allowed.kind in ("number", "whole") and read_number(text) is None:
            yield (
                row,
                column,
                f"{text!r} is no number.",
                "Write it as 0.25, without a percent sign.",
            )
        elif allowed.kind == "whole" and not re.fullmatch(r"[+-]?\d+", text):
            yield row, column, f"{text!r} is no whole number.", "Write a whole number."
        elif allowed.kind == "flag" and text.lower() not in ("true", "false"):
            yield row, column, f"{text!r} is neither true nor false.", "Write true or false."


@rule("Numbers are within their limits: weights from 0 to 1, scores from 0 to 100.")
def _number_is_in_range(configuration: Configuration) -> Found:
    for row, column, allowed, text in _cells(configuration):
        value = read_number(text.strip())
        if allowed.kind not in ("number", "whole") or value is None:
            continue
        if (allowed.low is not None and value < allowed.low) or (
            allowed.high is not None and value > allowed.high
        ):
            limits = [
                f"{word} {limit}"
                for word, limit in (("at least", allowed.low), ("at most", allowed.high))
                if limit is not None
            ]
            yield (
                row,
                column,
                f"{text} is not {' and '.join(limits)}.",
                "Write a number within that.",
            )


@rule("A word of a fixed list is one of the list: scoring, weighting, operator, effect, tier, ...")
def _word_is_known(configuration: Configuration) -> Found:
    for row, column, allowed, given in _cells(configuration):
        text = given.strip()
        if allowed.kind == "word" and text and text not in allowed.words:
            yield (
                row,
                column,
                f"{text!r} is not known.",
                f"Write one of: {', '.join(allowed.words)}.",
            )


@rule("What becomes part of a column's name is small letters, digits and single underscores.")
def _name_is_usable(configuration: Configuration) -> Found:
    for row, column, allowed, given in _cells(configuration):
        text = given.strip()
        if allowed.kind == "identifier" and text and not _IDENTIFIER.fullmatch(text):
            yield (
                row,
                column,
                f"{text!r} cannot be a name.",
                "Use small letters, digits and single underscores, a letter first.",
            )


@rule("The columns that name a row name one row.")
def _key_is_unique(configuration: Configuration) -> Found:
    for name, spec in SEEDS.items():
        first: dict[tuple[str, ...], Row] = {}
        for row in configuration.rows(name):
            key = tuple(row[column] for column in spec.key)
            if key in first:
                yield (
                    row,
                    spec.key[-1],
                    f"{_listed(spec.key, key)} is in line {first[key].line} already.",
                    "Remove one of the two, or give it another name or first day.",
                )
            else:
                first[key] = row


@rule("What is valid ends after it begins.")
def _validity_runs_forward(configuration: Configuration) -> Found:
    for name, spec in SEEDS.items():
        if "valid_until" not in spec.columns:
            continue
        for row in configuration.rows(name):
            start, end = row.day("valid_from"), row.day("valid_until")
            if start and end and end <= start:
                yield (
                    row,
                    "valid_until",
                    f"It ends on {end}, before its first day {start} is over.",
                    "The end is the first day on which the row holds no longer; write a later one.",
                )


@rule("Of the rows of one name one is in force on a day.")
def _one_row_in_force(configuration: Configuration) -> Found:
    names: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for seed, columns in _VERSIONED.items():
        for row in configuration.rows(seed):
            if row.day("valid_from") and (row.day("valid_until") or not row["valid_until"]):
                names[seed, *(row[column] for column in columns)].append(row)
    for (_, *name), rows in names.items():
        ordered = sorted(rows, key=first_day)
        for earlier, later in pairwise(ordered):
            end = earlier.day("valid_until")
            if first_day(earlier) < first_day(later) and (end is None or end > first_day(later)):
                yield (
                    earlier,
                    "valid_until",
                    f"{': '.join(name)} of line {later.line} begins on {later['valid_from']}, "
                    "while this row still holds.",
                    f"End this row there: valid_until {later['valid_from']}.",
                )


@rule("A profile that is named is defined in the seed scorecards; a star stands for all.")
def _profile_is_defined(configuration: Configuration) -> Found:
    known = {row["profile"] for row in configuration.rows("scorecards")}
    for name in ("scorecard_nodes", "bands", "exceptions", "overrides"):
        stars = {ALL_PROFILES} if name in ("bands", "exceptions") else set()
        reported = set()
        for row in configuration.rows(name):
            profile = row["profile"]
            if profile and profile not in known | stars and profile not in reported:
                reported.add(profile)
                yield (
                    row,
                    "profile",
                    f"There is no profile {profile!r}.",
                    "Add it to scorecards.csv, or write one of: "
                    f"{', '.join(sorted(known | stars))}.",
                )


def _listed(columns: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(columns, values, strict=True))

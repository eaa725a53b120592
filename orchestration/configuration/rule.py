"""What a rule and a mistake are, and what several rules look up.

Belongs here: the shape of both, entering a rule, the catalogues by name. Does not belong here: any
rule.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from orchestration.configuration.seeds import Configuration, Row


@dataclass(frozen=True)
class Mistake:
    """One thing that cannot be meant.

    Attributes:
        seed: The seed.
        line: Line of the file; 1, the header, where a row is missing.
        column: Column that is wrong; empty for the row or the file.
        rule: The rule that refuses it.
        found: What was found, as a sentence.
        remedy: What to do, as a sentence.
    """

    seed: str
    line: int
    column: str
    rule: str
    found: str
    remedy: str


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        name: Its name.
        says: What must hold.
        check: Gives what breaks it.
    """

    name: str
    says: str
    check: Callable[[Configuration], Iterator[Mistake]]


Found = Iterator[tuple[Row, str, str, str]]
"""Row, column, what was found, what to do."""


def entering(
    rules: list[Rule],
) -> Callable[[str], Callable[[Callable[[Configuration], Found]], None]]:
    """Make the decorator that enters a function into a list of rules, under the function's name."""

    def rule(says: str) -> Callable[[Callable[[Configuration], Found]], None]:
        def enter(function: Callable[[Configuration], Found]) -> None:
            name = function.__name__.lstrip("_")

            def check(configuration: Configuration) -> Iterator[Mistake]:
                for row, column, found, remedy in function(configuration):
                    yield Mistake(row.seed, row.line, column, name, found, remedy)

            rules.append(Rule(name, says, check))

        return enter

    return rule


def head(seed: str) -> Row:
    """Give the header of a seed, for what is missing."""
    return Row(seed, 1, {})


def once(found: Iterable[tuple[Row, str, str, str]]) -> Found:
    """Tell a mistake that holds over several states once, as of the first."""
    told = set()
    for row, column, words, remedy in found:
        # The day on which it was seen stands at the end, after "from".
        key = (row.seed, row.line, column, words.rpartition(" from ")[0])
        if key not in told:
            told.add(key)
            yield row, column, words, remedy


def first_day(row: Row) -> date:
    """Give the first day of a row; the last of all for one that cannot be read."""
    return row.day("valid_from") or date.max


def catalogue_of(configuration: Configuration) -> dict[str, Row]:
    """Give the indicators of customers, by name."""
    return {row["indicator_id"]: row for row in configuration.rows("indicators")}


def subjects_of(configuration: Configuration) -> dict[str, str]:
    """Give whom each profile scores, customer or portfolio."""
    return {row["profile"]: row["subject"] for row in configuration.rows("scorecards")}

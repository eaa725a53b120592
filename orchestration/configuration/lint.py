"""Telling every mistake of the configuration at once, before anything is computed.

Belongs here: trying all rules, and the words of the answer. Does not belong here: the rules
themselves (`rules`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from orchestration.configuration.rule import Mistake
from orchestration.configuration.rules import RULES
from orchestration.configuration.schema import CATALOGUES, SEEDS
from orchestration.configuration.seeds import FOLDER, Configuration, read_configuration
from orchestration.errors import ScorecardError
from orchestration.settings import Settings


class ConfigurationError(ScorecardError):
    """The configuration cannot be meant as it is written."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True)
class LintReport:
    """What the rules found.

    Attributes:
        rules: Rules that were tried.
        rows: Rows of the seeds of the scorecards.
        mistakes: Everything that breaks a rule, by file and line.
    """

    rules: int
    rows: int
    mistakes: tuple[Mistake, ...]


def lint(configuration: Configuration) -> LintReport:
    """Try every rule on every row.

    Args:
        configuration: The seeds.
    """
    found = {mistake for rule in RULES for mistake in rule.check(configuration)}
    order = [*SEEDS, *CATALOGUES]
    return LintReport(
        rules=len(RULES),
        rows=sum(len(configuration.rows(name)) for name in SEEDS),
        mistakes=tuple(
            sorted(
                found,
                key=lambda each: (
                    order.index(each.seed),
                    each.line,
                    each.column,
                    each.rule,
                    each.found,
                ),
            )
        ),
    )


def refuse_mistakes(settings: Settings) -> LintReport:
    """Lint the seeds of the project, and refuse what cannot be meant.

    Returns:
        The report, which has no mistake.

    Raises:
        ConfigurationError: Naming every mistake with its place and what to do.
    """
    report = lint(read_configuration(settings))
    if report.mistakes:
        raise ConfigurationError(render_mistakes(report.mistakes))
    return report


def render_report(report: LintReport) -> str:
    """Say what was looked at, where nothing was found."""
    return f"{report.rules} rules, {report.rows} rows, no mistake."


def render_mistakes(mistakes: Sequence[Mistake]) -> str:
    """Tell the mistakes, one a line: file and line, column, rule, what was found, what to do."""
    lines = [
        f"{FOLDER}/{each.seed}.csv:{each.line}{f' {each.column}' if each.column else ''} "
        f"[{each.rule}] {each.found} {each.remedy}"
        for each in mistakes
    ]
    count = f"{len(lines)} mistake{'s' if len(lines) > 1 else ''}"
    listed = "\n".join(f"  {line}" for line in lines)
    return (
        f"The configuration has {count}, so nothing was computed:\n{listed}\n"
        "`scorecard lint-config` looks again, without computing."
    )

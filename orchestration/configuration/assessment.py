"""Rules on the assessment of the organisation: its sections, practices, measured levels, benchmark.

Belongs here: what the seeds `cmat_*` say together. Does not belong here: how an assessment adds up
(dbt), answers (they are facts, and the contract of their table judges them).
"""

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import Final

from orchestration.configuration.rule import Found, Rule, entering
from orchestration.configuration.seeds import Configuration, Row
from orchestration.configuration.trees import TOLERANCE

RULES: list[Rule] = []
rule = entering(RULES)

_RISING: Final = ("worst", "p25", "p50", "p75", "best")


@rule("The sections of the assessment weigh 1 together, to 1e-9.")
def _sections_weigh_one(configuration: Configuration) -> Found:
    rows = configuration.rows("cmat_section_weights")
    weights = [row.number("weight") for row in rows]
    known = [weight for weight in weights if weight is not None]
    total = sum(known, Decimal(0))
    if rows and len(known) == len(weights) and abs(total - 1) > TOLERANCE:
        yield (
            rows[0],
            "weight",
            f"The sections weigh {total} together.",
            "Change the weights so that they are 1 together.",
        )


@rule("A practice belongs to a section of the assessment, and each section has one that weighs.")
def _practice_has_its_section(configuration: Configuration) -> Found:
    sections = {row["section_id"]: row for row in configuration.rows("cmat_section_weights")}
    filled = set()
    for row in configuration.rows("cmat_questionnaire"):
        if row["section_id"] not in sections:
            yield (
                row,
                "section_id",
                f"There is no section {row['section_id']!r}.",
                f"Write one of: {', '.join(sorted(sections))}.",
            )
        elif row.number("weight") != 0:
            filled.add(row["section_id"])
    for section, row in sections.items():
        if section not in filled:
            words = f"No practice of the section {section} has a weight."
            yield row, "section_id", words, "Add a practice, or take the section out."


@rule(
    "What a practice is measured by is a practice of the questionnaire and a metric of its terms."
)
def _measured_level_is_known(configuration: Configuration) -> Found:
    known = {
        "practice_id": ("cmat_questionnaire", "practice"),
        "metric_id": ("cmat_metric_terms", "metric"),
    }
    for column, (seed, word) in known.items():
        names = {row[column] for row in configuration.rows(seed)}
        for row in configuration.rows("cmat_rules"):
            if row[column] not in names:
                yield (
                    row,
                    column,
                    f"There is no {word} {row[column]!r}.",
                    f"Write one of {seed}.csv, or add it there.",
                )


@rule("Measured levels begin with 1 and leave none out.")
def _levels_leave_none_out(configuration: Configuration) -> Found:
    levels: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in configuration.rows("cmat_rules"):
        level = row.number("level")
        if level is not None:
            levels[row["practice_id"]].setdefault(int(level), row)
    for practice, rows in levels.items():
        missing = sorted(set(range(1, max(rows))) - set(rows))
        if missing:
            yield (
                rows[max(rows)],
                "level",
                f"{practice} has level {max(rows)} and no level {', '.join(map(str, missing))}.",
                "Say what each lower level asks for: a level holds where all below it do.",
            )


@rule(
    "A higher measured level asks for more of a metric, and for nothing that a lower one forbids."
)
def _levels_ask_for_more(configuration: Configuration) -> Found:
    asked: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in configuration.rows("cmat_rules"):
        is_read = row.number("level") is not None and row.number("threshold") is not None
        if is_read and row["operator"] in (">=", "<="):
            asked[row["practice_id"], row["metric_id"]].append(row)
    for (practice, metric), rows in asked.items():
        ordered = sorted(rows, key=lambda row: row.number("level") or Decimal(0))
        for operator in (">=", "<="):
            alike = [row for row in ordered if row["operator"] == operator]
            for lower, higher in pairwise(alike):
                step = _threshold(higher) - _threshold(lower)
                if step == 0 or (step < 0) == (operator == ">="):
                    yield (
                        higher,
                        "threshold",
                        f"{practice}: level {higher['level']} asks {metric} {operator} "
                        f"{higher['threshold']}, level {lower['level']} {lower['threshold']} "
                        "already.",
                        "Ask for more, or leave the row out: lower levels hold anyway.",
                    )
        least = [row for row in ordered if row["operator"] == ">="]
        most = [row for row in ordered if row["operator"] == "<="]
        if least and most:
            low, high = max(least, key=_threshold), min(most, key=_threshold)
            if _threshold(low) > _threshold(high):
                yield (
                    max(low, high, key=lambda row: row.number("level") or Decimal(0)),
                    "threshold",
                    f"{practice}: {metric} would have to be >= {low['threshold']} and <= "
                    f"{high['threshold']}.",
                    "Change one of the two: no value can be both.",
                )


def _threshold(row: Row) -> Decimal:
    return row.number("threshold") or Decimal(0)


@rule("A threshold of a share is at most 1.")
def _threshold_can_be_reached(configuration: Configuration) -> Found:
    shares = {
        row["metric_id"]
        for row in configuration.rows("cmat_metric_terms")
        if row["unit"] == "ratio"
    }
    for row in configuration.rows("cmat_rules"):
        if row["metric_id"] in shares and _threshold(row) > 1:
            yield (
                row,
                "threshold",
                f"{row['metric_id']} is a share and can never be {row['threshold']}.",
                "Write it as 0.8, not as percent.",
            )


@rule("Figures of the benchmark are of one source and rise from the worst to the best.")
def _benchmark_is_in_order(configuration: Configuration) -> Found:
    rows = configuration.rows("cmat_benchmark")
    for row in rows[1:]:
        if row["benchmark_id"] != rows[0]["benchmark_id"]:
            words = f"{row['benchmark_id']} is another benchmark than {rows[0]['benchmark_id']}."
            yield row, "benchmark_id", words, "Keep the figures of one: positions are told in one."
    figures = {row["figure"]: row for row in rows if row.number("percent") is not None}
    rising = [figures[name] for name in _RISING if name in figures]
    pairs = list(pairwise(rising))
    if "mean" in figures:
        pairs += [(figures["worst"], figures["mean"])] if "worst" in figures else []
        pairs += [(figures["mean"], figures["best"])] if "best" in figures else []
    for below, above in pairs:
        if (below.number("percent") or 0) > (above.number("percent") or 0):
            yield (
                above,
                "percent",
                f"{above['figure']} {above['percent']} is below {below['figure']} "
                f"{below['percent']}.",
                "Check both with the source.",
            )

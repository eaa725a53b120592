"""The topic of what goes together: pairs of measures, by lag.

Belongs here: what is read of kpi_associations and how it is told, without a cause. Not here: other
topics, chart specifications.
"""

from collections.abc import Sequence
from typing import Any

from orchestration.release.formats import format_integer, format_interval
from orchestration.release.pages import charts
from orchestration.release.pages.model import Cell, Column, Figure, Reader, Section, Table, Topic
from orchestration.release.pages.words import count_of, label_column, names, number
from orchestration.release.parts import Part
from orchestration.release.reading import Row

# Pairs that are drawn by lag; the table has all.
DRAWN = 6
_WHY_NOT = {
    "not_measured": "not measured",
    "few_customers": "too few customers",
    "few_team_months": "too few months",
    "few_blocks": "too few months",
    "constant": "no differences",
}


def _together(reader: Reader) -> Section | None:
    rows = [
        {**row, "label": _name(row), "later": _later(row)}
        for row in reader.rows(
            """
            select * from scorecard.kpi_associations
            where segment = 'all'
            order by pair_id, lag_months
            """
        )
    ]
    tested = [row for row in rows if row["is_tested"]]
    if not tested:
        return None
    best = sorted(
        (row for row in tested if row["is_best_lag"]),
        key=lambda row: (not row["is_supported"], -abs(row["rho"]), row["pair_id"]),
    )
    drawn = best[:DRAWN]
    reach = max(
        abs(row[end])
        for row in tested
        for end in ("rho_low", "rho_high")
        if row["pair_id"] in {each["pair_id"] for each in drawn}
    )
    figures = [_by_lag(each, rows, charts.nice_end(reach)) for each in drawn]
    untested = [
        row
        for row in rows
        if row["lag_months"] == 0 and row["pair_id"] not in {each["pair_id"] for each in best}
    ]
    supported = [row for row in best if row["is_supported"]]
    flips = [row for row in best if row["is_sign_flip"]]
    counts = reader.rows(
        "select count(*) filter (where is_tested) as tests, "
        "count(*) filter (where is_supported) as supported from scorecard.kpi_associations"
    )[0]
    return Section(
        as_of=best[0]["as_of_date"],
        intro="Whether one measure goes with another, and how many months later. It says what goes "
        "together, never what makes what: for that an experiment is needed.",
        said=[
            f"Beyond chance: {format_integer(len(supported))} of "
            f"{count_of(len(best), 'pair', 'pairs')} at the strongest lag, "
            f"{format_integer(counts['supported'])} of all "
            f"{format_integer(counts['tests'])} tests, tiers and lags included.",
            *(str(row["sentence"]) for row in supported[:2]),
            *(
                f"Caution with {_lower(row['label'])}: within customers it points the other way "
                "than between them."
                for row in flips
            ),
        ],
        rows=[
            (_all_pairs(best, untested),),
            *(tuple(figures[start : start + 2]) for start in range(0, len(figures), 2)),
        ],
    )


def _all_pairs(best: Sequence[Row], untested: Sequence[Row]) -> Table:
    sample = next((row for row in best if row["sampled_customer_count"]), None)
    of = ""
    if sample and sample["sampled_customer_count"] < sample["customer_count"]:
        of = (
            f" A sample of {format_integer(sample['sampled_customer_count'])} of "
            f"{format_integer(sample['customer_count'])} customers."
        )
    return Table(
        "What goes with what, at the strongest lag",
        [
            label_column("First and second measure"),
            Column("Months later", lambda row: str(row["later"])),
            number("Rank correlation", "rho", _signed),
            Column(
                "95 % interval",
                lambda row: format_interval(row["rho_low"], row["rho_high"], _signed),
                is_on_phone=False,
            ),
            number("Alike in tier, tenure, season", "partial_rho", _signed, on_phone=False),
            number("Within customers", "within_rho", _signed, on_phone=False),
            number("Between", "between_rho", _signed, on_phone=False),
            number("Customers", "unit_count", on_phone=False),
            Column("", _verdict, is_number=False),
        ],
        [*best, *untested],
        note="Rank correlation: 1, the more of the one the more of the other; 0, nothing; -1, the "
        "less. Beyond chance: with all tests of the run counted (false discovery rate 10 %). Of "
        "answers to surveys only those who answered are counted; the silent may differ. For pairs "
        f"of teams, teams are counted.{of}",
        sources="kpi_associations.rho, partial_rho, within_rho, between_rho, is_supported",
    )


def _by_lag(best: Row, rows: Sequence[Row], reach: float) -> Figure:
    own = [row for row in rows if row["pair_id"] == best["pair_id"]]
    return Figure(
        str(best["label"]),
        "By months later. Dot: rank correlation. Bar: 95 % interval. Pale: not told from chance.",
        charts.intervals(
            [
                {
                    "label": _lag(row["lag_months"]),
                    "value": row["rho"],
                    "low": row["rho_low"],
                    "high": row["rho_high"],
                    "is_small": not row["is_supported"],
                }
                for row in own
            ],
            form=lambda value: _signed(value),
            domain=(-reach, reach),
            rule=0,
        ),
        Table(
            f"{best['label']}, by months later",
            [
                Column("Months later", lambda row: str(row["lag_months"]), is_head=True),
                number("Rank correlation", "rho", _signed),
                Column(
                    "95 % interval",
                    lambda row: format_interval(row["rho_low"], row["rho_high"], _signed),
                ),
                Column("", _verdict, is_number=False),
            ],
            own,
            sources="kpi_associations.rho, rho_low, rho_high (segment = 'all')",
        ),
        "Spearman's rank correlation of customer months; whole customers are resampled for the "
        "interval.",
    )


def _name(row: Row) -> str:
    text = f"{row['x_name']} and {row['y_name']}"
    return text[:1].upper() + text[1:]


def _lower(text: Any) -> str:
    return str(text)[:1].lower() + str(text)[1:]


def _later(row: Row) -> str:
    return str(row["lag_months"]) if row["is_tested"] else "–"


def _lag(months: int) -> str:
    return count_of(months, "month", "months")


def _signed(value: Any) -> str:
    if value is None:
        return "–"
    text = f"{float(value):+.2f}".replace("-", "\u2212")
    return "0.00" if text[1:] == "0.00" else text


def _verdict(row: Row) -> Cell:
    if not row["is_tested"]:
        return Cell(_WHY_NOT[str(row["not_tested_reason"])])
    said = "beyond chance" if row["is_supported"] else "not told from chance"
    return Cell(said, "two ways" if row["is_sign_flip"] else "")


TOPIC = Topic(
    "together",
    Part(
        "What goes together",
        {
            "kpi_associations": names(
                "as_of_date pair_id segment lag_months x_name y_name unit_count "
                "sampled_customer_count customer_count rho rho_low rho_high partial_rho within_rho "
                "between_rho is_tested not_tested_reason is_supported is_best_lag is_sign_flip "
                "sentence"
            )
        },
        "no pair of measures has enough customers yet",
    ),
    _together,
)

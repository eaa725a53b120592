"""Rules on measures and their targets.

Belongs here: indicators, how they are scored, floors, targets and stretches. Does not belong here:
where a measure stands in its tree (`trees`).
"""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Final

from orchestration.configuration.rule import (
    Found,
    Rule,
    catalogue_of,
    entering,
    first_day,
    subjects_of,
)
from orchestration.configuration.schema import ALL_PROFILES, PORTFOLIO_TIER, TIERS
from orchestration.configuration.seeds import Configuration, Row

RULES: list[Rule] = []
rule = entering(RULES)

FACT_MART: Final = "customer_indicators"
"""The only mart of customers that is built before any estimator."""
MADE_OF_ESTIMATES: Final = frozenset(
    {"predictions", "upsell_predictions", "customer_value", "customer_equity", "sales_forecasts"}
)
# Tiers are cut by value; in its tier everybody would be held against who earns the same.
TIER_IS_MADE_OF: Final = frozenset(
    {"value_12m", "revenue_12m", "gross_margin_12m", "revenue_per_month_12m", "mrr"}
)
_NO_NUMBER: Final = frozenset({"class", "text", "date"})


@rule("An indicator is one of the catalogue that holds a number with a direction.")
def _indicator_is_known(configuration: Configuration) -> Found:
    catalogue = catalogue_of(configuration)
    groups = group_catalogue_of(configuration)
    subjects = subjects_of(configuration)
    for row in configuration.rows("scorecard_nodes"):
        if subjects.get(row["profile"]) == "portfolio":
            yield from _known(row, groups, needs_direction=True)
        else:
            yield from _known(row, catalogue, needs_direction=True)
    for row in configuration.rows("targets"):
        allowed = groups if row["tier"] == PORTFOLIO_TIER else catalogue
        yield from _known(row, allowed, needs_direction=True)
    for row in configuration.rows("exceptions"):
        yield from _known(row, catalogue, needs_direction=False)


def _known(row: Row, catalogue: dict[str, Row], *, needs_direction: bool) -> Found:
    name = row["indicator_id"]
    if not name:
        return
    entry = catalogue.get(name)
    if entry is None:
        near = _nearest(name, catalogue)
        yield (
            row,
            "indicator_id",
            f"The catalogue has no indicator {name!r} of this kind.",
            f"Write one of indicators.csv, or for the portfolio mart.column of a mart in "
            f"portfolio_marts.csv{f', such as {near}' if near else ''}; what no source measures "
            "stays empty and says what it needs.",
        )
    elif entry["unit"] in _NO_NUMBER:
        yield (
            row,
            "indicator_id",
            f"{name} is a {entry['unit']} and no number.",
            "Choose an indicator that is a number or a flag.",
        )
    elif needs_direction and entry["direction"] not in ("higher_is_better", "lower_is_better"):
        yield (
            row,
            "indicator_id",
            f"{name} has no direction: neither more nor less of it is better.",
            "Choose an indicator with a direction.",
        )


@rule("A health score holds no prediction and nothing made of one (handbook C1).")
def _health_holds_no_prediction(configuration: Configuration) -> Found:
    catalogue = catalogue_of(configuration)
    groups = group_catalogue_of(configuration)
    kinds = {row["profile"]: row["kind"] for row in configuration.rows("scorecards")}
    healthy = {profile for profile, kind in kinds.items() if kind == "health"}
    remedy = "Take it out, or use it in a profile of the kind value; risk stands beside health."
    for row in configuration.rows("scorecard_nodes"):
        entry = catalogue.get(row["indicator_id"]) or groups.get(row["indicator_id"])
        if row["profile"] in healthy and entry is not None and _is_estimate(entry):
            words = f"{row['profile']} would hold {row['indicator_id']}, which is estimated"
            yield row, "indicator_id", f"{words} (mart {entry['mart']}).", remedy
    for row in configuration.rows("exceptions"):
        entry = catalogue.get(row["indicator_id"])
        touched = healthy if row["profile"] == ALL_PROFILES else healthy & {row["profile"]}
        if touched and entry is not None and _is_estimate(entry):
            words = f"{', '.join(sorted(touched))} would be decided by {row['indicator_id']}"
            yield (
                row,
                "indicator_id",
                f"{words}, which is estimated (mart {entry['mart']}).",
                remedy,
            )


def _is_estimate(entry: Row) -> bool:
    """Whether an indicator is computed from what an estimator said."""
    if entry.seed == "indicators":
        return entry["mart"] != FACT_MART
    return entry["mart"] in MADE_OF_ESTIMATES


@rule("What tiers are made of is scored among all customers or by targets, not within the tier.")
def _tier_is_not_scored_by_itself(configuration: Configuration) -> Found:
    for row in configuration.rows("scorecard_nodes"):
        if row["scoring"] == "percentile_in_tier" and row["indicator_id"] in TIER_IS_MADE_OF:
            yield (
                row,
                "scoring",
                f"Within a tier everybody has about the same {row['indicator_id']}, so the best B "
                "would score 100 and the last A 0.",
                "Write percentile_portfolio.",
            )


@rule("A profile of the portfolio is scored by targets; exceptions and overrides are of customers.")
def _portfolio_has_no_peers(configuration: Configuration) -> Found:
    subjects = subjects_of(configuration)
    for row in configuration.rows("scorecard_nodes"):
        if subjects.get(row["profile"]) == "portfolio" and row["scoring"].startswith("percentile"):
            yield (
                row,
                "scoring",
                f"{row['profile']} scores the one portfolio, which has no peers.",
                f"Write piecewise, and the targets of {row['indicator_id']} for tier all.",
            )
    for name in ("exceptions", "overrides"):
        for row in configuration.rows(name):
            if subjects.get(row["profile"]) == "portfolio":
                yield (
                    row,
                    "profile",
                    f"{row['profile']} scores the portfolio, and this acts on a customer's score.",
                    "Name a profile of customers.",
                )


@rule("Every measure that is scored by targets has them for each tier, from its first day on.")
def _every_tier_has_its_target(configuration: Configuration) -> Found:
    begins: dict[tuple[str, str], date] = {}
    for row in configuration.rows("targets"):
        day = row.day("valid_from")
        if day:
            key = (row["indicator_id"], row["tier"])
            begins[key] = min(begins.get(key, day), day)
    subjects = subjects_of(configuration)
    told = set()
    for row in sorted(configuration.rows("scorecard_nodes"), key=first_day):
        indicator, day = row["indicator_id"], row.day("valid_from")
        if row["scoring"] != "piecewise" or not indicator or day is None:
            continue
        tiers = (PORTFOLIO_TIER,) if subjects.get(row["profile"]) == "portfolio" else TIERS
        for tier in tiers:
            start = begins.get((indicator, tier))
            if (start is None or start > day) and (indicator, tier) not in told:
                told.add((indicator, tier))
                since = "" if start is None else f" before {start}"
                yield (
                    row,
                    "scoring",
                    f"{indicator} is scored by targets from {day}, and tier {tier} has "
                    f"none{since}.",
                    f"Add floor, target and stretch of {indicator} for tier {tier} to targets.csv, "
                    f"valid from {day} or earlier.",
                )


@rule("Floor, target and stretch rise where higher is better and fall where lower is better.")
def _targets_run_in_one_direction(configuration: Configuration) -> Found:
    known = {**group_catalogue_of(configuration), **catalogue_of(configuration)}
    for row in configuration.rows("targets"):
        edges = [row.number(f"{edge}_value") for edge in ("floor", "target", "stretch")]
        entry = known.get(row["indicator_id"])
        if entry is None or any(edge is None for edge in edges):
            continue
        numbers = [edge for edge in edges if edge is not None]
        rises = entry["direction"] == "higher_is_better"
        falls = entry["direction"] == "lower_is_better"
        steps = list(pairwise(numbers))
        if (rises and not all(a < b for a, b in steps)) or (
            falls and not all(a > b for a, b in steps)
        ):
            listed = ", ".join(str(number) for number in numbers)
            yield (
                row,
                "target_value",
                f"{row['indicator_id']} for tier {row['tier']}: {listed} do not "
                f"{'rise' if rises else 'fall'}.",
                f"{'Higher' if rises else 'Lower'} is better: floor (0), target (75) and stretch "
                f"(100) must {'rise' if rises else 'fall'}.",
            )


def group_catalogue_of(configuration: Configuration) -> dict[str, Row]:
    """Measures of marts of which it is said which row is the whole company's, by `mart.column`."""
    marts = {row["mart"] for row in configuration.rows("portfolio_marts")}
    return {
        f"{row['mart']}.{row['indicator_id']}": row
        for row in configuration.rows("group_measures")
        if row["mart"] in marts
    }


def _nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant; empty where none is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.75)), "")

"""Rules on what becomes of a score: bands, exceptions, overrides, strategies.

Belongs here: what people decided beside the trees. Does not belong here: trees and measures.
"""

import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Final

from orchestration.configuration.rule import Found, Rule, entering, first_day, head
from orchestration.configuration.schema import ALL_PROFILES, BANDED
from orchestration.configuration.seeds import Configuration, Row

RULES: list[Rule] = []
rule = entering(RULES)

LONGEST_OVERRIDE: Final = timedelta(days=90)
_STAFF_ID: Final = re.compile(r"[^\s@]+")


@rule("Bands that begin together cover 0 to 100, without a gap and without an overlap.")
def _bands_meet(configuration: Configuration) -> Found:
    versions: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in configuration.rows("bands"):
        if row.number("lower_bound") is not None and row.number("upper_bound") is not None:
            versions[row["profile"], row["valid_from"]].append(row)
    lowest, highest = BANDED
    for (profile, start), rows in versions.items():
        ordered = sorted(rows, key=lambda row: (_bound(row, "lower"), _bound(row, "upper")))
        scope = f"{profile} from {start}"
        bottom, top = ordered[0], ordered[-1]
        if _bound(bottom, "lower") != lowest:
            words = f"{scope}: no band below {bottom['lower_bound']}."
            yield bottom, "lower_bound", words, f"The lowest band begins at {lowest}."
        if _bound(top, "upper") != highest:
            words = f"{scope}: no band above {top['upper_bound']}."
            yield top, "upper_bound", words, f"The highest band ends at {highest}."
        for below, above in pairwise(ordered):
            end, begin = _bound(below, "upper"), _bound(above, "lower")
            if end != begin:
                kind = "a gap" if end < begin else "an overlap"
                yield (
                    above,
                    "lower_bound",
                    f"{scope}: {kind} between {below['band']} up to {end} and {above['band']} "
                    f"from {begin}.",
                    "A band begins where the one below it ends.",
                )
        for row in ordered:
            if _bound(row, "lower") >= _bound(row, "upper"):
                words = f"{scope}: {row['band']} ends before it begins."
                yield row, "upper_bound", words, "The upper bound is above the lower one."


def _bound(row: Row, edge: str) -> Decimal:
    return row.number(f"{edge}_bound") or Decimal(0)


@rule("All profiles have bands from the first day on which they hold.")
def _every_profile_has_bands(configuration: Configuration) -> Found:
    begins: dict[str, date] = {}
    for row in configuration.rows("bands"):
        day = row.day("valid_from")
        if day:
            begins[row["profile"]] = min(begins.get(row["profile"], day), day)
    for row in sorted(configuration.rows("scorecards"), key=first_day):
        start = row.day("valid_from")
        there = [begins[scope] for scope in (row["profile"], ALL_PROFILES) if scope in begins]
        if start and (not there or min(there) > start):
            yield (
                row,
                "valid_from",
                f"{row['profile']} holds from {start}, and no band does by then.",
                f"Add bands for it, or for all ({ALL_PROFILES}), valid from {start} or earlier.",
            )


@rule("An exception says what it does in the words of its effect: points, or a band.")
def _exception_has_its_effect(configuration: Configuration) -> Found:
    bands = {row["band"] for row in configuration.rows("bands")}
    for row in configuration.rows("exceptions"):
        value = row.number("value")
        if row["effect"] in ("cap", "floor"):
            if value is None or not BANDED[0] <= value <= BANDED[1]:
                yield (
                    row,
                    "value",
                    f"A {row['effect']} of {row['value']!r} is no score.",
                    "Write points from 0 to 100.",
                )
        elif row["effect"] == "set_band" and row["value"] not in bands:
            yield (
                row,
                "value",
                f"There is no band {row['value']!r}.",
                f"Write one of: {', '.join(sorted(bands))}.",
            )


@rule("An override ends after 90 days at the latest.")
def _override_ends(configuration: Configuration) -> Found:
    for row in configuration.rows("overrides"):
        start, end = row.day("valid_from"), row.day("valid_until")
        if start and end and end - start > LONGEST_OVERRIDE:
            yield (
                row,
                "valid_until",
                f"It holds for {(end - start).days} days.",
                f"End it by {start + LONGEST_OVERRIDE}; renew it then, if it is still right.",
            )


@rule("The author of an override is an id of the staff: it is published.")
def _author_is_an_id(configuration: Configuration) -> Found:
    for row in configuration.rows("overrides"):
        if row["author"].strip() and not _STAFF_ID.fullmatch(row["author"].strip()):
            yield (
                row,
                "author",
                "The author looks like a name or a mail address.",
                "Write the id of the staff list, without blanks.",
            )


@rule("Each of the eight cells of current value, potential and relationship has one strategy.")
def _every_cell_has_its_strategy(configuration: Configuration) -> Found:
    rows = configuration.rows("segment_strategies")
    if not rows:
        return
    cells = {"_".join(levels) for levels in product(("high", "low"), repeat=3)}
    for row in rows:
        named = "_".join(row[column] for column in ("current", "potential", "relationship"))
        if row["cell"] != named and named in cells:
            yield row, "cell", f"The cell of {named} is called {row['cell']!r}.", f"Write {named}."
    for cell in sorted(cells - {row["cell"] for row in rows}):
        yield head("segment_strategies"), "cell", f"{cell} has no row.", "Add its strategy."

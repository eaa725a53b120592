"""What kind of thing a rule asks, so that one sees which product is asked what.

Belongs here: the kinds, and how a rule's kind is told from its name and its check. Not here: the
rules (`suites/`). Names of rules say what holds, so a kind is a pattern of names; what no pattern
takes is told by the check and by what else it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data_quality.rules import MEASURE_BETWEEN, NO_FAILING_ROWS, Rule

CUSTOMER_MONTH = {"customer_id", "as_of_date"}
# What the run itself wrote is no other source: reading it compares nothing.
OWN_RUN = frozenset({"control.run_window"})


@dataclass(frozen=True)
class Kind:
    """A kind of rule.

    Attributes:
        name: Its name.
        meaning: What is asked, in a manager's words.
        pattern: The names of rules of this kind, as a regular expression; empty for those that are
            told by their check.
    """

    name: str
    meaning: str
    pattern: str = ""


CONFIDENTIALITY = Kind(
    "confidentiality",
    "nothing names or reaches a person",
    r"no_personal_data|record_is_named_by_a_hash",
)
QUARANTINE = Kind(
    "quarantine",
    "no file lost more than 1 % of its rows to the quarantine, and each refused row is counted",
    r"refused_share_is_small|refused_rows_are_few|quarantine_is_\w+|no_file_(is_)?refused"
    r"|every_refused_row_is_counted|rows_are_decided_on_once",
)
STATE = Kind(
    "one state",
    "each customer has exactly one row for each month",
    r"has_every_customer_month|every_customer_month_is_scored|has_every_month_of_the_customer",
)
UNIQUENESS = Kind(
    "uniqueness",
    "nothing stands twice",
    r"keys?_(is|are)_unique|is_one_row|one_\w+|a_category_is_offered_once|a_pair_is_counted_once",
)
REFERENCES = Kind(
    "references",
    "what is named exists",
    r"customer_is_known|invoice_exists|product_is_known|customer_is_named|is_in_crm|has_lines"
    r"|measure_is_in_the_profile|names_published_columns",
)
CONSERVATION = Kind(
    "conservation",
    "what opened and what moved make what closed; parts make the whole",
    r"opening_and_\w+|closing_is_\w+|walk_\w+|a_month_opens_\w+|\w*adds?_up\w*|parts_make_\w+"
    r"|\w+_sum_to_one|measures_make_the_whole",
)
FRESHNESS = Kind(
    "freshness",
    "rows are recent, stand at month ends, and none is of the future",
    r"(is|are|\w+_are)_recent|reaches_the_last_month|nothing_(is_of_the_future|later_is_used)"
    r"|as_of_date_is_\w+|months_are_those_of_the_run|values_are_young_enough|has_every_month"
    r"|months_have_no_gap|happened_by_\w+|learnt_(from_the_past|on_what_was_known)",
)
VOLUME = Kind(
    "volume",
    "as many rows, or as much money, as the months before and the same month of the year",
    r"volume_is_\w+|monthly_revenue_is_usual|enough_customers_are_scored|sum_is_positive",
)
DRIFT = Kind(
    "drift",
    "values are distributed as in the month before",
    r"\w*distribution_is_stable|mean_score_is_stable",
)
IDENTITY = Kind(
    "merges and splits",
    "few customers were merged or split, and each change is listed",
    r"few_customers_changed|few_records_are_unresolved|changes_are_listed|is_a_change",
)
SOURCES_AGREE = Kind(
    "sources agree",
    "two sources say the same",
    r"events_and_activity_agree|what_was_sent_is_measured|measured_systems_are_\w+"
    r"|customers_own_systems_\w+|published_customers_are_resolved_ones|\w+_is_that_of_the_lines"
    r"|revenue_is_that_of_the_\w+|what_is_not_connected_\w+|is_told_where_it_was_measured",
)
RECONCILIATION = Kind("reconciliation", "layers and marts agree in rows and money")
COMPLETENESS = Kind(
    "completeness",
    "there are rows, and none lacks its key",
    r"has_rows|key_is_present|\w+_is_present",
)
VALUES = Kind("values", "values are known, or lie between their limits")
FINDINGS = Kind("bad input", "a kind of bad input does not occur (reported by its name)")
FORMULAS = Kind("formulas", "a figure follows from the figures beside it")

KINDS = (
    UNIQUENESS,
    COMPLETENESS,
    REFERENCES,
    RECONCILIATION,
    CONSERVATION,
    STATE,
    FRESHNESS,
    VOLUME,
    DRIFT,
    IDENTITY,
    SOURCES_AGREE,
    QUARANTINE,
    VALUES,
    FORMULAS,
    FINDINGS,
    CONFIDENTIALITY,
)
# In this order, since some names fit two patterns.
_BY_NAME = (
    CONFIDENTIALITY,
    QUARANTINE,
    STATE,
    UNIQUENESS,
    REFERENCES,
    IDENTITY,
    SOURCES_AGREE,
    CONSERVATION,
    COMPLETENESS,
    FRESHNESS,
    DRIFT,
    VOLUME,
)


def kinds_of(rule: Rule) -> tuple[Kind, ...]:
    """Tell the kinds of a rule: one, and `one state` too where its key is a customer month."""
    kind = _kind_of(rule)
    if kind is UNIQUENESS and set(rule.keys) == CUSTOMER_MONTH:
        return (kind, STATE)
    return (kind,)


def count_by_kind(suites: Mapping[str, Iterable[Rule]]) -> dict[str, dict[str, int]]:
    """Count the rules of each suite by the name of their kind; kinds that it lacks are left out."""
    counts: dict[str, dict[str, int]] = {}
    for product, rules in suites.items():
        found = counts.setdefault(product, {})
        for rule in rules:
            for kind in kinds_of(rule):
                found[kind.name] = found.get(kind.name, 0) + 1
    return counts


def _kind_of(rule: Rule) -> Kind:
    what = rule.id.partition(".")[2]
    for kind in _BY_NAME:
        if re.fullmatch(kind.pattern, what):
            return kind
    if rule.expectation not in (NO_FAILING_ROWS, MEASURE_BETWEEN):
        return VALUES
    if rule.table == "scorecard.source_findings" and what.startswith("no_"):
        return FINDINGS
    return RECONCILIATION if set(rule.reads) - OWN_RUN else FORMULAS

"""The rules as a document: docs/quality-rules.md is this module's output.

Belongs here: rendering the suites as Markdown. A test holds the file in step with the suites; write
it again with `python -m data_quality.rulebook` after changing a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from data_quality.engine import failing_rows_query
from data_quality.kinds import KINDS, count_by_kind
from data_quality.products import SOURCE, load_products
from data_quality.rules import MEASURE_BETWEEN, QUARANTINE_LIMIT, Rule
from data_quality.suites.catalogue import all_rules

DOCUMENT = Path(__file__).parent.parent / "docs" / "quality-rules.md"

INTRODUCTION = f"""# Quality rules

Every rule that stands between the data and a reader. This page is rendered from the suites in
`data_quality/suites/`; change a rule there, then run `python -m data_quality.rulebook`.

A gate judges each data product before it is released, and the source data before anything is
computed from them. What a rule's failure does is its severity:

| Severity | What a failure does |
|---|---|
| block | One failing row holds the product back; the release keeps its last good version. |
| quarantine | Failing rows are reported; more than {100 * QUARANTINE_LIMIT:g} % of the rows hold \
the product back. |
| warn | It is reported, nothing more. |

A product is held, too, with any product it is computed from, with the source gate, and with a
failed dbt test on any model it is built from. The characteristics are those of ISO/IEC 25012.

dbt tests check keys, relationships and invariants inside the warehouse while it is built; the
contract of each source table refuses single rows at the door. The rules here judge what is about to
be published: whether it is whole, believable, recent, and the same number in every table.

Results never list the values of a customer: evidence has counts, and up to five keys of failing
rows, masked. Who may open the warehouse finds the rows with the queries below each table.
"""


def render_rulebook() -> str:
    """Render all rules as Markdown."""
    products = load_products()
    parts = [INTRODUCTION, _kinds()]
    for name, rules in all_rules().items():
        title = "The source data" if name == SOURCE else products[name].title
        parts.append(f"## {title} (`{name}`)\n\n{_computed_from(name)}{len(rules)} rules.\n")
        for table, group in groupby(sorted(rules, key=lambda r: r.table), key=lambda r: r.table):
            parts.append(_table(table, list(group)))
    return "\n".join(parts)


def _kinds() -> str:
    """Say how many rules of each kind a product has, the kinds with what they ask."""
    suites = all_rules()
    counts = count_by_kind(suites)
    totals = {
        kind.name: sum(found.get(kind.name, 0) for found in counts.values()) for kind in KINDS
    }
    meanings = "\n".join(
        f"| {kind.name} | {totals[kind.name]} | {kind.meaning} |" for kind in KINDS
    )
    heads = " | ".join(kind.name for kind in KINDS)
    rows = "\n".join(
        f"| `{product}` | " + " | ".join(str(found.get(kind.name, "")) for kind in KINDS) + " |"
        for product, found in counts.items()
    )
    return (
        "## What is asked, by kind\n\n"
        f"{sum(len(rules) for rules in suites.values()):,} rules. A rule that proves a customer "
        "month unique counts as `one state`, too. The kind follows from a rule's name and check "
        "(`data_quality/kinds.py`).\n\n"
        f"| Kind | Rules | What is asked |\n|---|---|---|\n{meanings}\n\n"
        f"| Product | {heads} |\n|---|{'---|' * len(KINDS)}\n{rows}\n\n"
        f"The limit of {100 * QUARANTINE_LIMIT:g} % for the quarantine holds for each product: by "
        "the source gate for billing and the CRM, and for other systems by a rule of the product "
        "that reads them, or of one it is computed from.\n"
    )


def _computed_from(name: str) -> str:
    if name == SOURCE:
        return "Every product is computed from it. "
    parents = load_products()[name].computed_from
    return f"Computed from {', '.join(f'`{parent}`' for parent in parents)}. " if parents else ""


def _table(table: str, rules: Sequence[Rule]) -> str:
    rows = "\n".join(
        f"| `{rule.id.partition('.')[2]}` | {rule.severity} | {rule.characteristic} "
        f"| {rule.description} | {rule.reason} | {rule.owner} |"
        for rule in rules
    )
    return (
        f"### `{table}`\n\n"
        "| Rule | Severity | Characteristic | What holds | Why | Owner |\n"
        "|---|---|---|---|---|---|\n"
        f"{rows}\n\n{_queries(rules)}"
    )


def _queries(rules: Iterable[Rule]) -> str:
    listed = []
    for rule in rules:
        query = failing_rows_query(rule)
        if query is not None:
            listed.append(f"-- {rule.id}: the failing rows\n{query};")
        elif rule.expectation == MEASURE_BETWEEN:
            bounds = f"{rule.kwargs['min_value']} to {rule.kwargs['max_value']}"
            listed.append(f"-- {rule.id}: the value, asked to be {bounds}\n{rule.kwargs['query']};")
    if not listed:
        return ""
    queries = "\n\n".join(listed)
    return f"<details><summary>Queries</summary>\n\n```sql\n{queries}\n```\n\n</details>\n"


def main() -> None:
    """Write docs/quality-rules.md again."""
    DOCUMENT.write_text(render_rulebook(), encoding="utf-8")


if __name__ == "__main__":
    main()

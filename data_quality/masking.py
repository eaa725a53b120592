"""Masking keys of customers, so that evidence can point at a row without naming a person.

Belongs here: how a key is masked. Not here: which columns are keys (`rules.py`).
"""

from __future__ import annotations

from typing import Any

VISIBLE = 2
# Key columns that say nothing about one customer, and are shown as they are.
OPEN_COLUMNS = frozenset(
    {
        "as_of_date",
        "candidate",
        "check_name",
        "currency",
        "dimension",
        "estimator",
        "estimator_version",
        "indicator_id",
        "link_method",
        "load_id",
        "_load_id",
        "mart",
        "measure",
        "metric",
        "period_months",
        "profile",
        "rate_date",
        "rule_id",
        "slice",
        "source_system",
        "source_table",
        "step_number",
        "system",
        "table_name",
        "tier",
    }
)


def masked_key(column: str, value: Any) -> str:
    """Write one column of a key, `name=value`, masked unless the column says nothing of anybody."""
    if value is None:
        return f"{column}=null"
    return f"{column}={value if column in OPEN_COLUMNS else masked(str(value))}"


def masked(text: str) -> str:
    """Hide all but the last two characters.

    A text of four characters or fewer is hidden whole: two of them would say too much.
    """
    shown = text[-VISIBLE:] if len(text) > 2 * VISIBLE else ""
    return f"•••{shown}"

"""Which rules look at one row at a time, so that one scan of a table answers many of them.

Belongs here: telling such a rule by its query, and taking the condition out of the query. Not
here: the queries (`suites/`) and running them (`engine.py`).

A query `select <columns> from <the judged table> where <condition>` counts as many rows as the
condition holds for; the conditions of one table are counted together, each in a column of one
statement. DuckDB's own parser says whether a query has that form: a grouping, a join, a distinct
or a limit counts something else, and such a query keeps a statement of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from data_quality.rules import Rule

# What stands in the list of columns without changing how many rows come out.
PLAIN = frozenset({"COLUMN_REF", "CONSTANT"})
# Parts of a select whose presence makes its rows others than those the condition holds for.
ABSENT = ("modifiers", "group_expressions", "group_sets", "having", "sample", "qualify")


def row_condition(connection: Any, rule: Rule, query: str) -> str | None:
    """Take the condition out of a query that selects single rows of the judged table.

    Args:
        connection: An open DuckDB connection, whose parser is asked.
        rule: The rule; its table is the one that must be read.
        query: The query that selects the rule's failing rows.

    Returns:
        The condition, with no column named by its table, or None if the query is of another form.
    """
    parsed = json.loads(connection.execute("select json_serialize_sql(?)", [query]).fetchone()[0])
    if parsed["error"] or len(parsed["statements"]) != 1:
        return None
    node = parsed["statements"][0]["node"]
    if not _selects_rows_of(node, rule):
        return None
    named = [each for each in _references(node["where_clause"]) if len(each["column_names"]) > 1]
    if not named:
        return _after_where(query.encode())
    table = node["from_table"]
    known = table["alias"] or table["table_name"]
    nested = any(each.get("class") == "SUBQUERY" for each in _expressions(node["where_clause"]))
    if nested or any(each["column_names"][0] != known for each in named):
        return None
    plain = query.encode()
    for each in sorted(named, key=lambda each: each["query_location"], reverse=True):
        start = each["query_location"]
        prefix = f"{known}.".encode()
        if not plain.startswith(prefix, start):
            return None
        plain = plain[:start] + plain[start + len(prefix) :]
    return _after_where(plain)


def _selects_rows_of(node: dict[str, Any], rule: Rule) -> bool:
    table = node.get("from_table") or {}
    return (
        node["type"] == "SELECT_NODE"
        and not any(node[part] for part in ABSENT)
        and not node["cte_map"]["map"]
        and all(each["class"] in PLAIN for each in node["select_list"])
        and table.get("type") == "BASE_TABLE"
        and not table["sample"]
        and f"{table['schema_name']}.{table['table_name']}" == rule.table
        and node["where_clause"] is not None
    )


def _after_where(query: bytes) -> str:
    """Give what follows the first `where`: nothing before it can hold that word."""
    return re.split(r"\bwhere\b", query.decode(), maxsplit=1, flags=re.IGNORECASE)[1].strip()


def _references(expression: Any) -> Iterator[dict[str, Any]]:
    return (each for each in _expressions(expression) if each.get("class") == "COLUMN_REF")


def _expressions(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from _expressions(each)

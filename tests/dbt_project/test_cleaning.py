"""Every way in which staging changes a value is known: it is in the cleaning log, or said why not.

A column that staging newly reads otherwise than the source wrote it fails here until it is put into
`int_corrections` or, where nothing of the source is changed, on the list below.
"""

import ast
import re

from tests.conftest import ROOT

COMMENTS = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
CHANGED = re.compile(r"^ +(\w+\(.*source\..*\)) as (\w+),?$", re.MULTILINE)
# Takes off blanks around a text and changes no meaning.
TIDY = re.compile(r"trim\(source\.\w+\)")
# Computed of two columns that stand beside it as they came.
COMPUTED = {"stg_billing__credit_notes.amount", "stg_billing__invoice_lines.amount"}
LISTED = re.compile(r"\((\w+|\('\w+', '\w+'\)), '(\w+__\w+)', '\w+', '\w+'\)")
PAIR = re.compile(r"set (\w+) = (\('\w+', '\w+'\))")
EMAILS = re.compile(r"set emails = \[(.*?)\]", re.DOTALL)


def _logged() -> set[str]:
    """Staged columns whose spelling `int_corrections` compares with what was sent."""
    sql = (ROOT / "models/core/quality/int_corrections.sql").read_text(encoding="utf-8")
    pairs = dict(PAIR.findall(sql))
    found = {
        f"stg_{source}.{ast.literal_eval(pairs.get(pair, pair))[1]}"
        for pair, source in LISTED.findall(sql)
    }
    (emails,) = EMAILS.findall(sql)
    found |= {f"stg_{source}.email" for source in re.findall(r"'(\w+)'", emails)}
    # A metric that is not named is all of them: a rule of its own.
    assert "metric_as_sent is null" in sql
    return found | {"stg_organisation__anchor_projects.metric"}


def test_each_change_of_a_value_in_staging_is_logged_or_said_not_to_be() -> None:
    changed = set()
    for path in sorted((ROOT / "models" / "staging").glob("*/stg_*.sql")):
        if path.parent.name in ("control", "ml"):
            continue
        for expression, column in CHANGED.findall(COMMENTS.sub("", path.read_text("utf-8"))):
            if not TIDY.fullmatch(expression):
                changed.add(f"{path.stem}.{column}")
    assert _logged() <= changed
    assert changed - _logged() == COMPUTED

"""What the linter says of blanks, which sqlfluff is not asked for."""

import pytest

from tests.lint_dbt import spacing_faults

GOOD = """
select
    count(*) as many, -- two  blanks , of a comment
    {{ rate_columns('a','b') }}{% if more %},{% endif %}
    'of a  string ,' || name as name
from facts
where a <= b and (c = -1 or d <> 'x')
"""


def test_good_spacing_has_no_fault() -> None:
    assert spacing_faults(GOOD) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("select a ", "a blank or tab too many"),
        ("select  a", "a blank or tab too many"),
        ("select\ta", "a blank or tab too many"),
        ("select a , b", "one blank after a comma, none before"),
        ("select a,b", "one blank after a comma, none before"),
        ("select max( a)", "no blank inside brackets"),
        ("select max(a )", "no blank inside brackets"),
        ("where a=b", "blanks around operators"),
        ("where a <=b", "blanks around operators"),
        ("select a|| b", "blanks around operators"),
        ("select a*b", "blanks around operators"),
    ],
)
def test_a_fault_is_named_with_its_line(line: str, fault: str) -> None:
    assert (2, fault) in spacing_faults(f"with x as (select 1)\n{line}\n")

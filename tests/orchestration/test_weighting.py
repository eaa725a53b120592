"""Judgements between the warehouse and `ml.weighting`: what stops a run, what is kept as proof."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration import window
from orchestration.errors import ScorecardError
from orchestration.settings import Settings
from orchestration.warehouse import connect
from orchestration.weighting import NODES_FILE, check_judgements

JUDGEMENTS = """
create schema raw;
create table raw.organisation__ahp_judgements (
    matrix_id varchar, row_criterion varchar, column_criterion varchar, preference decimal(9, 6),
    assessor_id varchar, judged_on date, _load_id bigint, _line bigint
);
insert into raw.organisation__ahp_judgements
select *, date '2024-01-20', 1, row_number() over () from (values
    ('value', 'current', 'potential', 2, 'E1'), ('value', 'current', 'relationship', 3, 'E1'),
    ('value', ' potential', 'relationship', 2, 'E1')
);
"""
NODES = """profile,node_id,parent_id,weight,weighting,matrix_id,valid_from,valid_until
generic,value,,1.00,combined,value,2009-01-01,
generic,current,value,0.4,fixed,,2009-01-01,
generic,former,value,0.4,ahp,gone,2009-01-01,2024-02-01
"""


@pytest.fixture
def company(settings: Settings, tmp_path: Path) -> Settings:
    """A home whose run goes to March 2024 and knows load 1, and a project that uses `value`."""
    root = tmp_path / "project"
    (root / NODES_FILE).parent.mkdir(parents=True)
    (root / NODES_FILE).write_text(NODES, encoding="utf-8")
    with connect(settings) as con:
        con.execute(JUDGEMENTS)
        window.ensure_control_tables(con)
        con.execute(
            "insert into control.runs values ('r', '2024-04-01', null, '2024-01-31', "
            "'2024-03-31', 1, 'c', 'c', 'running', null, null)"
        )
    return replace(settings, root=root)


def add(company: Settings, *rows: str, load_id: int = 1) -> None:
    with connect(company) as con:
        for line, row in enumerate(rows):
            con.execute(
                f"insert into raw.organisation__ahp_judgements values ({row}, {load_id}, {line})"
            )


def asked(company: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(company, read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_matrix_is_kept_with_its_proof_and_without_names(company: Settings) -> None:
    summary = check_judgements(company)
    assert (summary.matrices, summary.states, summary.set_aside) == (1, 1, ())
    assert summary.worst_ratio == pytest.approx(0.0079, abs=5e-5)
    rows = asked(
        company,
        "select row_criterion, column_criterion, round(preference, 9), in_force_from::varchar, "
        "random_index, assessor_count, lambda_max from ml.ahp_matrices order by all",
    )
    assert [row[:6] for row in rows] == [
        ("current", "potential", 2.0, "2024-01-31", "saaty_1980", 1),
        ("current", "relationship", 3.0, "2024-01-31", "saaty_1980", 1),
        ("potential", "relationship", 2.0, "2024-01-31", "saaty_1980", 1),
    ]
    assert rows[0][6] == pytest.approx(3.0092, abs=5e-5)
    # Again: the same rows, not twice.
    check_judgements(company)
    assert asked(company, "select count(*) from ml.ahp_matrices") == [(3,)]


def test_a_contradiction_stops_the_run_with_file_matrix_and_triad(company: Settings) -> None:
    add(
        company,
        "'value', 'current', 'relationship', 0.2, 'E1', '2024-02-10'",
        "'value', 'current', 'potential', 3, 'E1', '2024-02-10'",
    )
    with pytest.raises(ScorecardError) as stopped:
        check_judgements(company)
    text = str(stopped.value)
    assert stopped.value.exit_code == 1
    for words in (
        "`organisation/ahp_judgements*`",
        "matrix value: the consistency ratio is",
        "(random index saaty_1980), not below 0.10",
        "current against potential is 3 and potential against relationship is 2, so that current "
        "against relationship should be 6, but it is 1/5",
        NODES_FILE,
    ):
        assert words in text


def test_a_newer_load_corrects_the_same_day(company: Settings) -> None:
    add(company, "'value', 'current', 'potential', 1, 'E1', '2024-01-20'", load_id=2)
    check_judgements(company)
    wanted = "select preference from ml.ahp_matrices where column_criterion = 'potential'"
    assert asked(company, wanted) == [(2.0,)]  # the run does not know load 2
    with connect(company) as con:
        con.execute("update control.runs set known_load_id = 2")
    check_judgements(company)
    assert asked(company, wanted) == [(1.0,)]


def test_a_matrix_that_no_scorecard_uses_stops_nothing(
    company: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    add(
        company,
        "'gone', 'a', 'b', 2, 'E1', '2024-01-20'",
        "'gone', 'b', 'c', 2, 'E1', '2024-01-20'",
    )
    summary = check_judgements(company)
    assert summary.set_aside == ("matrix gone: assessor E1: a against c is missing",)
    assert "a against c is missing" in caplog.text
    # In the months in which a scorecard used it, it did.
    with connect(company) as con:
        con.execute("update control.runs set last_month = '2024-01-31'")
    with pytest.raises(ScorecardError, match="a against c is missing"):
        check_judgements(company)


def test_without_judgements_the_configuration_holds(company: Settings) -> None:
    with connect(company) as con:
        con.execute("delete from raw.organisation__ahp_judgements")
    assert check_judgements(company).matrices == 0
    assert asked(company, "select count(*) from ml.ahp_matrices") == [(0,)]

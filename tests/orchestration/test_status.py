import json
from pathlib import Path

import pytest
from rich.console import Console

from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.settings import Settings
from orchestration.status import (
    read_releases,
    read_status,
    render_releases,
    render_status,
    status_json,
)
from orchestration.warehouse import connect, writer_lock


def shown(what: object) -> str:
    console = Console(width=200, file=None, record=True, quiet=False)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


@pytest.fixture
def loaded(settings: Settings) -> Settings:
    with connect(settings) as con:
        con.execute(CONTROL_TABLES)
        con.execute(
            """
            insert into control.loads
                (load_id, system, table_name, file, status, rows_accepted, rows_quarantined,
                 latest_fact_date)
            values (1, 'billing', 'invoices', 'a.csv', 'loaded', 1200, 3, '2011-12-09'),
                (2, 'billing', 'invoices', 'b.csv', 'refused', null, null, null)
            """
        )
        con.execute(
            "insert into control.runs values "
            "('r1', '2012-01-01', '2012-01-01', '2009-12-31', '2011-11-30', 2, 'c', 'c', "
            "'failed', null, 'no room left')"
        )
    return settings


def test_an_empty_home_says_how_to_start(settings: Settings) -> None:
    assert "scorecard run" in shown(render_status(read_status(settings)))
    assert "scorecard run" in shown(render_releases(read_releases(settings)))


def test_loads_and_runs_are_told(loaded: Settings) -> None:
    status = read_status(loaded)
    (source,) = status.sources
    assert (source.files_loaded, source.files_refused) == (1, 1)
    assert (source.rows_accepted, source.rows_quarantined) == (1200, 3)
    text = shown(render_status(status))
    for words in ("1,200", "2011-12-09", "failed", "2009-12 to 2011-11", "no room left"):
        assert words in text


def test_the_same_is_told_as_json(loaded: Settings) -> None:
    told = json.loads(status_json(read_status(loaded)))
    assert told["sources"][0]["rows_accepted"] == 1200
    assert told["runs"][0]["status"] == "failed"
    assert told["release"] is None


def test_a_writer_is_named(loaded: Settings) -> None:
    with writer_lock(loaded, purpose="scorecard run"):
        assert "scorecard run" in shown(render_status(read_status(loaded)))


def test_reading_changes_nothing(settings: Settings) -> None:
    before = sorted(path for path in Path(settings.home).rglob("*"))
    read_status(settings)
    assert sorted(path for path in Path(settings.home).rglob("*")) == before

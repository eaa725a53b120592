"""What a release says of those before it: the list of them, and what it restates."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.release.build import RunSummary, build_release
from orchestration.release.history import load_key_figures
from orchestration.release.reading import open_database
from orchestration.release.store import Release
from orchestration.release.verify import verify_release
from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("plain_build")

LATE_FILE = "billing/invoices_late.csv"
# The whole company's revenue of November rises by 100, since an invoice of it came in December.
LATE_INVOICE = (
    "update scorecard.portfolio_indicators set revenue_1m = revenue_1m + 100 "
    "where as_of_date = date '2011-11-30'"
)
RELEASES = "select release_id, is_kept from scorecard.releases order by release_id"
RESTATEMENTS = (
    "select figure, as_of_date, value_now - value_before, difference, late_row_count, "
    "late_load_count, late_files, is_code_changed from scorecard.restatements"
)
OF_NOVEMBER = (
    ("revenue_1m", date(2011, 11, 30), Decimal(100), Decimal(100), 1, 1, LATE_FILE, False),
)


@pytest.fixture
def build(
    summary: Callable[[str], RunSummary], evidence_for: Callable[..., Any]
) -> Callable[..., Release]:
    """Build a release of the warehouse's rows of now, of a run that knew the loads up to one."""

    def make(settings: Settings, run_id: str, *, known: int, **changes: Any) -> Release:
        settings = replace(settings, keep_releases=changes.pop("keep", 12))
        run = replace(summary(run_id), known_load_id=known, **changes)
        evidence = evidence_for(settings, run_id)
        return build_release(settings, run=run, evidence=evidence)

    return make


def rows(release: Release, query: str) -> list[tuple[Any, ...]]:
    with open_database(release.database) as con:
        return con.execute(query).fetchall()


def bring_late_invoice(settings: Settings) -> None:
    """Load 8 brings an invoice of November and one of December, load 9 a ticket of November."""
    with connect(settings) as con:
        con.execute(CONTROL_TABLES)
        con.execute(
            "insert into control.loads by name from (values "
            f"(8, 'billing', 'invoices', '{LATE_FILE}'), (9, 'support', 'tickets', 't.csv')"
            ") as loads(load_id, system, table_name, file)"
        )
        con.execute(
            "insert into control.load_months values "
            "(8, '2011-11-30', 1), (8, '2011-12-31', 1), (9, '2011-11-30', 1)"
        )
        con.execute(LATE_INVOICE)


def test_an_invoice_that_comes_late_is_listed_with_its_effect_and_its_file_and_stays_so(
    settings, build
):
    first = build(settings, "run1", known=7)
    assert rows(first, RELEASES) == [(first.id, True)]
    assert rows(first, RESTATEMENTS) == []

    bring_late_invoice(settings)
    second = build(settings, "run2", known=9)
    assert rows(second, RESTATEMENTS) == list(OF_NOVEMBER)
    before = "select distinct release_id, previous_release_id from scorecard.restatements"
    assert rows(second, before) == [(second.id, first.id)]
    assert verify_release(settings, first.id) == [], "a published release never changes"
    assert rows(first, RESTATEMENTS) == []

    third = build(settings, "run3", known=9, keep=1)
    assert not first.path.exists()
    assert rows(third, RESTATEMENTS) == list(OF_NOVEMBER)
    assert rows(third, before) == [(second.id, first.id)]
    assert rows(third, RELEASES) == [(first.id, True), (second.id, True), (third.id, True)]

    fourth = build(settings, "run4", known=9, keep=1)
    assert rows(fourth, RELEASES)[:3] == [(first.id, False), (second.id, False), (third.id, True)]
    checksums = [row[0] for row in rows(fourth, "select checksum from scorecard.releases")]
    assert checksums[0] != checksums[1] == checksums[2] == checksums[3]


def test_a_month_that_only_one_of_both_computed_is_not_restated(settings, build):
    build(settings, "run1", known=7)
    bring_late_invoice(settings)
    with connect(settings) as con:
        con.execute("delete from scorecard.portfolio_indicators where as_of_date = '2011-12-31'")
    shorter = build(
        settings, "run2", known=9, last_month=date(2011, 11, 30), code_fingerprint="another"
    )
    assert rows(
        shorter, "select figure, as_of_date, is_code_changed from scorecard.restatements"
    ) == [("revenue_1m", date(2011, 11, 30), True)]


def test_every_figure_is_read_from_its_mart_and_names_tables_that_have_a_contract():
    titles = {contract.title for contract in load_contracts(ROOT / "models" / "staging")}
    with duckdb.connect() as con:
        con.execute("create schema scorecard")
        for mart in {figure.mart for figure in load_key_figures().values()}:
            con.execute(f"create table scorecard.{mart} ({columns_of(mart)})")
        for figure in load_key_figures().values():
            assert set(figure.sources) <= titles
            con.execute(figure.query("memory"))


def columns_of(mart: str) -> str:
    """The columns that the contract of a mart lists, with their types."""
    for path in (ROOT / "models" / "scorecard").rglob("_*models.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            if model["name"] == mart:
                return ", ".join(f"{each['name']} {each['data_type']}" for each in model["columns"])
    raise AssertionError(f"no mart is called {mart}")

"""Who a customer is: kind, sources, history and thread, as of a month, and nothing private."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration.portrait import Portrait, read_portrait, render_past, render_person
from orchestration.release.reading import open_database
from tests.orchestration.test_explain import SCRIPTS

DECEMBER = date(2011, 12, 31)
CUSTOMER = "c-0002"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("portrait") / "release.duckdb"
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as release; use release")
        for script in SCRIPTS:
            con.execute(script.read_text(encoding="utf-8"))
    return path


@pytest.fixture
def portray(database: Path, tmp_path: Path) -> Iterator[Callable[..., Portrait]]:
    def portrait(*statements: str, month: date = DECEMBER, customer: str = CUSTOMER) -> Portrait:
        copy = tmp_path / "release.duckdb"
        copy.write_bytes(database.read_bytes())
        with duckdb.connect() as con:
            con.execute(f"attach '{copy}' as release; use release")
            for statement in statements:
                con.execute(statement)
        with open_database(copy) as con:
            return read_portrait(con, customer, month)

    return portrait


def shown(portrait: Portrait) -> str:
    console = Console(file=StringIO(), width=140)
    console.print(render_person(portrait), render_past(portrait))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def changed(column: str, value: str) -> str:
    return f"update scorecard.customers set {column} = {value} where customer_id = '{CUSTOMER}'"


def test_an_organisation_has_its_name_and_a_person_has_none(
    portray: Callable[..., Portrait],
) -> None:
    name = changed("organisation_name", "'Firm 2'")
    firm = shown(portray(name, changed("customer_kind", "'organisation'")))
    person = shown(portray(name, changed("customer_kind", "'individual'")))

    assert "Organisation Firm 2, " in firm
    assert "Individual, " in person
    assert "Firm 2" not in person


def test_an_account_is_told_by_the_crms_id(portray: Callable[..., Portrait]) -> None:
    below = portray(changed("account_id", "'c-0003'"))
    head = portray(changed("account_id", "'c-0003'"), customer="c-0003")

    assert (below.account, below.account_size) == ("12003", 2)
    assert "Part of the account of 12003, 2 customers" in shown(below)
    assert (head.account, head.account_size) == (None, 2)
    assert "Head of an account of 2 customers" in shown(head)
    assert "account" not in shown(portray())


def test_sources_are_told_by_system_number_and_method(portray: Callable[..., Portrait]) -> None:
    portrait = portray(changed("source_record_count", "5"))

    assert [(source.system, source.method) for source in portrait.sources] == [
        ("billing", "exact_id"),
        ("crm", "own_id"),
        ("support", "email"),
    ]
    assert "Put together from" in shown(portrait)


def test_the_history_is_told_in_periods_without_change(portray: Callable[..., Portrait]) -> None:
    history = portray(
        "update scorecard.customer_history set tier = 'B', region = 'north', "
        "owner_id = case when as_of_date < '2011-06-30' then 'e-1' else 'e-9' end, "
        "plan_product_id = 'plan-team', subscribed_quantity = 4, mrr = 100, "
        "plan_unit_price = case when as_of_date < '2011-09-30' then 25 else 27.5 end"
    ).history

    assert [(period.first_month, period.last_month) for period in history] == [
        (history[0].first_month, date(2011, 5, 31)),
        (date(2011, 6, 30), date(2011, 8, 31)),
        (date(2011, 9, 30), DECEMBER),
    ]
    assert history[1].values["owner_id"] == "e-9"
    assert history[2].values["plan_unit_price"] == Decimal("27.5")


def test_an_earlier_month_is_told_as_it_was_then(portray: Callable[..., Portrait]) -> None:
    portrait = portray(
        "update scorecard.customer_history set owner_id = 'e-1' where as_of_date < '2011-06-30'",
        changed("owner_id", "'e-9'"),
        month=date(2011, 5, 31),
    )

    assert portrait.facts["owner_id"] == "e-1"
    assert portrait.history[-1].last_month == date(2011, 5, 31)
    assert all(event.occurred_at.date() <= date(2011, 5, 31) for event in portrait.events)
    assert "e-9" not in shown(portrait)


def test_the_thread_shows_the_newest_events_and_counts_all(
    database: Path, portray: Callable[..., Portrait]
) -> None:
    portrait = portray()

    with open_database(database) as con:
        expected = con.execute(
            "select max(occurred_at), count(*) from scorecard.customer_events "
            "where customer_id = ? and cast(occurred_at as date) <= ?",
            [CUSTOMER, DECEMBER],
        ).fetchone()
    moments = [event.occurred_at for event in portrait.events]
    assert (moments[0], portrait.event_count) == expected
    assert moments == sorted(moments, reverse=True)
    assert {event.system for event in portrait.events} == {"billing", "support"}
    assert f"newest first ({len(moments)} of {portrait.event_count})" in shown(portrait)


def test_no_source_systems_own_id_is_shown(portray: Callable[..., Portrait]) -> None:
    text = shown(portray())

    assert "i-c-0002" not in text
    assert "t-241" not in text


def test_an_older_release_is_told_with_what_it_has(portray: Callable[..., Portrait]) -> None:
    portrait = portray(
        "drop table scorecard.customer_sources",
        "drop table scorecard.customer_history",
        "drop table scorecard.customer_events",
        "alter table scorecard.customers drop column customer_kind",
        "alter table scorecard.customers drop column account_id",
    )

    text = shown(portrait)
    assert "Kind not known" in text
    assert "Not in this release: customer_sources, customer_history, customer_events." in text

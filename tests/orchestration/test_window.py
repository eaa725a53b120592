from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration import window
from orchestration.errors import ScorecardError, UsageError
from orchestration.ingestion.contract import load_contracts
from orchestration.window import (
    EventColumn,
    Fingerprints,
    History,
    LoadSpan,
    RunRecord,
    SystemSpan,
)

NOW = datetime(2012, 1, 1, 4, 0)  # noqa: DTZ001 - the control tables hold UTC without a zone
SAME = Fingerprints("code", "config")
BILLING = SystemSpan("billing", date(2009, 12, 1), date(2011, 12, 9))
DATES = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))


def a_run(
    last: date,
    *,
    known: int = 1,
    status: str = "released",
    fingerprints: Fingerprints = SAME,
    number: int = 1,
) -> RunRecord:
    return RunRecord(
        run_id=f"run-{number}",
        started_at=NOW + timedelta(hours=number),
        finished_at=None,
        first_month=date(2009, 12, 31),
        last_month=last,
        known_load_id=known,
        code_fingerprint=fingerprints.code,
        config_fingerprint=fingerprints.config,
        status=status,
        release_id=None,
        message=None,
    )


def a_history(
    *runs: RunRecord, loads: tuple[LoadSpan, ...] = (LoadSpan(1, date(2009, 12, 1)),)
) -> History:
    return History(spans=(BILLING,), loads=loads, runs=runs)


class TestMonths:
    @given(DATES)
    def test_a_month_end_is_followed_by_another_month(self, day: date) -> None:
        end = window.month_end(day)
        assert (end.year, end.month) == (day.year, day.month)
        assert (end + timedelta(days=1)).day == 1

    @given(DATES, st.integers(-240, 240))
    def test_adding_months_and_taking_them_away_comes_back(self, day: date, months: int) -> None:
        there = window.add_months(day, months)
        assert window.month_end(there) == there
        assert window.add_months(there, -months) == window.month_end(day)

    @given(DATES, st.integers(-50, 50), st.integers(-50, 50))
    def test_months_add_up(self, day: date, first: int, second: int) -> None:
        stepwise = window.add_months(window.add_months(day, first), second)
        assert stepwise == window.add_months(day, first + second)

    @given(DATES)
    def test_writing_and_reading_a_month_comes_back(self, day: date) -> None:
        assert window.parse_month(window.format_month(day)) == window.month_end(day)

    @given(DATES)
    def test_the_last_complete_month_has_ended_and_the_next_has_not(self, day: date) -> None:
        last = window.last_complete_month(day)
        assert last <= day < window.add_months(last, 1)

    @pytest.mark.parametrize("text", ["2011", "2011-13", "2011-00", "11-2011", "2011-1", "x", ""])
    def test_what_is_no_month_is_refused_with_the_right_form(self, text: str) -> None:
        with pytest.raises(UsageError, match="YYYY-MM"):
            window.parse_month(text)


class TestChoosingTheWindow:
    def test_the_first_run_takes_all_history_to_the_last_complete_month(self) -> None:
        chosen = window.choose_window(a_history(), SAME)
        assert (chosen.first_month, chosen.last_month) == (date(2009, 12, 31), date(2011, 11, 30))
        assert chosen.history_start == date(2009, 12, 31)
        assert chosen.is_full_refresh

    def test_nothing_new_takes_the_last_month_only(self) -> None:
        chosen = window.choose_window(a_history(a_run(date(2011, 11, 30))), SAME)
        assert (chosen.first_month, chosen.last_month) == (date(2011, 11, 30), date(2011, 11, 30))
        assert not chosen.is_full_refresh

    def test_a_new_month_takes_that_month_only(self) -> None:
        chosen = window.choose_window(a_history(a_run(date(2011, 10, 31))), SAME)
        assert chosen.first_month == date(2011, 11, 30)

    def test_months_that_no_run_reached_are_computed(self) -> None:
        chosen = window.choose_window(a_history(a_run(date(2011, 2, 28))), SAME)
        assert (chosen.first_month, chosen.last_month) == (date(2011, 3, 31), date(2011, 11, 30))

    def test_a_late_load_widens_to_its_earliest_fact(self) -> None:
        loads = (LoadSpan(1, date(2009, 12, 1)), LoadSpan(2, date(2011, 3, 17)))
        chosen = window.choose_window(a_history(a_run(date(2011, 11, 30)), loads=loads), SAME)
        assert chosen.first_month == date(2011, 3, 31)
        assert "2011-03" in chosen.reason
        assert not chosen.is_full_refresh

    def test_a_load_without_facts_widens_nothing(self) -> None:
        loads = (LoadSpan(1, date(2009, 12, 1)), LoadSpan(2, None))
        chosen = window.choose_window(a_history(a_run(date(2011, 11, 30)), loads=loads), SAME)
        assert chosen.first_month == date(2011, 11, 30)
        assert chosen.known_load_id == 2

    @pytest.mark.parametrize("other", [Fingerprints("new", "config"), Fingerprints("code", "new")])
    def test_changed_code_or_configuration_builds_everything_anew(
        self, other: Fingerprints
    ) -> None:
        chosen = window.choose_window(a_history(a_run(date(2011, 11, 30))), other)
        assert chosen.first_month == date(2009, 12, 31)
        assert chosen.is_full_refresh

    def test_code_tried_in_a_failed_run_and_taken_back_builds_everything_anew(self) -> None:
        history = a_history(
            a_run(date(2011, 11, 30)),
            a_run(
                date(2011, 11, 30),
                status="failed",
                fingerprints=Fingerprints("tried", "config"),
                number=2,
            ),
        )
        assert window.choose_window(history, SAME).is_full_refresh

    def test_a_failed_run_counts_as_not_done(self) -> None:
        history = a_history(
            a_run(date(2011, 9, 30)), a_run(date(2011, 11, 30), status="failed", number=2)
        )
        chosen = window.choose_window(history, SAME)
        assert chosen.first_month == date(2011, 10, 31)
        assert not chosen.is_full_refresh

    def test_a_run_to_an_earlier_month_leaves_the_later_ones_to_do(self) -> None:
        loads = (LoadSpan(1, date(2009, 12, 1)), LoadSpan(2, date(2010, 5, 1)))
        history = a_history(
            a_run(date(2011, 11, 30)),
            a_run(date(2010, 12, 31), known=2, number=2),
            loads=loads,
        )
        assert window.choose_window(history, SAME).first_month == date(2011, 1, 31)

    def test_going_back_to_an_earlier_month_takes_the_later_ones_out(self) -> None:
        """Regression: tables that are built whole ended earlier than those built by months."""
        history = a_history(a_run(date(2011, 11, 30)))
        back = window.choose_window(history, SAME, to_month=date(2010, 12, 31))
        assert (back.first_month, back.last_month) == (date(2009, 12, 31), date(2010, 12, 31))
        assert back.is_full_refresh
        assert "2010-12" in back.reason

    def test_after_going_back_the_later_months_are_computed_again(self) -> None:
        history = a_history(a_run(date(2011, 11, 30)), a_run(date(2010, 12, 31), number=2))
        chosen = window.choose_window(history, SAME)
        assert (chosen.first_month, chosen.last_month) == (date(2011, 1, 31), date(2011, 11, 30))
        assert not chosen.is_full_refresh

    def test_a_run_that_failed_while_going_back_leaves_nothing_to_rely_on(self) -> None:
        history = a_history(
            a_run(date(2011, 11, 30)), a_run(date(2010, 12, 31), status="failed", number=2)
        )
        assert window.choose_window(history, SAME).is_full_refresh

    def test_months_that_a_failed_run_reached_are_taken_out_too(self) -> None:
        history = a_history(
            a_run(date(2011, 9, 30)), a_run(date(2011, 11, 30), status="failed", number=2)
        )
        assert window.choose_window(history, SAME, to_month=date(2011, 10, 31)).is_full_refresh

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 23),
                st.sampled_from(["released", "held", "failed"]),
                st.integers(1, 3),
            ),
            max_size=6,
        ),
        st.integers(0, 23),
    )
    def test_every_month_is_computed_with_all_that_touches_it(
        self, past: list[tuple[int, str, int]], to: int
    ) -> None:
        """Replay any history of runs: no month may stay behind what its facts and run say."""
        earliest = {1: 0, 2: 15, 3: 7}
        loads = tuple(
            LoadSpan(load, window.add_months(date(2009, 12, 1), back))
            for load, back in earliest.items()
        )
        months: dict[int, int] = {}
        runs: list[RunRecord] = []
        known = 0
        for number, (last, status, load) in enumerate([*past, (to, "released", 3)]):
            known = max(known, load)
            history = a_history(*runs, loads=tuple(each for each in loads if each.load_id <= known))
            chosen = window.choose_window(
                history, SAME, to_month=window.add_months(date(2009, 12, 1), last)
            )
            first = 12 * chosen.first_month.year + chosen.first_month.month - 12 * 2009 - 12
            if chosen.is_full_refresh:
                months = {}
            # A failed run may have written nothing of its months: that is the worst case.
            if status != "failed":
                months |= dict.fromkeys(range(first, last + 1), known)
            runs.append(a_run(chosen.last_month, known=known, status=status, number=number + 1))
        needed = {
            month: max(load for load, back in earliest.items() if load <= known and back <= month)
            for month in range(to + 1)
        }
        assert set(months) == set(needed)
        assert all(months[month] >= needed[month] for month in needed)

    @given(DATES)
    def test_from_only_widens(self, asked: date) -> None:
        loads = (LoadSpan(1, date(2009, 12, 1)), LoadSpan(2, date(2011, 3, 17)))
        history = a_history(a_run(date(2011, 11, 30)), loads=loads)
        month = window.month_end(asked)
        if month > date(2011, 11, 30):
            with pytest.raises(UsageError, match="--from"):
                window.choose_window(history, SAME, from_month=month)
        else:
            chosen = window.choose_window(history, SAME, from_month=month)
            assert chosen.first_month == max(date(2009, 12, 31), min(month, date(2011, 3, 31)))

    @pytest.mark.parametrize("asked", [date(2009, 11, 30), date(2011, 12, 31)])
    def test_a_last_month_that_is_not_there_names_those_that_are(self, asked: date) -> None:
        with pytest.raises(UsageError, match=r"2009-12 to 2011-11.*2011-12-09"):
            window.choose_window(a_history(), SAME, to_month=asked)

    def test_no_billing_fact_says_what_to_do(self) -> None:
        history = History(
            spans=(SystemSpan("crm", date(2010, 1, 1), NOW.date()),), loads=(), runs=()
        )
        with pytest.raises(ScorecardError, match="landing folder"):
            window.choose_window(history, SAME)

    def test_less_than_a_month_of_facts_says_so(self) -> None:
        span = SystemSpan("billing", date(2011, 12, 1), date(2011, 12, 9))
        with pytest.raises(ScorecardError, match="No month is complete"):
            window.choose_window(History(spans=(span,), loads=(), runs=()), SAME)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema control;
            create schema raw;
            create table control.loads (load_id bigint, status varchar, earliest_fact_date date);
            insert into control.loads values
                (1, 'loaded', '2010-01-04'), (2, 'refused', '2001-01-01'), (3, 'loaded', null);
            create table raw.billing__invoices (invoiced_at timestamp);
            create table raw.billing__credit_notes (credited_at timestamp);
            create table raw.crm__customers (updated_at timestamp);
            insert into raw.billing__invoices values ('2010-01-04 10:00'), ('2010-03-30 23:59:59');
            insert into raw.billing__credit_notes values ('2010-04-01 00:00');
            """
        )
        yield connection


EVENTS = (
    EventColumn("billing", "credit_notes", "credited_at"),
    EventColumn("billing", "invoices", "invoiced_at"),
    EventColumn("crm", "customers", "updated_at"),
)


class TestControlTables:
    def test_the_history_is_read_from_ledger_and_facts(
        self, con: duckdb.DuckDBPyConnection
    ) -> None:
        history = window.read_history(con, EVENTS)
        assert history.loads == (LoadSpan(1, date(2010, 1, 4)), LoadSpan(3, None))
        assert history.spans == (
            SystemSpan("billing", date(2010, 1, 4), date(2010, 4, 1)),
            SystemSpan("crm", None, None),
        )

    def test_the_dates_of_reference_tables_say_nothing_about_the_span(
        self, con: duckdb.DuckDBPyConnection
    ) -> None:
        con.execute(
            """
            create table raw.support__policies (valid_from date);
            create table raw.support__tickets (opened_at timestamp);
            create table raw.survey__programmes (valid_from date);
            insert into raw.support__policies values ('1999-01-01'), ('2099-01-01');
            insert into raw.support__tickets values ('2010-02-02 09:00'), ('2010-02-20 09:00');
            insert into raw.survey__programmes values ('1999-01-01');
            """
        )
        events = (
            EventColumn("support", "policies", "valid_from", is_reference=True, quiet_days=30),
            EventColumn("support", "tickets", "opened_at", quiet_days=30),
            EventColumn("survey", "programmes", "valid_from", is_reference=True),
        )
        assert window.read_history(con, events).spans == (
            SystemSpan("support", date(2010, 2, 2), date(2010, 2, 20), quiet_days=30),
            SystemSpan("survey", None, None),
        )

    def test_a_warehouse_of_an_older_version_gains_the_quiet_days(
        self, con: duckdb.DuckDBPyConnection
    ) -> None:
        con.execute(
            "create table control.systems (system varchar, measured_from date, complete_to date)"
        )
        con.execute("insert into control.systems values ('billing', '2010-01-04', '2010-04-01')")
        events = tuple(replace(event, quiet_days=7) for event in EVENTS)
        begin(con, "first", events)
        assert con.execute(
            "select system, quiet_days from control.systems order by 1"
        ).fetchall() == [("billing", 7), ("crm", 7)]

    def test_beginning_writes_window_systems_and_record(
        self, con: duckdb.DuckDBPyConnection
    ) -> None:
        begin(con, "first")
        assert con.execute("from control.run_window").fetchall() == [
            (date(2010, 1, 31), date(2010, 3, 31), date(2010, 1, 31), 3, 0)
        ]
        assert con.execute("select system from control.systems order by 1").fetchall() == [
            ("billing",),
            ("crm",),
        ]
        assert window.current_run(con).status == "running"

    def test_a_run_knows_what_the_completed_run_before_knew(
        self, con: duckdb.DuckDBPyConnection
    ) -> None:
        begin(con, "first")
        window.finish_run(con, run_id="first", status="released", now=NOW)
        begin(con, "second")
        assert con.execute("select previous_load_id from control.run_window").fetchone() == (3,)

    @pytest.mark.parametrize(
        ("asked", "first_month"),
        [
            (date(2010, 2, 28), date(2010, 2, 28)),
            (date(2009, 6, 30), date(2010, 1, 31)),
            (date(2010, 4, 30), date(2010, 3, 31)),
        ],
        ids=["earlier", "before the history", "later"],
    )
    def test_restated_links_let_a_run_begin_earlier_never_later(
        self, con: duckdb.DuckDBPyConnection, asked: date, first_month: date
    ) -> None:
        begin(con, "first")
        window.finish_run(con, run_id="first", status="released", now=NOW)
        begin(con, "second")
        con.execute("update control.run_window set first_month = '2010-03-31'")
        con.execute("update control.runs set first_month = '2010-03-31' where run_id = 'second'")
        assert window.widen_run(con, asked) is (first_month < date(2010, 3, 31))
        assert con.execute("select first_month from control.run_window").fetchone() == (
            first_month,
        )
        months = {run.run_id: run.first_month for run in window.read_runs(con)}
        assert months == {"first": date(2010, 1, 31), "second": first_month}

    def test_beginning_again_closes_the_run_that_died(self, con: duckdb.DuckDBPyConnection) -> None:
        begin(con, "first")
        begin(con, "second")
        assert [(run.run_id, run.status) for run in window.read_runs(con)] == [
            ("first", "failed"),
            ("second", "running"),
        ]
        assert con.execute("select count(*) from control.run_window").fetchall() == [(1,)]

    def test_a_failure_while_beginning_changes_nothing(
        self, con: duckdb.DuckDBPyConnection
    ) -> None:
        begin(con, "first")
        con.execute("drop table control.systems")
        history = window.History(spans=(BILLING,), loads=(), runs=())
        chosen = window.choose_window(history, SAME, to_month=date(2010, 1, 31))
        with pytest.raises(duckdb.Error):
            window.begin_run(
                con, run_id="second", history=history, window=chosen, fingerprints=SAME, now=NOW
            )
        assert window.current_run(con).run_id == "first"
        assert con.execute("select last_month from control.run_window").fetchall() == [
            (date(2010, 3, 31),)
        ]

    def test_a_finished_run_keeps_its_release(self, con: duckdb.DuckDBPyConnection) -> None:
        begin(con, "first")
        window.finish_run(con, run_id="first", status="released", now=NOW, release_id="r1")
        record = window.current_run(con)
        assert (record.status, record.release_id, record.finished_at) == ("released", "r1", NOW)

    def test_no_run_yet_says_how_to_start(self, con: duckdb.DuckDBPyConnection) -> None:
        window.ensure_control_tables(con)
        with pytest.raises(ScorecardError, match="scorecard run"):
            window.current_run(con)


def begin(
    con: duckdb.DuckDBPyConnection, run_id: str, events: tuple[EventColumn, ...] = EVENTS
) -> None:
    history = window.read_history(con, events)
    chosen = window.choose_window(history, SAME)
    window.begin_run(con, run_id=run_id, history=history, window=chosen, fingerprints=SAME, now=NOW)


def test_the_contracts_name_an_event_time_for_every_table() -> None:
    contracts = load_contracts(Path(__file__).parents[2] / "models" / "staging")
    events = window.event_columns(contracts)
    found = {(event.system, event.table, event.column) for event in events}
    assert ("billing", "invoice_lines", "invoiced_at") in found
    assert ("crm", "customers", "updated_at") in found
    assert len(found) == len(events)

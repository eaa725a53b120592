"""Ingestion as a whole: once per content, table by table, with everything said that matters."""

import os
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from orchestration.errors import EmptyLandingError, ScorecardError, UsageError
from orchestration.ingestion import loader
from orchestration.ingestion.ingest import ingest
from orchestration.warehouse import connect

LINE = "L1,I1,P1,1,2.50,2011-05-04 10:00:00"


def test_every_table_exists_though_no_file_came(ground):
    ground.write("elsewhere/note.txt", "x")
    report = ground.ingest()
    assert (report.files, report.unmatched) == ((), ("elsewhere/note.txt",))
    assert report.latest_load_id == 0
    tables = {
        f"{schema}.{name}"
        for schema, name in ground.rows(
            "select table_schema, table_name from information_schema.tables"
        )
    }
    assert {
        "raw.crm__customers",
        "raw.billing__products",
        "raw.billing__invoices",
        "raw.billing__invoice_lines",
        "raw.billing__credit_notes",
        "quarantine.refused_rows",
        "control.loads",
        "control.run_window",
        "control.systems",
        "control.runs",
    } <= tables


def test_a_second_run_loads_nothing_and_says_so(ground):
    ground.lines(LINE)
    first, second = ground.ingest(), ground.ingest()
    assert (len(first.of_status("loaded")), first.earliest_fact_date) == (1, date(2011, 5, 4))
    assert (second.of_status("loaded"), second.earliest_fact_date) == ((), None)
    assert [result.status for result in second.files] == ["known"]
    assert ground.rows("select count(*) from control.loads") == [(1,)]


def test_the_same_content_under_another_name_is_known(ground):
    ground.lines(LINE, name="invoice_lines_a.csv")
    ground.lines(LINE, name="invoice_lines_b.csv")
    report = ground.ingest()
    assert report.files[1].status == "known"
    assert "billing/invoice_lines_a.csv" in report.files[1].message


def test_the_ledger_holds_the_load(ground):
    path = ground.lines(LINE, LINE, "L2,I1,P1,-1,1,2011-05-05")
    ground.ingest(loaded_at=datetime(2012, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert ground.rows(
        "select load_id, system, table_name, bytes, rows_read, rows_accepted, rows_unchanged, "
        "rows_quarantined, status, earliest_fact_date, latest_fact_date, loaded_at "
        "from control.loads"
    ) == [
        (
            1,
            "billing",
            "invoice_lines",
            path.stat().st_size,
            3,
            1,
            1,
            1,
            "loaded",
            date(2011, 5, 4),
            date(2011, 5, 4),
            datetime.fromisoformat("2012-01-01"),
        )
    ]


@pytest.mark.parametrize("prepare", ["missing", "empty", "hidden", "file"])
def test_a_landing_area_without_files_is_an_error_that_says_what_to_do(ground, prepare):
    landing = ground.settings.landing
    if prepare == "missing":
        landing = landing / "nowhere"
    if prepare == "hidden":
        ground.write("billing/.invoice_lines.csv.part", "x")
    if prepare == "file":
        landing = ground.write("a-file", "x")
    settings = replace(ground.settings, landing=landing)
    with pytest.raises(EmptyLandingError) as caught:
        ingest(settings, loaded_at=datetime.fromisoformat("2012-01-01"))
    assert str(landing) in str(caught.value)
    assert "--landing" in str(caught.value)


def test_a_folder_that_cannot_be_read_is_named(ground, monkeypatch):
    ground.lines(LINE)
    real = os.scandir

    def scandir(path):
        if str(path).endswith("billing"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(EmptyLandingError, match=r"cannot be read .*billing"):
        ground.ingest()


def test_files_still_being_written_are_left_alone(ground):
    ground.lines(LINE)
    ground.write("billing/invoice_lines_2.csv.part", "x")
    ground.write("billing/.hidden/invoice_lines_3.csv", "x")
    assert [result.file for result in ground.ingest().files] == ["billing/invoice_lines.csv"]


def test_folders_within_a_system_are_walked(ground):
    ground.lines(LINE, name="2011/05/invoice_lines.csv")
    assert ground.result().file == "billing/2011/05/invoice_lines.csv"


def test_only_the_systems_asked_for_are_loaded(ground):
    ground.lines(LINE)
    ground.write("crm/customers.csv", "customer_id,country,first_seen_at,updated_at\n")
    assert [r.system for r in ground.ingest(systems=["crm"]).files] == ["crm"]
    with pytest.raises(UsageError, match=r"'sap'.*billing, crm"):
        ground.ingest(systems=["sap"])


def test_progress_is_told_before_and_after_each_file(ground):
    ground.lines(LINE)
    seen = []
    ground.ingest(on_progress=seen.append)
    assert [(p.done, p.total, p.result and p.result.status) for p in seen] == [
        (0, 1, None),
        (1, 1, "loaded"),
    ]


def test_counts_that_do_not_add_up_store_nothing(ground, monkeypatch):
    ground.lines(LINE, "L2,I1,P1,-1,1,2011-05-05")
    monkeypatch.setattr(loader, "_insert_refused", lambda *_: 0)
    with pytest.raises(ScorecardError, match=r"2 rows were read, but 1 accepted.*Nothing"):
        ground.ingest()
    assert ground.rows("select count(*) from raw.billing__invoice_lines") == [(0,)]
    assert ground.rows("select count(*) from control.loads") == [(0,)]


def test_a_file_that_changes_while_it_is_read_waits_for_the_next_run(ground, monkeypatch):
    path = ground.lines(LINE)
    real = loader.judge_values

    def grow(*arguments):
        real(*arguments)
        path.write_text(path.read_text() + "L2,I1,P1,1,2.50,2011-05-04\n")

    monkeypatch.setattr(loader, "judge_values", grow)
    assert "changed while it was read" in ground.result().message
    monkeypatch.setattr(loader, "judge_values", real)
    assert ground.result().rows_accepted == 2


def test_what_was_loaded_of_a_half_written_file_is_completed_by_the_whole_one(ground):
    path = ground.lines(LINE, "L2,I1,P1,1,2.50,2011-05-04")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    half = ground.result()
    assert (half.rows_accepted, half.rows_quarantined) == (1, 1)
    path.write_bytes(whole)
    result = ground.result()
    assert (result.rows_accepted, result.rows_unchanged, result.rows_quarantined) == (1, 1, 0)


def test_a_file_replaced_under_its_name_adds_what_is_new_and_loses_nothing(ground):
    ground.lines(LINE, "L2,I1,P1,1,2.50,2011-05-04")
    ground.ingest()
    ground.lines(LINE, "L3,I1,P1,1,2.50,2011-05-05")
    result = ground.result()
    assert (result.status, result.rows_accepted, result.rows_unchanged) == ("loaded", 1, 1)
    assert ground.rows("select line_id from raw.billing__invoice_lines order by 1") == [
        ("L1",),
        ("L2",),
        ("L3",),
    ]
    assert ground.rows("select count(*), count(distinct sha256) from control.loads") == [(2, 2)]


def test_a_clock_that_was_set_back_by_days_loads_nothing(ground):
    ground.lines(LINE)
    ground.ingest()
    ground.lines("L2,I1,P1,1,2.50,2011-05-04", name="invoice_lines_2.csv")
    with pytest.raises(ScorecardError, match=r"clock says 2011-12-01 .*at 2012-01-01 .*Set the"):
        ground.ingest(datetime(2011, 12, 1, tzinfo=UTC))
    assert ground.rows("select count(*) from control.loads") == [(1,)]
    # An hour is what a change of summer time or a correction over the network moves.
    assert ground.ingest(datetime(2011, 12, 31, 23, tzinfo=UTC)).rows_accepted == 1


def test_a_contract_that_gains_a_column_keeps_what_is_stored_and_known(ground, tmp_path, make):
    old = _contract_root(tmp_path / "one", with_colour=False)
    new = _contract_root(tmp_path / "one", with_colour=True)
    before = make(tmp_path / "g", root=old)
    before.write("shop/items_1.csv", "item_id,sold_at\nA,2011-01-01\n")
    before.ingest()
    after = type(before)(
        type(before.settings).from_environment(
            {}, root=new, home=before.settings.home, landing=before.settings.landing
        )
    )
    after.write("shop/items_2.csv", "item_id,sold_at,colour\nA,2011-01-01,\nB,2011-01-02,red\n")
    report = after.ingest()
    assert (report.files[1].rows_accepted, report.files[1].rows_unchanged) == (1, 1)
    assert after.rows("select item_id, colour from raw.shop__items order by 1") == [
        ("A", None),
        ("B", "red"),
    ]


def test_a_contract_that_changes_a_type_stops_with_a_way_out(ground):
    ground.lines(LINE)
    ground.ingest()
    with connect(ground.settings) as con:
        con.execute("alter table raw.billing__invoice_lines alter quantity type integer")
    with pytest.raises(ScorecardError, match=r"invoice_lines.quantity is bigint in the contract"):
        ground.ingest()


def test_times_are_utc_whatever_the_machines_zone(ground, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        ground.lines("L1,I1,P1,1,2.50,2011-05-04 10:00:00")
        ground.ingest(loaded_at=datetime(2012, 1, 1, tzinfo=UTC))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert ground.rows("select invoiced_at from raw.billing__invoice_lines") == [
        (datetime.fromisoformat("2011-05-04 10:00"),)
    ]


def _contract_root(folder, *, with_colour):
    root = folder / ("new" if with_colour else "old")
    path = root / "models" / "staging" / "shop" / "_shop__sources.yml"
    path.parent.mkdir(parents=True)
    colour = """
          - name: colour
            data_type: varchar
            description: c
            config: {meta: {personal_data: none}}"""
    path.write_text(
        f"""
sources:
  - name: shop
    schema: raw
    description: What the shop sells.
    tables:
      - name: items
        identifier: shop__items
        description: One row per item sold.
        config:
          meta: {{file_pattern: "items*", load_mode: append, key: [item_id], event_time: sold_at}}
        columns:{colour if with_colour else ""}
          - name: item_id
            data_type: varchar
            description: i
            config: {{meta: {{required: true, not_null: true, personal_data: none}}}}
          - name: sold_at
            data_type: timestamp
            description: s
            config: {{meta: {{required: true, not_null: true, personal_data: none}}}}
"""
    )
    return root

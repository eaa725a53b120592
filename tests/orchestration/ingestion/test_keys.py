"""Keys across rows, files and loads: what is stored, what is counted, what is refused."""

from datetime import date, datetime

import pytest

LINE = "L1,I1,P1,1,2.50,2011-05-04 10:00:00"
CHANGED = "L1,I1,P1,2,2.50,2011-05-04 10:00:00"
CUSTOMERS = "customer_id,country,first_seen_at,updated_at\n"


def test_an_event_said_twice_is_stored_once(ground):
    ground.lines(LINE, LINE)
    result = ground.result()
    assert (result.rows_accepted, result.rows_unchanged, result.rows_quarantined) == (1, 1, 0)


def test_an_event_said_twice_with_other_content_keeps_the_first(ground):
    ground.lines(CHANGED, LINE)
    assert ground.result().rows_quarantined == 1
    assert ground.rows("select rule, line, message from quarantine.refused_rows") == [
        (
            "duplicate_key",
            3,
            "line_id = L1 stands with other content in line 2 of this file; the first was taken",
        )
    ]
    assert ground.rows("select quantity from raw.billing__invoice_lines") == [(2,)]


def test_an_event_of_an_earlier_load_is_counted_or_refused(ground):
    ground.lines(LINE, name="invoice_lines_1.csv")
    ground.lines(LINE, CHANGED, LINE, "L2,I1,P1,1,1,2011-05-05", name="invoice_lines_2.csv")
    report = ground.ingest()
    second = report.files[1]
    assert (second.rows_accepted, second.rows_unchanged, second.rows_quarantined) == (1, 2, 1)
    assert ground.rows("select rule, line, message from quarantine.refused_rows") == [
        (
            "conflicting_key",
            3,
            "line_id = L1 was loaded with other content before, by load 1 from line 2 of "
            "billing/invoice_lines_1.csv; what was loaded first stands",
        )
    ]


def test_only_accepted_rows_date_a_load(ground):
    ground.lines(LINE, name="invoice_lines_1.csv")
    ground.lines(
        LINE, "L2,I1,P1,1,1,2011-07-05", "L3,I1,P1,-1,1,2010-01-01", name="invoice_lines_2.csv"
    )
    report = ground.ingest()
    assert report.files[1].earliest_fact_date == date(2011, 7, 5)
    assert report.earliest_fact_date == date(2011, 5, 4)


def test_an_entity_keeps_its_versions_and_counts_what_is_known(ground):
    ground.write(
        "crm/customers_1.csv",
        CUSTOMERS + "1,UK,2011-01-01,2011-01-01\n2,UK,2011-01-01,2011-01-01\n",
    )
    ground.write(
        "crm/customers_2.csv",
        CUSTOMERS + "1,FR,2011-01-01,2011-03-01\n2,UK,2011-01-01,2011-01-01\n",
    )
    report = ground.ingest()
    assert (report.files[1].rows_accepted, report.files[1].rows_unchanged) == (1, 1)
    assert ground.rows(
        "select customer_id, country, _load_id from raw.crm__customers order by all"
    ) == [("1", "FR", 2), ("1", "UK", 1), ("2", "UK", 1)]


def test_a_later_load_corrects_a_version_and_may_be_corrected_again(ground):
    for number, country in enumerate(["UK", "FR", "FR", "UK"], start=1):
        content = (
            f"{CUSTOMERS}1,{country},2011-01-01,2011-01-01\n"
            + f"{number}9,x,2011-01-01,2011-01-01\n"
        )
        ground.write(f"crm/customers_{number}.csv", content)
    report = ground.ingest()
    assert [result.rows_unchanged for result in report.files] == [0, 0, 1, 0]
    assert ground.rows(
        "select country, _load_id from raw.crm__customers where customer_id = '1' order by 2"
    ) == [("UK", 1), ("FR", 2), ("UK", 4)]


def test_one_version_said_in_two_ways_by_one_file_keeps_the_first(ground):
    ground.write(
        "crm/customers.csv",
        CUSTOMERS
        + "1,UK,2011-01-01,2011-01-01\n1,FR,2011-01-01,2011-01-01\n1,UK,2011-01-01,2011-01-01\n",
    )
    result = ground.result()
    assert (result.rows_accepted, result.rows_unchanged, result.rows_quarantined) == (1, 1, 1)
    assert ground.rows("select rule, line from quarantine.refused_rows") == [("duplicate_key", 3)]


def test_a_full_dump_stores_only_what_changed(shop):
    dumps = shop(load_mode="snapshot")
    for day, price in enumerate(["1.00", "1.00", "2.00", "1.00"], start=1):
        rows = f"A,{price},2011-01-0{day}\nB,5,2011-01-0{day}\n"
        dumps.write(f"shop/prices_{day}.csv", f"product_id,price,dumped_at\n{rows}")
    report = dumps.ingest()
    assert [(r.rows_accepted, r.rows_unchanged) for r in report.files] == [
        (2, 0),
        (0, 2),
        (1, 1),
        (1, 1),
    ]
    assert dumps.rows(
        "select dumped_at from raw.shop__prices where product_id = 'A' order by 1"
    ) == [
        (datetime.fromisoformat("2011-01-01"),),
        (datetime.fromisoformat("2011-01-03"),),
        (datetime.fromisoformat("2011-01-04"),),
    ]


def _daily_dumps(ground, stamp):
    """Write ten daily dumps of a list of 300 products; each day changes three and adds one."""
    changed = [0] * 310
    for day in range(1, 11):
        count = 299 + day
        for product in range(day, day + 3) if day > 1 else ():
            changed[product] = day
        rows = "".join(
            f"P{product:03d},{changed[product]}.50,{stamp(day, changed[product])}\n"
            for product in range(count)
        )
        ground.write(f"shop/prices_{day:02d}.csv", f"product_id,price,dumped_at\n{rows}")


@pytest.mark.parametrize(
    ("mode", "stamp"),
    [
        ("upsert", lambda _, changed: f"2011-01-{changed + 1:02d}"),
        ("snapshot", lambda _, changed: f"2011-01-{changed + 1:02d}"),
        ("snapshot", lambda day, _: f"2011-01-{day:02d} 06:00"),
    ],
    ids=["upsert by the time of change", "snapshot by it", "snapshot by the time of the dump"],
)
def test_daily_dumps_of_a_list_store_only_what_changed(shop, mode, stamp):
    ground = shop(load_mode=mode)
    _daily_dumps(ground, stamp)
    report = ground.ingest()
    assert [result.rows_accepted for result in report.files] == [300, *[4] * 9]
    assert [result.rows_unchanged for result in report.files] == [0, *range(297, 306)]
    assert [result.message for result in report.files] == [""] * 10
    assert ground.rows("select count(*) from raw.shop__prices") == [(336,)]
    assert {result.status for result in ground.ingest().files} == {"known"}


def test_keys_that_a_full_dump_leaves_out_stay_and_are_counted(shop):
    ground = shop(load_mode="snapshot")
    header = "product_id,price,dumped_at\n"
    for day, names in {3: "ABC", 4: "AB", 5: "D", 2: "A"}.items():
        rows = "".join(f"{name},1,2011-01-{day:02d}\n" for name in names)
        ground.write("shop/prices.csv", header + rows)
        ground.ingest()
    absent = "of the stored state {} not in this dump; {} as {}"
    assert ground.rows("select message from control.loads order by load_id") == [
        ("",),
        (f"1 key {absent.format('is', 'it stays', 'it was')}",),
        (f"3 keys {absent.format('are', 'they stay', 'they were')}",),
        ("",),  # a dump that came late: nothing was stored for its day or before
    ]
    assert ground.rows("select distinct product_id from raw.shop__prices order by 1") == [
        ("A",),
        ("B",),
        ("C",),
        ("D",),
    ]


def test_a_list_of_changes_is_no_full_dump(shop):
    ground = shop(load_mode="upsert")
    for name in "AB":
        ground.write("shop/prices.csv", f"product_id,price,dumped_at\n{name},1,2011-01-01\n")
        assert ground.result().message == ""

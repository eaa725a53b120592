"""A sheet of a workbook gives what Excel shows, row by row, whatever it stores."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.orchestration.ingestion.workbook import (
    TIME,
    Stored,
    day,
    moment,
    number,
    workbook,
)

HEADER = ["product_id", "price", "dumped_at"]
DUMPED = moment("40603.427083333336")  # 2011-03-01 10:15
AT = datetime.fromisoformat("2011-03-01 10:15")
PLACE = "shop/prices.xlsx"


def test_cells_are_what_excel_shows(shop):
    ground = shop(
        more={
            "valid_on": ("date", {}),
            "seats": ("integer", {}),
            "rate": ("double", {}),
            "is_sold": ("boolean", {}),
            "remark": ("varchar", {}),
        }
    )
    header = [*HEADER, "valid_on", "seats", "rate", "is_sold", "remark"]
    ground.write(
        PLACE,
        workbook(
            Prices=[
                header,
                ["007", number("1.1000000000000001"), DUMPED, day("40603"), number("12"),
                 number("0.10000000000000001"), Stored("1", "b"), "你好, \"客户\"\n2"],
                ["P2", number("19.989999999999998"), "2011-03-01 10:15:00", "2011-03-01",
                 number("5.0"), number("1.5E-3"), Stored("0", "b"), None],
                ["P3", number("0.12345"), DUMPED, None, None, None, None, ""],
                ["P4", "2.5000", moment("40603.427083333337"), day("61"), number("1E+2"),
                 "0.25", "TRUE", " 01 "],
            ]
        ),
    )  # fmt: skip

    result = ground.result()

    assert (result.rows_read, result.rows_accepted, result.rows_quarantined) == (4, 3, 1)
    assert ground.rows("select * exclude (_load_id, _row_hash) from raw.shop__prices") == [
        ("007", Decimal("1.1"), AT, date(2011, 3, 1), 12, 0.1, True, '你好, "客户"\n2', PLACE, 2),
        ("P2", Decimal("19.99"), AT, date(2011, 3, 1), 5, 0.0015, False, None, PLACE, 3),
        ("P4", Decimal("2.5"), AT, date(1900, 3, 1), 100, 0.25, True, " 01 ", PLACE, 5),
    ]
    ((line, rule, column, message, text),) = ground.rows(
        "select line, rule, column_name, message, raw_text from quarantine.refused_rows"
    )
    assert (line, rule, column) == (4, "type", "price")
    assert "price = 0.12345 is no decimal(18,4), or loses digits" in message
    assert '"product_id":"P3"' in text


TEXTS = {
    "numbers": (number("12345678901"), "12345678901"),
    "a number with a fraction": (number("1.1000000000000001"), "1.1"),
    "a whole number that was stored with a point": (number("17.0"), "17"),
    "a day": (day("40603"), "2011-03-01"),
    "a moment": (moment("40603.427083333336"), "2011-03-01 10:15:00"),
    "a time": (Stored("0.375", style=TIME), "09:00:00"),
    "true": (Stored("1", "b"), "true"),
    "text that looks like a number": ("0012.0", "0012.0"),
    "text that looks like a power": ("1E5", "1E5"),
    "the result of a formula": (Stored("A-1", "str"), "A-1"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_text_column_takes_a_cell_as_excel_shows_it(shop, case):
    cell, shown = TEXTS[case]
    ground = shop()
    ground.write(PLACE, workbook(Prices=[HEADER, [cell, number("1"), DUMPED]]))
    ground.ingest()
    assert ground.rows("select product_id from raw.shop__prices") == [(shown,)]


def test_rows_are_counted_as_excel_counts_them(shop):
    ground = shop(excel={"sheet": "2011 & 12", "header_row": 3})
    rows = [
        ["Prices of the shop"],
        [],
        [None, *HEADER],
        [None, "P1", number("1"), DUMPED],
        [],
        [None, "", None, None],
        [None, "P2", "x", DUMPED],
        ["note", None, None, None],
        [None, "P3", number("3"), DUMPED],
    ]
    ground.write(PLACE, workbook(**{"First": [["nothing"]], "2011 & 12": rows}))
    result = ground.result()
    assert (result.rows_read, result.rows_accepted) == (3, 2)
    assert ground.rows("select product_id, _line from raw.shop__prices order by 1") == [
        ("P1", 4),
        ("P3", 9),
    ]
    assert ground.rows("select line, rule from quarantine.refused_rows") == [(7, "type")]


def test_the_first_sheet_is_read_where_none_is_declared(shop):
    ground = shop()
    ground.write(PLACE, workbook(One=[HEADER, ["P1", number("1"), DUMPED]], Two=[["product_id"]]))
    assert ground.result().rows_accepted == 1


def test_columns_stand_in_any_order_and_past_the_letter_z(shop):
    ground = shop()
    more = [f"extra{position}" for position in range(43)]  # the columns B to AR; AS is a keyword
    values = ["x"] * len(more)
    ground.write(
        PLACE,
        workbook(
            Prices=[
                ["dumped_at", *more, "product_id", "price"],
                [DUMPED, *values, "P1", number("1")],
            ]
        ),
    )
    result = ground.result()
    assert (result.rows_accepted, result.extra_columns.count("extra")) == (1, 43)
    assert ground.rows("select product_id, price from raw.shop__prices") == [("P1", Decimal(1))]


def test_days_of_the_1904_reckoning_are_the_same_days(shop):
    ground = shop()
    ground.write(
        PLACE,
        workbook(is_1904=True, Prices=[HEADER, ["P1", number("1"), moment("39141.427083333336")]]),
    )
    ground.ingest()
    assert ground.rows("select dumped_at from raw.shop__prices") == [(AT,)]


def test_an_error_of_excel_is_no_value(shop):
    ground = shop()
    ground.write(
        PLACE,
        workbook(
            Prices=[
                HEADER,
                [Stored("#N/A", "e"), number("1"), DUMPED],
                ["P2", Stored("#DIV/0!", "e"), DUMPED],
                ["P3", number("3"), DUMPED],
            ]
        ),
    )
    result = ground.result()
    assert (result.rows_read, result.rows_accepted, result.rows_quarantined) == (3, 1, 2)
    assert ground.rows(
        "select line, rule, column_name, message from quarantine.refused_rows order by line"
    ) == [
        (2, "cell_error", "product_id",
         "product_id = #N/A is an error of Excel, no value; mend the formula"),
        (3, "cell_error", "price",
         "price = #DIV/0! is an error of Excel, no value; mend the formula"),
    ]  # fmt: skip


def test_a_number_that_is_no_day_of_excel_is_refused(shop):
    ground = shop()
    ground.write(PLACE, workbook(Prices=[HEADER, ["P1", number("1"), number("20110301")]]))
    assert ground.result().rows_quarantined == 1
    ((message,),) = ground.rows("select message from quarantine.refused_rows")
    assert "dumped_at = 20110301 is no timestamp" in message


def test_a_sheet_without_rows_is_loaded_and_says_zero(shop):
    ground = shop()
    ground.write(PLACE, workbook(Prices=[HEADER]))
    result = ground.result()
    assert (result.status, result.rows_read) == ("loaded", 0)
    assert "it holds no row" in result.message


WHOLE = workbook(Prices=[HEADER, *([f"P{n}", number("1"), DUMPED] for n in range(500))])
REFUSED = {
    "a sheet that is not there": (
        {"sheet": "Prices 2011"},
        workbook(Preise=[HEADER], 旧=[]),
        ["no sheet 'Prices 2011'", "shop.prices", "its sheets are: 'Preise', '旧'", "source.yml"],
    ),
    "an empty header": (
        {"header_row": 2},
        workbook(Prices=[HEADER]),
        ["row 2 of its sheet 'Prices' is empty", "excel.header_row"],
    ),
    "a missing column": (
        {},
        workbook(Prices=[["product_id", "Preis", "dumped_at"]]),
        ["requires the column price, and the sheet has only: product_id, Preis, dumped_at"],
    ),
    "a column twice": ({}, workbook(Prices=[[*HEADER, "Price"]]), ["'Price' twice"]),
    "no workbook": ({}, b"PK", ["it is no .xlsx workbook", "save it as .xlsx"]),
    "another zip": ({}, b"PK\x05\x06" + b"\0" * 18, ["it is no .xlsx workbook"]),
    "an old workbook": ({}, b"\xd0\xcf\x11\xe0" * 600, ["protected by a password"]),
    "cut short": ({}, WHOLE[: len(WHOLE) // 2], ["it is no .xlsx workbook: it is damaged"]),
    "damaged inside": (
        {},
        WHOLE[:200] + b"\0" * 200 + WHOLE[400:],
        ["damaged"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_workbook_that_cannot_be_read_is_refused_with_its_reason(shop, case):
    layout, content, expected = REFUSED[case]
    ground = shop(excel=layout)
    ground.write(PLACE, content)
    result = ground.result()
    assert result.status == "refused"
    assert result.message.startswith(f"{PLACE} was refused: ")
    for part in expected:
        assert part in result.message


def test_the_rows_hash_as_in_any_other_format(shop):
    ground = shop()
    ground.write("shop/prices.csv", "product_id,price,dumped_at\nP1,1.10,2011-03-01 10:15:00\n")
    ground.write(PLACE, workbook(Prices=[HEADER, ["P1", number("1.1000000000000001"), DUMPED]]))
    report = ground.ingest()
    assert (report.rows_accepted, report.rows_unchanged) == (1, 1)


def test_nothing_is_written_into_the_users_home(shop, tmp_path, monkeypatch):
    home = tmp_path / "user"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    ground = shop()
    ground.write(PLACE, workbook(Prices=[HEADER, ["P1", number("1"), DUMPED]]))
    assert ground.result().rows_accepted == 1
    assert list(home.iterdir()) == []

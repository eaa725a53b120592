"""A row that breaks its contract is kept aside with rule, column, line and text; others go on."""

import json
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

GOOD = "L1,I1,P1,1,2.50,2011-05-04 10:00:00"

BAD_ROWS = {
    "text for a number": ("L2,I1,P1,some,2.50,2011-05-04", "type", "quantity", "'some' |= some"),
    "a fraction of a unit": (
        "L2,I1,P1,1.5,2.50,2011-05-04",
        "type",
        "quantity",
        "1.5 is no bigint",
    ),
    "hexadecimal": ("L2,I1,P1,0x1F,2.50,2011-05-04", "type", "quantity", "0x1F"),
    "more digits than money has": (
        "L2,I1,P1,1,2.12345,2011-05-04",
        "type",
        "unit_price",
        "2.12345",
    ),
    "not a number": ("L2,I1,P1,1,nan,2011-05-04", "type", "unit_price", "nan"),
    "a day that is none": ("L2,I1,P1,1,2.50,2011-02-30", "type", "invoiced_at", "2011-02-30"),
    "no key": (",I1,P1,1,2.50,2011-05-04", "not_null", "line_id", "line_id is empty"),
    "a blank key": ("  ,I1,P1,1,2.50,2011-05-04", "not_null", "line_id", "line_id is empty"),
    "no invoice": ("L2,,P1,1,2.50,2011-05-04", "not_null", "invoice_id", "invoice_id is empty"),
    "no amount": ("L2,I1,P1,,2.50,2011-05-04", "not_null", "quantity", "quantity is empty"),
    "a negative quantity": ("L2,I1,P1,-1,2.50,2011-05-04", "min", "quantity", "-1 is below"),
    "an absurd price": ("L2,I1,P1,1,1e7,2011-05-04", "max", "unit_price", "above the largest"),
    "a day in 1900": ("L2,I1,P1,1,2.50,1900-01-01", "earliest", "invoiced_at", "2000-01-01"),
    "the future": ("L2,I1,P1,1,2.50,2012-01-03", "date_in_future", "invoiced_at", "2012-01-03"),
    "the end of time": ("L2,I1,P1,1,2.50,infinity", "date_in_future", "invoiced_at", "infinity"),
    "too few fields": ("L2,I1,P1", "unreadable_row", None, "missing columns"),
    "too many fields": ("L2,I1,P1,1,2.50,2011-05-04,x", "unreadable_row", None, "too many columns"),
    "a stray quote": ('L2,I1,"P"1,1,2.50,2011-05-04', "unreadable_row", None, "quote"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_kept_aside_and_its_neighbours_are_loaded(ground, case):
    row, rule, column, said = BAD_ROWS[case]
    ground.lines(GOOD, row, GOOD.replace("L1", "L3"))

    result = ground.result()

    assert (result.rows_read, result.rows_accepted, result.rows_quarantined) == (3, 2, 1)
    ((found_rule, found_column, message, line, text, file),) = ground.rows(
        "select rule, column_name, message, line, raw_text, file from quarantine.refused_rows"
    )
    assert (found_rule, found_column, line) == (rule, column, 3)
    assert (text, file) == (row, "billing/invoice_lines.csv")
    assert said.rsplit("|", maxsplit=1)[-1] in message
    assert ground.rows("select line_id, _line from raw.billing__invoice_lines order by all") == [
        ("L1", 2),
        ("L3", 4),
    ]
    assert [(item.rule, item.row_count, item.first_line) for item in result.quarantined] == [
        (rule, 1, 3)
    ]


def test_a_day_of_tolerance_is_left_for_clocks(ground):
    ground.lines("L1,I1,P1,1,2.50,2012-01-01 23:59:59")
    assert ground.result().rows_accepted == 1


ORDER = {
    "before": ("2011-03-01 09:59:59,,", "opened_at = 2011-03-01 09:59:59 lies before dumped_at = "),
    "the same moment": ("2011-03-01 10:00:00,,", None),
    "no value": (",,", None),
    "the day before": (",2011-02-28,", "closed_on = 2011-02-28 lies before dumped_at = 2011-03-01"),
    "the same day": (",2011-03-01,", None),
    "of a person": (",,2011-02-28", "born_on lies before dumped_at = 2011-03-01"),
}


@pytest.mark.parametrize("case", ORDER)
def test_a_time_before_the_one_it_must_follow_is_refused(shop, case):
    values, said = ORDER[case]
    ground = shop(
        more={
            "opened_at": ("timestamp", {"not_before": "dumped_at"}),
            "closed_on": ("date", {"not_before": "dumped_at"}),
            "born_on": ("date", {"not_before": "dumped_at", "personal_data": "personal"}),
        }
    )
    ground.write(
        "shop/prices.csv",
        "product_id,price,dumped_at,opened_at,closed_on,born_on\n"
        f"P1,1,2011-03-01 10:00:00,{values}\n",
    )
    assert ground.result().rows_accepted == int(said is None)
    refused = ground.rows("select rule, message from quarantine.refused_rows")
    assert [rule for rule, _ in refused] == ["not_before"] * (said is not None)
    assert all(said in message for _, message in refused)


def test_a_value_that_is_not_accepted_is_refused(shop):
    ground = shop(more={"currency": ("varchar", {"accepted_values": ["EUR", "GBP"]})})
    ground.write("shop/prices.csv", "product_id,price,dumped_at,currency\nP1,1,2011-01-01,USD\n")
    assert ground.result().rows_quarantined == 1
    assert ground.rows("select rule, message from quarantine.refused_rows") == [
        ("accepted_values", "currency = USD is none of: EUR, GBP")
    ]


def test_every_broken_rule_of_a_row_is_told_and_the_first_names_it(ground):
    ground.lines("L1,I1,P1,-5,many,1900-01-01")
    ground.ingest()
    ((rule, column, message),) = ground.rows(
        "select rule, column_name, message from quarantine.refused_rows"
    )
    assert (rule, column) == ("min", "quantity")
    assert message.count("; ") == 2


def test_a_broken_json_line_is_kept_with_its_text(ground):
    good = {"product_id": "P1", "description": 'a, "b"', "updated_at": "2011-01-01 10:00:00"}
    cut = '{"product_id": "P2", "desc'
    ground.write("billing/products.jsonl", f"{json.dumps(good)}\n\n[1, 2]\n{cut}")
    result = ground.result()
    assert (result.rows_read, result.rows_accepted, result.rows_quarantined) == (3, 1, 2)
    assert ground.rows(
        "select line, rule, raw_text from quarantine.refused_rows order by line"
    ) == [(3, "unreadable_row", "[1, 2]"), (4, "unreadable_row", cut)]


def test_a_refused_parquet_row_is_kept_as_json(ground):
    path = ground.write("billing/products.parquet", b"")
    at = datetime.fromisoformat("2011-01-01")
    pq.write_table(
        pa.table({"product_id": ["P1", None], "description": ["x", "y"], "updated_at": [at, at]}),
        path,
    )
    assert ground.result().rows_quarantined == 1
    ((line, text),) = ground.rows("select line, raw_text from quarantine.refused_rows")
    assert line == 2
    assert json.loads(text)["description"] == "y"


def test_what_is_personal_stands_in_no_message(ground):
    ground.write(
        "crm/customers.csv",
        "customer_id,country,first_seen_at,updated_at\n"
        "secret-7,x,2011-01-01,2011-01-01\nsecret-7,y,2011-01-01,2011-01-01\n",
    )
    result = ground.result()
    ((rule, message),) = ground.rows("select rule, message from quarantine.refused_rows")
    assert rule == "duplicate_key"
    assert "secret-7" not in message
    assert "secret-7" not in repr(result)


def test_rows_of_an_unknown_invoice_are_loaded_for_the_gates_to_judge(ground):
    ground.lines("L1,no-such-invoice,P1,1,2.50,2011-05-04")
    assert ground.result().rows_accepted == 1

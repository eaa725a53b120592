"""Rows come back from quarantine by a person's word: once, with author, reason and a load."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.errors import ScorecardError, UsageError
from orchestration.ingestion.quarantine import (
    Selection,
    dismiss_rows,
    list_quarantine,
    release_rows,
    show_rows,
)
from orchestration.warehouse import connect

NOW = datetime.fromisoformat("2012-02-01")
BY = {"author": "Ada", "reason": "the price list said so"}
GOOD = "L1,I1,P1,1,2.50,2011-05-04 10:00:00"
NEGATIVE = "L2,I1,P1,-1,2.50,2011-03-04 10:00:00"
DEAR = 'L3,I1,"P,3",1,1e7,2011-05-04 10:00:00'
BOTH = "L4,I1,P1,-1,many,2011-05-04 10:00:00"
SHORT = "L5,I1"


def release(ground, *rows, rule="", now=NOW, **narrow):
    selection = Selection.parse(rows, rule=rule, **narrow)
    return release_rows(ground.settings, selection, now=now, **BY)


def dismiss(ground, *rows, **narrow):
    return dismiss_rows(ground.settings, Selection.parse(rows, **narrow), now=NOW, **BY)


def states(ground):
    rows, _ = show_rows(ground.settings, Selection(), limit=100)
    return {row.line: row.state for row in rows}


@pytest.fixture
def refused(ground):
    """One load with a good line and four that were refused."""
    ground.lines(GOOD, NEGATIVE, DEAR, BOTH, SHORT)
    ground.ingest()
    return ground


def test_the_named_rule_is_waived_and_no_other(refused):
    outcome = release(refused, "1", rule="min")
    assert (outcome.selected, outcome.accepted, outcome.load_ids) == (2, 1, (2,))
    (kept,) = outcome.kept
    assert (kept.load_id, kept.rule, kept.column, kept.rows, kept.first_line) == (
        1, "type", "unit_price", 1, 5,
    )  # fmt: skip
    assert outcome.earliest_fact_date == date(2011, 3, 4)
    assert refused.rows(
        "select line_id, quantity, _load_id, _file, _line from raw.billing__invoice_lines "
        "where _load_id = 2"
    ) == [("L2", -1, 2, "billing/invoice_lines.csv (released from load 1)", 3)]
    assert states(refused) == {3: "released", 4: "open", 5: "open", 6: "open"}


def test_the_load_adds_up_and_says_who_and_why(refused):
    release(refused, "1:4", rule="max")
    assert refused.rows(
        "select system, table_name, status, message, rows_read, rows_accepted, rows_unchanged, "
        "rows_quarantined, loaded_at from control.loads where load_id = 2"
    ) == [
        (
            "billing",
            "invoice_lines",
            "loaded",
            "released from quarantine without the rule max.unit_price: the price list said so",
            *(1, 1, 0, 0, NOW),
        )
    ]
    assert refused.rows("select product_id from raw.billing__invoice_lines where line_id = 'L3'")[
        0
    ] == ("P,3",)
    ((row,), total) = show_rows(refused.settings, Selection.parse(["1:4"]), limit=9)
    assert (total, row.state, row.author, row.reason, row.decided_at, row.decision_load_id) == (
        1, "released", *BY.values(), NOW, 2,
    )  # fmt: skip


def test_every_refused_row_is_open_released_or_dismissed(refused):
    release(refused, rule="min")
    dismiss(refused, "1:6")
    group = {each.rule: each for each in list_quarantine(refused.settings, Selection())}
    assert {rule: each.open_rows for rule, each in group.items()} == {"min": 1, "max": 1}
    everything = list_quarantine(refused.settings, Selection(), with_decided=True)
    assert [
        sum(getattr(each, name) for each in everything)
        for name in ("open_rows", "released_rows", "dismissed_rows")
    ] == [2, 1, 1]
    assert refused.rows("select rows_quarantined from control.loads where load_id = 1") == [(4,)]


def test_a_row_is_released_once(refused):
    release(refused, "1:3", rule="min")
    with pytest.raises(ScorecardError, match="No row in quarantine is meant by: rows 1:3"):
        release(refused, "1:3", rule="min")
    assert refused.rows("select count(*) from control.loads") == [(2,)]


def test_nothing_is_stored_where_every_row_breaks_another_rule(refused):
    outcome = release(refused, "1:5", rule="min")
    assert (outcome.accepted, outcome.load_ids) == (0, ())
    assert refused.rows("select count(*) from control.loads") == [(1,)]
    assert refused.rows("select count(*) from quarantine.decisions") == [(0,)]


def test_without_a_rule_the_contract_of_today_judges(shop):
    ground = shop(more={"currency": ("varchar", {"accepted_values": ["EUR"]})})
    ground.write("shop/prices.csv", "product_id,price,dumped_at,currency\nP1,1,2011-01-01,USD\n")
    ground.ingest()
    assert release(ground, "1").accepted == 0
    (contract,) = ground.settings.contracts_root.rglob("_shop__sources.yml")
    contract.write_text(contract.read_text().replace("- EUR", "- EUR\n          - USD"))
    assert "USD" in contract.read_text()
    assert release(ground, "1").accepted == 1
    assert ground.rows("select waived_rule from quarantine.decisions") == [("",)]


def test_a_row_that_was_corrected_meanwhile_changes_nothing(ground):
    ground.lines("L2,I1,P1,2,2.50,2012-01-09")
    ground.ingest()
    ground.lines("L2,I1,P1,2,2.50,2012-01-09", GOOD, name="invoice_lines_2.csv")
    ground.ingest(loaded_at=NOW)
    outcome = release(ground, "1:2")
    assert (outcome.accepted, outcome.unchanged) == (0, 1)
    assert states(ground) == {2: "released"}


def test_a_key_that_is_stored_with_other_content_stays(ground):
    ground.lines(GOOD, "L1,I1,P1,7,2.50,2011-05-04 10:00:00")
    ground.ingest()
    outcome = release(ground, "1")
    assert outcome.accepted == 0
    assert outcome.kept[0].rule == "conflicting_key"
    assert "by load 1 from line 2" in outcome.kept[0].message
    with pytest.raises(UsageError, match="duplicate_key cannot be waived"):
        release(ground, "1", rule="duplicate_key")


def test_an_entity_takes_the_other_of_two_rows(ground):
    header = "customer_id,country,first_seen_at,updated_at\n"
    ground.write(
        "crm/customers.csv", f"{header}C1,x,2011-01-01,2011-01-01\nC1,y,2011-01-01,2011-01-01\n"
    )
    ground.ingest()
    assert release(ground, "1").accepted == 1
    assert ground.rows("select country, _load_id from raw.crm__customers order by 2") == [
        ("x", 1),
        ("y", 2),
    ]


@pytest.mark.parametrize(
    ("row", "rule", "said"),
    [
        ("L2,I1,P1,1,2.50,2099-01-01", "date_in_future", "the time of the fact"),
        ("L2,I1,P1,1,2.50,1900-01-01", "earliest", "the time of the fact"),
        (",I1,P1,1,2.50,2011-01-01", "not_null", "its key"),
        ("L2,I1,P1,x,2.50,2011-01-01", "type", "no value, no row"),
        ("L2,I1", "unreadable_row", "no value, no row"),
    ],
)
def test_what_no_word_can_mend_is_not_waived(ground, row, rule, said):
    ground.lines(GOOD, row)
    ground.ingest()
    with pytest.raises(UsageError, match=said):
        release(ground, "1", rule=rule)
    assert states(ground) == {3: "open"}


@pytest.mark.parametrize(
    ("rows", "by", "said"),
    [
        ((), BY, "Which rows"),
        (("1",), {"author": " ", "reason": "x"}, "needs its author"),
        (("1",), {"author": "Ada", "reason": ""}, "needs its reason"),
        (("x",), BY, "'x' is no row"),
        (("1:",), BY, "'1:' is no row"),
        (("1:x",), BY, "'1:x' is no row"),
    ],
)
@pytest.mark.parametrize("decide", [release_rows, dismiss_rows])
def test_half_a_decision_is_refused(refused, decide, rows, by, said):
    with pytest.raises(UsageError, match=said):
        decide(refused.settings, Selection.parse(rows), now=NOW, **by)
    assert refused.rows("select count(*) from quarantine.decisions") == [(0,)]


def test_a_dismissal_has_its_place_in_the_ledger(refused):
    outcome = dismiss(refused, "1:5", "1:6")
    assert (outcome.dismissed, outcome.load_ids) == (2, (2,))
    assert refused.rows(
        "select file, rows_read, rows_accepted, earliest_fact_date from control.loads "
        "where load_id = 2"
    ) == [("billing/invoice_lines.csv (dismissed from load 1)", 0, 0, None)]


def test_the_same_file_in_another_format_comes_back_too(ground):
    at = datetime.fromisoformat("2011-05-04T10:00:00.123")
    table = pa.table(
        {
            "line_id": ["L1", "L2"],
            "invoice_id": ["I1", "I1"],
            "product_id": ["P1", 'P"2'],
            "quantity": [1, -3],
            "unit_price": [Decimal("2.5"), Decimal("123456.7891")],
            "invoiced_at": [at, at],
        }
    )
    pq.write_table(table, ground.write("billing/invoice_lines.parquet", b""))
    ground.ingest()
    assert release(ground, rule="min").accepted == 1
    rows = ground.rows(
        "select product_id, quantity, unit_price::varchar, invoiced_at, _line "
        "from raw.billing__invoice_lines where line_id = 'L2'"
    )
    assert rows == [('P"2', -3, "123456.7891", at, 2)]


def test_a_json_line_without_the_field_comes_back_without_it(shop):
    ground = shop(more={"label": ("varchar", {"required": True, "not_null": True})})
    lines = [
        {"product_id": "P1", "price": 1, "dumped_at": "2011-01-01", "label": "x"},
        {"product_id": "P2", "price": "2.50", "dumped_at": "2011-01-01"},
    ]
    ground.write("shop/prices.jsonl", "\n".join(map(json.dumps, lines)))
    ground.ingest()
    assert release(ground, rule="not_null").accepted == 1
    assert ground.rows("select product_id, price::varchar, label from raw.shop__prices") == [
        ("P1", "1.0000", "x"),
        ("P2", "2.5000", None),
    ]


def test_another_encoding_dialect_and_column_names_are_read_as_they_came(ground):
    ground.write(
        "billing/source.yml",
        "csv: {delimiter: ';', encoding: gb18030}\n"
        "tables: {invoice_lines: {columns: {line_id: 编号}}}\n",
    )
    text = "note;编号;invoice_id;product_id;quantity;unit_price;invoiced_at\n"
    text += 'x;L1;I1;P1;1;2.5;2011-05-04\n"a;\nb";L2;I1;中,文;-1;2.5;2011-05-04\n'
    ground.write("billing/invoice_lines.csv", text.encode("gb18030"))
    ground.ingest()
    assert release(ground, rule="min").accepted == 1
    assert ground.rows(
        "select product_id, _line from raw.billing__invoice_lines where line_id = 'L2'"
    ) == [("中,文", 3)]


def test_rows_of_an_older_version_are_refused_with_what_to_do(refused):
    with connect(refused.settings) as con:
        con.execute("update quarantine.refused_rows set source_columns = null")
    with pytest.raises(ScorecardError, match=r"load 1 .*older version.* new file"):
        release(refused, "1:3", rule="min")
    assert dismiss(refused, "1:3").dismissed == 1


TAMPERINGS = {
    "another reason": "update quarantine.decisions set reason = 'x' where decision_id = 1",
    "another author": "update quarantine.decisions set author = 'Bob' where decision_id = 2",
    "one taken out": "delete from quarantine.decisions where decision_id = 1",
    "a row less": "delete from quarantine.decided_rows where decision_id = 2",
    "another row": "update quarantine.decided_rows set line = 4 where decision_id = 1",
}


@pytest.mark.parametrize("case", TAMPERINGS)
def test_a_changed_record_is_found_before_anything_is_said_or_done(refused, case):
    release(refused, "1:3", rule="min")
    dismiss(refused, "1:6")
    assert states(refused)[6] == "dismissed"
    with connect(refused.settings) as con:
        con.execute(TAMPERINGS[case])
    for ask in (
        lambda: list_quarantine(refused.settings, Selection()),
        lambda: dismiss(refused, "1:5"),
    ):
        with pytest.raises(ScorecardError, match="was changed after it was written"):
            ask()


def test_a_failure_on_the_way_leaves_neither_rows_nor_decision(refused, monkeypatch):
    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orchestration.ingestion.quarantine._decide", fail)
    with pytest.raises(ScorecardError, match="No room left"):
        release(refused, "1:3", rule="min")
    assert refused.rows("select count(*) from raw.billing__invoice_lines") == [(1,)]
    assert refused.rows("select count(*) from control.loads") == [(1,)]
    assert states(refused)[3] == "open"
    assert not list(Path(refused.settings.temporary).iterdir())


def test_a_later_run_does_not_load_the_file_again(refused):
    release(refused, rule="min")
    assert [result.status for result in refused.ingest(NOW).files] == ["known"]
    assert states(refused)[3] == "released"

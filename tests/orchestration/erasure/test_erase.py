"""A person is erased for good, and nothing else changes: not a row of others, not a sum."""

import codecs
import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from ml.text.lexicon import default_lexicon
from orchestration.erasure.erase import ErasureOutcome, erase
from orchestration.erasure.words import render_erasure
from orchestration.errors import ScorecardError, UsageError
from orchestration.ingestion.contract import ENCODINGS, load_contracts
from orchestration.ingestion.quarantine import Selection, release_rows
from orchestration.ingestion.retention import EMPTIED
from orchestration.ingestion.tombstones import was_erased
from orchestration.text import KEPT_SCORES, keep_scores
from orchestration.warehouse import connect
from tests.conftest import ROOT
from tests.orchestration.ingestion.conftest import Ground, make_ground
from tests.orchestration.ingestion.workbook import Rows, Stored, workbook

NOW = datetime.fromisoformat("2012-02-01")
CUSTOMERS = """customer_id,country,customer_name,email,street,\
parent_customer_id,first_seen_at,updated_at
C1,GB,Ada Byron,ada@mail.example,"1 Mill Lane
back door",,2011-01-01 00:00:00,2011-01-01 00:00:00
C2,GB,Ada Byron,ab@mail.example,2 Mill Lane,C1,2011-01-02 00:00:00,2011-01-02 00:00:00
C11,GB,Bo Li,bo@mail.example,,,2011-01-02 00:00:00,2011-01-02 00:00:00
"""
ACCOUNTS = """customer_id,crm_customer_id,account_name,email,updated_at
B1,C1,A. Byron,ada@mail.example,2011-01-01 00:00:00
B2,C2,Ada Byron,ab@mail.example,2011-01-02 00:00:00
"""
INVOICES = """invoice_id,customer_id,country,invoiced_at,currency
I1,B1,GB,2011-01-05 00:00:00,GBP
I2,B2,GB,2011-01-06 00:00:00,GBP
I3,B1,GB,2011-02-05 00:00:00,GBP
"""
# The second line lacks its time, and names the person.
REQUESTERS = """requester_id,crm_customer_id,requester_name,email,updated_at
R1,C1,Ada Byron,ada@mail.example,2011-01-01 00:00:00
R3,C9,Ada Byron,ada@mail.example,
R4,C8,Cy Twombly,cy@mail.example,
"""
TICKET = {
    "ticket_kind": "question", "topic": None, "channel": "email", "priority": "low",
    "status": "new", "created_at": "2011-01-07 00:00:00", "updated_at": "2011-01-07 00:00:00",
}  # fmt: skip
COMMENT = {"author_kind": "customer", "is_public": True, "commented_at": "2011-01-07 00:00:00"}
TICKETS = [
    {"ticket_id": "T1", "requester_id": "R1", "subject": "Where is my parcel?", **TICKET},
    {"ticket_id": "T2", "requester_id": "R2", "subject": "An other thing", **TICKET},
]
COMMENTS = [
    {"comment_id": "M1", "ticket_id": "T1", "body": "Ring me, Ada", **COMMENT},
    {"comment_id": "M2", "ticket_id": "T2", "body": "Thank you", **COMMENT},
]
SHEET = "xl/worksheets/sheet1.xml"
LINKS = [("crm", "C1"), ("billing", "B1"), ("support", "R1")]
# What must be nowhere afterwards. C2 is called like C1, and keeps the name.
TRACES = (b"ada@mail.example", b"1 Mill Lane", b"Where is my parcel", b"Ring me", b"A. Byron")


def json_lines(rows: list[dict[str, object]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def fill(ground: Ground) -> Ground:
    """A landing area of seven files, loaded, with the links that a run would find."""
    ground.write("crm/customers.csv", CUSTOMERS)
    ground.write("billing/accounts.csv", ACCOUNTS)
    ground.write("billing/invoices.csv", INVOICES)
    ground.write("support/requesters.csv", REQUESTERS)
    ground.write("support/tickets.jsonl", json_lines(TICKETS))
    ground.write("support/ticket_comments.jsonl", json_lines(COMMENTS))
    ground.ingest()
    key = "concat('cus_', substr(md5('C1'), 1, 16))"
    with connect(ground.settings) as con:
        con.execute(
            "create schema core; create table core.int_identity_links as select source_system, "
            f"source_id, {key} as customer_id, case source_system when 'crm' then 'own_id' "
            "else 'crm_id' end as link_method, cast(1 as decimal(9, 6)) as link_score, "
            "cast(1 as bigint) as evidence_load_id from (values "
            f"{', '.join(str(link) for link in LINKS)}) as links(source_system, source_id)"
        )
        con.execute(
            "create table core.int_identity_evidence as select * from (values "
            "('crm', 'C1', 'ada@mail.example'), ('support', 'R1', 'ada@mail.example'), "
            "('billing', 'C1', 'C11')) as t(source_system, source_id, value)"
        )
        con.execute(
            "create schema ml; create table ml.published_predictions as "
            f"select {key} as customer_id, 0.5 as probability "
            "union all select 'cus_other', 0.7"
        )
    return ground


@pytest.fixture
def shop(tmp_path: Path) -> Ground:
    return fill(make_ground(tmp_path))


def run(ground: Ground, customer: str = "C1", *, is_rehearsal: bool = False) -> ErasureOutcome:
    return erase(
        ground.settings,
        customer,
        author="Ada",
        reason="request 7",
        now=NOW,
        is_rehearsal=is_rehearsal,
    )


def told(outcome: ErasureOutcome) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(render_erasure(outcome))
    return captured.get()


def landing(ground: Ground) -> dict[str, bytes]:
    folder = ground.settings.landing
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_without_yes_nothing_changes(shop: Ground) -> None:
    before = landing(shop), shop.rows("from raw.crm__customers order by all")
    outcome = run(shop, is_rehearsal=True)
    assert not outcome.is_done
    assert outcome.row_counts == {
        "raw.billing__accounts": 1,
        "raw.billing__invoices": 2,
        # C1, and C2 that belongs to C1.
        "raw.crm__customers": 2,
        "raw.support__requesters": 1,
        "raw.support__ticket_comments": 1,
        "raw.support__tickets": 1,
        "quarantine.refused_rows": 1,
        "core.int_identity_evidence": 2,
        "core.*": 3,
        "ml.*": 1,
    }
    assert before == (landing(shop), shop.rows("from raw.crm__customers order by all"))
    assert shop.rows("from control.erasures") == []
    assert "with --yes erases" in told(outcome)


def test_no_trace_is_left_and_no_other_row_changes(shop: Ground) -> None:
    others = "select * exclude (_load_id, _row_hash) from raw.{} where {} order by all"
    kept = [
        others.format("crm__customers", "customer_id = 'C11'"),
        others.format("billing__accounts", "customer_id = 'B2'"),
        others.format("billing__invoices", "customer_id = 'B2'"),
        others.format("support__tickets", "requester_id = 'R2'"),
        others.format("support__ticket_comments", "ticket_id = 'T2'"),
    ]
    before = [shop.rows(query) for query in kept]
    assert all(before)

    outcome = run(shop)

    # The number that a record of another system has is another's.
    assert shop.rows("select value from core.int_identity_evidence") == [("C11",)]
    assert [shop.rows(query) for query in kept] == before
    assert [name for name, content in landing(shop).items() if b",B1," in content] == []
    for path in [shop.settings.warehouse, *shop.settings.landing.rglob("*.*")]:
        content = path.read_bytes()
        assert [word for word in TRACES if word in content] == [], path
    # C2 keeps name and row; the customer above it is nobody now, and the same nobody as before.
    ((token,),) = shop.rows(
        "select customer_id from raw.crm__customers where country is not null "
        "and customer_id like 'erased-%'"
    )
    assert shop.rows(
        "select customer_name, parent_customer_id from raw.crm__customers where customer_id = 'C2'"
    ) == [("Ada Byron", token)]
    assert outcome.erasure is not None
    assert shop.rows(
        "select concat('cus_', substr(md5(customer_id), 1, 16)) from raw.crm__customers "
        "where customer_name is null"
    ) == [(outcome.erasure.anonymous_id,)]


def test_sums_stay_and_records_stay_linked(shop: Ground) -> None:
    run(shop)
    assert shop.rows("select count(*), count(distinct customer_id) from raw.billing__invoices") == [
        (3, 2)
    ]
    assert shop.rows(
        "select count(*) from raw.billing__invoices as i "
        "inner join raw.billing__accounts as a on i.customer_id = a.customer_id "
        "inner join raw.crm__customers as c on a.crm_customer_id = c.customer_id "
        "and a.email = c.email and c.email like '%@erased.invalid'"
    ) == [(2,)]
    assert shop.rows(
        "select t.subject, m.body, r.requester_name from raw.support__tickets as t "
        "inner join raw.support__ticket_comments as m on t.ticket_id = m.ticket_id "
        "inner join raw.support__requesters as r on t.requester_id = r.requester_id "
        "where t.ticket_id = 'T1'"
    ) == [("erased", "erased", None)]
    assert shop.rows("select sum(probability) from ml.published_predictions") == [(Decimal("1.2"),)]


def test_what_a_computed_table_copied_of_the_person_goes_at_once(shop: Ground) -> None:
    shop.write(
        "organisation/credit_checks.csv",
        "check_id,customer_id,agency,checked_on,grade,aml_flag,aml_checked_on,updated_at\n"
        "K1,C1,Acme,2011-01-01,A,true,2011-01-01,2011-01-02 00:00:00\n"
        "K2,C11,Acme,2011-01-01,B,true,2011-01-01,2011-01-02 00:00:00\n",
    )
    shop.ingest()
    with connect(shop.settings) as con:
        con.execute(
            "create table core.int_aml_checks as "
            "select check_id, aml_flag from raw.organisation__credit_checks"
        )
    assert run(shop).row_counts["core.int_aml_checks"] == 1
    assert shop.rows("select check_id from core.int_aml_checks") == [("K2",)]


def test_an_address_that_was_tidied_is_one_that_is_tidied_still(shop: Ground) -> None:
    with connect(shop.settings) as con:
        con.execute("update raw.crm__customers set email = upper(email) where customer_id = 'C1'")
    tidied = "select count(*) from raw.{} where email <> lower(trim(email))"
    places = ("crm__customers", "billing__accounts", "support__requesters")
    before = [shop.rows(tidied.format(place)) for place in places]
    run(shop)
    assert [shop.rows(tidied.format(place)) for place in places] == before


def test_what_a_text_said_stays_in_numbers_of_nobody(shop: Ground) -> None:
    angry = {"comment_id": "M3", "ticket_id": "T1", "body": "The invoice is terrible", **COMMENT}
    agent = {**angry, "comment_id": "M4", "author_kind": "agent"}
    blank = {**angry, "comment_id": "M5", "body": " "}
    # Its period was over when it came: the mark is no text of the person.
    gone = {**angry, "comment_id": "M6", "body": EMPTIED}
    shop.write("support/ticket_comments_2.jsonl", json_lines([angry, agent, blank, gone]))
    shop.ingest()
    run(shop)
    kept = (
        "select item_id, language, sign(sentiment), topic, erasure_id, model_version "
        "from control.erased_text_scores order by 1"
    )
    version = default_lexicon().version
    assert shop.rows(kept) == [
        ("M1", "en", 0, None, 1, version),
        ("M3", "en", -1, "billing", 1, version),
        ("M5", None, None, None, 1, version),
    ]
    # Who wrote something wrote something still, and a blank text is one still.
    bodies = "select comment_id, body from raw.support__ticket_comments where ticket_id <> 'T2'"
    assert shop.rows(f"{bodies} order by 1") == [
        ("M1", "erased"), ("M3", "erased"), ("M4", "erased"), ("M5", " "),
        ("M6", EMPTIED),
    ]  # fmt: skip
    # The scores of others are not kept: their texts stand.
    with connect(shop.settings) as con:
        again = keep_scores(con, {"support.ticket_comments": "true"})
        assert (again, con.sql(f"select item_id from {KEPT_SCORES}").fetchall()) == (1, [("M2",)])


def test_how_records_were_linked_stays_known_of_nobody(shop: Ground) -> None:
    before = shop.rows(
        "select source_system, link_method, link_score, evidence_load_id "
        "from core.int_identity_links order by 1"
    )
    outcome = run(shop)
    assert outcome.erasure is not None
    assert before == shop.rows(
        "select source_system, link_method, link_score, evidence_load_id "
        "from control.erased_links order by 1"
    )
    assert shop.rows("select distinct customer_id from control.erased_links") == [
        (outcome.erasure.anonymous_id,)
    ]
    assert shop.rows(
        "select count(*) from control.erased_links as l inner join raw.crm__customers as c "
        "on l.source_id = c.customer_id and l.source_system = 'crm'"
    ) == [(1,)]


def test_keys_that_other_releases_may_have_for_the_person_are_known(shop: Ground) -> None:
    run(shop)
    for kind, value in (
        ("customer", "concat('cus_', substr(md5('C1'), 1, 16))"),
        ("customer", "concat('cus_', substr(md5('billing:B1'), 1, 16))"),
        ("source_key", "concat('support|', md5('R1'))"),
    ):
        assert shop.rows(f"select {was_erased(kind, value)}") == [(True,)]
    other = was_erased("source_key", "concat('crm|', md5('C2'))")
    assert shop.rows(f"select {other}") == [(False,)]


def test_the_next_load_knows_the_files_and_begins_at_the_first_month(shop: Ground) -> None:
    before = shop.rows("select count(*) from control.loads")
    run(shop)
    report = shop.ingest(NOW)
    assert {each.status for each in report.files} == {"known"}
    assert shop.rows("select count(*) - 1 from control.loads") == before
    assert shop.rows(
        "select cast(earliest_fact_date as varchar), rows_read from control.loads "
        "order by load_id desc limit 1"
    ) == [("2011-01-05", 0)]


def test_a_delivery_that_names_the_person_again_leaves_the_rows_out(shop: Ground) -> None:
    run(shop)
    stored = {
        table: shop.rows(f"from raw.{table} order by all")
        for table in ("crm__customers", "billing__invoices", "support__ticket_comments")
    }
    shop.write("crm/customers_again.csv", CUSTOMERS.replace(",C1,2011", ",,2011") + "\n")
    later = "I9,B1,GB,2011-03-05 00:00:00,GBP\n"
    shop.write("billing/invoices_again.csv", INVOICES + later)
    shop.write("support/ticket_comments_again.jsonl", json_lines(COMMENTS))
    shop.write("support/tickets_again.jsonl", json_lines(TICKETS))
    shop.ingest(NOW)
    found = shop.rows(
        "select table_name, rows_read, rows_accepted, rows_unchanged, rows_quarantined, "
        "rows_erased from control.loads where file like '%again%' order by table_name"
    )
    assert found == [
        # C2 comes without the customer above it, so it is a new version of itself.
        ("customers", 3, 1, 1, 0, 1),
        ("invoices", 4, 0, 1, 0, 3),
        ("ticket_comments", 2, 0, 1, 0, 1),
        ("tickets", 2, 0, 1, 0, 1),
    ]
    for table in ("billing__invoices", "support__ticket_comments"):
        assert shop.rows(f"from raw.{table} order by all") == stored[table]
    assert shop.rows(
        "select count(*) from quarantine.refused_rows where raw_text like '%Ada%'"
    ) == [(0,)]
    ((message,),) = shop.rows(
        "select message from control.loads where file like '%invoices_again%'"
    )
    assert message.startswith("3 of its rows are about erased persons and were left out")


def test_a_refused_row_of_the_person_cannot_come_back(shop: Ground) -> None:
    run(shop)
    assert shop.rows(
        "select line, raw_text is null from quarantine.refused_rows order by line"
    ) == [(3, True), (4, False)]
    with pytest.raises(ScorecardError, match="No row in quarantine"):
        release_rows(
            shop.settings,
            Selection.parse(["4:3"]),
            author="Ada",
            reason="mine",
            now=NOW,
        )


USAGE = """account_id,crm_customer_id,email,updated_at
U1,C1,ada@mail.example,2011-01-01 00:00:00
U2,C2,é界@mail.example,2011-01-01 00:00:00
U3,C1,ada2@mail.example,2011-01-01 00:00:00
"""
USAGE_OF_OTHERS = "".join(USAGE.splitlines(keepends=True)[::2])


def usage_rows(text: str) -> list[dict[str, object]]:
    return [dict(row) for row in csv.DictReader(io.StringIO(text))]


def as_parquet(text: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(usage_rows(text)), sink)
    return sink.getvalue()


def as_json(text: str) -> bytes:
    return json_lines(usage_rows(text)).encode()


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def unzstd(content: bytes) -> bytes:
    with pa.input_stream(io.BytesIO(content), compression="zstd") as stream:
        return bytes(stream.read())


Delivery = tuple[str, Callable[[str], bytes], Callable[[bytes], object]]
# By the encoding that is declared: the end of a file's name, the text made a file, and the file
# made what is compared.
DELIVERIES: dict[str, list[Delivery]] = {
    "utf-8": [
        ("csv.gz", lambda text: gzip.compress(text.encode()), gzip.decompress),
        ("csv.zst", lambda text: zstd(text.encode()), unzstd),
        ("jsonl.zst", lambda text: zstd(as_json(text)), unzstd),
        ("parquet", as_parquet, lambda content: pq.read_table(io.BytesIO(content))),
    ],
    "utf-16": [
        ("csv", lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"), bytes),
        ("big.csv", lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"), bytes),
        ("csv.gz", lambda text: gzip.compress(text.encode("utf-16")), gzip.decompress),
        # The encoding is that of CSV files: JSON lines are UTF-8 whatever it says.
        ("jsonl", as_json, bytes),
    ],
    "gb18030": [("csv", lambda text: text.encode("gb18030"), bytes)],
}


def deliver_usage(shop: Ground, files: Mapping[str, bytes], encoding: str = "utf-8") -> None:
    """Deliver the accounts of the product's use, two of three of the person, and link them."""
    shop.write("usage/source.yml", f"csv: {{encoding: {encoding}}}\n")
    for end, content in files.items():
        shop.write(f"usage/accounts.{end}", content)
    shop.ingest()
    assert shop.rows("select count(*) from raw.usage__accounts") == [(3,)]
    with connect(shop.settings) as con:
        con.execute(
            "insert into core.int_identity_links "
            "select 'usage', u.account_id, l.customer_id, 'crm_id', 1, 1 "
            "from raw.usage__accounts as u "
            "inner join core.int_identity_links as l on u.crm_customer_id = l.source_id"
        )


def usage_files(outcome: ErasureOutcome) -> list[tuple[int, bool, str]]:
    return [
        (each.rows, each.is_clean, each.why_not)
        for each in outcome.files
        if each.file.startswith("usage/")
    ]


@pytest.mark.parametrize("encoding", DELIVERIES)
def test_rows_go_from_every_format_and_encoding(shop: Ground, encoding: str) -> None:
    deliveries = DELIVERIES[encoding]
    deliver_usage(shop, {end: packed(USAGE) for end, packed, _ in deliveries}, encoding)
    assert usage_files(run(shop)) == [(2, True, "")] * len(deliveries)
    for end, packed, unpacked in deliveries:
        content = (shop.settings.landing / "usage" / f"accounts.{end}").read_bytes()
        assert unpacked(content) == unpacked(packed(USAGE_OF_OTHERS)), end
    assert {each.status for each in shop.ingest(NOW).files} == {"known"}


def test_no_encoding_but_the_wide_one_has_the_byte_of_a_new_line_elsewhere() -> None:
    others = "".join(map(chr, {*range(0x10000)} - {0x0A, *range(0xD800, 0xE000)}))
    found = [
        name for name, codec in ENCODINGS.items() if b"\n" in others.encode(codec, errors="ignore")
    ]
    assert found == ["utf-16"]


def usage_workbook(**more: Rows) -> bytes:
    return workbook(accounts=[row.split(",") for row in USAGE.splitlines()], **more)


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_rows_go_from_a_workbook_with_the_texts_that_only_they_had(shop: Ground) -> None:
    before = usage_workbook(Notes=[["seen by Bo"], [], ["C11"]])
    deliver_usage(shop, {"xlsx": before})
    assert usage_files(run(shop)) == [(2, True, "")]
    old = parts(before)
    new = parts((shop.settings.landing / "usage" / "accounts.xlsx").read_bytes())
    assert {name for name in old if old[name] != new[name]} == {SHEET, "xl/sharedStrings.xml"}
    for gone in (b"ada@", b"ada2@", b">U1<", b">C1<", b">U3<"):
        assert gone in old["xl/sharedStrings.xml"]
        assert not [name for name, content in new.items() if gone in content]
    assert re.findall(rb'<row r="(\d)"', new[SHEET]) == [b"1", b"3"]
    assert new["xl/sharedStrings.xml"].count(b"<si>") == old["xl/sharedStrings.xml"].count(b"<si>")
    assert {each.status for each in shop.ingest(NOW).files} == {"known"}
    # What is left is read as before: the row of the other, and no more.
    with connect(shop.settings) as con:
        con.execute("delete from control.loads where system = 'usage'")
    shop.ingest(NOW)
    assert shop.rows(
        "select rows_read, rows_unchanged, rows_erased from control.loads where system = 'usage'"
    ) == [(1, 1, 0)]


def test_other_parts_of_a_workbook_are_named(shop: Ground) -> None:
    notes = [["call C1 again"]], [["nobody"], [Stored("Ring ada@mail.example", "str")]], [["C11"]]
    sheets = {f"Notes {number}": rows for number, rows in enumerate(notes)}
    deliver_usage(shop, {"xlsx": usage_workbook(**sheets)})
    outcome = run(shop)
    ((rows, is_clean, why_not),) = usage_files(outcome)
    assert (rows, is_clean) == (2, False)
    assert why_not.endswith(": xl/worksheets/sheet2.xml, xl/worksheets/sheet3.xml")
    assert "these rows are out" in told(outcome)


def test_a_workbook_in_whose_rows_formulas_stand_is_named_and_left_alone(shop: Ground) -> None:
    whole = parts(usage_workbook())
    first = whole[SHEET].index(b"<v>", whole[SHEET].index(b'r="D2"'))
    whole[SHEET] = whole[SHEET][:first] + b"<f>D3</f>" + whole[SHEET][first:]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in whole.items():
            archive.writestr(name, part)
    deliver_usage(shop, {"xlsx": buffer.getvalue()})
    ((rows, is_clean, why_not),) = usage_files(run(shop))
    assert (rows, is_clean) == (2, False)
    assert "formulas" in why_not
    path = shop.settings.landing / "usage" / "accounts.xlsx"
    assert path.read_bytes() == buffer.getvalue()


def test_files_that_no_contract_claims_are_named_where_they_name_the_person(shop: Ground) -> None:
    shop.write("crm/old/notes.txt", "C1 rang\n")
    shop.write("crm/old/list.csv.gz", gzip.compress(b"x,ada@mail.example\n"))
    shop.write("crm/old/others.csv", "C11,C12\n")
    found = [each for each in run(shop).files if "claims" in each.why_not]
    assert [(each.file, each.is_clean) for each in found] == [
        ("crm/old/list.csv.gz", False),
        ("crm/old/notes.txt", False),
    ]


def test_files_outside_the_home_are_named_and_left_alone(tmp_path: Path) -> None:
    made = make_ground(tmp_path)
    outside = Ground(replace(made.settings, landing=tmp_path / "theirs"))
    fill(outside)
    before = landing(outside)
    outcome = run(outside)
    assert landing(outside) == before
    assert {each.why_not for each in outcome.files} == {"the landing area is not in the home"}
    assert "crm/customers.csv: 1 rows" in told(outcome)


def test_the_record_is_chained_and_names_nobody(shop: Ground) -> None:
    run(shop)
    with connect(shop.settings) as con:
        con.execute(
            "insert into core.int_identity_links values "
            "('crm', 'C11', concat('cus_', substr(md5('C11'), 1, 16)), 'own_id', 1, 1)"
        )
    run(shop, "C11")
    found = shop.rows("from control.erasures"), shop.rows("from control.erased_identifiers")
    assert not [word for word in ("C1'", "B1'", "ada@", "Byron") if word in str(found)]
    assert shop.rows("select author, reason from control.erasures") == [("Ada", "request 7")] * 2
    with connect(shop.settings) as con:
        con.execute("update control.erasures set reason = 'none' where erasure_id = 1")
    with pytest.raises(ScorecardError, match="hash of erasure 1"):
        shop.ingest(NOW)


def test_a_hash_that_was_taken_away_is_found(shop: Ground) -> None:
    run(shop)
    with connect(shop.settings) as con:
        con.execute("delete from control.erased_identifiers where kind = 'billing.accounts'")
    with pytest.raises(ScorecardError, match="hash of erasure 1"):
        shop.ingest(NOW)


@pytest.mark.parametrize("customer", ["C3", "Ada Byron", ""])
def test_nobody_is_erased_by_mistake(shop: Ground, customer: str) -> None:
    with pytest.raises(ScorecardError, match="No customer is called"):
        run(shop, customer)


def test_an_erasure_needs_a_reason(shop: Ground) -> None:
    with pytest.raises(UsageError, match="needs its reason"):
        erase(shop.settings, "C1", author="Ada", reason=" ", now=NOW, is_rehearsal=True)


def test_each_identifier_says_whose_it_is_and_each_text_is_reached() -> None:
    contracts = load_contracts(ROOT / "models" / "staging")
    assert [
        f"{contract.title}.{column.name}"
        for contract in contracts
        for column in contract.columns
        if (column.personal_data == "pseudonym") != bool(column.identifies)
    ] == []
    unreached = [
        contract.title
        for contract in contracts
        if any(column.personal_data in ("personal", "sensitive") for column in contract.columns)
        and not contract.subject_via
        and not any(column.identifies != "organisation.staff" for column in contract.owner_columns)
    ]
    # Staff are no customers: their names go with the row that the source corrects.
    assert unreached == ["organisation.staff"]

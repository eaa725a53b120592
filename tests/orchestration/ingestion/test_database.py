"""Tables of a real Postgres server go the way of files: rules, quarantine, ledger, once each."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import yaml

VARIABLE = "SCORECARD_SHOP_DSN"
AT = datetime.fromisoformat("2011-03-01 10:00")
COLUMNS = "product_id text, price numeric(18,4), dumped_at timestamp"
PRICES = "select product_id, price, dumped_at from raw.shop__prices order by all"


@pytest.fixture
def declare(shop, monkeypatch, server):
    """A ground whose table `prices` lies in the server, as declared."""
    monkeypatch.setenv(VARIABLE, server.uri)

    def make(
        more: dict[str, Any] | None = None, meta: dict[str, Any] | None = None, **declared: Any
    ):
        ground = shop(more=more or {}, **(meta or {}))
        table = {"table": "price_list", **declared}
        _declare(ground, tables={"prices": table})
        return ground

    return make


def _declare(ground, **changes):
    database = {"type": "postgres", "dsn_env": VARIABLE, "schema": "shop", **changes}
    ground.write("shop/source.yml", yaml.safe_dump({"database": database}))


def test_a_table_is_loaded_once_and_only_what_changed_again(server, declare):
    ground = declare(meta={"load_mode": "upsert"})
    server.table(
        "price_list",
        COLUMNS,
        "'P2', 2.5, '2011-03-01 10:00'",
        "'P1', 1, '2011-03-01 10:00'",
        "'P3', null, '2011-03-01 10:00'",
    )

    result = ground.result()

    assert (result.status, result.file) == ("loaded", "postgres:shop.price_list")
    assert (result.rows_read, result.rows_accepted, result.rows_quarantined) == (3, 2, 1)
    stored = "select product_id, price, dumped_at, _line, _file, _load_id from raw.shop__prices"
    assert ground.rows(f"{stored} order by 1") == [
        ("P1", Decimal(1), AT, 1, "postgres:shop.price_list", 1),
        ("P2", Decimal("2.5"), AT, 2, "postgres:shop.price_list", 1),
    ]
    assert ground.rows("select line, rule, message, raw_text from quarantine.refused_rows") == [
        (
            3,
            "not_null",
            "price is empty, and the contract requires a value",
            '{"product_id":"P3","price":null,"dumped_at":"2011-03-01 10:00:00"}',
        )
    ]
    assert ground.rows("select bytes, rows_read, status from control.loads") == [
        (None, 3, "loaded")
    ]

    assert ground.result().status == "known"
    assert ground.rows("select count(*) from control.loads") == [(1,)]

    server.run("update shop.price_list set price = 3, dumped_at = '2011-04-01' where price = 2.5")
    changed = ground.result()
    assert (changed.rows_read, changed.rows_accepted, changed.rows_unchanged) == (3, 1, 1)
    assert changed.earliest_fact_date == date(2011, 4, 1)


def test_a_table_that_goes_back_to_what_it_was_is_a_change(server, declare):
    ground = declare(meta={"load_mode": "upsert"})
    row = "'P1', {}, '2011-03-01 10:00'"
    server.table("price_list", COLUMNS, row.format(1))
    ground.ingest()
    for price in (2, 1):
        server.run(f"update shop.price_list set price = {price}")
        assert (ground.result().status, ground.result().status) == ("loaded", "known")
    assert ground.rows("select price from raw.shop__prices order by _load_id") == [
        (Decimal(1),),
        (Decimal(2),),
        (Decimal(1),),
    ]


def test_values_keep_their_worth_whatever_their_type(server, declare):
    ground = declare(
        more={
            "seats": ("bigint", {}),
            "is_sold": ("boolean", {}),
            "valid_on": ("date", {}),
            "sold_at": ("timestamp", {}),
            "rate": ("double", {}),
            "remark": ("varchar", {}),
            "code": ("varchar", {}),
            "detail": ("varchar", {}),
            "mood": ("varchar", {}),
        }
    )
    server.run("drop type if exists shop.mood cascade; create type shop.mood as enum ('good')")
    server.table(
        "price_list",
        "product_id uuid, price numeric, dumped_at timestamptz, seats bigint, is_sold boolean, "
        "valid_on date, sold_at timestamp, rate real, remark text, code char(5), detail jsonb, "
        "mood shop.mood, hours int[]",
        "'00000000-0000-0000-0000-000000000001', 12345678901234.5678, '2011-03-01 12:00+02', "
        "9007199254740993, true, '2011-02-28', '2011-02-28 09:30', 1.1, '你好 😀', '7', "
        """'{"a": 1}', 'good', '{1,2}'""",
        "'00000000-0000-0000-0000-000000000002', 'NaN', '2011-03-01 10:00+00', null, null, null, "
        "null, null, null, null, null, null, null",
        "'00000000-0000-0000-0000-000000000003', 1.00001, '2011-03-01 10:00+00', null, null, null, "
        "null, null, null, null, null, null, null",
        "'00000000-0000-0000-0000-000000000004', 1, 'infinity', null, null, null, "
        "null, null, null, null, null, null, null",
        "'00000000-0000-0000-0000-000000000005', 1, '2011-03-01', null, null, null, "
        "null, 'NaN', null, null, null, null, null",
    )
    ground.ingest()
    assert ground.rows("select * exclude (_load_id, _file, _row_hash) from raw.shop__prices") == [
        (
            "00000000-0000-0000-0000-000000000001",
            Decimal("12345678901234.5678"),
            AT,
            9007199254740993,
            True,
            date(2011, 2, 28),
            datetime.fromisoformat("2011-02-28 09:30"),
            1.1,
            "你好 😀",
            "7",
            '{"a": 1}',
            "good",
            1,
        )
    ]
    assert ground.rows(
        "select line, rule, column_name from quarantine.refused_rows order by line"
    ) == [
        (2, "type", "price"),
        (3, "type", "price"),
        (4, "date_in_future", "dumped_at"),
        (5, "type", "rate"),
    ]


def test_rows_are_the_same_as_from_a_file(server, declare):
    ground = declare()
    server.table("price_list", COLUMNS, "'P1', 2.5, '2011-03-01 10:00'")
    ground.write("shop/prices.csv", "product_id,price,dumped_at\nP1,2.50,2011-03-01 10:00:00\n")
    report = ground.ingest()
    assert [result.rows_unchanged for result in report.files] == [0, 1]
    assert report.rows_accepted == 1


def test_what_fivetran_left_is_read_by_mapping_without_its_deleted_rows(server, declare):
    ground = declare(
        columns={"product_id": "id", "price": "list price", "dumped_at": "Updated"},
        where="_fivetran_deleted is not true -- soft deletes",
    )
    server.table(
        "price_list",
        'id bigint, "list price" numeric(10,2), "Updated" timestamptz, colour text, '
        "_fivetran_deleted boolean, _fivetran_synced timestamptz",
        "1, 2.5, '2011-03-01 10:00+00', 'red', false, now()",
        "2, 3.5, '2011-03-01 10:00+00', 'red', true, now()",
        "3, 4.5, '2011-03-01 10:00+00', 'red', null, now()",
    )
    result = ground.result()
    assert [row[0] for row in ground.rows(PRICES)] == ["1", "3"]
    assert result.message == "columns the contract does not know stay in the table: colour"
    assert result.extra_columns == "colour, _fivetran_deleted, _fivetran_synced"


@pytest.mark.parametrize(
    "columns",
    [
        "_airbyte_raw_id text, _airbyte_extracted_at timestamptz, _airbyte_meta jsonb, "
        "_airbyte_generation_id bigint",
        "_dlt_load_id text, _dlt_id text, _sdc_batched_at timestamptz",
    ],
)
def test_columns_of_extract_tools_make_no_noise(server, declare, columns):
    ground = declare()
    server.table("price_list", f"{COLUMNS}, {columns}")
    server.run("insert into shop.price_list values ('P1', 2.5, '2011-03-01 10:00')")
    result = ground.result()
    assert (result.rows_accepted, result.message) == (1, "")
    assert len(result.extra_columns.split(", ")) == len(columns.split(", "))


def test_a_sync_that_touches_only_its_own_columns_changes_nothing(server, declare):
    ground = declare()
    server.table("price_list", f"{COLUMNS}, _fivetran_synced timestamptz")
    server.run("insert into shop.price_list values ('P1', 2.5, '2011-03-01 10:00', now())")
    ground.ingest()
    server.run("update shop.price_list set _fivetran_synced = now() + interval '1 day'")
    assert ground.result().status == "known"


CURSORS = {
    "timestamp": ("dumped_at", "timestamp"),
    "timestamptz": ("dumped_at", "timestamptz"),
    "bigint": ("change", "timestamp"),
}


@pytest.mark.parametrize("case", CURSORS)
def test_with_a_cursor_only_rows_from_the_newest_stored_on_are_read(server, declare, case):
    cursor, kind = CURSORS[case]
    ground = declare(more={"change": ("bigint", {})}, meta={"load_mode": "upsert"}, cursor=cursor)
    columns = f"product_id text, price numeric, dumped_at {kind}, change bigint"
    rows = [f"'P{n}', {n}, '2011-03-0{n} 10:00', {n}" for n in range(1, 6)]
    server.table("price_list", columns, *rows, "'P9', -1, null, 9")

    first = ground.result()
    assert (first.rows_read, first.rows_accepted, first.message) == (6, 5, "")
    assert ground.result().status == "known"

    server.run("insert into shop.price_list values ('P6', 6, '2011-03-06 10:00', 10)")
    second = ground.result()
    since = "2011-03-05 10:00:00" if cursor == "dumped_at" else "5"
    assert second.message == f"only rows from {cursor} {since} on were read"
    # P5 again, since others may have come at that moment; the row without a moment; the new one.
    assert (second.rows_read, second.rows_accepted, second.rows_unchanged) == (3, 1, 1)
    assert ground.result().status == "known"


def test_a_cursor_looks_at_what_came_from_the_table_not_from_files(server, declare):
    ground = declare(cursor="dumped_at")
    ground.write("shop/prices.csv", "product_id,price,dumped_at\nP9,1,2011-12-01\n")
    server.table("price_list", COLUMNS, "'P1', 2.5, '2011-03-01 10:00'")
    assert ground.ingest().rows_accepted == 2


def test_an_empty_table_says_zero_and_is_known(server, declare):
    ground = declare()
    server.table("price_list", COLUMNS)
    assert "it holds no row" in ground.result().message
    assert ground.result().status == "known"


def test_a_database_in_another_encoding_is_read(server, declare, monkeypatch):
    server.outside_transaction(
        "create database latin encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'"
    )
    server.con.execute(f"attach '{server.at('latin')}' as latin (type postgres)")
    server.run("create schema shop", database="latin")
    server.run(
        "create table shop.price_list as select 'Caf' || chr(233) as product_id, 1.5 as price, "
        "timestamp '2011-03-01' as dumped_at",
        database="latin",
    )
    ground = declare()
    monkeypatch.setenv(VARIABLE, server.at("latin"))
    ground.ingest()
    assert ground.rows("select product_id from raw.shop__prices") == [("Café",)]


def test_a_view_is_a_table(server, declare):
    ground = declare(table="price_view")
    server.table("price_base", COLUMNS, "'P1', 2.5, '2011-03-01 10:00'")
    server.run("create or replace view shop.price_view as select * from shop.price_base")
    assert ground.result().rows_accepted == 1


REFUSED = {
    "a missing table": (
        {"table": "pricelist"},
        ["the database of shop has no table pricelist in its schema shop, where shop.prices is "
         "declared to be; tables there: ", "price_list", "shop/source.yml"],
    ),
    "a column that source.yml names": (
        {"columns": {"price": "amount"}},
        ["shop/source.yml names the column amount (for price), and the table shop.price_list has "
         "only: product_id, dumped_at, note"],
    ),
    "a column that the contract requires": (
        {},
        ["the contract shop.prices (models/staging/shop/_shop__sources.yml) requires the column "
         "price, and the table has only: product_id, dumped_at, note"],
    ),
    "a condition on what is not there": (
        {"columns": {"price": "product_id"}, "where": "deleted is null"},
        ['gave no rows of shop.price_list for shop.prices: column "deleted" does not exist. Mend'],
    ),
    "a condition that is none": (
        {"columns": {"price": "product_id"}, "where": "true) or ("},
        ['syntax error at or near ")"'],
    ),
    "a condition that fails on a row": (
        {"columns": {"price": "product_id"}, "where": "note::int > 4"},
        ["it broke off for a reason that the log of the server tells"],
    ),
    "a cursor that is text there": (
        {"columns": {"price": "product_id", "dumped_at": "note"}, "cursor": "dumped_at"},
        ["its cursor note is neither a date, a time nor a whole number in the database"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_cannot_be_loaded_is_refused_and_files_go_on(server, declare, case):
    declared, expected = REFUSED[case]
    ground = declare(**declared)
    server.table(
        "price_list", "product_id text, dumped_at timestamp, note text", "'P1', now(), 'Jane Doe'"
    )
    ground.write("shop/prices.csv", "product_id,price,dumped_at\nP1,2.5,2011-01-01\n")

    loaded, refused = ground.ingest().files

    assert (loaded.status, refused.status) == ("loaded", "refused")
    name = declared.get("table", "price_list")
    assert refused.message.startswith(f"postgres:shop.{name} was refused: ")
    for part in expected:
        assert part in refused.message
    assert "Jane" not in refused.message
    assert ground.rows("select status, message, sha256 from control.loads order by load_id") == [
        ("loaded", "", loaded_hash(ground)),
        ("refused", refused.message, None),
    ]
    ground.ingest()
    assert ground.rows("select count(*) from control.loads") == [(2,)]


def loaded_hash(ground):
    return ground.rows("select sha256 from control.loads where status = 'loaded'")[0][0]


@pytest.fixture
def clerk(server) -> str:
    """A user who must give a password and may read nothing."""
    server.run("drop role if exists clerk; create role clerk login password 'hunter2'")
    rules = server.folder / "pg_hba.conf"
    text = rules.read_text(encoding="utf-8")
    if "clerk" not in text:
        rules.write_text(f"local all clerk scram-sha-256\n{text}", encoding="utf-8")
    server.run("select pg_reload_conf()")
    template = server.uri.replace("postgres:@", "clerk:{}@")
    for _ in range(1000):  # the server reads its rules when it comes to it
        try:
            server.con.execute(f"attach '{template.format('wrong')}' as wrong (type postgres)")
        except duckdb.Error:
            return template
        server.con.execute("detach wrong")
    raise AssertionError("the server still admits the clerk without a password")


UNREACHED = {
    "unset": (None, ["environment variable", "is not set", "postgresql://user:password@host"]),
    "blank": (" ", ["is not set"]),
    "no server": ("postgresql://shop:hunter2@127.0.0.1:1/shop", ["no server answers there"]),
    "no socket": ("host=/nowhere user=shop password=hunter2", ["no server answers there"]),
    "no host": ("postgresql://shop:hunter2@no.such.host.invalid/shop", ["no host of that name"]),
    "no string": ("hunter2", ["it holds no connection string; write it as postgresql://"]),
    "spaces": ("postgresql://shop:hunter2 x@db/shop", ["it holds no connection string"]),
}


@pytest.mark.parametrize("case", UNREACHED)
def test_a_database_out_of_reach_is_refused_without_its_secret(declare, monkeypatch, case):
    string, expected = UNREACHED[case]
    ground = declare()
    if string is None:
        monkeypatch.delenv(VARIABLE)
    else:
        monkeypatch.setenv(VARIABLE, string)
    _check_unreached(ground, expected)


def test_a_wrong_password_an_unknown_user_and_database_are_told_apart(
    server, declare, monkeypatch, clerk
):
    ground = declare()
    for string, said in (
        (clerk.format("hunter3"), "does not accept the user or the password"),
        (server.uri.replace("postgres:@", "nobody:hunter2@"), "knows no such user"),
        (server.at("nowhere"), "has no database of that name"),
    ):
        monkeypatch.setenv(VARIABLE, string)
        _check_unreached(ground, [said])


def _check_unreached(ground, expected):
    result = ground.result()
    assert result.status == "refused"
    assert VARIABLE in result.message
    for part in expected:
        assert part in result.message
    assert "hunter" not in result.message
    newest = "select message from control.loads order by load_id desc limit 1"
    assert ground.rows(newest) == [(result.message,)]


def test_a_user_without_rights_is_told_which(declare, monkeypatch, server, clerk):
    server.table("price_list", COLUMNS)
    server.run("grant usage on schema shop to clerk")
    ground = declare()
    monkeypatch.setenv(VARIABLE, clerk.format("hunter2"))
    assert "permission denied for table price_list" in ground.result().message


def test_the_database_cannot_be_written(server, declare):
    ground = declare(where="shop.touch() = 1")
    server.table("price_list", COLUMNS, "'P1', 2.5, '2011-03-01 10:00'")
    server.run(
        "create or replace function shop.touch() returns int language sql as "
        "$$ delete from shop.price_list returning 1 $$"
    )
    assert "cannot execute DELETE in a read-only transaction" in ground.result().message
    assert server.con.execute("select count(*) from server.shop.price_list").fetchall() == [(1,)]


def test_a_killed_server_refuses_the_table_and_the_next_run_loads_it(server, declare):
    ground = declare(where="pg_terminate_backend(pg_backend_pid())")
    server.table("price_list", COLUMNS, "'P1', 2.5, '2011-03-01 10:00'")
    assert ground.result().status == "refused"
    _declare(ground, tables={"prices": {"table": "price_list"}})
    assert ground.result().status == "loaded"


def test_the_doctor_says_that_a_database_is_reached(declare):
    from orchestration.doctor import _databases

    found = _databases(declare().settings)
    assert (found.level, found.text) == ("ok", "reached: shop (1 tables)")

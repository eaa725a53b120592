"""A company's own way of delivering, declared in `source.yml`: read strictly, applied to files."""

from decimal import Decimal

import pytest
import yaml

from orchestration.errors import ContractError, EmptyLandingError
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.delivery import read_deliveries
from tests.orchestration.ingestion.workbook import moment, number, workbook

ROW = ("P1", Decimal("2.5"))
STORED = "select product_id, price from raw.shop__prices"


def _declare(ground, document):
    return ground.write("shop/source.yml", yaml.safe_dump(document, allow_unicode=True))


def test_a_table_s_dialect_pattern_and_columns_are_this_company_s(shop):
    ground = shop()
    _declare(
        ground,
        {
            "csv": {"delimiter": ";"},
            "tables": {
                "prices": {
                    "file_pattern": "preisliste_*",
                    "csv": {"encoding": "gb18030"},
                    "columns": {"product_id": "商品", "price": "Preis"},
                }
            },
        },
    )
    text = "商品;Preis;price;dumped_at\n客户;2.50;9;2011-01-01\n"
    ground.write("shop/preisliste_1.csv", text.encode("gb18030"))
    ground.write("shop/prices.csv", "product_id,price,dumped_at\n")

    report = ground.ingest()

    assert ground.rows(STORED) == [("客户", Decimal("2.5"))]
    assert report.unmatched == ("shop/prices.csv",)
    assert [result.extra_columns for result in report.files] == ["price"]


def test_columns_are_renamed_in_every_format(shop):
    ground = shop()
    names = {"product_id": "Artikel", "price": "Preis"}
    _declare(
        ground,
        {"tables": {"prices": {"columns": names, "excel": {"sheet": "Preise", "header_row": 2}}}},
    )
    ground.write(
        "shop/prices.jsonl", '{"artikel": "P1", "Preis": 2.5, "dumped_at": "2011-01-01"}\n'
    )
    ground.write("shop/prices.csv", "Artikel,Preis,dumped_at\nP1,2.5,2011-01-01\n")
    sheet = [
        ["Stand 2011"],
        ["Artikel", "Preis", "dumped_at"],
        ["P1", number("2.5"), moment("40544")],
    ]
    ground.write("shop/prices.xlsx", workbook(Deckblatt=[], Preise=sheet))
    report = ground.ingest()
    assert (report.rows_accepted, report.rows_unchanged) == (1, 2)
    assert ground.rows(STORED) == [ROW]


def test_a_renamed_column_that_is_missing_is_named_by_both_names(shop):
    ground = shop(more={"remark": ("varchar", {})})
    _declare(ground, {"tables": {"prices": {"columns": {"price": "Preis", "remark": "Bemerkung"}}}})
    ground.write("shop/prices_1.csv", "product_id,price,dumped_at\nP1,2.5,2011-01-01\n")
    ground.write("shop/prices_2.csv", "product_id,Preis,dumped_at\nP1,2.5,2011-01-01\n")
    refused, loaded = ground.ingest().files
    assert "requires the column price (there 'Preis'), and the file has only: " in refused.message
    assert "say in shop/source.yml what the source calls them" in refused.message
    assert loaded.message == "columns the file does not have are null: remark (there 'Bemerkung')"


def test_a_declaration_alone_is_no_landing_area(shop):
    ground = shop()
    _declare(ground, {})
    with pytest.raises(EmptyLandingError, match="holds no file"):
        ground.ingest()


def test_only_the_declarations_of_the_systems_asked_for_are_read(ground):
    ground.lines("L1,I1,P1,1,2.50,2011-05-04")
    ground.write("crm/source.yml", "tables: [")
    assert ground.ingest(systems=["billing"]).rows_accepted == 1
    with pytest.raises(ContractError, match="cannot be read as YAML"):
        ground.ingest()


DATABASE = {"type": "postgres", "dsn_env": "SHOP_DSN", "tables": {"prices": {}}}


def _database(**changes):
    return {"database": {**DATABASE, **changes}}


def _prices(**changes):
    return _database(tables={"prices": changes})


BROKEN = {
    "a list": ([], "expected keys with values, found a list"),
    "misspelt key": ({"table": {}}, "system shop: the file has the unknown key 'table'; known"),
    "misspelt csv key": ({"csv": {"sep": ";"}}, "csv has the unknown key 'sep'"),
    "unknown encoding": (
        {"tables": {"prices": {"csv": {"encoding": "ebcdic"}}}},
        "tables.prices: `csv.encoding` must be one of utf-8, utf-16, gb18030,",
    ),
    "unknown table": (
        {"tables": {"price": {}}},
        "`tables` names 'price', which is no table of the contract; tables of the contract: prices",
    ),
    "unknown column": (
        {"tables": {"prices": {"columns": {"prise": "Preis"}}}},
        "tables.prices: `columns` names 'prise', which is no column of the contract; columns of "
        "the contract: product_id, price, dumped_at",
    ),
    "a name that YAML takes for a truth": (
        {"tables": {"prices": {"columns": {"price": True}}}},
        "must say what the source calls price, found True; put quotes around",
    ),
    "renamed without a header": (
        {"tables": {"prices": {"csv": {"header": False}, "columns": {"price": "Preis"}}}},
        "csv.header is false",
    ),
    "header in words": (
        {"tables": {"prices": {"csv": {"header": "no"}}}},
        "`csv.header` must be true or false, found 'no'",
    ),
    "empty pattern": ({"tables": {"prices": {"file_pattern": " "}}}, "`file_pattern` must be text"),
    "a table that is none": ({"tables": {"prices": "x"}}, "`prices` must be a mapping, found a"),
    "another database": (_database(type="oracle"), "`type` must be one of postgres, found 'ora"),
    "a password": (_database(key="hunter2"), "database: it has the unknown key 'key'; known"),
    "a connection string": (
        _database(dsn_env="postgresql://shop:hunter2@db/shop"),
        "database: `dsn_env` must be the name of an environment variable",
    ),
    "no tables": (_database(tables={}), "`tables` names no table"),
    "unknown table there": (_database(tables={"price": {}}), "`tables` names 'price'"),
    "misspelt key there": (_prices(filter="a"), "database.tables.prices: it has the unknown key"),
    "cursor without column": (_prices(cursor="at"), "`cursor` names 'at', which is no column"),
    "cursor of a price": (
        _prices(cursor="price"),
        "names price, a decimal(18,4); it must be a date, a timestamp or a whole number",
    ),
    "where that is no text": (_prices(where=True), "`where` must be text, found True"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_declaration_that_cannot_be_meant_is_refused_with_its_place(shop, case):
    document, said = BROKEN[case]
    ground = shop()
    path = _declare(ground, document)
    ground.write("shop/prices.csv", "product_id,price,dumped_at\nP1,2.5,2011-01-01\n")
    with pytest.raises(ContractError) as caught:
        ground.ingest()
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert not ground.settings.warehouse.exists()


def test_yaml_that_is_none_is_refused_without_its_text(shop):
    ground = shop()
    ground.write("shop/source.yml", "database:\n  dsn_env: 'postgresql://shop:hunter2@db\n")
    with pytest.raises(ContractError) as caught:
        ground.ingest()
    assert "source.yml cannot be read as YAML: it breaks off near line 3" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_database_is_read_as_declared(shop):
    ground = shop()
    _declare(
        ground,
        _prices(
            table="price_list", columns={"price": "amount"}, cursor="dumped_at", where="not deleted"
        ),
    )
    contracts = load_contracts(ground.settings.contracts_root)
    (database,) = read_deliveries(ground.settings.landing, contracts).databases
    (table,) = database.tables
    assert (database.system, database.variable) == ("shop", "SHOP_DSN")
    assert (table.name, table.cursor, table.where) == (
        "postgres:public.price_list",
        "dumped_at",
        "not deleted",
    )
    assert table.contract.source_names == {"price": "amount"}

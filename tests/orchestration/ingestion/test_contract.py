"""A contract that contradicts itself is refused before any file is read, with its place named."""

from pathlib import Path

import pytest
import yaml

from orchestration.errors import ContractError
from orchestration.ingestion.contract import Retention, load_contracts

ROOT = Path(__file__).parents[3]


def _source():
    return {
        "name": "shop",
        "schema": "raw",
        "description": "The shop's till.",
        "tables": [
            {
                "name": "sales",
                "identifier": "shop__sales",
                "description": "One row per sale.",
                "config": {
                    "meta": {
                        "file_pattern": "sales*",
                        "load_mode": "append",
                        "key": ["sale_id"],
                        "event_time": "sold_at",
                        "csv": {"encoding": "utf-8"},
                    }
                },
                "columns": [
                    _column("sale_id", "varchar"),
                    _column("sold_at", "timestamp"),
                    _column("price", "decimal(18, 4)", min=0, max=10),
                ],
            }
        ],
    }


def _column(name, data_type, **meta):
    meta = {"required": True, "not_null": True, "personal_data": "none", **meta}
    return {
        "name": name,
        "data_type": data_type,
        "description": name,
        "config": {"meta": meta},
    }


def _write(folder, *sources):
    path = folder / "models" / "staging" / "shop" / "_shop__sources.yml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump({"version": 2, "sources": list(sources)}), encoding="utf-8")
    return path.parents[1]


def test_a_sound_contract_is_read(tmp_path):
    (contract,) = load_contracts(_write(tmp_path, _source()))
    assert (contract.title, contract.raw_table) == ("shop.sales", 'raw."shop__sales"')
    assert contract.column("price").data_type == "decimal(18,4)"
    assert str(contract.path) == "models/staging/shop/_shop__sources.yml"


def test_what_a_contract_does_not_say_has_its_default(tmp_path):
    (contract,) = load_contracts(_write(tmp_path, _source()))
    assert (contract.quiet_days, contract.is_reference) == (0, False)
    assert (contract.excel.sheet, contract.excel.header_row) == (None, 1)
    assert contract.column("sold_at").not_before is None


def test_what_a_contract_says_of_its_system_and_table_is_read(tmp_path):
    source = _source()
    source["config"] = {"meta": {"optional": True, "quiet_days": 400}}
    _table_meta(source).update(reference=True, excel={"sheet": "销售", "header_row": 3})
    _table(source)["columns"].append(_column("shipped_at", "date", not_before="sold_at"))
    (contract,) = load_contracts(_write(tmp_path, source))
    assert (contract.is_optional, contract.quiet_days, contract.is_reference) == (True, 400, True)
    assert (contract.excel.sheet, contract.excel.header_row) == ("销售", 3)
    assert contract.column("shipped_at").not_before == "sold_at"


def _table(source):
    return source["tables"][0]


def _table_meta(source):
    return _table(source)["config"]["meta"]


def _column_meta(source):
    return _table(source)["columns"][2]["config"]["meta"]


def _with_period(source):
    """A source whose table names a buyer, for three years."""
    _table(source)["columns"].append(_column("buyer", "varchar", personal_data="personal"))
    _table_meta(source).update(retention={"months": 36})
    return source


def _period(source):
    return _table_meta(source)["retention"]


def _column_of(source, name):
    (column,) = [each for each in _table(source)["columns"] if each["name"] == name]
    return column["config"]["meta"]


def test_a_period_counts_from_the_event_time_unless_it_says_another(tmp_path):
    (contract,) = load_contracts(_write(tmp_path, _with_period(_source())))
    assert contract.retention == Retention(36, "sold_at")
    source = _with_period(_source())
    opened = _column("opened_at", "date", required=True, not_null=True)
    _table(source)["columns"].append(opened)
    _period(source).update({"from": "opened_at"})
    (contract,) = load_contracts(_write(tmp_path / "other", source))
    assert contract.retention == Retention(36, "opened_at")
    (contract,) = load_contracts(_write(tmp_path / "none", _source()))
    assert contract.retention is None


BROKEN = {
    "identifier": (lambda s: _table(s).update(identifier="x"), "must be shop__sales"),
    "misspelt table key": (lambda s: _table_meta(s).update(keys=["a"]), "unknown key 'keys'"),
    "misspelt column key": (lambda s: _column_meta(s).update(notnull=True), "key 'notnull'"),
    "misspelt csv key": (lambda s: _table_meta(s).update(csv={"sep": ";"}), "unknown key 'sep'"),
    "load mode": (lambda s: _table_meta(s).update(load_mode="replace"), "append, upsert, snapshot"),
    "encoding": (lambda s: _table_meta(s).update(csv={"encoding": "ebcdic"}), "utf-8, utf-16"),
    "delimiter": (lambda s: _table_meta(s).update(csv={"delimiter": ";;"}), "one character"),
    "key without column": (lambda s: _table_meta(s).update(key=["id"]), "names id"),
    "no key": (lambda s: _table_meta(s).update(key=[]), "names no column"),
    "event time of another type": (
        lambda s: _table_meta(s).update(event_time="price"),
        "must be a date or a timestamp",
    ),
    "nullable key": (
        lambda s: _table(s)["columns"][0]["config"]["meta"].update(not_null=False),
        "make it required and not_null",
    ),
    "data type": (lambda s: _table(s)["columns"][2].update(data_type="money"), "'money'"),
    "known_at": (lambda s: _column_meta(s).update(known_at="when"), "names when"),
    "refers_to": (
        lambda s: _column_meta(s).update(refers_to="shop.sales"),
        "refers_to names shop.sales, which is no table of versions",
    ),
    "bound": (lambda s: _column_meta(s).update(min="low"), "must be a number, found 'low'"),
    "earliest": (lambda s: _column_meta(s).update(earliest="soon"), "must be a day"),
    "not_before without column": (
        lambda s: _table(s)["columns"][1]["config"]["meta"].update(not_before="opened_at"),
        "not_before of sold_at names opened_at: no other column",
    ),
    "not_before of itself": (
        lambda s: _table(s)["columns"][1]["config"]["meta"].update(not_before="sold_at"),
        "no other column",
    ),
    "not_before of a price": (
        lambda s: _column_meta(s).update(not_before="sold_at"),
        "compares times, and price is no date or timestamp",
    ),
    "quiet days": (
        lambda s: s.update(config={"meta": {"quiet_days": -1}}),
        "`quiet_days` must be a whole number from 0 on, found -1",
    ),
    "reference": (lambda s: _table_meta(s).update(reference="yes"), "must be true or false"),
    "misspelt excel key": (
        lambda s: _table_meta(s).update(excel={"tab": "Sales"}),
        "unknown key 'tab'; known keys: header_row, sheet",
    ),
    "excel sheet": (lambda s: _table_meta(s).update(excel={"sheet": 1}), "name of a sheet"),
    "excel header row": (
        lambda s: _table_meta(s).update(excel={"header_row": 0}),
        "`header_row` must be a whole number from 1 on, found 0",
    ),
    "flag": (lambda s: _column_meta(s).update(required="yes"), "must be true or false"),
    "personal data": (lambda s: _column_meta(s).update(personal_data="maybe"), "pseudonym"),
    **{
        f"retention: {name}": (lambda s, spoil=spoil: spoil(_with_period(s)), said)
        for name, spoil, said in (
            ("no mapping", lambda s: _table_meta(s).update(retention=36), "mapping with `months`"),
            ("no months", lambda s: _period(s).pop("months"), "`months` must be a whole number"),
            ("no month", lambda s: _period(s).update(months=0), "whole number from 1 on, found 0"),
            (
                "misspelt",
                lambda s: _period(s).update(days=3),
                "retention has the unknown key 'days'",
            ),
            ("no column", lambda s: _period(s).update({"from": "when"}), "from names when, which"),
            (
                "no time",
                lambda s: _period(s).update({"from": "price"}),
                "retention.from names price: make it a date or a timestamp that is not_null",
            ),
            (
                "a time that may be missing",
                lambda s: (
                    _table(s)["columns"].append(_column("due_at", "date", not_null=False)),
                    _period(s).update({"from": "due_at"}),
                ),
                "retention.from names due_at: make it",
            ),
            (
                "nothing personal",
                lambda s: _column_of(s, "buyer").update(personal_data="none"),
                "`retention` has nothing to empty",
            ),
            (
                "full dumps",
                lambda s: _table_meta(s).update(load_mode="snapshot"),
                "`retention` does not go with load_mode snapshot",
            ),
            (
                "a key",
                lambda s: _column_of(s, "sale_id").update(personal_data="personal"),
                "would empty sale_id, which is key or time of a row",
            ),
            (
                "a code that must be there",
                lambda s: _column_of(s, "buyer").update(not_null=True, accepted_values=["x"]),
                "would empty buyer, which is not_null: only a free text can be",
            ),
        )
    },
    "column twice": (
        lambda s: _table(s)["columns"].append(_column("price", "varchar")),
        "written twice",
    ),
    "no description": (lambda s: _table(s).update(description=""), "`description` is missing"),
    "no word about the system": (lambda s: s.pop("description"), "source shop: `description` is"),
    "no columns": (lambda s: _table(s).update(columns=[]), "`columns` must be a list"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_contract_is_refused_with_its_place(tmp_path, case):
    spoil, said = BROKEN[case]
    source = _source()
    spoil(source)
    with pytest.raises(ContractError) as caught:
        load_contracts(_write(tmp_path, source))
    assert "models/staging/shop/_shop__sources.yml" in str(caught.value)
    assert said in str(caught.value)


def test_no_contract_at_all_is_an_error(tmp_path):
    with pytest.raises(ContractError, match="No source contract below"):
        load_contracts(tmp_path)


def test_a_contract_written_twice_is_an_error(tmp_path):
    with pytest.raises(ContractError, match=r"shop\.sales is written twice"):
        load_contracts(_write(tmp_path, _source(), _source()))


def test_yaml_that_is_none_is_an_error(tmp_path):
    root = _write(tmp_path, _source())
    (root / "shop" / "_shop__sources.yml").write_text("sources: [", encoding="utf-8")
    with pytest.raises(ContractError, match="cannot be read as YAML"):
        load_contracts(root)


def test_other_sources_are_no_landing_contracts(tmp_path):
    contracts = load_contracts(_write(tmp_path, _source(), {"name": "ml", "schema": "ml"}))
    assert [contract.system for contract in contracts] == ["shop"]


def test_the_projects_contracts_are_sound():
    contracts = load_contracts(ROOT / "models" / "staging")
    assert {
        "billing.credit_notes",
        "billing.invoice_lines",
        "billing.invoices",
        "billing.products",
        "crm.customers",
    } <= {contract.title for contract in contracts}


def test_every_value_of_a_contract_says_how_it_stands_in_time():
    """A column is fixed with its row, or names the column that says when it was known."""
    undated = [
        f"{contract.title}.{column.name}"
        for contract in load_contracts(ROOT / "models" / "staging")
        for column in contract.columns
        if not column.is_static and column.known_at is None and column.name not in contract.key
    ]
    assert undated == []

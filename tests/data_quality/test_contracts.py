"""The source gate reads the contracts as ingestion does."""

from pathlib import Path

import pytest

from data_quality.contracts import ContractsError, SourceTable, load_source_tables
from data_quality.suites.catalogue import suite
from orchestration.ingestion.contract import load_contracts
from orchestration.settings import Settings

CONTRACTS = {
    contract.raw_table.replace('"', ""): contract
    for contract in load_contracts(Settings.from_environment().contracts_root)
}


def test_gate_and_ingestion_know_the_same_tables() -> None:
    assert {table.path for table in load_source_tables()} == set(CONTRACTS)


@pytest.mark.parametrize("table", load_source_tables(), ids=lambda table: table.path)
def test_gate_and_ingestion_read_a_contract_alike(table: SourceTable) -> None:
    contract = CONTRACTS[table.path]

    assert table.key[: len(contract.key)] == contract.key
    assert ("_load_id" in table.key) == (contract.load_mode != "append")
    assert table.event_time == contract.event_time
    assert table.freshness_days == contract.freshness_days
    assert table.is_reference == contract.is_reference
    assert table.is_optional == contract.is_optional


@pytest.mark.parametrize("rule_id", ["keys_are_unique", "rows_match_ledger"])
def test_rules_for_every_table_ask_every_table(rule_id: str) -> None:
    rule = next(rule for rule in suite("source") if rule.id == f"contracts.{rule_id}")

    assert set(CONTRACTS) <= set(rule.reads)


def test_folder_without_contracts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractsError, match="No contract of a source table"):
        load_source_tables(tmp_path)

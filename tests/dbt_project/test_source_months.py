"""Every source system has its measured time: billing by itself, the others by their facts."""

import csv

from orchestration.ingestion.contract import load_contracts
from tests.conftest import ROOT


def test_every_system_of_the_contracts_has_a_fact_that_measures_it():
    with (ROOT / "dbt_project" / "seeds" / "measured_facts.csv").open(encoding="utf-8") as file:
        measured = {row["source_system"] for row in csv.DictReader(file)}

    systems = {contract.system for contract in load_contracts(ROOT / "models" / "staging")}
    assert measured == systems - {"billing"}

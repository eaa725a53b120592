"""What each system sent is counted over every table that the contracts call events, no other."""

import re

from orchestration.ingestion.contract import load_contracts
from tests.conftest import ROOT

MODEL = ROOT / "models" / "core" / "company" / "int_source_months.sql"
FACTS = re.compile(r"\('(\w+)', ref\('stg_(\w+)__(\w+)'\), '(\w+)'\)")


def test_every_table_of_events_is_counted_at_its_event_time():
    expected = {
        (contract.system, contract.name): contract.event_time
        for contract in load_contracts(ROOT / "models" / "staging")
        if not contract.is_reference
    }
    found = {
        (system, table): time
        for system, folder, table, time in FACTS.findall(MODEL.read_text(encoding="utf-8"))
        if system == folder
    }

    assert set(found) == set(expected)
    # Staging calls the time of a version `valid_from`.
    assert {
        key: time for key, time in found.items() if time not in (expected[key], "valid_from")
    } == {}

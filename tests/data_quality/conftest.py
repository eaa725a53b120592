"""A tiny warehouse that every rule accepts, and one judge for all tests that need one."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from data_quality.engine import Judge, open_judge
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.ledger import create_tables
from orchestration.settings import Settings

SQL = Path(__file__).with_name("sql")


def build_warehouse(path: Path) -> Path:
    """Build the warehouse; about a second."""
    contracts = load_contracts(Settings.from_environment().contracts_root)
    with duckdb.connect(str(path)) as con:
        create_tables(con, contracts)
        con.execute((SQL / "good_warehouse.sql").read_text(encoding="utf-8"))
        con.execute((SQL / "roll_up.sql").read_text(encoding="utf-8"))
    return path


@pytest.fixture(scope="session")
def good_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that satisfies every rule; copy it before writing to it."""
    return build_warehouse(tmp_path_factory.mktemp("good") / "warehouse.duckdb")


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """A judge over a warehouse of its own that tests may change; starting one takes 6 s."""
    path = build_warehouse(tmp_path_factory.mktemp("judged") / "warehouse.duckdb")
    with open_judge(path, read_only=False) as opened:
        yield opened

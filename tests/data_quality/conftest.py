"""A tiny warehouse that every rule accepts, and one judge for all tests that need one."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from data_quality.contracts import load_mart_columns
from data_quality.engine import Judge, open_judge
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.ledger import create_tables
from orchestration.settings import Settings

SQL = Path(__file__).with_name("sql")
SCRIPTS = ("good_warehouse", "roll_up", "good_company")
SEEDS = ("event_types", "source_rules", "credit_grades", "intervention_levels")


def build_warehouse(path: Path) -> Path:
    """Build the warehouse, with the tables that contracts describe; about two seconds."""
    settings = Settings.from_environment()
    with duckdb.connect(str(path)) as con:
        create_tables(con, load_contracts(settings.contracts_root))
        con.execute("create schema scorecard")
        for mart, columns in load_mart_columns().items():
            typed = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
            con.execute(f"create table scorecard.{mart} ({typed})")
        con.execute("create schema seeds")
        for seed in SEEDS:
            file = settings.root / "dbt_project" / "seeds" / f"{seed}.csv"
            con.execute(f"create table seeds.{seed} as from read_csv('{file}')")
        for script in SCRIPTS:
            con.execute((SQL / f"{script}.sql").read_text(encoding="utf-8"))
    return path


@pytest.fixture(scope="session")
def good_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that satisfies every rule; copy it before writing to it."""
    return build_warehouse(tmp_path_factory.mktemp("good") / "warehouse.duckdb")


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """A judge over a warehouse of its own that tests may change; starting one takes 6 s."""
    path = build_warehouse(tmp_path_factory.mktemp("judged") / "warehouse.duckdb")
    # Tests run side by side: with a second thread the same queries cost twice the processor.
    with open_judge(path, read_only=False, limits={"threads": 1}) as opened:
        yield opened

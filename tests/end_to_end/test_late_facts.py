"""Records that come months after the facts that name them: the run goes back as far as it must.

Two builds over whole histories say which months differ with and without the late records; the rule
that chooses a run's months must reach the first of them, and needs to reach no further.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.dbt import MANIFEST_NAME, read_manifest
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.files import discover
from orchestration.ingestion.ingest import ingest
from orchestration.reach import earliest_reach
from orchestration.runs import utc_now
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home
from orchestration.window import add_months, month_end
from tests.command import ONE_THREAD
from tests.conftest import ROOT
from tests.end_to_end.in_process import Comparison, build_alike, compared

pytestmark = [pytest.mark.slow, pytest.mark.faults]

CONTRACTS = load_contracts(ROOT / "models" / "staging")
PUBLISHED_TO = date(2025, 10, 31)
SINCE, CAME = date(2025, 5, 15), date(2025, 11, 15)


def split(company: Path, early: Path, late: Path) -> None:
    """Put a third of the records that began since May aside, as if they were first sent later."""
    with duckdb.connect() as con:
        for file in discover(company, CONTRACTS).files:
            contract = file.contract
            time, keys = contract.event_time, ", ".join(contract.key)
            known = f"cast({time} as date) <= '{PUBLISHED_TO}'"
            rows = f"(select * from read_parquet('{file.path}') where {known})"
            placed = ", ".join(f"cast({name} as timestamp)" for name in contract.placing_times)
            held = f"(select * from {rows} where false)"
            if contract.load_mode == "upsert" and time not in contract.key:
                kind = contract.column(time).data_type
                held = f"""(
                    select * replace (cast('{CAME}' as {kind}) as {time}) from {rows}
                    where hash({keys}) % 3 = 0
                    qualify min(least({placed}, null)) over (partition by {keys}) >= '{SINCE}'
                        and row_number() over (partition by {keys} order by {time} desc) = 1
                )"""
            kept = f"(select * from {rows} anti join {held} using ({keys}))"
            for folder, part, name in ((early, kept, "early"), (late, held, "late")):
                if con.sql(f"select 1 from {part} limit 1").fetchone():
                    target = folder / file.name.replace(".parquet", f"_{name}.parquet")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    con.execute(f"copy {part} to '{target}' (format parquet)")


def reached(home: Path, early: Path, late: Path) -> date | None:
    """Load one after the other, and ask how far back the second reaches."""
    newest = []
    for landing in (early, late):
        settings = Settings.from_environment(ONE_THREAD, home=home, landing=landing)
        prepare_home(settings)
        newest.append(ingest(settings, loaded_at=utc_now()).latest_load_id)
    with connect(settings) as con:
        return earliest_reach(con, CONTRACTS, after=newest[0], up_to=newest[1])


@pytest.fixture(scope="module")
def landings(simulated_company: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("landings")
    parts = [folder / "early", folder / "late", folder / "both"]
    split(simulated_company, *parts[:2])
    for part in parts[:2]:
        for path in part.rglob("*.parquet"):
            target = parts[2] / path.relative_to(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)
    return parts


@pytest.fixture(scope="module")
def before_and_after(
    landings: list[Path], simulated_build: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Comparison]:
    folder = tmp_path_factory.mktemp("homes")
    for name, landing in (("before", landings[0]), ("after", landings[2])):
        build_alike(folder / name, landing, like=simulated_build, to_month=PUBLISHED_TO)
    with compared(folder / "before", folder / "after") as both:
        yield both


def test_a_run_reaches_every_month_that_a_late_record_changes(
    landings, before_and_after, simulated_build, tmp_path
):
    day = reached(tmp_path / "home", landings[0], landings[1])
    assert day is not None
    first = month_end(day)
    manifest = read_manifest(simulated_build / "dbt_target" / MANIFEST_NAME)
    too_early, changed_first = [], []
    for node in manifest["nodes"].values():
        if node["config"].get("materialized") != "incremental" or node["schema"] == "ml":
            continue
        meta = node["config"]["meta"]
        month, table = meta.get("month_column", "as_of_date"), f"{node['schema']}.{node['name']}"
        begin = add_months(first, -meta.get("months_back", 0))

        def differing(where: str, table: str = table) -> int:
            return before_and_after.rows_that_differ(table, where=where, may_be_empty=True)

        if differing(f"{month} < date '{begin}'"):
            too_early.append(table)
        if differing(f"{month} = date '{first}'"):
            changed_first.append(table)
    assert too_early == []
    assert changed_first, "the rule reaches further than it must"
    assert first < month_end(CAME - timedelta(days=30)), "the time of the records says less"

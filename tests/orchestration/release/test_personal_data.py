"""No personal data leaves the warehouse: neither in a release, nor in a log or record.

The search itself is proven first: it finds what is planted in every kind of file.
"""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion.contract import load_contracts
from tests.conftest import ROOT
from tests.orchestration.release.personal_data import Vault, find_traces, read_vault

CONTRACTS = load_contracts(ROOT / "models" / "staging")
# All that a run writes, but for the places that are the person's own: landing files, and the
# warehouse with raw facts and quarantine.
WRITTEN = ("current", "logs", "evidence", "estimators", "dagster", "configurations")


@pytest.fixture
def vault() -> Vault:
    filled = Vault()
    filled.add("crm.customers.customer_name", "Marie-Luise Österreicher", is_text=False)
    filled.add("crm.customers.customer_name", "王小明", is_text=False)
    filled.add("crm.customers.email", "m.oesterreicher@example.org", is_text=False)
    filled.add("crm.customers.phone", "+49 (30) 1234-5678", is_text=False)
    filled.add("crm.customers.street", "12 Marsh Lane", is_text=False)
    filled.add("crm.customers.customer_name", "Bright Parts Ltd", is_text=False)
    filled.add(
        "support.ticket_comments.body",
        "Dear team, my new kettle has never boiled any water at all.",
        is_text=True,
    )
    filled.organisations.add(("bright", "parts", "ltd"))
    return filled


def as_table(folder: Path, value: str) -> None:
    with duckdb.connect(str(folder / "release.duckdb")) as con:
        con.execute("create schema scorecard")
        con.execute("create table scorecard.tickets as select 1 as n, ? as topic", [value])


def as_parquet(folder: Path, value: str) -> None:
    file = folder / "parquet" / "tickets" / "as_of_date=2011-12-31" / "part-0.parquet"
    file.parent.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as n, '{value}' as topic) to '{file}' (format parquet)")


def as_page(folder: Path, value: str) -> None:
    first, _, rest = value.partition(" ")
    text = f"<p>Written by <b>{first}</b> {rest} today &amp; here</p>"
    (folder / "index.html").write_text(text, encoding="utf-8")


def as_attribute(folder: Path, value: str) -> None:
    (folder / "index.html").write_text(f'<p title="{value}">here</p>', encoding="utf-8")


def as_json(folder: Path, value: str) -> None:
    text = json.dumps({"rules": [{"sample": [f"value {value}"]}]})
    (folder / "evidence.json").write_text(text, encoding="utf-8")


def as_log(folder: Path, value: str) -> None:
    (folder / "scorecard.log").write_text(f"WARNING refused: {value}\n", encoding="utf-8")


@pytest.mark.parametrize("plant", [as_table, as_parquet, as_page, as_attribute, as_json, as_log])
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("MARIE LUISE OSTERREICHER", ""),
        ("marie-luise  österreicher", "crm.customers.customer_name"),
        ("王小明", "crm.customers.customer_name"),
        ("write to M.Oesterreicher@EXAMPLE.org now", "crm.customers.email"),
        ("+49 30 12345678", "crm.customers.phone"),
        ("12, Marsh Lane", "crm.customers.street"),
        ("that my new kettle has never boiled, he said", "support.ticket_comments.body"),
        ("Bright Parts Ltd", "crm.customers.customer_name"),
    ],
)
def test_what_is_planted_is_found(
    vault: Vault, tmp_path: Path, plant: Callable[[Path, str], None], value: str, kind: str
) -> None:
    plant(tmp_path, value)

    kinds = {trace.kind for trace in find_traces(vault, tmp_path)}
    is_public = value.startswith("Bright") and plant in (as_page, as_attribute)
    assert kinds == ({kind} if kind and not is_public else set())


def test_an_organisations_name_stands_in_its_column_alone(vault: Vault, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "release.duckdb")) as con:
        con.execute("create schema scorecard")
        con.execute(
            "create table scorecard.customers as select 'Bright Parts Ltd' as organisation_name, "
            "'Bright Parts Ltd' as region"
        )
        con.execute(
            "create table scorecard.other as select 'Bright Parts Ltd' as organisation_name"
        )

    places = [trace.place.rpartition(" ")[2] for trace in find_traces(vault, tmp_path)]

    assert sorted(places) == ["scorecard.customers.region", "scorecard.other.organisation_name"]


def test_what_is_found_is_masked(vault: Vault, tmp_path: Path) -> None:
    as_log(tmp_path, "m.oesterreicher@example.org")

    (trace,) = find_traces(vault, tmp_path)

    assert trace.value == "m.… (27 characters)"


def test_a_file_of_an_unknown_kind_is_refused(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "dump.bin").write_bytes(b"m.oesterreicher@example.org")

    with pytest.raises(ValueError, match=r"no way is known to look into a \.bin file"):
        find_traces(vault, tmp_path)


@pytest.fixture(scope="module")
def simulated_vault(simulated_run: Path) -> Vault:
    return read_vault(simulated_run / "warehouse.duckdb", CONTRACTS)


@pytest.mark.slow
def test_there_is_something_to_find(simulated_vault: Vault) -> None:
    vault = simulated_vault
    assert min(len(vault.emails), len(vault.phones), len(vault.organisations)) > 100
    assert len(vault.words) > 1000
    kinds = {kind.rpartition(".")[2] for kind in vault.words.values()}
    assert {"customer_name", "full_name", "street", "body", "subject"} <= kinds


@pytest.mark.slow
@pytest.mark.parametrize("folder", WRITTEN)
def test_a_whole_run_leaves_personal_data_in_the_warehouse(
    simulated_run: Path, simulated_vault: Vault, folder: str
) -> None:
    looked_at = (simulated_run / folder).resolve()
    assert any(path.is_file() for path in looked_at.rglob("*"))
    assert find_traces(simulated_vault, looked_at) == []

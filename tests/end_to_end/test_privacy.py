"""No name, e-mail, phone or free text of the company stands in what a run writes for readers.

The values are those of the raw facts, by the classes of the contracts; what is left out and why is
said in `tests.personal_values`.
"""

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion.contract import load_contracts
from tests.conftest import ROOT
from tests.personal_values import PersonalValues, personal_values, texts_below

# What a run writes beside the release, but for the places that are the person's own: landing files,
# the warehouse with raw and quarantine.
WRITTEN = ("logs", "evidence", "estimators", "dagster", "configurations")


@pytest.fixture(scope="module")
def values(simulated_run: Path) -> PersonalValues:
    with duckdb.connect(str(simulated_run / "warehouse.duckdb"), read_only=True) as con:
        return personal_values(con, load_contracts(ROOT / "models" / "staging"))


def found_below(folder: Path, values: PersonalValues) -> dict[str, list[str]]:
    """Name the columns whose values stand in a file; never the values."""
    found = {}
    for place, text in texts_below(folder):
        hits = values.found_in(text)
        if hits:
            found[place] = sorted({values.values[hit] for hit in hits})
    return found


def test_there_is_something_to_find(values: PersonalValues) -> None:
    kinds = Counter(column.rsplit(".", 1)[1] for column in values.values.values())
    assert all(
        kinds[kind] > 5 for kind in ("customer_name", "email", "phone", "street", "body", "comment")
    )


def test_the_search_finds_what_is_there(simulated_run: Path, values: PersonalValues) -> None:
    with duckdb.connect(str(simulated_run / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select email, phone, customer_name from raw.crm__customers "
            "where customer_kind = 'individual' and length(customer_name) > 8 "
            "and email is not null and phone is not null order by all limit 20"
        ).fetchall()
    assert rows
    for row in rows:
        for value in row:
            text = f"x: <b>{str(value).strip()}</b>, and so on."
            assert str(value).strip() in values.found_in(text)


def test_nothing_of_a_person_is_released(simulated_run: Path, values: PersonalValues) -> None:
    assert found_below((simulated_run / "current").resolve(), values) == {}


@pytest.mark.parametrize("folder", WRITTEN)
def test_nothing_of_a_person_is_written_beside_it(
    simulated_run: Path, values: PersonalValues, folder: str
) -> None:
    assert found_below(simulated_run / folder, values) == {}

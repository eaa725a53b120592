"""Whose figures these are: `company.yml` is read strictly, stored once, and never mixed."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import CompanyFileError, EmptyLandingError, ScorecardError
from orchestration.ingestion.company import Company, read_company, stored_company
from tests.orchestration.ingestion.conftest import Ground

LINE = "l1,i1,p1,1,2.50,2011-01-05 10:00:00"
SIMULATED = "name: Bright Parts\nis_simulated: true\nnote: Made up by a random generator.\n"


def company_rows(ground: Ground) -> list[tuple[Any, ...]]:
    return ground.rows("select company_name, is_simulated, note from control.company")


def test_without_a_file_the_company_has_no_name_and_is_real(ground: Ground) -> None:
    ground.lines(LINE)
    ground.ingest()

    assert company_rows(ground) == [(None, False, None)]
    assert Company().notice == ""


def test_the_file_is_stored_and_is_no_landing_file(ground: Ground) -> None:
    ground.write("company.yml", SIMULATED)
    ground.lines(LINE)

    report = ground.ingest()

    assert report.unmatched == ()
    assert [result.file for result in report.files] == ["billing/invoice_lines.csv"]
    assert company_rows(ground) == [("Bright Parts", True, "Made up by a random generator.")]


def test_a_later_load_follows_the_file(ground: Ground) -> None:
    ground.write("company.yml", SIMULATED)
    ground.lines(LINE)
    ground.ingest()
    ground.write("company.yml", "name: Brighter Parts\nis_simulated: true\n")
    ground.ingest()

    assert company_rows(ground) == [("Brighter Parts", True, None)]


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "name:\nnote:\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "company.yml").write_text(content, encoding="utf-8")

    assert read_company(tmp_path) == Company()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("nam: Bright Parts\n", "the key 'nam' is not known"),
        ("name: 7\n", "name must be text of 1 to 200 characters, found 7"),
        ("name: '  '\n", "name must be text"),
        (f"note: {'x' * 201}\n", "note must be text"),
        ("is_simulated: 'yes'\n", "is_simulated must be true or false, found 'yes'"),
        ("is_simulated:\n", "is_simulated must be true or false, found None"),
        ("- name\n", "expected keys with values, found list"),
        ("name: [unclosed\n", "cannot be read as YAML"),
        (b"name: \xff\xfe\n", "cannot be read as YAML in UTF-8"),
    ],
)
def test_what_nobody_understands_is_refused_with_file_and_key(
    tmp_path: Path, content: str | bytes, found: str
) -> None:
    path = tmp_path / "company.yml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(CompanyFileError, match="may hold name, is_simulated, note") as refusal:
        read_company(tmp_path)

    assert str(path) in str(refusal.value)
    assert found in str(refusal.value)


def test_nothing_is_loaded_before_the_file_is_understood(ground: Ground) -> None:
    ground.write("company.yml", "nam: Bright Parts\n")
    ground.lines(LINE)

    with pytest.raises(CompanyFileError):
        ground.ingest()

    assert ground.rows("select count(*) from control.loads") == [(0,)]


def test_a_landing_area_with_nothing_but_the_file_is_empty(ground: Ground) -> None:
    ground.write("company.yml", SIMULATED)

    with pytest.raises(EmptyLandingError, match="holds no file"):
        ground.ingest()


def test_a_company_file_of_a_system_is_an_ordinary_file(ground: Ground) -> None:
    ground.write("billing/company.yml", SIMULATED)
    ground.lines(LINE)

    assert ground.ingest().unmatched == ("billing/company.yml",)
    assert company_rows(ground) == [(None, False, None)]


@pytest.mark.parametrize("first", [SIMULATED, "name: Bright Parts\n"])
def test_simulated_and_real_facts_never_mix(ground: Ground, first: str) -> None:
    other = "name: Bright Parts\n" if first == SIMULATED else SIMULATED
    ground.write("company.yml", first)
    ground.lines(LINE)
    ground.ingest()
    before = company_rows(ground)
    ground.write("company.yml", other)
    ground.lines("l2,i2,p1,1,2.50,2011-01-06 10:00:00", name="invoice_lines_2.csv")

    with pytest.raises(ScorecardError, match="They never mix"):
        ground.ingest()

    assert company_rows(ground) == before
    assert ground.rows("select count(*) from raw.billing__invoice_lines") == [(1,)]


def test_nothing_loaded_yet_mixes_with_nothing(ground: Ground) -> None:
    ground.write("billing/notes.txt", "nothing for a contract")
    ground.ingest()
    ground.write("company.yml", SIMULATED)
    ground.lines(LINE)

    ground.ingest()

    assert company_rows(ground)[0][1] is True


@pytest.mark.parametrize(
    ("company", "notice"),
    [
        (Company("Bright Parts", is_simulated=False), ""),
        (
            Company("Bright Parts", is_simulated=True),
            "Simulated figures: Bright Parts does not exist.",
        ),
        (Company(is_simulated=True), "Simulated figures: this company does not exist."),
    ],
)
def test_simulated_figures_are_announced_and_real_ones_are_not(
    company: Company, notice: str
) -> None:
    assert company.notice == notice


def test_a_warehouse_that_knows_no_company_has_the_default() -> None:
    with duckdb.connect() as con:
        assert stored_company(con) == Company()

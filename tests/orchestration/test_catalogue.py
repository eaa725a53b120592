"""Catalogue, models, contract and page say the same of every indicator."""

import re
from pathlib import Path

import pytest
import yaml

from orchestration.catalogue import (
    FAMILIES,
    PAGE,
    UNITLESS,
    Indicator,
    read_catalogue,
    render_catalogue,
)
from orchestration.ingestion.contract import load_contracts

ROOT = Path(__file__).parents[2]
CATALOGUE = read_catalogue(ROOT)
UNITS = UNITLESS | {"GBP", "count", "days", "minutes", "ratio", "score"}
UNITS |= {"index -1 to 1", "level 0-4", "level 1-4", "points 0-10", "points 300-850", "score 1-5"}
OWNERS = {"customer experience", "customer service", "data", "finance", "marketing", "operations"}
OWNERS |= {"sales"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEYS = {"customer_id", "as_of_date"}
TABLES = {f"{each.system}.{each.name}" for each in load_contracts(ROOT / "models" / "staging")}
SYSTEMS = {each.split(".")[0] for each in TABLES} - {"billing", "crm"}


def columns_of(model: str) -> dict[str, dict]:
    """The columns of a model as its YAML describes them."""
    for file in (ROOT / "models").rglob("_*__*models.yml"):
        for found in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            if found["name"] == model:
                return {column["name"]: column for column in found["columns"]}
    raise AssertionError(f"no YAML describes {model}")


CONTRACT = columns_of("customer_indicators")


def test_the_contract_lists_the_catalogue_and_nothing_else() -> None:
    listed = [each.indicator_id for each in CATALOGUE if each.mart == "customer_indicators"]
    assert len(listed) == len(set(listed))
    assert set(CONTRACT) - KEYS == set(listed)


@pytest.mark.parametrize("indicator", CATALOGUE, ids=lambda each: each.indicator_id)
class TestOneIndicator:
    def test_the_contract_describes_it_in_the_catalogues_words(self, indicator: Indicator) -> None:
        described = " ".join(CONTRACT[indicator.indicator_id]["description"].split())
        assert described == indicator.contract_description

    def test_its_model_describes_the_column(self, indicator: Indicator) -> None:
        column = columns_of(indicator.model).get(indicator.indicator_id)
        assert column is not None, f"{indicator.model} does not describe {indicator.indicator_id}"
        assert len(column["description"].split()) >= 2

    def test_it_is_measurable_owned_and_of_a_known_unit(self, indicator: Indicator) -> None:
        assert indicator.unit in UNITS
        assert indicator.direction in {"higher_is_better", "lower_is_better", "none"}
        assert indicator.viewpoint in {"buyer", "seller", "both"}
        assert indicator.kind in {"quantitative", "qualitative"}
        assert indicator.owner in OWNERS
        assert indicator.purpose
        assert indicator.time_window
        assert int(indicator.min_n) >= 1
        assert int(indicator.freshness_days) >= 1
        assert indicator.model in FAMILIES

    def test_its_unit_fits_its_type(self, indicator: Indicator) -> None:
        data_type = CONTRACT[indicator.indicator_id]["data_type"]
        of_unit = {
            "GBP": {"decimal(18,2)", "decimal(18,4)"},
            "class": {"varchar"},
            "text": {"varchar"},
            "flag": {"boolean"},
            "date": {"date"},
            "minutes": {"double", "decimal(18,2)"},
            "ratio": {"double"},
            "score": {"double"},
        }.get(indicator.unit, {"integer", "double", "bigint"})
        assert data_type in of_unit

    def test_what_it_rests_on_is_published_beside_it(self, indicator: Indicator) -> None:
        assert indicator.source_rows_column in CONTRACT
        assert CONTRACT[indicator.source_rows_column]["data_type"] in {"integer", "bigint"}

    def test_what_it_needs_and_what_shows_it_are_there(self, indicator: Indicator) -> None:
        assert indicator.touching_systems <= SYSTEMS
        assert not indicator.needed_systems & indicator.further_systems
        assert set(indicator.needs_table.split(" or ")) <= TABLES | {""}
        assert indicator.presence_column in CONTRACT

    def test_it_has_a_name_and_a_definition_in_both_languages(self, indicator: Indicator) -> None:
        assert indicator.name.strip()
        assert not CHINESE.search(indicator.name + indicator.description)
        assert CHINESE.search(indicator.name_zh) or indicator.name_zh.isascii() is False
        assert CHINESE.search(indicator.description_zh)


@pytest.mark.parametrize("field", ["name", "name_zh"])
def test_no_two_indicators_share_a_name(field: str) -> None:
    names = [getattr(each, field) for each in CATALOGUE]
    assert sorted(names) == sorted(set(names))


def test_the_page_is_in_step_with_the_catalogue() -> None:
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == render_catalogue(CATALOGUE), (
        f"{PAGE} is behind the catalogue: run `python -m orchestration.catalogue`"
    )

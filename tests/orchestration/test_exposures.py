"""The exposures of the dbt project name the marts that the report and `explain` read."""

import re

import pytest
import yaml

from tests.conftest import ROOT

PLACE = ROOT / "models" / "scorecard"
MARTS = {path.stem for path in PLACE.rglob("*.sql")}
READERS = {
    "report": sorted((ROOT / "orchestration" / "release").rglob("*.py")),
    "explain": [
        ROOT / "orchestration" / name
        for name in ("explain.py", "portrait.py", "indicator_values.py")
    ],
}
# Its name comes from the catalogue.
BESIDES = {"explain": {"customer_indicators"}, "report": set()}


@pytest.mark.parametrize("exposure", READERS)
def test_an_exposure_names_what_its_code_reads(exposure: str) -> None:
    content = yaml.safe_load((PLACE / "_exposures.yml").read_text(encoding="utf-8"))
    (declared,) = (each for each in content["exposures"] if each["name"] == exposure)
    text = "".join(path.read_text(encoding="utf-8") for path in READERS[exposure])
    read = set(re.findall(r"scorecard\.([a-z_]+)", text)) & MARTS | BESIDES[exposure]
    assert {
        name.removeprefix("ref('").removesuffix("')") for name in declared["depends_on"]
    } == read

"""What a user may choose, and what a refusal says."""

import pytest
import yaml

from orchestration.choices import LARGEST_GAP, check_profile, check_target
from orchestration.errors import UsageError
from orchestration.settings import Settings
from tests.conftest import ROOT


def settings(tmp_path, **chosen):
    return Settings.from_environment({}, root=ROOT, home=tmp_path, **chosen)


def test_the_default_choices_are_accepted(tmp_path):
    check_profile(settings(tmp_path))
    check_target(settings(tmp_path))


def test_a_profile_that_lacks_too_much_is_refused_with_what_it_needs(tmp_path):
    with pytest.raises(UsageError) as refused:
        check_profile(settings(tmp_path, profile="retail"))
    message = str(refused.value)
    assert "62% of its weight is not measured" in message
    assert "Gross margin of twelve months (billing: unit costs per product)" in message
    assert "Repeat rate" not in message


def test_an_unknown_profile_names_those_there_are(tmp_path):
    with pytest.raises(UsageError, match="retail_billing"):
        check_profile(settings(tmp_path, profile="bank"))


def test_an_unknown_target_names_those_there_are(tmp_path):
    with pytest.raises(UsageError, match="duckdb"):
        check_target(settings(tmp_path, target="oracle"))


def test_the_limit_is_that_of_the_marts():
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert float(LARGEST_GAP) == pytest.approx(1 - project["vars"]["min_coverage"])

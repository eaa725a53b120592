"""What a user may choose, and what a refusal says."""

import pytest
import yaml

from orchestration.choices import (
    LARGEST_GAP,
    check_profile,
    check_profile_applies,
    check_target,
)
from orchestration.errors import ScorecardError, UsageError
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home
from tests.conftest import ROOT


def settings(tmp_path, **chosen):
    return Settings.from_environment({}, root=ROOT, home=tmp_path, **chosen)


def test_the_default_choices_are_accepted(tmp_path):
    check_profile(settings(tmp_path))
    check_target(settings(tmp_path))


NODES = """profile,node_id,parent_id,label,indicator_id,weight,scoring,needs,valid_from,valid_until
shop,value,,Value,,1.00,,,2009-01-01,
shop,now,value,Now,,0.40,,,2009-01-01,
shop,later,value,Later,,0.60,,,2009-01-01,
shop,margin,now,Margin,,0.50,piecewise,billing: unit costs,2009-01-01,2020-01-31
shop,margin,now,Margin,,0.75,piecewise,billing: unit costs,2020-01-31,
shop,basket,now,Basket,basket_value_12m,0.25,piecewise,,2009-01-01,
shop,gone,now,Gone,,1.00,piecewise,crm: nothing,2009-01-01,2020-01-31
shop,breadth,later,Breadth,,0.50,piecewise,billing: categories,2009-01-01,
shop,repeat,later,Repeat rate,repeat_rate_12m,0.50,piecewise,,2009-01-01,
"""


def test_a_profile_that_lacks_too_much_is_refused_with_what_it_needs(tmp_path):
    seeds = tmp_path / "dbt_project" / "seeds"
    seeds.mkdir(parents=True)
    (seeds / "scorecard_nodes.csv").write_text(NODES, encoding="utf-8")
    chosen = Settings.from_environment({}, root=tmp_path, home=tmp_path, profile="shop")
    with pytest.raises(UsageError) as refused:
        check_profile(chosen)
    message = str(refused.value)
    # 0.4 x 0.75 + 0.6 x 0.5
    assert "60% of its weight is not measured" in message
    assert "Margin (billing: unit costs)" in message
    assert "Breadth (billing: categories)" in message
    assert "Repeat rate" not in message
    assert "Gone" not in message


def test_a_profile_that_the_data_do_not_fill_is_refused_with_what_it_needs(tmp_path):
    chosen = settings(tmp_path, profile="shop")
    prepare_home(chosen)
    with connect(chosen) as con:
        con.execute(
            """
            create schema scorecard;
            create table scorecard.profile_requirements as
            select * from (values
                ('shop', 'mood', 'Mood', 'source systems: survey', 0.45, false, false),
                ('shop', 'value', 'Value', null, 0.55, true, false),
                ('bank', 'value', 'Value', null, 1.0, true, true)
            ) as rows(profile, measure, label, needs, weight, is_available, is_profile_applied)
            """
        )
    with pytest.raises(
        ScorecardError, match=r"45% of its weight.*\n  Mood \(source systems: survey"
    ):
        check_profile_applies(chosen)
    check_profile_applies(settings(tmp_path, profile="bank"))


def test_an_unknown_profile_names_those_there_are(tmp_path):
    with pytest.raises(UsageError, match="retail_billing"):
        check_profile(settings(tmp_path, profile="bakery"))


def test_an_unknown_target_names_those_there_are(tmp_path):
    with pytest.raises(UsageError, match="duckdb"):
        check_target(settings(tmp_path, target="oracle"))


def test_the_limit_is_that_of_the_marts():
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert float(LARGEST_GAP) == pytest.approx(1 - project["vars"]["min_coverage"])

"""The page of the profiles says what the seeds say: measures with share, scale and reason."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.profiles_page import PAGE, READS, SEEDS, render_profiles
from tests.conftest import ROOT

NODES = (
    "profile,node_id,parent_id,label,label_zh,indicator_id,weight,weighting,scoring,is_lever,"
    "substitutes,needs,valid_until,reason\n"
    "deep,value,,Value,价值,,1,combined,,,,,,all of it\n"
    "deep,direct,value,Direct,直接,,0.6,,,,,,,its own\n"
    "deep,margin,direct,Margin,毛利,value_12m,0.25,,percentile_portfolio,false,profit,,,pays\n"
    "deep,fit,direct,Fit,契合,fit,0.75,,piecewise,true,,,,same way\n"
    "deep,assets,value,Assets,资产,,0.4,,percentile_in_tier,false,,core banking: balances,,tied\n"
    "deep,gone,value,Gone,旧,old,0.4,,piecewise,false,,,2020-01-31,was once\n"
)
SCORECARDS = (
    "profile,name,name_zh,description,description_zh,kind\n"
    "deep,Deep value,深度,Of three levels.,三层。,value\n"
)
STRATEGIES = (
    "cell,current,potential,relationship,name,name_zh,strategy,strategy_zh,needs_consent\n"
    "high_low_low,high,low,low,Cash,现金,Serve by the contract.,按合同。,true\n"
)


def targets(*rows: str) -> str:
    return "\n".join(["indicator_id,tier,valid_from,floor_value,target_value,stretch_value", *rows])


@pytest.fixture
def page(tmp_path: Path) -> str:
    texts = {
        "scorecards": SCORECARDS,
        "scorecard_nodes": NODES,
        "segment_strategies": STRATEGIES,
        "targets": targets(
            "fit,A,2021-01-01,0,3.50,4",
            "fit,A,2009-01-01,0,1,2",
            *(f"fit,{tier},2009-01-01,0,2.00,4" for tier in "BCD"),
        ),
    }
    (tmp_path / SEEDS).mkdir(parents=True)
    for seed in READS:
        (tmp_path / SEEDS / f"{seed}.csv").write_text(texts[seed], encoding="utf-8")
    return render_profiles(tmp_path)


def test_a_measure_stands_below_its_dimension_with_its_share_of_all(page: str) -> None:
    assert "| 0.25 | 15.0 % | among all customers | pays | profit |" in page
    assert "| **Value 价值** | 1 | 100.0 % | weights below: combined | all of it |  |" in page
    assert page.index("Direct 直接") < page.index("`value_12m`") < page.index("Assets 资产")


def test_the_newest_targets_are_told_by_tier_where_tiers_differ(page: str) -> None:
    told = "A: 0 → 3.5 → 4<br>B: 0 → 2 → 4<br>C: 0 → 2 → 4<br>D: 0 → 2 → 4"
    assert f"`fit` · lever | 0.75 | 45.0 % | {told} | same way |  |" in page


def test_what_nobody_measures_says_what_it_needs(page: str) -> None:
    assert "`assets` | 0.4 | 40.0 % | not measured | tied | needs core banking: balances |" in page


def test_what_is_no_longer_in_force_is_not_told(page: str) -> None:
    assert "was once" not in page


def test_every_segment_has_its_strategy(page: str) -> None:
    assert "| high | low | low | **Cash** 现金 | Serve by the contract.<br>按合同。 |" in page


def test_the_measures_of_each_profile_of_the_product_make_the_whole() -> None:
    sections = (ROOT / PAGE).read_text(encoding="utf-8").split("\n## ")[1:-1]
    assert len(sections) >= 10
    for section in sections:
        leaves = re.findall(r"`(?: · lever)? \| [\d.]+ \| ([\d.]+) %", section)
        # Shares are rounded to a tenth.
        assert abs(sum((Decimal(leaf) for leaf in leaves), Decimal()) - 100) <= Decimal(
            "0.05"
        ) * len(leaves), section[:40]

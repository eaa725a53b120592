"""A small configuration without a mistake, and the lint of any change of it."""
# ruff: noqa: E501  rows of tables

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from orchestration.configuration.lint import LintReport, lint
from orchestration.configuration.seeds import read_configuration
from orchestration.settings import Settings

GOOD: Mapping[str, str] = {
    "scorecards": """\
profile,name,name_zh,description,description_zh,kind,subject,account_rollup,trend_months,dead_band_points,dead_band_sigmas,beta,owner,valid_from,changed_by,reason
care,Health,健康,Health,健康,health,customer,own,1,2,2,0.5,service,2020-01-01,anna,start
worth,Value,价值,Value,价值,value,customer,own,1,2,2,0.5,sales,2020-01-01,anna,start
whole,All,整体,All,整体,value,portfolio,own,1,2,2,0.5,board,2020-01-01,anna,start
""",
    "scorecard_nodes": """\
profile,node_id,parent_id,label,label_zh,indicator_id,weight,weighting,matrix_id,scoring,is_lever,trend_months,dead_band_points,substitutes,needs,valid_from,valid_until,changed_by,reason
care,health,,Health,健康,,1,,,,,,,,,2020-01-01,,anna,start
care,late,health,Late,逾期,days_late,0.7,,,piecewise,true,,,,,2020-01-01,2022-06-30,anna,start
care,late,health,Late,逾期,days_late,0.6,,,piecewise,true,,,,,2022-06-30,,ben,too much weight
care,mood,health,Mood,情绪,mood,0.3,,,percentile_in_tier,true,,,,,2020-01-01,2022-06-30,anna,start
care,mood,health,Mood,情绪,mood,0.4,,,percentile_in_tier,true,,,,,2022-06-30,,ben,what late gave away
worth,value,,Value,价值,,1,combined,value,,,,,,,2020-01-01,,anna,start
worth,current,value,Now,当前,,0.5,,,,,,,,,2020-01-01,,anna,start
worth,potential,value,Later,潜力,,0.5,fixed,,,,,,,,2020-01-01,,anna,start
worth,value_12m,current,Margin,毛利,value_12m,1,,,percentile_portfolio,false,,,,,2020-01-01,,anna,start
worth,churn,potential,Staying,留存,churn_probability,0.5,,,piecewise,false,,,,,2020-01-01,,anna,start
worth,range,potential,Range,品类,,0.5,,,piecewise,false,,,,billing: categories,2020-01-01,,anna,start
whole,all,,All,整体,,1,,,,,,,,,2020-01-01,,anna,start
whole,nrr,all,Revenue kept,收入留存,portfolio_indicators.net_revenue_retention,1,,,piecewise,true,,,,,2020-01-01,,anna,start
""",
    "targets": """\
indicator_id,tier,valid_from,floor_value,target_value,stretch_value,changed_by,reason
days_late,A,2020-01-01,60,10,0,anna,start
days_late,B,2020-01-01,60,10,0,anna,start
days_late,C,2020-01-01,60,10,0,anna,start
days_late,D,2020-01-01,60,10,0,anna,start
churn_probability,A,2020-01-01,0.7,0.25,0.05,anna,start
churn_probability,B,2020-01-01,0.7,0.25,0.05,anna,start
churn_probability,C,2020-01-01,0.7,0.25,0.05,anna,start
churn_probability,D,2020-01-01,0.7,0.25,0.05,anna,start
portfolio_indicators.net_revenue_retention,all,2020-01-01,0.7,1,1.2,anna,start
""",
    "bands": """\
profile,band,lower_bound,upper_bound,valid_from,changed_by,reason
*,red,0,50,2020-01-01,anna,start
*,amber,50,75,2020-01-01,anna,start
*,green,75,100,2020-01-01,anna,start
""",
    "exceptions": """\
exception_id,profile,priority,indicator_id,operator,threshold,effect,value,reason,reason_zh,valid_from,valid_until,changed_by
severe,*,1,has_severe,=,1,cap,49,A severe complaint,严重投诉,2020-01-01,,anna
""",
    "overrides": """\
profile,crm_customer_id,value,author,team,reason,valid_from,valid_until
care,C7,80,e12,service,The complaint is ours,2022-01-01,2022-03-31
""",
    "segment_strategies": "cell,current,potential,relationship,name,name_zh,strategy,strategy_zh,"
    "needs_consent\n"
    + "".join(
        f"{a}_{b}_{c},{a},{b},{c},Cell,单元,Act,行动,true\n"
        for a in ("high", "low")
        for b in ("high", "low")
        for c in ("high", "low")
    ),
    "cmat_section_weights": """\
section_id,place,name,name_zh,weight
planning,1,Planning,规划,0.6
people,2,People,人员,0.4
""",
    "cmat_questionnaire": """\
practice_id,section_id,element,element_zh,practice,practice_zh,weight,reap,evidence_asked,evidence_asked_zh,valid_from,valid_until
P1,planning,worth,价值,It is estimated.,已估算。,1,retention,Figures,数据,2000-01-01,2022-01-01
P1,planning,worth,价值,It is estimated monthly.,每月估算。,1,retention,Figures,数据,2022-01-01,
P2,people,training,培训,People are trained.,已培训。,1,,Certificates,证书,2000-01-01,
""",
    "cmat_metric_terms": """\
metric_id,name,name_zh,unit,mart
worth_known,Worth known,已知价值,ratio,customer_value
worth_age,Age of worth,价值时效,days,customer_value
""",
    "cmat_rules": """\
practice_id,level,metric_id,operator,threshold
P1,1,worth_known,>=,0.05
P1,2,worth_known,>=,0.5
P1,2,worth_age,<=,62
P1,3,worth_age,<=,35
""",
    "cmat_benchmark": """\
benchmark_id,figure,percent,source
published,mean,35,Book
published,best,67,Book
published,worst,17,Book
""",
    "indicators": """\
indicator_id,unit,direction,mart
days_late,days,lower_is_better,customer_indicators
mood,index,higher_is_better,customer_indicators
value_12m,GBP,higher_is_better,customer_indicators
value_basis,text,none,customer_indicators
month_count,count,none,customer_indicators
has_severe,flag,lower_is_better,customer_indicators
churn_probability,ratio,lower_is_better,predictions
""",
    "group_measures": """\
mart,indicator_id,unit,direction
portfolio_indicators,net_revenue_retention,ratio,higher_is_better
service_by_tier,sla_met_ratio,ratio,higher_is_better
""",
    "portfolio_marts": """\
mart,column_name,column_value
portfolio_indicators,period_months,12
""",
}


@pytest.fixture
def judge(tmp_path: Path) -> Callable[[Mapping[str, str | bytes | None]], LintReport]:
    """Lint the good configuration with other files in it; None is a missing one."""

    def lint_with(changed: Mapping[str, str | bytes | None]) -> LintReport:
        folder = tmp_path / "dbt_project" / "seeds"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {**GOOD, **changed}.items():
            path = folder / f"{name}.csv"
            if text is None:
                path.unlink(missing_ok=True)
            elif isinstance(text, bytes):
                path.write_bytes(text)
            else:
                path.write_text(text, encoding="utf-8")
        return lint(read_configuration(Settings(root=tmp_path, home=tmp_path, landing=tmp_path)))

    return lint_with

"""Every rule of the configuration refuses what it should, and says where and what to do."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration import cli
from orchestration.configuration.lint import (
    ConfigurationError,
    LintReport,
    lint,
    refuse_mistakes,
    render_mistakes,
    render_report,
)
from orchestration.configuration.rules import RULES
from orchestration.configuration.schema import SEEDS
from orchestration.configuration.seeds import read_configuration
from orchestration.configuration.trees import DEEPEST
from orchestration.settings import Settings
from tests.conftest import ROOT
from tests.orchestration.configuration.conftest import GOOD

Judge = Callable[[Mapping[str, str | bytes | None]], LintReport]

DEEP = "".join(
    f"care,d{i},{'mood_group' if i == 0 else f'd{i - 1}'},D,深,"
    f"{'mood' if i == DEEPEST else ''},1,,,"
    f"{'percentile_in_tier,true' if i == DEEPEST else ','},,,,,2022-06-30,,ben,deeper\n"
    for i in range(DEEPEST + 1)
)
MANY = "".join(
    f"worth,m{i},current,M,多,mood,0.1,,,percentile_in_tier,true,,,,,2020-01-01,,anna,start\n"
    for i in range(10)
)

# Rule; seed; what is replaced, by what; line and column of the mistake; words of it.
CORPUS: list[tuple[str, str, str, str, int, str, str]] = [
    ("seed_is_readable", "bands", "*,red,0,50,2020-01-01", "*,red,0,50", 2, "", "6 cells where"),
    ("seed_is_readable", "bands", "profile,band", "band,band", 1, "", "two columns band"),
    ("seed_is_readable", "targets", GOOD["targets"].split("\n", 1)[1], "", 1, "", "has no row"),
    ("column_is_there", "exceptions", "changed_by", "changed", 1, "changed_by", "is missing"),
    ("value_is_there", "scorecard_nodes", "ben,too much weight", ",too much weight", 4,
     "changed_by", "is empty"),
    ("value_is_there", "overrides", "2022-03-31", "", 2, "valid_until", "is empty"),
    ("value_is_there", "overrides", "e12", "", 2, "author", "is empty"),
    ("value_is_there", "exceptions", "A severe complaint", " ", 2, "reason", "is empty"),
    ("no_stray_blanks", "bands", "*,red", "*,red ", 2, "band", "'red ' has a blank"),
    ("date_is_readable", "scorecards", "sales,2020-01-01", "sales,01.01.2020", 3, "valid_from",
     "'01.01.2020' is no date"),
    ("date_is_readable", "overrides", "2022-03-31", "2022-02-31", 2, "valid_until", "no date"),
    ("number_is_readable", "scorecard_nodes", "late,health,Late,逾期,days_late,0.7",
     "late,health,Late,逾期,days_late,70%", 3, "weight", "'70%' is no number"),
    ("number_is_readable", "exceptions", "*,1,", "*,1.5,", 2, "priority", "no whole number"),
    ("number_is_readable", "scorecard_nodes", "percentile_portfolio,false",
     "percentile_portfolio,no", 10, "is_lever", "neither true nor false"),
    ("number_is_in_range", "scorecard_nodes", "days_late,0.7", "days_late,1.7", 3, "weight",
     "1.7 is not at least 0 and at most 1"),
    ("number_is_in_range", "overrides", "C7,80", "C7,101", 2, "value", "at most 100"),
    ("word_is_known", "scorecard_nodes", "churn_probability,0.5,,,piecewise",
     "churn_probability,0.5,,,linear", 11, "scoring", "'linear' is not known.*piecewise"),
    ("word_is_known", "scorecard_nodes", "1,combined,value", "1,guessed,value", 7, "weighting",
     "'guessed' is not known.*entropy"),
    ("word_is_known", "exceptions", "has_severe,=", "has_severe,==", 2, "operator", "<>"),
    ("word_is_known", "targets", "days_late,D", "days_late,E", 5, "tier", "A, B, C, D, all"),
    ("name_is_usable", "scorecard_nodes", "care,health,,", "care,He-alth,,", 2, "node_id",
     "small letters"),
    ("key_is_unique", "exceptions", "2020-01-01,,anna\n",
     "2020-01-01,,anna\nsevere,care,2,has_severe,=,1,floor,10,R,理,2020-01-01,,ben\n", 3,
     "exception_id", "severe is in line 2 already"),
    ("key_is_unique", "scorecard_nodes", "2022-06-30,,ben,too", "2020-01-01,,ben,too", 4,
     "valid_from", "in line 3 already"),
    ("validity_runs_forward", "overrides", "2022-03-31", "2022-01-01", 2, "valid_until",
     "before its first day 2022-01-01"),
    ("one_row_in_force", "scorecard_nodes", "2020-01-01,2022-06-30,anna,start\ncare,late",
     "2020-01-01,,anna,start\ncare,late", 3, "valid_until",
     "late of line 4 begins on 2022-06-30.*End this row there"),
    ("profile_is_defined", "overrides", "care,C7", "cares,C7", 2, "profile",
     "no profile 'cares'.*care, whole, worth"),
    ("one_root", "scorecard_nodes", "worth,potential,value", "worth,potential,", 9, "parent_id",
     "the root value and a second one, potential"),
    ("one_root", "scorecard_nodes", "whole,all,,", "whole,all,nrr,", 13, "parent_id", "no root"),
    ("one_root", "scorecard_nodes", "价值,,1,combined", "价值,,0.9,combined", 7, "weight",
     "root weighs 0.9"),
    ("one_root", "scorecards", "service,2020-01-01,anna,start\n",
     "service,2020-01-01,anna,start\n"
     "lone,L,独,L,独,value,customer,own,1,2,2,0.5,x,2020-01-01,anna,start\n", 3, "profile",
     "lone has no node"),
    ("parent_is_in_force", "scorecard_nodes", "worth,range,potential", "worth,range,potentail", 12,
     "parent_id", "no 'potentail' in force from 2020-01-01"),
    ("no_cycle", "scorecard_nodes", "worth,current,value", "worth,current,value_12m", 8,
     "parent_id", "current below value_12m below current"),
    ("tree_is_not_too_deep", "scorecard_nodes",
     "care,mood,health,Mood,情绪,mood,0.4,,,percentile_in_tier,true,,,,,2022-06-30,,ben,"
     "what late gave away\n",
     "care,mood_group,health,M,组,,0.4,,,,,,,,,2022-06-30,,ben,deeper\n" + DEEP, 6 + DEEPEST + 1,
     "parent_id", "11 steps below"),
    ("siblings_weigh_one", "scorecard_nodes", "mood,0.4", "mood,0.41", 4, "weight",
     r"weigh 1.01 together \(late 0.6, mood 0.41\) from 2022-06-30"),
    ("siblings_weigh_one", "scorecard_nodes", "value_12m,1,", "value_12m,0.999999998,", 10,
     "weight", "0.999999998 together"),
    ("siblings_weigh_one", "scorecard_nodes", "2020-01-01,2022-06-30,anna,start\ncare,mood,health,M"
     "ood,情绪,mood,0.4", "2020-01-01,2022-05-31,anna,start\ncare,mood,health,Mood,情绪,mood,0.4",
     3, "weight", r"weigh 0.7 together \(late 0.7\) from 2022-05-31"),
    ("node_keeps_its_place", "scorecard_nodes", "mood,0.4,,,percentile_in_tier",
     "mood,0.4,,,percentile_portfolio", 6, "scoring", "in line 5"),
    ("measure_or_dimension", "scorecard_nodes", "当前,,0.5,,,,", "当前,mood,0.5,,,,", 8,
     "indicator_id", "measured as well"),
    ("measure_or_dimension", "scorecard_nodes", "churn_probability,0.5,,,piecewise",
     "churn_probability,0.5,,,", 11, "scoring", "no scoring"),
    ("measure_or_dimension", "scorecard_nodes", "billing: categories", "", 12, "indicator_id",
     "nor what it needs"),
    ("measure_or_dimension", "scorecard_nodes", "percentile_portfolio,false",
     "percentile_portfolio,", 10, "is_lever", "whether somebody can act"),
    ("indicator_is_known", "scorecard_nodes", "情绪,mood,0.4", "情绪,moods,0.4", 6,
     "indicator_id", "no indicator 'moods'.*such as mood"),
    ("indicator_is_known", "exceptions", "has_severe", "value_basis", 2, "indicator_id",
     "a text and no number"),
    ("indicator_is_known", "scorecard_nodes", "毛利,value_12m", "毛利,month_count", 10,
     "indicator_id", "no direction"),
    ("indicator_is_known", "scorecard_nodes", "churn_probability,0.5",
     "portfolio_indicators.net_revenue_retention,0.5",
     11, "indicator_id", "of this kind"),
    ("indicator_is_known", "scorecard_nodes", "portfolio_indicators.net_revenue_retention",
     "service_by_tier.sla_met_ratio", 14, "indicator_id", "mart.column of a mart in"),
    ("indicator_is_known", "scorecard_nodes", "portfolio_indicators.net_revenue_retention",
     "days_late", 14, "indicator_id", "of this kind"),
    ("portfolio_has_no_peers", "scorecard_nodes", "net_revenue_retention,1,,,piecewise",
     "net_revenue_retention,1,,,percentile_portfolio", 14, "scoring", "no peers"),
    ("portfolio_has_no_peers", "overrides", "care,C7", "whole,C7", 2, "profile",
     "Name a profile of customers"),
    ("health_holds_no_prediction", "scorecard_nodes", "days_late,0.6", "churn_probability,0.6", 4,
     "indicator_id", "care would hold churn_probability"),
    ("health_holds_no_prediction", "exceptions", "has_severe,=,1", "churn_probability,>,0.8", 2,
     "indicator_id", "care would be decided by churn_probability"),
    ("tier_is_not_scored_by_itself", "scorecard_nodes", "percentile_portfolio",
     "percentile_in_tier", 10, "scoring", "last A 0.*percentile_portfolio"),
    ("matrix_is_used", "scorecard_nodes", "combined,value", "combined,", 7, "matrix_id",
     "of no matrix"),
    ("matrix_is_used", "scorecard_nodes", "combined,value", "entropy,value", 7, "matrix_id",
     "does not use it"),
    ("matrix_is_used", "scorecard_nodes", "潜力,,0.5,fixed,", "潜力,,0.5,ahp,value", 9,
     "matrix_id", "compares current, potential in line 7 and churn, range here"),
    ("matrix_is_used", "scorecard_nodes", "value_12m,1,,", "value_12m,1,entropy,", 10,
     "weighting", "no nodes below it"),
    ("matrix_is_used", "scorecard_nodes", "当前,,0.5,,,,,,,,,2020-01-01,,anna,start\n",
     "当前,,0.5,ahp,now,,,,,,,2020-01-01,,anna,start\n" + MANY, 8, "weighting",
     "11 nodes below current"),
    ("every_tier_has_its_target", "targets", "days_late,C,2020-01-01,60,10,0,anna,start\n",
     "", 3, "scoring",
     "days_late is scored by targets from 2020-01-01, and tier C has none\\."),
    ("every_tier_has_its_target", "targets", "days_late,C,2020-01-01", "days_late,C,2021-01-01", 3,
     "scoring", "has none before 2021-01-01"),
    ("every_tier_has_its_target", "targets", "retention,all", "retention,A", 14, "scoring",
     "tier all has none"),
    ("targets_run_in_one_direction", "targets", "days_late,B,2020-01-01,60,10,0",
     "days_late,B,2020-01-01,0,10,60", 3, "target_value", "0, 10, 60 do not fall.*Lower is better"),
    ("targets_run_in_one_direction", "targets", "0.7,1,1.2", "0.7,1,1", 10, "target_value",
     "do not rise"),
    ("bands_meet", "bands", "amber,50", "amber,55", 3, "lower_bound", "a gap between red up to 50"),
    ("bands_meet", "bands", "amber,50", "amber,45", 3, "lower_bound", "an overlap"),
    ("bands_meet", "bands", "red,0", "red,1", 2, "lower_bound", "no band below 1"),
    ("bands_meet", "bands", "75,100", "75,99", 4, "upper_bound", "no band above 99"),
    ("bands_meet", "bands", "2020-01-01,anna,start\n*,green",
     "2021-01-01,anna,start\n*,green", 4, "lower_bound",
     "a gap between red up to 50 and green"),
    ("every_profile_has_bands", "bands", "2020-01-01", "2021-01-01", 2, "valid_from",
     "care holds from 2020-01-01, and no band"),
    ("exception_has_its_effect", "exceptions", "cap,49", "cap,490", 2, "value", "no score"),
    ("exception_has_its_effect", "exceptions", "cap,49", "set_band,blue", 2, "value",
     "no band 'blue'.*amber, green, red"),
    ("override_ends", "overrides", "2022-03-31", "2022-04-02", 2, "valid_until",
     "holds for 91 days.*2022-04-01"),
    ("author_is_an_id", "overrides", "e12", "Erna Muster", 2, "author", "looks like a name"),
    ("every_cell_has_its_strategy", "segment_strategies",
     "low_low_low,low,low,low,Cell,单元,Act,行动,true\n", "", 1, "cell", "low_low_low has no row"),
    ("every_cell_has_its_strategy", "segment_strategies", "low_low_high,low,low,high",
     "low_low_high,low,high,high", 8, "cell", "cell of low_high_high is called 'low_low_high'"),
    ("value_is_there", "targets", "60,10,0,anna", "60,10,0,", 2, "changed_by", "is empty"),
    ("value_is_there", "bands", "2020-01-01,anna,start", "2020-01-01,anna,", 2, "reason",
     "is empty"),
    ("value_is_there", "scorecards", "service,2020-01-01,anna", "service,2020-01-01,", 2,
     "changed_by", "is empty"),
    ("number_is_in_range", "cmat_rules", "P1,3", "P1,5", 5, "level", "5 is not at least 1"),
    ("key_is_unique", "cmat_questionnaire", "P2,people", "P1,people", 4, "valid_from",
     "in line 2 already"),
    ("one_row_in_force", "cmat_questionnaire", "2000-01-01,2022-01-01", "2000-01-01,", 2,
     "valid_until", "P1 of line 3 begins on 2022-01-01"),
    ("sections_weigh_one", "cmat_section_weights", "规划,0.6", "规划,0.5", 2, "weight",
     "weigh 0.9 together"),
    ("practice_has_its_section", "cmat_questionnaire", "P2,people", "P2,peeple", 4, "section_id",
     "no section 'peeple'.*people, planning"),
    ("practice_has_its_section", "cmat_questionnaire", "已培训。,1", "已培训。,0", 3, "section_id",
     "No practice of the section people"),
    ("measured_level_is_known", "cmat_rules", "P1,1", "P9,1", 2, "practice_id",
     "no practice 'P9'"),
    ("measured_level_is_known", "cmat_metric_terms", "worth_age", "worth_ages", 4, "metric_id",
     "no metric 'worth_age'"),
    ("levels_leave_none_out", "cmat_rules", "P1,1,worth_known,>=,0.05\n", "", 4, "level",
     "level 3 and no level 1"),
    ("levels_ask_for_more", "cmat_rules", "worth_known,>=,0.5\n", "worth_known,>=,0.04\n", 3,
     "threshold", "level 2 asks worth_known >= 0.04, level 1 0.05 already"),
    ("levels_ask_for_more", "cmat_rules", "worth_age,<=,35", "worth_age,<=,62", 5, "threshold",
     "level 2 62 already"),
    ("levels_ask_for_more", "cmat_rules", "P1,3,worth_age,<=,35", "P1,3,worth_age,>=,63", 5,
     "threshold", ">= 63 and <= 62"),
    ("threshold_can_be_reached", "cmat_rules", "worth_known,>=,0.5\n", "worth_known,>=,50\n", 3,
     "threshold", "never be 50"),
    ("benchmark_is_in_order", "cmat_benchmark", "best,67", "best,16", 3, "percent",
     "best 16 is below worst 17"),
    ("benchmark_is_in_order", "cmat_benchmark", "mean,35", "mean,70", 3, "percent",
     "best 67 is below mean 70"),
    ("benchmark_is_in_order", "cmat_benchmark", "published,worst", "other,worst", 4,
     "benchmark_id", "another benchmark"),
]  # fmt: skip


def changed(seed: str, old: str, new: str) -> dict[str, str]:
    assert old in GOOD[seed], "the case must change something"
    every = seed == "bands" and old == "2020-01-01"
    return {seed: GOOD[seed].replace(old, new) if every else GOOD[seed].replace(old, new, 1)}


def test_the_good_configuration_has_no_mistake(judge: Judge) -> None:
    report = judge({})
    assert report.mistakes == ()
    rows = sum(GOOD[name].count("\n") - 1 for name in SEEDS)
    assert (report.rules, report.rows) == (len(RULES), rows)
    assert render_report(report) == f"{len(RULES)} rules, {rows} rows, no mistake."


def test_the_product_has_no_mistake() -> None:
    found = lint(read_configuration(Settings.from_environment({}, root=ROOT)))
    assert not found.mistakes, render_mistakes(found.mistakes)


@pytest.mark.parametrize(
    ("rule", "seed", "old", "new", "line", "column", "words"),
    CORPUS,
    ids=[f"{case[0]}-{case[1]}-{number}" for number, case in enumerate(CORPUS)],
)
def test_each_mistake_is_told_with_its_place(
    judge: Judge, rule: str, seed: str, old: str, new: str, line: int, column: str, words: str
) -> None:
    found = [each for each in judge(changed(seed, old, new)).mistakes if each.rule == rule]
    assert found, "the rule must refuse it"
    texts = [f"{each.line} {each.column}: {each.found} {each.remedy}" for each in found]
    assert any(
        each.line == line
        and each.column == column
        and re.search(words, f"{each.found} {each.remedy}", re.DOTALL)
        for each in found
    ), texts
    assert all(each.found.endswith(".") and each.remedy.endswith(".") for each in found)


def test_every_rule_is_in_the_corpus() -> None:
    assert {case[0] for case in CORPUS} == {rule.name for rule in RULES}
    assert all(rule.says.endswith((".", "...")) for rule in RULES)


def test_a_file_that_is_missing_or_no_text_is_told(judge: Judge) -> None:
    told = {
        each.seed: each.found for each in judge({"bands": None, "overrides": b"\xff\xfe"}).mistakes
    }
    assert told["bands"] == "The file is missing."
    assert "is not UTF-8" in told["overrides"]


def test_every_mistake_is_told_at_once(judge: Judge) -> None:
    several = {
        **changed("bands", "amber,50", "amber,55"),
        **changed("overrides", "2022-03-31", "2022-12-31"),
        **changed("exceptions", "has_severe", "has_sever"),
        **changed("targets", "days_late,C,2020-01-01,60,10,0,anna,start\n", ""),
    }
    assert {each.rule for each in judge(several).mistakes} == {
        "bands_meet",
        "override_ends",
        "indicator_is_known",
        "every_tier_has_its_target",
    }


def test_a_mistake_that_lasts_is_told_once(judge: Judge) -> None:
    found = judge(changed("scorecard_nodes", "days_late,0.7", "days_late,0.8")).mistakes
    assert [each.rule for each in found] == ["siblings_weigh_one"]
    found = judge(changed("scorecard_nodes", "care,health,,", "care,health,x,")).mistakes
    assert len([each for each in found if each.rule == "parent_is_in_force"]) == 1


def test_a_row_that_cannot_be_dated_hides_its_tree_only(judge: Judge) -> None:
    found = judge(
        {
            "scorecard_nodes": GOOD["scorecard_nodes"]
            .replace(
                "care,health,,Health,健康,,1,,,,,,,,,2020-01-01",
                "care,health,,Health,健康,,1,,,,,,,,,today",
            )
            .replace("mood,0.4", "mood,0.5")
            .replace("churn_probability,0.5", "churn_probability,0.6")
        }
    ).mistakes
    assert {(each.rule, each.line) for each in found} == {
        ("date_is_readable", 2),
        ("siblings_weigh_one", 11),
    }


def test_texts_over_several_lines_keep_the_lines_right(judge: Judge) -> None:
    text = GOOD["exceptions"].replace("A severe complaint", '"A severe\ncomplaint"')
    text += "second,*,2,unknown,=,1,cap,49,R,理,2020-01-01,,anna\n"
    assert [each.line for each in judge({"exceptions": text}).mistakes] == [4]


@pytest.fixture
def broken_project(tmp_path: Any, judge: Judge) -> Settings:
    judge(changed("bands", "amber,50", "amber,55"))
    return Settings.from_environment({}, root=tmp_path, home=tmp_path / "home")


def test_a_run_is_refused_with_exit_code_2(broken_project: Settings) -> None:
    with pytest.raises(ConfigurationError, match="1 mistake, so nothing was computed") as refused:
        refuse_mistakes(broken_project)
    assert refused.value.exit_code == 2
    assert "dbt_project/seeds/bands.csv:3 lower_bound [bands_meet] * from 2020-01-01: a gap" in str(
        refused.value
    )


@pytest.mark.parametrize("arguments", [["lint-config"], ["run"]], ids=" ".join)
def test_the_commands_refuse_and_write_nothing(
    broken_project: Settings, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "from_environment", lambda *_, **__: broken_project)
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 2
    assert "[bands_meet]" in result.stderr
    assert not broken_project.warehouse.exists()


def test_the_command_says_what_it_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(cli.app, ["lint-config"])
    assert result.exit_code == 0
    assert f"{len(RULES)} rules, " in result.output
    assert "no mistake." in result.output


def test_the_page_lists_every_rule() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    listed = [line for line in page.splitlines() if re.match(r"\| `\w+` \| ", line)]
    rules = [f"| `{rule.name}` | {rule.says} |" for rule in RULES]
    assert listed[: len(rules)] == rules

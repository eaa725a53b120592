"""The two languages of the scorecard's pages: English as written in the code, and Chinese.

Belongs here: the Chinese of every text of those pages, and dates in both. Not here: names of
indicators, measures and profiles, which the catalogue and the seeds hold in both languages.

The English text is the key, so that a page reads in the code as it does on the screen. A text
without its Chinese is an error when a Chinese page is made, never an English word in it.
"""

import csv
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration.release.formats import format_day, format_month
from orchestration.release.manifest import Manifest

LANGUAGES = ("en", "zh")
SIMULATED_ZH = "模拟数据：该企业并不存在。"
_PROFILES = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "scorecards.csv"

Translate = Callable[[str], str]


def translator(lang: str) -> Translate:
    """The way from an English text to that of a language.

    Args:
        lang: `en` or `zh`.

    Returns:
        A function that raises KeyError for a text that has no Chinese.
    """
    return (lambda text: text) if lang == "en" else CHINESE.__getitem__


def notice_in(lang: str, manifest: Manifest) -> str:
    """What must be said before any figure is shown; empty for real figures."""
    if lang == "en" or not manifest.notice:
        return manifest.notice
    return SIMULATED_ZH


def file_in(lang: str, key: str) -> str:
    """The file of a page in a language: `scorecards.html`, `scorecards.zh.html`."""
    return f"{key}.html" if lang == "en" else f"{key}.{lang}.html"


def day_in(lang: str) -> Callable[[Any], str]:
    """How a day is written: `31 December 2025`, `2025年12月31日`."""
    return format_day if lang == "en" else _chinese_day


def month_in(lang: str) -> Callable[[Any], str]:
    """How a month is written: `Dec 2025`, `2025年12月`."""
    return format_month if lang == "en" else _chinese_month


def _chinese_day(value: date | datetime | str | None) -> str:
    if value is None:
        return "–"
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day.year}年{day.month}月{day.day}日"


def _chinese_month(value: date | datetime | str | None) -> str:
    return _chinese_day(value).partition("月")[0] + ("月" if value is not None else "")


def profile_names(lang: str) -> dict[str, str]:
    """The profiles' names of the seed by their id; empty where the seed is not there."""
    if not _PROFILES.is_file():
        return {}
    with _PROFILES.open(encoding="utf-8-sig", newline="") as file:
        column = "name" if lang == "en" else "name_zh"
        return {row["profile"]: row[column] or row["name"] for row in csv.DictReader(file)}


CHINESE: dict[str, str] = {
    # Names that several pages share.
    "Customer search": "客户查询",
    "Scorecards": "记分卡",
    "Overview": "总览",
    "Score": "得分",
    "Band": "等级",
    "Tier": "价值等级",
    "Trend": "趋势",
    "Profile": "记分卡",
    "Customer": "客户",
    "Coverage": "覆盖率",
    "red": "红",
    "amber": "黄",
    "green": "绿",
    "none": "无",
    "Red": "红",
    "Amber": "黄",
    "Green": "绿",
    "No score": "无得分",
    "up": "上升",
    "down": "下降",
    "flat": "平稳",
    "n/a": "无法比较",
    "Measure": "指标",
    "Weight": "权重",
    "Change": "变化",
    "not measured": "未测量",
    # The customer search.
    "Pages": "页面",
    "Why each customer has the score it has, what changed it, and what would raise it.": (
        "每位客户的得分从何而来、为何变化、怎样才能提高。"
    ),
    "Not shown": "未显示",
    "The scorecard is not in this release: its data product has never passed its gate.": (
        "本次发布不含记分卡：其数据产品从未通过检查。"
    ),
    "The scorecard has no row in this release.": "本次发布的记分卡没有数据。",
    "There are too many customers for a page of files. Use `scorecard explain CUSTOMER`, "
    "or the mart customer_scorecard.": (
        "客户过多，无法放入页面。请使用 `scorecard explain CUSTOMER` 或数据表 customer_scorecard。"
    ),
    "Id or organisation": "编号或机构名称",
    "All bands": "所有等级",
    "All tiers": "所有价值等级",
    "Order": "排序",
    "Lowest score first": "得分由低到高",
    "Highest score first": "得分由高到低",
    "Fell most first": "下降最多在前",
    "Rose most first": "上升最多在前",
    "By id": "按编号",
    "Loading": "正在加载",
    "Customers": "客户",
    "Choose a customer.": "请选择一位客户。",
    "This page needs JavaScript.": "本页需要 JavaScript。",
    "A dash means not measured; it is never taken as zero. Contributions sum to the score before "
    "exceptions.": "短横线表示未测量，绝不当作零。各项贡献之和等于例外处理前的得分。",
    "{n} of {all} customers": "{all} 位客户中的 {n} 位",
    "The data of this customer cannot be loaded:": "无法加载该客户的数据：",
    "Health and risk contradict each other": "健康度与流失风险相互矛盾",
    "Since last month": "较上月",
    "Leaves within 6 months": "6个月内流失概率",
    "Risk band": "风险等级",
    "Next best lever": "最佳改进点",
    "Where the score comes from": "得分的构成",
    "Sum": "合计",
    "Dimensions": "维度",
    "coverage {share}": "覆盖率 {share}",
    "History": "历史",
    "Computed {score}; changed by the exception {id}.": "计算得分 {score}；被例外规则 {id} 更改。",
    "Set by {team} until {until}: {reason}": "由 {team} 设定，有效至 {until}：{reason}",
    "{n} days old": "{n} 天前的数据",
    "score {score}": "得分 {score}",
    "{n} source rows": "{n} 行源数据",
    "weight {share}": "权重 {share}",
    "Values measured": "测量值",
    "Scale and targets": "尺度与目标",
    "Configuration": "配置",
    "Exceptions": "例外",
    "Overrides": "人工设定",
    "Since last month: {from} to {to}": "较上月：由 {from} 变为 {to}",
    "Measures that moved it most": "影响最大的指标",
    "no evidence for this customer": "该客户无数据",
    "no data": "无数据",
    "Not measured": "未测量",
    # What every page of the report has.
    "Nothing to list.": "无内容。",
    "The figures stand in the table below.": "数据见下表。",
    "Figures and definition": "数据与定义",
    "Definition": "定义",
    "customer scorecard": "客户记分卡",
    "data to": "数据截至",
    "release": "发布",
    "Part of this page is older than the release": "本页部分内容早于本次发布",
    "absent": "缺失",
    "you see the last good version, of": "显示最近的合格版本，日期",
    "Reason": "原因",
    "Nothing of this page is measured as one figure": "本页没有可用单一数字表示的内容",
    "The sections below say why.": "原因见下文各节。",
    "as of": "截至",
    "Held: last good version": "已扣留：最近的合格版本",
    "not measured since": "此后未测量",
    "About this page": "关于本页",
    "Release": "发布",
    "to": "至",
    "Where figures come from": "数据来源",
    "the mart and columns named beside them": "数字旁注明的数据表与列",
    "A dash, “not measured”": "短横线、“未测量”",
    "the data cannot say it; it is never taken as zero": "数据无法说明；绝不当作零",
    "Small n": "样本少",
    "rests on few cases: do not rank by it": "依据的案例很少：不宜据此排名",
    "Data quality": "数据质量",
    "All rules and results": "所有规则与结果（英文）",
    # The page of the scorecards.
    "How do our customers stand, by each scorecard, and what moved them?": (
        "按各记分卡，我们的客户状况如何，因何变化？"
    ),
    "Scorecards and bands": "记分卡与等级",
    "Months": "月份",
    "Tiers": "价值等级",
    "What moved the scores": "得分变化的原因",
    "no customer has a score in two months in a row": "没有客户连续两个月有得分",
    "Value and risk": "价值与风险",
    "no customer has both a score and a churn probability": "没有客户同时有得分和流失概率",
    "Health and risk apart": "健康度与风险的分歧",
    "health and risk agree for every customer, or one of both is not measured": (
        "所有客户的健康度与风险一致，或其中之一未测量"
    ),
    "Customers by band": "各等级客户数",
    "How many customers stand in which band of each scorecard.": "各记分卡中每个等级的客户数。",
    "The band comes from the score after exceptions and overrides. No score: too little of the "
    "scorecard's weight is measured for the customer.": (
        "等级由例外和人工设定之后的得分决定。无得分：该客户测量到的权重过少。"
    ),
    "A customer has one score for each scorecard that the data can fill. Coverage is the share of "
    "the weight that is measured.": (
        "数据足以支持的每张记分卡都给客户一个得分。覆盖率是测量到的权重所占份额。"
    ),
    "By “{profile}”, {green} customers are green, {amber} amber and {red} red; the mean score is "
    "{mean}.": "按“{profile}”，{green} 位客户为绿，{amber} 位为黄，{red} 位为红；平均得分 {mean}。",
    "mean of {n} scores, {red} red": "{n} 个得分的平均，{red} 为红",
    "Mean score of all customers that have one.": "所有有得分客户的平均得分。",
    "How the scores moved over the months; not every customer is in every month.": (
        "各月得分的变化；并非每位客户每月都在。"
    ),
    "Mean score": "平均得分",
    "Mean of the scores of all customers that have one.": "所有有得分客户的平均。",
    "Share of red customers": "红色客户占比",
    "Of the customers that have a score.": "占有得分客户的比例。",
    "Red customers divided by the customers that have a score.": "红色客户数除以有得分的客户数。",
    "No tier": "无价值等级",
    "The same scorecards by value tier. Targets differ by tier, so a score of tier A and one of "
    "tier D say how each stands against its own target.": (
        "按价值等级列出同样的记分卡。目标因等级而异，所以得分表示客户相对本等级目标的状况。"
    ),
    "Compared": "可比客户",
    "Change of the mean": "平均变化",
    "Up": "上升",
    "Flat": "平稳",
    "Down": "下降",
    "The change of each customer's score since the month before is taken apart exactly; these are "
    "the means of the parts, and they sum to the mean change.": (
        "每位客户较上月的得分变化都被精确分解；下表是各部分的平均，其和等于平均变化。"
    ),
    "Mean change since the month before, by cause": "较上月平均变化（按原因）",
    "Of customers with a score in both months. A change within the dead band of the measure's own "
    "noise counts as flat.": "两个月均有得分的客户。在自身噪声死区内的变化视为平稳。",
    "Value says whom it is worth to keep, risk says who is about to leave; they are never mixed "
    "into one number.": "价值说明值得留住谁，风险说明谁将离开；二者绝不混成一个数字。",
    "{urgent} of {all} customers ({share}) have a score of 60 or more and leave within six months "
    "with a probability of 25 % or more.": (
        "{all} 位客户中有 {urgent} 位（{share}）得分在 60 以上，且6个月内流失概率在 25 % 以上。"
    ),
    "Customers by score of “{profile}” and churn probability": (
        "按“{profile}”得分与流失概率划分的客户数"
    ),
    "A step holds its lower end, the highest also its upper one.": (
        "每档包含下限，最高一档也包含上限。"
    ),
    "unhealthy, yet risk is low": "不健康，但风险低",
    "healthy, yet at risk": "健康，但有风险",
    "Health is made of what can be acted on, risk of what predicts. Where they stand two bands "
    "apart, one of them misses something: look at the customer.": (
        "健康度由可行动的指标构成，风险由预测构成。二者相差两级时，必有一方有所遗漏：请查看该客户。"
    ),
    "{n} customers; {listed} are listed, all are in the mart contradictions.": (
        "{n} 位客户；列出 {listed} 位，全部见数据表 contradictions。"
    ),
    "Customers whose health and risk contradict each other": "健康度与风险相互矛盾的客户",
    "Health score": "健康度得分",
    "What disagrees": "矛盾之处",
    "Scorecards that the data cannot fill": "数据不足的记分卡",
    "Measurable weight": "可测量权重",
    "It lacks": "缺少",
    "At least 60 % of the weight must be measurable; these are refused.": (
        "至少须能测量 60 % 的权重；否则不予采用。"
    ),
    "Shares are of the customers that have a score.": "占比以有得分的客户为分母。",
    "Scored": "有得分",
    "Month": "月份",
}

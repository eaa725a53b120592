"""How a reason is told to a manager.

Belongs here: words for every feature, above and below what is usual and where nothing is known, in
English and Chinese, and the units in which values are written.
Does not belong here: which features are reasons (`ml.churn.reasons`), what a feature means
(`ml.churn.features`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor, isnan
from typing import Final

Unit = Callable[[float], str]


@dataclass(frozen=True)
class Words:
    """The words of one feature.

    Attributes:
        label: What is measured; stands before a value that is as usual.
        high: Sentence for a value above the usual one, with `{}` for the value.
        low: The same below the usual one.
        missing: Sentence where nothing is known.
        label_zh: What is measured, in Chinese.
        unit: Writes a value.
        unit_zh: Chinese unit behind the value; empty where the value needs none.
        is_flag: Whether it is so or not, 1 or 0.
    """

    label: str
    high: str
    low: str
    missing: str
    label_zh: str
    unit: Unit
    unit_zh: str = ""
    is_flag: bool = False

    def tell(self, value: float, usual: float) -> str:
        """Say a value beside the usual one, e.g. "no purchase for 94 days (usual: 31 days)"."""
        if isnan(value):
            return self.missing
        shown, beside = self.unit(value), "" if isnan(usual) else self.unit(usual)
        if not beside:
            return f"{self.label}: {shown} (most customers have none)"
        if shown == beside:
            return f"{self.label}: {shown} (as usual)"
        return f"{(self.high if value > usual else self.low).format(shown)} (usual: {beside})"

    def tell_in_chinese(self, value: float, usual: float) -> str:
        """The same in Chinese."""
        if isnan(value):
            return f"{self.label_zh}：无数据"
        told = f"{self.label_zh}：{self._chinese(value)}"
        return f"{told}（{'多数客户无此数据' if isnan(usual) else '通常 ' + self._chinese(usual)}）"

    def side(self, limit: float, *, is_below: bool) -> str:
        """Say on which side of a limit a value lies; between whole numbers it is the lower one."""
        if self.is_flag:
            return f"{self.label}: {self.unit(0.0 if is_below else 1.0)}"
        is_whole = self.unit in (_whole, _days, _months)
        shown = self.unit(float(floor(limit)) if is_whole else limit)
        return f"{self.label} {'at most' if is_below else 'above'} {shown}"

    def _chinese(self, value: float) -> str:
        number = self.unit(value).removesuffix(" days").removesuffix(" day")
        return f"{number.removesuffix(' months').removesuffix(' month').removesuffix(' h')}" + (
            f" {self.unit_zh}" if self.unit_zh else ""
        )


def words_of(feature: str) -> Words:
    """The words of a feature; of one that has none here, its name."""
    if feature in WORDS:
        return WORDS[feature]
    label = feature.replace("_", " ")
    return Words(
        label, f"high {label}: {{}}", f"low {label}: {{}}", f"{label}: not known", label, number
    )


def number(value: float) -> str:
    """A number with as many decimals as it needs, two at most."""
    rounded = round(value, 2) + 0.0
    return f"{rounded:,.0f}" if rounded == round(rounded) else f"{rounded:,.2f}"


def _whole(value: float) -> str:
    return f"{round(value) + 0:,d}"


def _money(value: float) -> str:
    return _whole(value)


def _days(value: float) -> str:
    return f"{_whole(value)} {'day' if round(value) == 1 else 'days'}"


def _months(value: float) -> str:
    return f"{_whole(value)} {'month' if round(value) == 1 else 'months'}"


def _percent(value: float) -> str:
    return f"{round(100 * value) + 0:,d} %"


def _change(value: float) -> str:
    return f"{round(100 * value) + 0:+,d} %"


def _hours(minutes: float) -> str:
    return f"{number(round(minutes / 60, 1))} h"


def _counted(
    label: str, label_zh: str, *, missing: str = "", unit: Unit = _whole, unit_zh: str = ""
) -> Words:
    """Words of something of which there is more or less."""
    return Words(
        label=label,
        high=f"more {label} than usual: {{}}",
        low=f"fewer {label} than usual: {{}}",
        missing=missing or f"{label}: not known",
        label_zh=label_zh,
        unit=unit,
        unit_zh=unit_zh,
    )


def _levelled(
    label: str, label_zh: str, *, missing: str = "", unit: Unit = number, unit_zh: str = ""
) -> Words:
    """Words of something that is high or low."""
    return Words(
        label=label,
        high=f"high {label}: {{}}",
        low=f"low {label}: {{}}",
        missing=missing or f"{label}: not known",
        label_zh=label_zh,
        unit=unit,
        unit_zh=unit_zh,
    )


def _flag(label: str, label_zh: str, *, missing: str = "") -> Words:
    """Words of what is so or not."""
    return Words(
        label=label,
        high=f"{label}: {{}}",
        low=f"{label}: {{}}",
        missing=missing or f"{label}: not known",
        label_zh=label_zh,
        unit=lambda value: "yes" if value else "no",
        is_flag=True,
    )


_NO_CONTRACT: Final = "no subscription in force"
_NO_USE_DATA: Final = "use: not measured"
_NO_TICKET: Final = "no ticket solved in 6 months"
_NO_TEXT: Final = "nothing written in 12 months"
_NO_INVOICE: Final = "no purchase in 12 months"

WORDS: Final[Mapping[str, Words]] = {
    "days_since_purchase": Words(
        "days since the last purchase",
        "no purchase for {}",
        "last purchase only {} ago",
        "last purchase: not known",
        "距上次购买",
        _days,
        "天",
    ),
    "tenure_days": Words(
        "customer for",
        "customer for as long as {}",
        "customer for only {}",
        "first purchase: not known",
        "客户年限",
        _days,
        "天",
    ),
    "is_tenure_censored": _flag("customer since before the data begin", "数据开始前已是客户"),
    "purchases_1m": _counted("purchases in the last month", "近 1 个月购买次数"),
    "purchases_3m": _counted("purchases in 3 months", "近 3 个月购买次数"),
    "purchases_6m": _counted("purchases in 6 months", "近 6 个月购买次数"),
    "purchases_12m": _counted("purchases in 12 months", "近 12 个月购买次数"),
    "revenue_3m": _levelled("revenue in 3 months", "近 3 个月收入", unit=_money),
    "revenue_6m": _levelled("revenue in 6 months", "近 6 个月收入", unit=_money),
    "revenue_12m": _levelled("revenue in 12 months", "近 12 个月收入", unit=_money),
    "revenue_trend_3m": Words(
        "revenue against the 3 months before",
        "revenue of 3 months grows: {} against the 3 before",
        "revenue of 3 months falls behind: {} against the 3 before",
        "no revenue in the 3 months before to compare with",
        "近 3 个月收入环比",
        _change,
    ),
    "basket_value_12m": _levelled(
        "amount per purchase", "单次购买金额", missing=_NO_INVOICE, unit=_money
    ),
    "return_ratio_12m": _levelled(
        "share returned of what was bought",
        "退货金额占比",
        missing=_NO_INVOICE,
        unit=_percent,
    ),
    "product_count_12m": _counted("different products bought in 12 months", "近 12 个月购买产品数"),
    "active_months_12m": _counted("months with a purchase among the last 12", "近 12 个月活跃月数"),
    "gap_days_mean_12m": Words(
        "time between purchases",
        "long time between purchases: {}",
        "short time between purchases: {}",
        "fewer than two purchases in 12 months, so no rhythm",
        "平均购买间隔",
        _days,
        "天",
    ),
    "gap_cv_12m": Words(
        "irregularity of the purchases",
        "buys irregularly: {}",
        "buys regularly: {}",
        "too few purchases in 12 months to see a rhythm",
        "购买间隔的不规律程度",
        number,
    ),
    "recency_to_gap_ratio": Words(
        "time since the last purchase, in own usual gaps",
        "long silence by the customer's own rhythm: {} usual gaps",
        "short silence by the customer's own rhythm: {} usual gaps",
        "fewer than two purchases in 12 months, so no rhythm to compare with",
        "距上次购买相当于自身间隔的倍数",
        number,
    ),
    "value_trend": Words(
        "value of 6 months against a year before",
        "value of 6 months well ahead of a year before: {}",
        "value of 6 months behind a year before: {}",
        "no value a year before to compare with",
        "近 6 个月价值同比",
        _change,
    ),
    "line_count_12m": _counted("invoice lines in 12 months", "近 12 个月账单行数"),
    "gross_margin_12m": _levelled("gross margin of 12 months", "近 12 个月毛利", unit=_money),
    "purchase_delay_ratio_12m": Words(
        "time since the last purchase, in own mean gaps",
        "next purchase overdue by the customer's own rhythm: {} mean gaps",
        "next purchase not yet due by the customer's own rhythm: {} mean gaps",
        "too few purchases in 12 months to say when the next is due",
        "距上次购买相当于平均间隔的倍数",
        number,
    ),
    "category_breadth_12m": _levelled(
        "share of the product categories bought from",
        "购买品类覆盖率",
        missing=_NO_INVOICE,
        unit=_percent,
    ),
    "discount_ratio_12m": _levelled(
        "discount off the list price in 12 months",
        "近 12 个月折扣率",
        missing="no invoice line with a list price",
        unit=_percent,
    ),
    "mrr": _levelled(
        "monthly recurring revenue",
        "月度经常性收入",
        missing="no recurring revenue known",
        unit=_money,
    ),
    "mrr_trend_6m": Words(
        "recurring revenue against 6 months ago",
        "recurring revenue grows: {} against 6 months ago",
        "recurring revenue falls behind: {} against 6 months ago",
        "no recurring revenue 6 months ago to compare with",
        "经常性收入较 6 个月前",
        _change,
    ),
    "is_contractual": _flag("subscription in force", "有生效的订阅"),
    "contract_term_months": Words(
        "term of the contract",
        "long term of the contract: {}",
        "short term of the contract: {}",
        _NO_CONTRACT,
        "合同期限",
        _months,
        "个月",
    ),
    "contract_age_days": Words(
        "age of the oldest subscription",
        "under contract for as long as {}",
        "under contract for only {}",
        _NO_CONTRACT,
        "最早订阅已持续",
        _days,
        "天",
    ),
    "contract_days_to_renewal": Words(
        "time to the next renewal",
        "next renewal far away: {}",
        "next renewal near: {}",
        "no renewal is due",
        "距下次续约",
        _days,
        "天",
    ),
    "is_renewal_due_6m": _flag(
        "renewal due within six months", "六个月内需续约", missing=_NO_CONTRACT
    ),
    "months_since_plan_change": Words(
        "time since plan or seats changed",
        "plan and seats unchanged for {}",
        "plan or seats changed {} ago",
        "plan and seats never changed",
        "距上次变更套餐或席位",
        _months,
        "个月",
    ),
    "months_since_price_change": Words(
        "time since the price changed",
        "price unchanged for {}",
        "price changed {} ago",
        "price never changed",
        "距上次调价",
        _months,
        "个月",
    ),
    "price_change_ratio_12m": Words(
        "change of price within 12 months",
        "price rose by more than usual: {}",
        "price rose by less than usual: {}",
        "no change of price within 12 months",
        "近 12 个月价格变动",
        _change,
    ),
    "failed_payments_3m": _counted("failed payments in 3 months", "近 3 个月付款失败次数"),
    "renewal_ratio_24m": _levelled(
        "share of terms renewed",
        "续约率",
        missing="no term came up for renewal in 24 months",
        unit=_percent,
    ),
    "paid_on_time_ratio_12m": _levelled(
        "share paid in time",
        "按时付款占比",
        missing="nothing fell due in 12 months",
        unit=_percent,
    ),
    "days_past_due_max_12m": Words(
        "longest delay of a payment",
        "a payment came as late as {}",
        "payments at most {} late",
        "nothing fell due in 12 months",
        "最长逾期",
        _days,
        "天",
    ),
    "stage_months": Words(
        "time in the present stage",
        "in the present stage of the relationship for {}",
        "in the present stage of the relationship for only {}",
        "stage of the relationship: not known",
        "处于当前关系阶段",
        _months,
        "个月",
    ),
    "interactions_3m": _counted(
        "contacts, tickets and days of use in 3 months", "近 3 个月互动次数"
    ),
    "usual_interactions_3m": _counted(
        "contacts, tickets and days of use in the customer's own usual 3 months",
        "自身通常 3 个月互动次数",
        missing="no earlier months to tell the customer's usual contact",
        unit=number,
    ),
    "interaction_score": Words(
        "contact against the customer's own usual, of 100",
        "more contact than the customer's own usual: {} of 100",
        "less contact than the customer's own usual: {} of 100",
        "no usual contact of the customer's own to compare with",
        "互动相对自身平时（0-100）",
        _whole,
    ),
    "active_days_1m": _counted(
        "days of use in the last month", "近 1 个月使用天数", missing=_NO_USE_DATA
    ),
    "active_days_3m": _counted(
        "days of use in 3 months", "近 3 个月使用天数", missing=_NO_USE_DATA
    ),
    "logins_3m": _counted("logins in 3 months", "近 3 个月登录次数", missing=_NO_USE_DATA),
    "login_trend_3m": Words(
        "logins of the month against the mean of 3",
        "logs in more often than in the 3 months before: {} times the mean",
        "logs in less often than in the 3 months before: {} times the mean",
        "no login in 3 months to compare with",
        "本月登录与 3 个月均值之比",
        number,
    ),
    "feature_events_3m": _counted(
        "uses of features in 3 months", "近 3 个月功能使用次数", missing=_NO_USE_DATA
    ),
    "help_centre_visits_6m": _counted(
        "visits of the help centre in 6 months", "近 6 个月访问帮助中心次数", missing=_NO_USE_DATA
    ),
    "community_posts_6m": _counted(
        "contributions to the community in 6 months", "近 6 个月社区发言数", missing=_NO_USE_DATA
    ),
    "trainings_6m": _counted(
        "trainings begun in 6 months", "近 6 个月参加培训次数", missing=_NO_USE_DATA
    ),
    "relationship_events_12m": _counted(
        "referrals and joint doings in 12 months", "近 12 个月推荐与共同活动次数"
    ),
    "new_product_score_12m": _levelled(
        "share of the launches adopted, of 100",
        "新品采用得分（0-100）",
        missing="no launch to adopt in 12 months",
        unit=_whole,
    ),
    "voice_items_12m": _counted("tickets and contributions in 12 months", "近 12 个月工单与反馈数"),
    "tickets_created_6m": _counted("tickets opened in 6 months", "近 6 个月新建工单数"),
    "open_tickets": _counted("open tickets", "未结工单数"),
    "complaints_received_6m": _counted("complaints in 6 months", "近 6 个月投诉数"),
    "resolution_business_minutes_mean_6m": Words(
        "working time to solve a ticket",
        "slow solution of tickets: {} of working time",
        "quick solution of tickets: {} of working time",
        _NO_TICKET,
        "工单平均解决工时",
        _hours,
        "小时",
    ),
    "first_contact_ratio_6m": _levelled(
        "share of tickets solved at first contact",
        "首次解决率",
        missing=_NO_TICKET,
        unit=_percent,
    ),
    "reopen_ratio_6m": _levelled(
        "share of solved tickets opened again",
        "工单重开率",
        missing=_NO_TICKET,
        unit=_percent,
    ),
    "sla_met_ratio_6m": _levelled(
        "share of tickets solved in time",
        "工单按时解决率",
        missing=_NO_TICKET,
        unit=_percent,
    ),
    "anchor_misses_6m": _counted(
        "missed standards at moments that matter, in 6 months", "近 6 个月关键时刻未达标次数"
    ),
    "cost_to_serve_ratio_12m": _levelled(
        "cost to serve against gross margin",
        "服务成本与毛利之比",
        missing="cost to serve against margin: not known",
        unit=_percent,
    ),
    "sentiment": _levelled(
        "mood of the customer's texts, -1 to 1", "文本情绪（-1 至 1）", missing=_NO_TEXT
    ),
    "negative_text_ratio_12m": _levelled(
        "share of texts in a bad mood", "负面文本占比", missing=_NO_TEXT, unit=_percent
    ),
    "worst_text_severity_6m": Words(
        "worst severity in words, 1 is worst",
        "nothing severe in the texts of 6 months: worst is {}, where 1 is worst",
        "something severe in the texts of 6 months: {}, where 1 is worst",
        "nothing with a severity written in 6 months",
        "文本最严重等级（1 最严重）",
        _whole,
    ),
    "survey_invitations_12m": _counted("survey invitations in 12 months", "近 12 个月问卷邀请数"),
    "survey_response_ratio_12m": Words(
        "share of surveys answered",
        "answers surveys: {} of them",
        "leaves surveys unanswered: {} answered",
        "no survey invitation in 12 months",
        "问卷回复率",
        _percent,
    ),
    "nps_answer": _levelled(
        "answer to 'would you recommend us', of 10",
        "推荐意愿（0-10）",
        missing="no answer to 'would you recommend us'",
        unit=_whole,
    ),
    "nps_answer_age_days": Words(
        "age of the answer to 'would you recommend us'",
        "answer to 'would you recommend us' is old: {}",
        "answer to 'would you recommend us' is recent: {}",
        "no answer to 'would you recommend us'",
        "推荐意愿回答距今",
        _days,
        "天",
    ),
    "csat_score": _levelled(
        "answer to 'how satisfied', of 100",
        "满意度（0-100）",
        missing="no answer to 'how satisfied'",
        unit=_whole,
    ),
    "csat_answer_age_days": Words(
        "age of the answer to 'how satisfied'",
        "answer to 'how satisfied' is old: {}",
        "answer to 'how satisfied' is recent: {}",
        "no answer to 'how satisfied'",
        "满意度回答距今",
        _days,
        "天",
    ),
}
"""Words by feature; a test holds that every feature of the registry has its own."""

"""What a model card says about a kind of estimator, whatever its figures are.

Belongs here: purpose, use, misuse, eligibility, label and limits of each kind, in words for a
manager. Not here: anything about one version (`cards`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

OWNER = "data science"


@dataclass(frozen=True)
class KindWords:
    """The words of one kind of estimator.

    Attributes:
        title: What it estimates.
        purpose: What its numbers are for.
        uses: What they may be used for.
        misuses: What they must not be used for.
        eligibility: Who gets a number.
        label: What was learnt, exactly.
        judged: How it was judged.
        limits: What it cannot do.
        fallback: What speaks where it is not published.
        happened: What a customer with the outcome did.
    """

    title: str
    purpose: str
    uses: tuple[str, ...]
    misuses: tuple[str, ...]
    eligibility: str
    label: str
    judged: str
    limits: tuple[str, ...]
    fallback: str
    happened: str = "left"


CHURN = KindWords(
    title="Churn in six months",
    purpose="A probability, for every active customer, of leaving within the six months after a "
    "month end, so that somebody can act while it still helps.",
    uses=(
        "order the customers whom people look at, and decide whom it pays to contact",
        "expected losses of groups of customers: probabilities may be added up",
    ),
    misuses=(
        "prices, contracts or service withheld from single customers",
        "judging people: sellers, teams or advisers",
        "proof that a contact helped: only a group left alone on purpose can show that",
        "a percentile, or the order alone, read as a probability",
    ),
    eligibility="Active at the month end, known for at least 30 days, not buying about once a "
    "year. For the others the probability is empty, not zero.",
    label="Left within the six months after the month end: docs/estimators.md, section Label, has "
    "the rule for customers with and without a contract.",
    judged="On months that lie wholly after those learnt from, six months and more apart, each "
    "customer by a fit that has learnt from other customers only; the version that scores was then "
    "fitted again, in the same way, on all known outcomes.",
    limits=(
        "It describes; it does not say whom a contact would keep.",
        "Six months after a month end only; what happens in the first two weeks cannot be acted "
        "on any more.",
        "What it has never seen (a new market, a shock) it cannot foresee; the level of churn "
        "moves with seasons and years.",
        "The interval is about the probability, not about what one customer will do.",
    ),
    fallback="the churn rate of a simple group of customers stands in its place, named in the "
    "column method",
)
CLV = KindWords(
    title="Customer lifetime value",
    purpose="What each customer is expected to bring in the next 12 and 36 months, discounted at "
    "10 % a year, so that effort goes where it pays.",
    uses=(
        "set what may be spent to win or to keep a customer",
        "sums over groups of customers, beside the share of checks that failed",
    ),
    misuses=(
        "a promise or a forecast of one customer's turnover: the interval says how wide it is",
        "multiplied by a churn probability: it holds that chance already (value if kept does not)",
        "a valuation of the company: customers to come are not in it",
    ),
    eligibility="Every customer with a purchase or a contract; known for less than 30 days: the "
    "mean of the tier. Without either the value is empty, not zero.",
    label="Nothing is labelled: purchases, amounts and how long contracts lasted so far are "
    "described by distributions, and judged by the twelve months that followed an earlier month "
    "end.",
    judged="Fitted on what was known a year before, compared with the twelve months that came, "
    "beside carrying last year's spending forward.",
    limits=(
        "It continues the past: a campaign or a new price is not in it.",
        "The order of customers is more reliable than the level.",
        "What 36 months are off by in total shows only when they are over: until then the width "
        "of their interval is carried on from twelve months.",
        "What basis is counted, revenue or margin, stands in value_basis; the two must not be "
        "added.",
    ),
    fallback="the mean of the tier stands in its place (method prior)",
)
CREDIT = KindWords(
    title="Credit rating",
    purpose="Points and a grade for how surely a customer pays, with reasons, as advice to whoever "
    "grants credit.",
    uses=("set limits and terms, with the reasons beside the points",),
    misuses=(
        "refusing a customer without a person who looks at the reasons",
        "suspecting a crime: that takes evidence and a person, and is no characteristic",
        "a rating of people: customers are rated by what they paid",
    ),
    eligibility="Customers to whom something fell due; 90 days past due already: the experts' "
    "points. New customers are unrated, which is not bad.",
    label="Bad: 90 days past due in any of the twelve months after the month end.",
    judged="On later months than those learnt from, beside the experts' points on the same rows.",
    limits=(
        "Learnt from customers who owe something; others are rated by what they resemble.",
        "Below 200 bad customers the experts' weights stay: too few to learn from.",
    ),
    fallback="the experts' points stay",
)
UPSELL = KindWords(
    title="Upsell in six months",
    purpose="For every customer the probability of buying more in the next six months and how "
    "much more, so that offers go where they are welcome.",
    uses=("order the customers for offers", "expected amounts of groups of customers"),
    misuses=(
        "targets of single sellers",
        "proof that an offer worked: only a group left alone on purpose can show that",
    ),
    eligibility="Customers with a base to grow from (recurring value, or the same season's "
    "spending a year before); who has left expects nothing.",
    label="Contract: recurring value above 105 % of today's in six months. Without: spending of "
    "the next six months above 110 % of the same season a year before.",
    judged="On months that lie wholly after those learnt from, each customer by a fit that has "
    "learnt from other customers only. Subscribers and others apart: of a kind that fails, the "
    "simple rule speaks.",
    limits=(
        "It foresees what customers do by themselves, not what an offer adds.",
        "The amount is wide: most of it is chance.",
        "A few large customers decide the sum: of a few thousand customers even one who knew all "
        "that drives them would miss it by half.",
        "Product launches to come are not known to it.",
        "It knows nothing of what a customer spends elsewhere. Where a survey asked for the share "
        "of wallet, headroom caps the amount beside it (expected_upsell_capped_6m).",
    ),
    fallback="rates and means of groups of customers stand in its place",
    happened="bought more",
)
SEGMENTS = KindWords(
    title="Groups of customers",
    purpose="Groups of customers who resemble each other, found and not defined, with names that "
    "last, so that people have words for what kinds of customers there are.",
    uses=(
        "speak of kinds of customers, and compare what is done for them",
        "choose whom to ask or to study, some of each group",
    ),
    misuses=(
        "a forecast: a group describes what was, and foretells nothing",
        "different rights or prices for people by their group",
        "a value tier: tiers go by money alone, groups do not",
    ),
    eligibility="Every customer who has bought. Who never has is no_purchase, not in a group.",
    label="Nothing is labelled: the groups are made of what customers resemble each other in.",
    judged="By how alike the groups come out of resampled customers, and by how well they are "
    "apart.",
    limits=(
        "Groups touch: a customer near a border could be in the next group as well (distance).",
        "Found once a year; customers move between them in the meantime.",
    ),
    fallback="there are no groups, and segment_status says so",
)
KINDS: Mapping[str, KindWords] = {
    "churn": CHURN,
    "clv": CLV,
    "credit": CREDIT,
    "upsell": UPSELL,
    "segments": SEGMENTS,
}
CLV_FEATURES: Mapping[str, Mapping[str, str]] = {
    name: {"family": family, "system": system, "description": description}
    for name, family, system, description in (
        ("tier", "value", "billing", "Tier at the month end; groups customers who are too new."),
        ("relation_kind", "contract", "billing", "Under contract, after one, or a buyer."),
        ("tenure_days", "tenure", "billing", "Days since the first purchase of any kind."),
        ("recurring_revenue", "contract", "billing", "Monthly recurring revenue, now or last."),
        ("contract_months", "contract", "billing", "Months since the first subscription."),
        ("ended_months", "contract", "billing", "Months since the last one was paid for."),
        ("purchase_count", "active", "billing", "Days with a purchase that is no contract's."),
        ("repeat_purchase_count", "active", "billing", "Purchases after the first."),
        ("recency_days", "passive", "billing", "Days from the first to the last purchase."),
        ("age_days", "tenure", "billing", "Days since the first purchase."),
        (
            "mean_repeat_purchase_amount",
            "value",
            "billing",
            "Mean amount of a purchase after the first.",
        ),
        ("purchase_value_12m", "value", "billing", "Value of 12 months that is no contract's."),
        ("margin_rate", "value", "billing", "What stays of revenue after unit costs."),
        ("net_revenue_ratio", "service", "billing", "What stays of invoices after credits."),
    )
}
"""What lifetime value looks at, in words."""
METRICS: Mapping[str, str] = {
    "auc": "Right order of a pair (AUC)",
    "pr_auc": "Purity of the list at risk (PR-AUC)",
    "top_decile_lift": "Lift of the highest tenth",
    "brier_skill": "Skill over naming the mean (Brier)",
    "ece": "Calibration error, chance deducted",
    "calibration_slope": "Calibration slope (1 is right)",
    "calibration_intercept": "Calibration intercept (0 is right)",
    "mean_probability": "Mean probability",
    "known_auc": "AUC on customers learnt from",
    "memory_auc": "AUC gained by knowing the customer",
    "empc": "Expected maximum profit per customer",
    "empb_margin": "The same with each one's own margin",
    "empb_revenue": "The same with each one's own revenue",
    "value_mae": "Mean error of the value",
    "value_bias_pct": "Total bias, %",
    "value_spearman": "Rank correlation",
    "value_gini": "Order of the values (Gini)",
    "value_top20_capture": "Captured by the top 20 %",
    "interval_coverage": "Outcomes inside the 90 % interval",
    "gini": "Gini",
    "ks": "Kolmogorov-Smirnov",
    "mae": "Mean error of the amount",
    "bias_pct": "Total bias, %",
    "spearman": "Rank correlation",
    "normalised_gini": "Order of the amounts (Gini)",
    "top_decile_hit_rate": "Hit rate of the highest tenth",
}
"""Measures that a card shows of every candidate, with their names for people."""
GROUP_METRICS: Mapping[str, str] = {
    "customers": "Customers",
    "base_rate": "Observed",
    "selection_rate": "Selected",
    "selection_ratio": "Ratio to the most selected",
    "hit_rate": "Found of those who {happened}",
    "hit_rate_gap": "Below the best group",
    "calibration_gap": "Predicted less observed",
}
"""Measures by group of customers, with their names for people; {happened} is the kind's word."""
LONG_PARTS: Mapping[str, str] = {
    "36_months": "All",
    "36_months_test": "Buyers",
    "36_months_contracts": "Contracts",
}
"""Customers on whom lifetime value of 36 months is judged."""
LONG_METRICS = ("value_mae", "value_bias_pct", "interval_coverage")
LONG_BASES: Mapping[str, Mapping[bool, str]] = {
    part: {
        True: f"{name}: as wide as what came to earlier customers in 36 months that are over.",
        False: f"{name}: carried on from twelve months, made wider for two years more. Too few "
        "months are over to see whether nine of ten end inside.",
    }
    for part, name in (("purchases", "Purchases"), ("contracts", "Contracts"))
}
"""What intervals of 36 months rest on, by whether they were judged on 36 months."""
AMOUNT_METRICS: Mapping[str, str] = {
    "upsell_bias_pct": "Sum promised against come, %",
    "upsell_mae": "Mean error, money per customer",
    "upsell_gini": "Right order by amount (Gini)",
    "upsell_spearman": "Right order by amount (rank correlation)",
    "upsell_top10_hit_rate": "Bought more, of the tenth ranked first",
    "amount_interval_coverage": "Amounts between P10 and P90 (0.8 is right)",
}
"""Measures of expected amounts, with their names for people."""
AMOUNT_PARTS: Mapping[str, str] = {
    "test": "All",
    "label_kind=contractual": "Subscribers",
    "label_kind=non_contractual": "Others",
}
"""Parts of the test slice that amounts are judged on."""

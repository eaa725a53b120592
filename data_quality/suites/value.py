"""Rules of the product `value`: what customers are worth, and why it changed.

Belongs here: the marts customer_value, customer_potential, new_customer_value, clv_changes and
customer_equity. Not here: the predictions that value is made of (`predictions`) and what winning
customers cost (`efficiency`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    PENNY,
    TOLERANCE,
    VALUE_BASES,
    contacts_have_consent,
    customer_is_known,
    few_cases_are_flagged,
    keys,
    month_ends,
    not_negative,
    shares,
)

OWNER = "finance"
NEW_CUSTOMERS = Table(
    "scorecard", "new_customer_value", OWNER, ("as_of_date", "period_months", "channel", "tier")
)
CUSTOMERS = Table("scorecard", "customer_value", OWNER, ("customer_id", "as_of_date"))
POTENTIAL = Table("scorecard", "customer_potential", OWNER, ("customer_id", "as_of_date", "place"))
CHANGES = Table("scorecard", "clv_changes", OWNER, ("customer_id", "as_of_date"))
EQUITY = Table("scorecard", "customer_equity", OWNER, ("as_of_date", "tier"))
CHANGE_KINDS = ("stayed", "new", "returned", "lost")
# What takes the value of a month ago to that of now.
CHANGE_PARTS = (
    "retention_change",
    "margin_change",
    "estimator_change",
    "unexplained_change",
    "joined_change",
    "lost_change",
)
POTENTIAL_METHODS = ("profile", "profile_untested", "base_rate")
NO_POTENTIAL = ("no_categories", "history_too_short", "nothing_bought_12m")
MISSING_REASONS = ("nobody_won", "not_valued", "basis_is_revenue", "no_cost")


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_customers(),
        *_customer_parts(),
        *_potential(),
        *_new_customers(),
        *_changes(),
        *_equity(),
        *_equity_walk(),
    )


def _customers() -> tuple[Rule, ...]:
    names = ", ".join(CUSTOMERS.keys)
    return (
        *keys(CUSTOMERS),
        month_ends(CUSTOMERS),
        customer_is_known(CUSTOMERS),
        *shares(CUSTOMERS, "loyalty_probability", "cross_sell_probability"),
        not_negative(
            CUSTOMERS,
            "referred_customer_count_12m",
            "referral_reward_12m",
            "unused_category_count",
            "potential_case_count",
        ),
        CUSTOMERS.no_rows(
            "value_and_probability_are_the_published_ones",
            f"""
            select {names} from scorecard.customer_value as facts
            full join scorecard.predictions as predictions using ({names})
            where facts.clv_12m is distinct from predictions.clv_12m
                or abs(facts.loyalty_probability + predictions.churn_probability - 1)
                > {TOLERANCE}
                or (
                    (facts.loyalty_probability is null)
                    <> (predictions.churn_probability is null)
                    and predictions.clv_12m is not null
                )
            """,
            says="Lifetime value and loyalty are those of predictions, and no value is left out.",
            because="Two lifetime values of one customer leave the reader to choose.",
            characteristic="consistency",
            columns=("clv_12m", "loyalty_probability"),
            reads=("scorecard.predictions",),
        ),
        CUSTOMERS.no_rows(
            "referrals_stand_apart",
            f"""
            select {names} from scorecard.customer_value
            where clv_12m + referral_value_12m is distinct from clv_with_referrals_12m
                or (referred_customer_count_12m = 0 and referral_value_12m <> 0)
            """,
            says="Lifetime value and referral value are together the value with referrals; who "
            "referred nobody has no referral value.",
            because="Mixed into lifetime value, what the referred bring would be counted twice.",
            characteristic="accuracy",
            columns=(
                "clv_12m",
                "referral_value_12m",
                "clv_with_referrals_12m",
                "referred_customer_count_12m",
            ),
        ),
    )


def _customer_parts() -> tuple[Rule, ...]:
    names = ", ".join(CUSTOMERS.keys)
    return (
        CUSTOMERS.no_rows(
            "potential_is_there_or_the_reason_why_not",
            f"""
            select {names} from scorecard.customer_value
            where (potential_value_12m is null) <> (potential_missing_reason is not null)
                or (potential_value_12m is null) <> (potential_method is null)
                or (potential_value_12m is null) <> (cross_sell_probability is null)
                or potential_missing_reason
                not in ({", ".join(f"'{reason}'" for reason in NO_POTENTIAL)})
                or potential_method
                not in ({", ".join(f"'{method}'" for method in POTENTIAL_METHODS)})
            """,
            says="A customer has a potential value with its probability and method, or the reason "
            "why there is none.",
            because="An empty figure without a reason is taken for a fault, or for 0.",
            characteristic="traceability",
            columns=(
                "potential_value_12m",
                "cross_sell_probability",
                "potential_method",
                "potential_missing_reason",
            ),
        ),
        CUSTOMERS.no_rows(
            "nothing_unused_is_no_potential",
            f"""
            select {names} from scorecard.customer_value
            where unused_category_count = 0
                and (potential_value_12m <> 0 or cross_sell_probability <> 0)
            """,
            says="Who buys of every category has a potential value and a probability of 0.",
            because="There is nothing left that could be bought for the first time.",
            characteristic="accuracy",
            columns=("unused_category_count", "potential_value_12m", "cross_sell_probability"),
        ),
        CUSTOMERS.no_rows(
            "potential_is_that_of_the_indicators",
            f"""
            select {", ".join(f"facts.{key}" for key in CUSTOMERS.keys)}
            from scorecard.customer_value as facts
            inner join scorecard.customer_indicators as indicators using ({names})
            where facts.potential_value_12m
                is distinct from indicators.potential_value_12m::decimal(18, 2)
                or facts.cross_sell_probability is distinct from indicators.cross_sell_probability
            """,
            says="Potential value and probability are those of customer_indicators.",
            because="Two potentials of one customer leave the reader to choose.",
            characteristic="consistency",
            columns=("potential_value_12m", "cross_sell_probability"),
            reads=("scorecard.customer_indicators",),
        ),
    )


def _potential() -> tuple[Rule, ...]:
    names = ", ".join(POTENTIAL.keys)
    return (
        *keys(POTENTIAL),
        month_ends(POTENTIAL),
        contacts_have_consent(POTENTIAL),
        customer_is_known(POTENTIAL),
        *shares(POTENTIAL, "uptake_probability"),
        not_negative(POTENTIAL, "uptake_case_count"),
        few_cases_are_flagged(POTENTIAL, "is_low_n", "uptake_case_count"),
        POTENTIAL.in_set(
            "value_basis",
            VALUE_BASES,
            says="The value basis is revenue or margin.",
            because="A reader must be told whether value is what was sold or what was earned.",
        ),
        POTENTIAL.in_set(
            "method",
            POTENTIAL_METHODS,
            says="The method is profile, profile_untested or base_rate.",
            because="What was tested on outcomes must be told from what was not.",
        ),
        POTENTIAL.no_rows(
            "places_follow_the_value",
            f"""
            select {names}
            from (
                select {names}, expected_value_12m,
                    lag(place, 1, 0) over best as place_before,
                    lag(expected_value_12m) over best as value_before
                from scorecard.customer_potential
                window best as (partition by customer_id, as_of_date order by place)
            )
            where place <> place_before + 1 or expected_value_12m > value_before
            """,
            says="Places run from 1 without a gap, and none is worth more than the one before.",
            because="The first place is what is offered first; it must be the best one.",
            characteristic="consistency",
            columns=("place", "expected_value_12m"),
        ),
        POTENTIAL.no_rows(
            "a_category_is_offered_once",
            f"""
            select {names} from scorecard.customer_potential
            qualify count(*) over (partition by customer_id, as_of_date, product_category) > 1
                or product_category is null
                or product_category = main_category
            """,
            says="A category stands once for a customer, and is not the one bought most.",
            because="What is used already is no new category.",
            characteristic="consistency",
            columns=("product_category", "main_category"),
        ),
        POTENTIAL.no_rows(
            "expected_value_is_probability_times_mean",
            f"""
            select {names} from scorecard.customer_potential
            where abs(uptake_probability * adopter_mean_value - expected_value_12m)
                > {PENNY} + {TOLERANCE} * abs(adopter_mean_value)
            """,
            says="The expected value is the probability times what an adopter brought.",
            because="A figure that its own columns do not give cannot be explained.",
            characteristic="accuracy",
            columns=("uptake_probability", "adopter_mean_value", "expected_value_12m"),
        ),
    )


def _new_customers() -> tuple[Rule, ...]:
    names = ", ".join(NEW_CUSTOMERS.keys)
    return (
        *keys(NEW_CUSTOMERS),
        month_ends(NEW_CUSTOMERS),
        not_negative(NEW_CUSTOMERS, "new_customer_count", "valued_customer_count"),
        few_cases_are_flagged(NEW_CUSTOMERS, "is_low_n", "valued_customer_count"),
        NEW_CUSTOMERS.in_set(
            "value_basis",
            (*VALUE_BASES, "mixed"),
            says="The value basis is revenue, margin or mixed.",
            because="A reader must be told whether value is what was sold or what was earned.",
        ),
        NEW_CUSTOMERS.no_rows(
            "ratio_is_there_or_the_reason_why_not",
            f"""
            select {names} from scorecard.new_customer_value
            where (ltv_to_cac is null) <> (ltv_to_cac_missing_reason is not null)
                or ltv_to_cac_missing_reason
                not in ({", ".join(f"'{reason}'" for reason in MISSING_REASONS)})
            """,
            says="A row has LTV:CAC, or the reason why it has none.",
            because="An empty figure without a reason is taken for a fault, or for 0.",
            characteristic="traceability",
            columns=("ltv_to_cac", "ltv_to_cac_missing_reason"),
        ),
        NEW_CUSTOMERS.no_rows(
            "ratio_is_by_margin",
            f"""
            select {names} from scorecard.new_customer_value
            where ltv_to_cac is not null and value_basis is distinct from 'margin'
            """,
            says="LTV:CAC is of margin, never of revenue.",
            because="Revenue does not pay a cost back; only what is left of it does.",
            characteristic="credibility",
            columns=("ltv_to_cac", "value_basis"),
        ),
        NEW_CUSTOMERS.no_rows(
            "ratio_is_value_over_cost",
            f"""
            select {names} from scorecard.new_customer_value
            where abs(earned_per_customer + clv_36m_per_customer - lifetime_value_per_customer)
                > 2 * {PENNY}
                or abs(
                    ltv_to_cac * acquisition_cost_per_customer - lifetime_value_per_customer
                ) > {PENNY} * (2 + abs(ltv_to_cac))
            """,
            says="Lifetime value is what was brought and what is expected; LTV:CAC divides it by "
            "the cost.",
            because="A ratio that its own columns do not give cannot be explained.",
            characteristic="accuracy",
            columns=(
                "earned_per_customer",
                "clv_36m_per_customer",
                "lifetime_value_per_customer",
                "acquisition_cost_per_customer",
                "ltv_to_cac",
            ),
        ),
        NEW_CUSTOMERS.no_rows(
            "cost_is_that_of_winning",
            f"""
            select {", ".join(f"costs.{key}" for key in NEW_CUSTOMERS.keys)}
            from scorecard.acquisition_cost as costs
            left join scorecard.new_customer_value as facts using ({names})
            where facts.acquisition_cost_per_customer
                is distinct from costs.acquisition_cost_per_customer
                or facts.new_customer_count is distinct from costs.new_customer_count
            """,
            says="Cost and number of new customers are those of acquisition_cost, row by row.",
            because="Two costs of one customer leave the reader to choose.",
            characteristic="consistency",
            columns=("acquisition_cost_per_customer", "new_customer_count"),
            reads=("scorecard.acquisition_cost",),
        ),
    )


def _changes() -> tuple[Rule, ...]:
    names = ", ".join(CHANGES.keys)
    together = " + ".join(f"coalesce({part}, 0)" for part in CHANGE_PARTS)
    return (
        *keys(CHANGES),
        month_ends(CHANGES),
        customer_is_known(CHANGES),
        CHANGES.in_set(
            "change_kind",
            CHANGE_KINDS,
            says="A customer stayed, is new, returned or was lost.",
            because="Each has its own line in the walk of the portfolio.",
        ),
        CHANGES.no_rows(
            "parts_add_up",
            f"""
            select {names} from scorecard.clv_changes
            where opening_clv_12m + {together} <> closing_clv_12m
            """,
            says="Opening value and the parts of the change are the closing value, to the penny.",
            because="A change that its parts do not explain was computed from other numbers.",
            characteristic="accuracy",
            columns=("opening_clv_12m", *CHANGE_PARTS, "closing_clv_12m"),
        ),
        CHANGES.no_rows(
            "only_who_stayed_has_causes",
            f"""
            select {names} from scorecard.clv_changes
            where (change_kind = 'stayed') <> (
                    coalesce(retention_change, unexplained_change) is not null
                )
                or (retention_change is not null and unexplained_change is not null)
                or (change_kind in ('new', 'returned')) <> (joined_change is not null)
                or (change_kind = 'lost') <> (lost_change is not null)
            """,
            says="Who stayed has causes or an unexplained change; who came or went has one line.",
            because="A customer who left did not become less loyal: the value went as a whole.",
            characteristic="consistency",
            columns=("change_kind", *CHANGE_PARTS),
        ),
        CHANGES.no_rows(
            "the_same_estimator_changed_nothing",
            f"""
            select {names} from scorecard.clv_changes
            where not is_estimator_changed and estimator_change <> 0
            """,
            says="Where the estimator is that of a month ago, no change comes from it.",
            because="A change of the customer must not be put down to the estimator.",
            characteristic="consistency",
            columns=("is_estimator_changed", "estimator_change"),
        ),
        CHANGES.no_rows(
            "closing_value_is_the_published_one",
            f"""
            select {", ".join(f"changes.{key}" for key in CHANGES.keys)}
            from scorecard.clv_changes as changes
            left join scorecard.predictions as predictions using ({names})
            where changes.change_kind <> 'lost'
                and changes.closing_clv_12m is distinct from predictions.clv_12m
            """,
            says="The value that a change ends at is the lifetime value of predictions.",
            because="Two lifetime values of one customer leave the reader to choose.",
            characteristic="consistency",
            columns=("closing_clv_12m",),
            reads=("scorecard.predictions",),
        ),
    )


def _equity() -> tuple[Rule, ...]:
    names = ", ".join(EQUITY.keys)
    return (
        *keys(EQUITY),
        month_ends(EQUITY),
        not_negative(
            EQUITY,
            "customer_count",
            "negative_customer_count",
            "lapsed_customer_count",
            "expected_new_customer_count",
        ),
        EQUITY.no_rows(
            "customers_together_are_the_equity",
            """
            select equity.as_of_date, equity.tier
            from scorecard.customer_equity as equity
            left join (
                select as_of_date, sum(clv_12m) as clv_12m, count(clv_12m) as valued_count
                from scorecard.predictions
                group by as_of_date
            ) as customers using (as_of_date)
            where equity.tier = 'all'
                and (
                    equity.equity_12m + equity.lapsed_value_12m is distinct from customers.clv_12m
                    or equity.customer_count + equity.lapsed_customer_count
                    is distinct from customers.valued_count
                )
            """,
            says="Equity and what lapsed customers may still bring are the sum of all lifetime "
            "values, to the penny.",
            because="A customer who is left out, or counted twice, makes the portfolio look other "
            "than it is.",
            characteristic="consistency",
            columns=("equity_12m", "lapsed_value_12m", "customer_count", "lapsed_customer_count"),
            reads=("scorecard.predictions",),
        ),
        EQUITY.no_rows(
            "tiers_add_up_to_all",
            """
            select as_of_date, 'all' as tier from scorecard.customer_equity
            group by as_of_date
            having sum(equity_12m) filter (tier <> 'all')
                is distinct from sum(equity_12m) filter (tier = 'all')
                or sum(equity_36m) filter (tier <> 'all')
                is distinct from sum(equity_36m) filter (tier = 'all')
                or sum(customer_count) filter (tier <> 'all')
                is distinct from sum(customer_count) filter (tier = 'all')
            """,
            says="The tiers, with those of none, are together the portfolio.",
            because="What is lost between tiers is missing from what customers are worth.",
            characteristic="completeness",
            columns=("equity_12m", "equity_36m", "customer_count"),
        ),
        EQUITY.no_rows(
            "new_customers_are_counted_by_margin",
            f"""
            select {names} from scorecard.customer_equity
            where expected_new_equity is not null and (
                net_value_per_new_customer is null or expected_new_customer_count is null
                or abs(expected_new_equity)
                > abs(net_value_per_new_customer * expected_new_customer_count) + {PENNY}
            )
            """,
            says="What new customers would add is at most their number times their value less "
            "cost.",
            because="Waiting takes value away; more than that was counted twice.",
            characteristic="accuracy",
            columns=(
                "expected_new_equity",
                "net_value_per_new_customer",
                "expected_new_customer_count",
            ),
        ),
    )


def _equity_walk() -> tuple[Rule, ...]:
    names = ", ".join(EQUITY.keys)
    return (
        EQUITY.no_rows(
            "walk_ends_at_the_equity",
            f"""
            select {names} from scorecard.customer_equity
            where opening_equity_12m + {" + ".join(CHANGE_PARTS)} <> equity_12m
            """,
            says="Opening equity and its changes are the equity, to the penny.",
            because="A walk that does not arrive explains nothing.",
            characteristic="accuracy",
            columns=("opening_equity_12m", *CHANGE_PARTS, "equity_12m"),
        ),
        EQUITY.no_rows(
            "walk_begins_where_the_last_ended",
            """
            select later.as_of_date, later.tier
            from scorecard.customer_equity as later
            inner join scorecard.customer_equity as earlier
                on earlier.tier = 'all'
                and earlier.as_of_date = last_day(later.as_of_date - interval 1 month)
            where later.tier = 'all'
                and later.opening_equity_12m is distinct from earlier.equity_12m
            """,
            says="The portfolio opens with the equity of the month before.",
            because="A gap between two months is a change that nobody is told of.",
            characteristic="consistency",
            columns=("opening_equity_12m", "equity_12m"),
        ),
    )

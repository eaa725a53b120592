{#- Grain: one row per month end and value tier, and one row `all`: revenue per user (ARPU) and
    margin over twelve months (handbook C11). Users are customers with a subscription; revenue is
    theirs, in the months in which they had one, and by the tier of each month's end. -#}
select
    months.as_of_date,
    tier_months.tier,
    cast(count(*) as integer) as month_count,
    {{ ratio('sum(tier_months.subscriber_count)', 'count(*)') }} as mean_subscriber_count_12m,
    {{ ratio(
        'count(*) * sum(tier_months.subscriber_revenue)', 'sum(tier_months.subscriber_count)'
    ) }} as arpu_12m,
    max(
        case when tier_months.as_of_date = months.as_of_date then tier_months.gross_margin_12m end
    ) as gross_margin_12m,
    {{ group_margin_ratio(
        'max(case when tier_months.as_of_date = months.as_of_date '
        ~ 'then tier_months.gross_margin_12m end)',
        'max(case when tier_months.as_of_date = months.as_of_date '
        ~ 'then tier_months.margin_revenue_12m end)'
    ) }} as gross_margin_ratio_12m,
    max(
        case
            when tier_months.as_of_date = months.as_of_date
                then tier_months.margin_customer_count
        end
    ) as margin_customer_count
from {{ ref('int_months') }} as months
inner join {{ ref('ind_tier_months') }} as tier_months
    on
        months.as_of_date >= tier_months.as_of_date
        and tier_months.as_of_date > {{ month_end_after('months.as_of_date', -12) }}
group by months.as_of_date, tier_months.tier
having max(tier_months.as_of_date) = months.as_of_date

{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer with a purchase and month end: who can buy more, against what it
    would be more, and what is known of it beside the features of churn (handbook C8). Point in
    time. The base of a subscriber is six months at the recurring value of the month end; of anybody
    else the spend of a year before in the season that comes next, asked only of who was a customer
    for all of it. -#}
with run_months as (

    {{ run_months() }}

),

recurring as (

    select
        mrr_months.customer_id,
        mrr_months.as_of_date,
        mrr_months.mrr,
        mrr_months.quantity,
        mrr_months.subscription_count,
        mrr_months.plan_unit_price,
        mrr_months.first_subscribed_on,
        max(
            case
                when mrr_months.opening_mrr > 0 and mrr_months.mrr > mrr_months.opening_mrr
                    then mrr_months.as_of_date
            end
        ) over two_years as raised_month,
        sum(
            case
                when mrr_months.opening_mrr > 0 and mrr_months.mrr > mrr_months.opening_mrr
                    then 1
                else 0
            end
        ) over two_years as raise_count_24m
    from {{ ref('int_mrr_months') }} as mrr_months
    inner join run_months
        on
            mrr_months.as_of_date > {{ month_end_after('run_months.first_month', -24) }}
            and mrr_months.as_of_date <= run_months.last_month
    window two_years as (
        partition by mrr_months.customer_id order by mrr_months.as_of_date
        rows between 23 preceding and current row
    )

),

pipeline_months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    where measured_facts.fact = 'opportunities' and measured_facts.is_measured

),

pipeline as (

    select
        states.customer_id,
        pipeline_months.as_of_date,
        sum(states.amount) as open_expansion_amount
    from pipeline_months
    inner join {{ ref('int_opportunity_states') }} as states
        on {{ holds_on('pipeline_months.as_of_date', 'states.from_month', 'states.to_month') }}
    where states.state = 'open' and states.opportunity_kind = 'expansion'
    group by states.customer_id, pipeline_months.as_of_date

),

bases as (

    select
        windows.customer_id,
        windows.as_of_date,
        windows.tenure_days,
        windows.first_seen_date,
        windows.is_window_complete,
        windows.revenue_6m,
        activity.is_active,
        recurring.raised_month,
        recurring.raise_count_24m,
        recurring.quantity,
        recurring.subscription_count,
        recurring.plan_unit_price,
        recurring.first_subscribed_on,
        coalesce(recurring.mrr, 0) as mrr,
        coalesce(recurring.mrr, 0) > 0 or activity.is_active_by_contract as is_contractual,
        case
            when coalesce(recurring.mrr, 0) > 0 or activity.is_active_by_contract
                then {{ var('upsell_label_months') }} * coalesce(recurring.mrr, 0)
            -- The same months a year before those to come.
            when windows.is_window_complete then windows.revenue_12m - windows.revenue_6m
        end as base_amount
    from {{ ref('int_customer_windows') }} as windows
    inner join run_months
        on
            windows.as_of_date >= run_months.first_month
            and windows.as_of_date <= run_months.last_month
    inner join {{ ref('ind_activity') }} as activity
        on
            windows.customer_id = activity.customer_id
            and windows.as_of_date = activity.as_of_date
    left join recurring
        on
            windows.customer_id = recurring.customer_id
            and windows.as_of_date = recurring.as_of_date
    where windows.last_purchase_date is not null

),

judged as (

    select
        bases.*,
        case
            when not bases.is_active then 'not_active'
            when bases.tenure_days < 30 then 'tenure_under_30_days'
            when bases.is_contractual and bases.base_amount <= 0 then 'no_recurring_value'
            when bases.is_contractual then null
            when not bases.is_window_complete then 'season_not_measured'
            when
                bases.first_seen_date > {{ month_end_after('bases.as_of_date', -12) }}
                then 'first_season'
            when bases.base_amount <= 0 then 'no_base'
        end as ineligible_reason
    from bases

)

select
    judged.customer_id,
    judged.as_of_date,
    case when judged.is_contractual then 'contractual' else 'non_contractual' end as upsell_kind,
    judged.ineligible_reason is null as is_eligible,
    judged.ineligible_reason,
    case
        when judged.ineligible_reason is null then cast(judged.base_amount as double)
    end as base_amount,
    case when judged.is_contractual then 1 else 0 end as is_subscriber,
    {{ ratio('judged.revenue_6m', 'judged.base_amount') }} as recent_to_base_ratio,
    {{ months_between('judged.raised_month', 'judged.as_of_date') }} as months_since_raise,
    mod({{ months_between('judged.first_subscribed_on', 'judged.as_of_date') }}, 12)
        as months_since_anniversary,
    cast(judged.raise_count_24m as integer) as raise_count_24m,
    cast(judged.quantity as integer) as subscribed_quantity,
    judged.subscription_count,
    cast(judged.plan_unit_price as double) as plan_unit_price,
    case
        when pipeline_months.as_of_date is not null
            then cast(coalesce(pipeline.open_expansion_amount, 0) as double)
    end as open_expansion_amount
from judged
left join pipeline_months
    on judged.as_of_date = pipeline_months.as_of_date
left join pipeline
    on
        judged.customer_id = pipeline.customer_id
        and judged.as_of_date = pipeline.as_of_date

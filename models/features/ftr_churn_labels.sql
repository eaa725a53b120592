{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'months_back': var('churn_label_months') + 2},
) }}
{#- Grain: one row per customer with a purchase or a subscription and month end: who leaves in the
    six months after it (handbook C7).

    Contractual, for whom a subscription is in force: none for longer than the grace, from a day in
    these months on. A return within the grace is no churn. Non-contractual: no purchase in these
    months, by a customer active by purchases at the month end. The label is complete when these
    months are over, and for a contract the grace after them; only then it is given. Labels look
    ahead, so a run also rebuilds earlier months: six, and two for the grace, since thirty days
    from the end of January reach into March. -#}
{%- set label_months = var('churn_label_months') -%}
{%- set grace_days = var('subscription_grace_days') -%}
{%- set far_day = "cast('9999-12-31' as date)" -%}
{%- set involuntary = "('payment_failure', 'death', 'closure')" -%}
with run_months as (

    {{ run_months(months_back=label_months + 2) }}

),

spans as (

    select
        spans.customer_id,
        spans.subscription_id,
        spans.valid_from,
        coalesce(spans.valid_to, {{ far_day }}) as valid_to
    from {{ ref('int_subscription_spans') }} as spans
    where spans.exclusion_reason is null and spans.quantity > 0

),

-- A stay is a time under contract with no gap that is longer than the grace.
reached as (

    select
        spans.*,
        max(spans.valid_to) over (
            partition by spans.customer_id
            order by spans.valid_from, spans.valid_to, spans.subscription_id
            rows between unbounded preceding and 1 preceding
        ) as reached_before
    from spans

),

numbered as (

    select
        reached.*,
        sum(
            case
                when {{ days_between('reached.reached_before', 'reached.valid_from') }}
                    <= {{ grace_days }}
                    then 0
                else 1
            end
        ) over (
            partition by reached.customer_id
            order by reached.valid_from, reached.valid_to, reached.subscription_id
            rows between unbounded preceding and current row
        ) as stay_number
    from reached

),

stays as (

    select
        numbered.customer_id,
        min(numbered.valid_from) as stay_from,
        max(numbered.valid_to) as stay_to
    from numbered
    group by numbered.customer_id, numbered.stay_number

),

-- What billing had written about each subscription by the end of the grace. Later news change
-- nothing, so that a complete label stays as it is.
written as (

    select
        stays.customer_id,
        stays.stay_to,
        subscriptions.end_reason,
        row_number() over (
            partition by stays.customer_id, stays.stay_to, spans.subscription_id
            order by subscriptions.valid_from desc
        ) as newest_rank
    from stays
    inner join spans
        on stays.customer_id = spans.customer_id and stays.stay_to = spans.valid_to
    inner join {{ ref('stg_billing__subscriptions') }} as subscriptions
        on
            spans.subscription_id = subscriptions.subscription_id
            and cast(subscriptions.valid_from as date)
            <= {{ dbt.dateadd('day', grace_days, 'stays.stay_to') }}
    where stays.stay_to < {{ far_day }} and subscriptions.ended_at is not null

),

reasons as (

    select
        written.customer_id,
        written.stay_to,
        max(case when written.end_reason in {{ involuntary }} then 1 else 0 end) as is_involuntary
    from written
    where written.newest_rank = 1
    group by written.customer_id, written.stay_to

),

customer_months as (

    select
        customer_months.customer_id,
        customer_months.as_of_date,
        customer_months.last_purchase_date,
        customer_months.first_seen_date,
        customer_months.lifetime_gap_count,
        customer_months.lifetime_long_gap_count,
        sum(customer_months.purchase_count) over (
            partition by customer_months.customer_id order by customer_months.as_of_date
            rows between 1 following and {{ label_months }} following
        ) as purchases_after
    from {{ ref('int_customer_months') }} as customer_months
    inner join run_months
        on
            customer_months.as_of_date >= run_months.first_month
            and customer_months.as_of_date <= run_months.last_month

),

activity as (

    select
        ind_activity.customer_id,
        ind_activity.as_of_date,
        ind_activity.first_subscribed_on,
        ind_activity.is_active_by_purchase,
        ind_activity.mrr,
        {{ days_between('ind_activity.subscribed_until', 'ind_activity.as_of_date') }}
            as days_without_contract,
        {{ days_between('ind_activity.subscribed_until', 'customer_months.last_purchase_date') }}
            as days_bought_after,
        customer_months.last_purchase_date,
        customer_months.first_seen_date,
        customer_months.lifetime_gap_count,
        customer_months.lifetime_long_gap_count,
        customer_months.purchases_after,
        -- Recurring revenue when the six months end; at a month end within the grace, that before.
        coalesce(
            {%- for months in range(label_months, [label_months - 3, 0] | max, -1) %}
            lead(
                case
                    when ind_activity.subscribed_until >= ind_activity.as_of_date
                        then ind_activity.mrr
                end,
                {{ months }}
            ) over (
                partition by ind_activity.customer_id order by ind_activity.as_of_date
            ){{ ',' if not loop.last }}
            {%- endfor %}
        ) as mrr_after
    from {{ ref('ind_activity') }} as ind_activity
    inner join customer_months
        on
            ind_activity.customer_id = customer_months.customer_id
            and ind_activity.as_of_date = customer_months.as_of_date

),

kinds as (

    select
        activity.*,
        case
            when activity.days_without_contract is null then 'non_contractual'
            -- Who goes on buying after the contract and its grace is a customer without one.
            when
                activity.days_without_contract > {{ grace_days }}
                and activity.days_bought_after > {{ grace_days }}
                then 'non_contractual'
            else 'contractual'
        end as label_kind,
        {{ month_end_after('activity.as_of_date', label_months) }} as outcome_ends_on
    from activity
    where activity.last_purchase_date is not null or activity.first_subscribed_on is not null

),

judged as (

    select
        kinds.*,
        case
            when kinds.label_kind = 'non_contractual' then kinds.outcome_ends_on
            else cast({{ dbt.dateadd('day', grace_days, 'kinds.outcome_ends_on') }} as date)
        end as label_ends_on,
        case
            when kinds.label_kind = 'contractual'
                then case
                    when kinds.days_without_contract > {{ grace_days }} then 'contract_ended'
                    when kinds.days_without_contract > 0 then 'in_grace'
                end
            when not kinds.is_active_by_purchase then 'not_active'
            -- At least three gaps of which the 90th percentile is longer than the label's horizon.
            when
                kinds.lifetime_gap_count >= 3
                and 10 * kinds.lifetime_long_gap_count > kinds.lifetime_gap_count
                then 'long_cycle'
        end as kind_reason
    from kinds

),

labelled as (

    select
        judged.customer_id,
        judged.as_of_date,
        judged.label_kind,
        judged.label_ends_on,
        judged.label_ends_on <= run_months.last_month as is_label_complete,
        case
            when judged.kind_reason in ('contract_ended', 'in_grace', 'not_active')
                then judged.kind_reason
            when {{ days_between('judged.first_seen_date', 'judged.as_of_date') }} < 30
                then 'tenure_under_30_days'
            else judged.kind_reason
        end as ineligible_reason,
        judged.purchases_after,
        judged.mrr,
        judged.mrr_after,
        case when stays.stay_to <= judged.outcome_ends_on then stays.stay_to end as contract_end,
        reasons.is_involuntary
    from judged
    cross join run_months
    left join stays
        on
            judged.customer_id = stays.customer_id
            and {{ holds_on('judged.as_of_date', 'stays.stay_from', 'stays.stay_to') }}
    left join reasons
        on judged.customer_id = reasons.customer_id and stays.stay_to = reasons.stay_to

),

outcomes as (

    select
        labelled.*,
        labelled.is_label_complete and labelled.ineligible_reason is null as is_given,
        case
            when labelled.label_kind = 'contractual' then labelled.contract_end is not null
            else labelled.purchases_after = 0
        end as has_left
    from labelled

),

given as (

    select
        outcomes.*,
        outcomes.is_given and outcomes.has_left as is_leaver,
        outcomes.is_given and outcomes.has_left and outcomes.label_kind = 'contractual'
            as is_contract_leaver
    from outcomes

)

select
    given.customer_id,
    given.as_of_date,
    given.label_kind,
    given.ineligible_reason is null as is_eligible,
    given.ineligible_reason,
    given.label_ends_on,
    given.is_label_complete,
    case when given.is_given then given.has_left end as is_churned,
    case when given.is_contract_leaver then given.contract_end end as churn_date,
    case
        when not given.is_leaver then null
        when given.label_kind = 'non_contractual' then 'no_purchase'
        when given.is_involuntary = 1 then 'involuntary'
        else 'voluntary'
    end as churn_reason,
    case
        when given.is_given and given.label_kind = 'contractual'
            then not given.has_left and 2 * given.mrr_after < given.mrr
    end as is_partially_churned,
    given.is_contract_leaver
    and {{ days_between('given.as_of_date', 'given.contract_end') }}
    <= {{ var('churn_lead_days') }} as is_in_lead_time,
    case
        when not given.is_contract_leaver then null
        when given.is_involuntary = 1 then 'involuntary'
        when
            {{ days_between('given.as_of_date', 'given.contract_end') }}
            <= {{ var('churn_lead_days') }}
            then 'lead_time'
    end as exclusion_reason
from given

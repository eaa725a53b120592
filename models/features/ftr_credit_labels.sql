{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'months_back': var('credit_outcome_months')},
) }}
{#- Grain: one row per customer and month end that the expert rating gives points. Bad: 90 days
    past due in any of the twelve months after `as_of_date` (handbook C13). The outcome is given
    only when these months are over and payments were measured in them. It looks ahead, so a run
    also rebuilds the twelve months before its own. Who is bad already, and who neither owes
    anything nor has a credit line, is no case. -#}
with run_months as (

    {{ run_months(months_back=var('credit_outcome_months')) }}

),

last_payment_months as (

    select max(payments.month_end) as last_month
    from {{ ref('int_payments') }} as payments
    inner join run_months on payments.month_end <= run_months.last_month

),

bad_months as (

    select
        receivable_months.customer_id,
        receivable_months.as_of_date
    from {{ ref('int_receivable_months') }} as receivable_months
    inner join run_months
        on
            receivable_months.as_of_date >= run_months.first_month
            and receivable_months.as_of_date <= run_months.last_month
    where receivable_months.days_past_due >= {{ var('credit_bad_days') }}

),

rated as (

    select
        ind_credit.customer_id,
        ind_credit.as_of_date,
        bad_months.customer_id is not null as is_already_bad,
        coalesce(ind_credit.receivable_amount, 0) > 0
        or coalesce(ind_credit.credit_limit, 0) > 0 as has_exposure,
        {{ month_end_after('ind_credit.as_of_date', var('credit_outcome_months')) }} as outcome_end
    from {{ ref('ind_credit') }} as ind_credit
    inner join run_months
        on
            ind_credit.as_of_date >= run_months.first_month
            and ind_credit.as_of_date <= run_months.last_month
    left join bad_months
        on
            ind_credit.customer_id = bad_months.customer_id
            and ind_credit.as_of_date = bad_months.as_of_date
    where ind_credit.credit_status = 'rated'

),

bad_cases as (

    select distinct
        rated.customer_id,
        rated.as_of_date
    from rated
    inner join bad_months
        on
            rated.customer_id = bad_months.customer_id
            and rated.as_of_date < bad_months.as_of_date
            and rated.outcome_end >= bad_months.as_of_date

),

judged as (

    select
        rated.customer_id,
        rated.as_of_date,
        case
            when rated.is_already_bad then 'already_bad'
            when not rated.has_exposure then 'no_exposure'
        end as ineligible_reason,
        coalesce(rated.outcome_end <= last_payment_months.last_month, false) as is_label_complete,
        bad_cases.customer_id is not null as is_bad
    from rated
    cross join last_payment_months
    left join bad_cases
        on
            rated.customer_id = bad_cases.customer_id
            and rated.as_of_date = bad_cases.as_of_date

)

select
    judged.customer_id,
    judged.as_of_date,
    judged.ineligible_reason is null as is_eligible,
    judged.ineligible_reason,
    judged.is_label_complete,
    case
        when judged.is_label_complete and judged.ineligible_reason is null
            then judged.is_bad
    end as is_bad
from judged

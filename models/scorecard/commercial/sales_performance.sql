{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    sales.as_of_date,
    sales.period_months,
    sales.opportunity_kind,
    sales.measured_months,
    sales.opened_count,
    sales.won_count,
    sales.decided_count,
    round(sales.win_ratio, 6) as win_ratio,
    round(sales.win_low, 6) as win_low,
    round(sales.win_high, 6) as win_high,
    sales.is_win_low_n,
    cast(round(sales.won_amount, 2) as decimal(18, 2)) as won_amount,
    round(sales.cycle_days_p50, 6) as cycle_days_p50,
    sales.slipped_cases,
    round(sales.slipped_ratio, 6) as slipped_ratio,
    round(sales.slipped_low, 6) as slipped_low,
    round(sales.slipped_high, 6) as slipped_high,
    sales.is_slipped_low_n,
    round(sales.slipped_days_mean, 6) as slipped_days_mean,
    sales.open_count,
    sales.overdue_count,
    cast(round(sales.open_amount, 2) as decimal(18, 2)) as open_amount,
    cast(round(sales.weighted_open_amount, 2) as decimal(18, 2)) as weighted_open_amount,
    sales.without_amount_count,
    round(sales.pipeline_coverage, 6) as pipeline_coverage,
    key_accounts.key_account_count,
    key_accounts.owned_count as key_account_owned_count,
    key_accounts.planned_count as key_account_planned_count,
    key_accounts.contacted_count as key_account_contacted_count,
    round({{ ratio('key_accounts.covered_count', 'key_accounts.key_account_count') }}, 6)
        as key_account_coverage_ratio,
    round({{ wilson_low('key_accounts.covered_count', 'key_accounts.key_account_count') }}, 6)
        as key_account_coverage_low,
    round({{ wilson_high('key_accounts.covered_count', 'key_accounts.key_account_count') }}, 6)
        as key_account_coverage_high,
    key_accounts.key_account_count < {{ var('min_n') }} as is_key_account_coverage_low_n
from {{ ref('ind_sales') }} as sales
inner join run_months
    on
        sales.as_of_date >= run_months.first_month
        and sales.as_of_date <= run_months.last_month
left join {{ ref('ind_key_accounts') }} as key_accounts
    on
        sales.as_of_date = key_accounts.as_of_date
        and sales.opportunity_kind = 'all'

{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per member of the loyalty programme and month end, from the first that is known
    of the member on, also where points were posted for a member whom the list does not know: what
    was gained, redeemed, expired and put right in the month and in twelve months, and the
    balance. The balance is the sum of the whole ledger so far; nothing is clipped. -#}
{%- set kinds = {'earn': 'earned', 'burn': 'burned', 'expire': 'expired', 'adjust': 'adjusted'} -%}
with run_months as (

    {{ run_months() }}

),

-- Twelve months end at each month of the run.
months as (

    select
        months.as_of_date,
        min(months.as_of_date) over () as first_window_month
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= {{ month_end_after('run_months.first_month', -11) }}
            and months.as_of_date <= run_months.last_month

),

bounds as (

    select distinct months.first_window_month
    from months

),

links as (

    select
        identity_links.source_id as crm_customer_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'crm'

),

entries as (

    select
        loyalty_points.member_id,
        {{ month_end('loyalty_points.posted_on') }} as month_end,
        {%- for kind, name in kinds.items() %}
        sum(case when loyalty_points.kind = '{{ kind }}' then loyalty_points.points else 0 end)
            as points_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_marketing__loyalty_points') }} as loyalty_points
    inner join run_months on loyalty_points.posted_on <= run_months.last_month
    group by loyalty_points.member_id, {{ month_end('loyalty_points.posted_on') }}

),

-- What members had before the months that are looked at.
before as (

    select
        entries.member_id,
        sum(
            entries.points_earned - entries.points_burned - entries.points_expired
            + entries.points_adjusted
        ) as balance
    from entries
    inner join bounds on entries.month_end < bounds.first_window_month
    group by entries.member_id

),

known as (

    select
        entries.member_id,
        entries.month_end as known_month
    from entries
    union all
    select
        loyalty_members.member_id,
        greatest(
            {{ month_end('loyalty_members.enrolled_on') }},
            {{ month_end('loyalty_members.valid_from') }}
        ) as known_month
    from {{ ref('stg_marketing__loyalty_members') }} as loyalty_members

),

members as (

    select
        known.member_id,
        min(known.known_month) as known_month
    from known
    group by known.member_id

),

monthly as (

    select
        members.member_id,
        months.as_of_date,
        coalesce(before.balance, 0) as balance_before,
        {%- for name in kinds.values() %}
        coalesce(entries.points_{{ name }}, 0) as points_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from members
    inner join months on members.known_month <= months.as_of_date
    left join before on members.member_id = before.member_id
    left join entries
        on members.member_id = entries.member_id and months.as_of_date = entries.month_end

),

summed as (

    select
        monthly.*,
        {%- for name in kinds.values() %}
        sum(monthly.points_{{ name }}) over twelve_months as points_{{ name }}_12m,
        {%- endfor %}
        monthly.balance_before + sum(
            monthly.points_earned - monthly.points_burned - monthly.points_expired
            + monthly.points_adjusted
        ) over so_far as points_balance
    from monthly
    window
        twelve_months as (
            partition by monthly.member_id order by monthly.as_of_date
            rows between 11 preceding and current row
        ),
        so_far as (
            partition by monthly.member_id order by monthly.as_of_date
            rows between unbounded preceding and current row
        )

)

select
    summed.member_id,
    summed.as_of_date,
    links.customer_id,
    coalesce(
        loyalty_members.enrolled_on <= summed.as_of_date
        and (
            loyalty_members.left_on is null
            or loyalty_members.left_on > summed.as_of_date
        ),
        false
    ) as is_member,
    {%- for name in kinds.values() %}
    cast(summed.points_{{ name }} as bigint) as points_{{ name }}_1m,
    cast(summed.points_{{ name }}_12m as bigint) as points_{{ name }}_12m,
    {%- endfor %}
    cast(summed.points_balance as bigint) as points_balance
from summed
inner join run_months on summed.as_of_date >= run_months.first_month
left join {{ ref('stg_marketing__loyalty_members') }} as loyalty_members
    on
        summed.member_id = loyalty_members.member_id
        and {{ holds_on(
            'summed.as_of_date', 'cast(loyalty_members.valid_from as date)',
            'cast(loyalty_members.valid_to as date)'
        ) }}
left join links on loyalty_members.crm_customer_id = links.crm_customer_id

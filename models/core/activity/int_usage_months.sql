{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
    meta={'month_column': 'month_end'},
) }}
{#- Grain: one row per customer and month with use of the product; an account whose customer is not
    known has rows of its own. -#}
with run_months as (

    {{ run_months() }}

),

links as (

    select
        identity_links.source_id as account_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'usage'

),

days as (

    select
        links.customer_id,
        case when links.customer_id is null then daily_counts.account_id end as account_id,
        daily_counts.usage_date,
        {{ month_end('daily_counts.usage_date') }} as month_end,
        daily_counts.event_kind,
        daily_counts.event_count,
        daily_counts.active_users
    from {{ ref('stg_usage__daily_counts') }} as daily_counts
    inner join run_months on {{ in_run_months('daily_counts.usage_date') }}
    left join links on daily_counts.account_id = links.account_id

)

select
    days.customer_id,
    days.account_id,
    days.month_end,
    cast({{ days_of_month_count('days.usage_date') }} as integer) as active_days,
    {%- for kind, column in [
        ('login', 'logins'),
        ('feature', 'feature_events'),
        ('help_centre', 'help_centre_visits'),
        ('community', 'community_posts'),
        ('training', 'trainings'),
    ] %}
    cast(
        sum(case when days.event_kind = '{{ kind }}' then days.event_count else 0 end) as integer
    ) as {{ column }},
    {%- endfor %}
    max(case when days.event_kind = 'login' then days.active_users end) as peak_daily_users,
    min(days.usage_date) as first_usage_date,
    min(case when days.event_kind = 'login' then days.usage_date end) as first_login_date,
    max(days.usage_date) as last_usage_date
from days
group by days.customer_id, days.account_id, days.month_end

{{ config(
    materialized='incremental',
    incremental_strategy='replace_months',
) }}
{#- Grain: one row per customer and month end, dense from the month in which the customer was first
    seen: what the CRM said of the customer at that month's end. Empty before it said anything. -#}
with run_months as (

    {{ run_months() }}

),

months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

-- The last version of each month; later ones of the same month hide the earlier.
versions as (

    select
        links.customer_id,
        {{ month_end('customers.valid_from') }} as month_end,
        customers.owner_id,
        customers.region,
        customers.relationship_type,
        customers.acquisition_channel,
        customers.has_marketing_consent,
        customers.credit_limit,
        row_number() over (
            partition by links.customer_id, {{ month_end('customers.valid_from') }}
            order by
                customers.valid_from desc,
                case when links.link_method = 'own_id' then 0 else 1 end asc,
                customers.crm_customer_id asc
        ) as newest_rank
    from {{ ref('stg_crm__customers') }} as customers
    inner join {{ ref('int_identity_links') }} as links
        on customers.crm_customer_id = links.source_id and links.source_system = 'crm'
    inner join run_months on {{ month_end('customers.valid_from') }} <= run_months.last_month

),

spans as (

    select
        versions.*,
        lead(versions.month_end) over (
            partition by versions.customer_id order by versions.month_end
        ) as next_month_end
    from versions
    where versions.newest_rank = 1

),

spine as (

    select
        customers.customer_id,
        months.as_of_date
    from {{ ref('int_customers') }} as customers
    inner join months on customers.first_seen_month <= months.as_of_date

)

select
    spine.customer_id,
    spine.as_of_date,
    spans.owner_id,
    spans.region,
    spans.relationship_type,
    spans.acquisition_channel,
    spans.has_marketing_consent,
    spans.credit_limit
from spine
left join spans
    on
        spine.customer_id = spans.customer_id
        and spine.as_of_date >= spans.month_end
        and spine.as_of_date < coalesce(spans.next_month_end, cast('9999-12-31' as date))

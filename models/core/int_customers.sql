{#- Grain: one row per customer that was seen by the end of the run's last month. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

links as (

    select * from {{ ref('int_identity_links') }}

),

crm_versions as (

    select
        links.customer_id,
        customers.crm_customer_id,
        customers.country,
        cast(customers.first_seen_at as date) as first_seen_date,
        row_number() over (
            partition by links.customer_id order by customers.valid_from desc
        ) as newest_rank
    from {{ ref('stg_crm__customers') }} as customers
    inner join links
        on customers.crm_customer_id = links.source_id and links.source_system = 'crm'
    inner join run_window on {{ month_end('customers.valid_from') }} <= run_window.last_month

),

crm as (

    select crm_versions.* from crm_versions
    where crm_versions.newest_rank = 1

),

billing_facts as (

    select
        invoices.source_customer_id,
        invoices.country,
        invoices.invoiced_at as occurred_at
    from {{ ref('stg_billing__invoices') }} as invoices
    where invoices.source_customer_id is not null
    union all
    select
        credit_notes.source_customer_id,
        cast(null as varchar) as country,
        credit_notes.credited_at as occurred_at
    from {{ ref('stg_billing__credit_notes') }} as credit_notes
    where credit_notes.source_customer_id is not null

),

billing as (

    select
        links.customer_id,
        links.source_id as billing_customer_id,
        cast(min(billing_facts.occurred_at) as date) as first_billed_date
    from billing_facts
    inner join links
        on billing_facts.source_customer_id = links.source_id and links.source_system = 'billing'
    inner join run_window on {{ month_end('billing_facts.occurred_at') }} <= run_window.last_month
    group by links.customer_id, links.source_id

),

joined as (

    select
        coalesce(crm.customer_id, billing.customer_id) as customer_id,
        crm.crm_customer_id,
        crm.country,
        crm.customer_id is not null as is_in_crm,
        billing.customer_id is not null as is_in_billing,
        case
            when crm.first_seen_date is null then billing.first_billed_date
            when billing.first_billed_date is null then crm.first_seen_date
            when crm.first_seen_date <= billing.first_billed_date then crm.first_seen_date
            else billing.first_billed_date
        end as first_seen_date
    from crm
    full outer join billing on crm.customer_id = billing.customer_id

)

select
    joined.customer_id,
    joined.crm_customer_id,
    joined.country,
    joined.first_seen_date,
    {{ month_end('joined.first_seen_date') }} as first_seen_month,
    joined.is_in_crm,
    joined.is_in_billing
from joined

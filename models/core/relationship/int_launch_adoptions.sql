{#- Grain: one row per launch and customer who could adopt it, as known at the end of the run's last
    month. Adopted is what was bought (goods), subscribed to (add-ons) or used (features) in a month
    from that of eligibility on; `adopted_month` is the first such month. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

crm_links as (

    select
        identity_links.source_id as crm_customer_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'crm' and identity_links.customer_id is not null

),

-- Who has two numbers in the CRM was eligible from the earlier of two days on.
eligible as (

    select
        launch_eligibility.launch_id,
        crm_links.customer_id,
        min(upper(product_launches.product_id)) as product_id,
        min({{ month_end('launch_eligibility.eligible_from') }}) as eligible_month
    from {{ ref('stg_crm__launch_eligibility') }} as launch_eligibility
    inner join run_window
        on cast(launch_eligibility.eligible_from as date) <= run_window.last_month
    inner join {{ ref('stg_crm__product_launches') }} as product_launches
        on launch_eligibility.launch_id = product_launches.launch_id
    inner join crm_links on launch_eligibility.crm_customer_id = crm_links.crm_customer_id
    group by launch_eligibility.launch_id, crm_links.customer_id

),

launched as (

    select distinct eligible.product_id
    from eligible

),

usage_links as (

    select
        identity_links.source_id as account_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'usage' and identity_links.customer_id is not null

),

uses as (

    select
        customer_products.customer_id,
        upper(customer_products.product_id) as product_id,
        customer_products.month_end
    from {{ ref('int_customer_products') }} as customer_products
    inner join run_window on customer_products.month_end <= run_window.last_month
    inner join launched on upper(customer_products.product_id) = launched.product_id
    union
    select
        spans.customer_id,
        upper(spans.product_id) as product_id,
        {{ month_end('spans.valid_from') }} as month_end
    from {{ ref('int_subscription_spans') }} as spans
    inner join launched on upper(spans.product_id) = launched.product_id
    where spans.exclusion_reason is null and spans.quantity > 0
    union
    select
        usage_links.customer_id,
        upper(daily_counts.feature) as product_id,
        {{ month_end('daily_counts.usage_date') }} as month_end
    from {{ ref('stg_usage__daily_counts') }} as daily_counts
    inner join run_window on daily_counts.usage_date <= run_window.last_month
    inner join launched on upper(daily_counts.feature) = launched.product_id
    inner join usage_links on daily_counts.account_id = usage_links.account_id

)

select
    eligible.launch_id,
    eligible.customer_id,
    eligible.product_id,
    eligible.eligible_month,
    min(uses.month_end) as adopted_month
from eligible
left join uses
    on
        eligible.customer_id = uses.customer_id
        and eligible.product_id = uses.product_id
        and eligible.eligible_month <= uses.month_end
group by eligible.launch_id, eligible.customer_id, eligible.product_id, eligible.eligible_month

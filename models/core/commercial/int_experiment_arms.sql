{#- Grain: one row per experiment that a campaign names and customer assigned to an arm of it, with
    what the customer bought in the `campaign_effect_days` after that day. The first assignment
    binds, whatever was done later (intention to treat). What was bought is complete from
    `due_month` on; until then the customer is pending. -#}
{%- set due = dbt.dateadd('day', var('campaign_effect_days'), 'assigned.assigned_on') -%}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

of_campaigns as (

    select distinct campaigns.experiment_id
    from {{ ref('stg_marketing__campaigns') }} as campaigns
    where campaigns.experiment_id is not null

),

assignments as (

    select
        assignments.experiment_id,
        links.customer_id,
        assignments.arm,
        cast(assignments.assigned_at as date) as assigned_on,
        {{ may_contact('crm_customers.has_marketing_consent') }} as has_consent,
        row_number() over (
            partition by assignments.experiment_id, links.customer_id
            order by assignments.assigned_at, assignments.crm_customer_id
        ) as assignment_number
    from {{ ref('stg_organisation__experiment_assignments') }} as assignments
    inner join of_campaigns on assignments.experiment_id = of_campaigns.experiment_id
    inner join {{ ref('int_identity_links') }} as links
        on links.source_system = 'crm' and assignments.crm_customer_id = links.source_id
    inner join run_window on cast(assignments.assigned_at as date) <= run_window.last_month
    left join {{ ref('stg_crm__customers') }} as crm_customers
        on
            assignments.crm_customer_id = crm_customers.crm_customer_id
            and {{ holds_on(
                'assignments.assigned_at', 'crm_customers.valid_from', 'crm_customers.valid_to'
            ) }}

),

assigned as (

    select
        assignments.experiment_id,
        assignments.customer_id,
        assignments.arm,
        assignments.assigned_on,
        assignments.has_consent
    from assignments
    where assignments.assignment_number = 1

),

purchases as (

    select
        assigned.experiment_id,
        assigned.customer_id,
        count(*) as purchase_count,
        sum(purchases.amount) as amount,
        sum(purchases.costed_amount) as costed_amount,
        sum(purchases.gross_margin) as gross_margin
    from assigned
    inner join {{ ref('int_purchases') }} as purchases
        on
            assigned.customer_id = purchases.customer_id
            and assigned.assigned_on < purchases.purchase_date
            and {{ due }} >= purchases.purchase_date
    group by assigned.experiment_id, assigned.customer_id

)

select
    assigned.experiment_id,
    assigned.customer_id,
    assigned.arm,
    assigned.has_consent,
    {{ month_end('assigned.assigned_on') }} as assigned_month,
    {{ month_end(due) }} as due_month,
    cast(coalesce(purchases.purchase_count, 0) as integer) as purchase_count,
    {%- for name in ['amount', 'costed_amount', 'gross_margin'] %}
    cast(coalesce(purchases.{{ name }}, 0) as decimal(18, 4)) as {{ name }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from assigned
left join purchases
    on
        assigned.experiment_id = purchases.experiment_id
        and assigned.customer_id = purchases.customer_id

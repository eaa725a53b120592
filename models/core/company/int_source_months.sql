{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per source system and month end. How much each system sent of each month, and
    whether it was measured then. Billing is complete to the day by definition: a run goes as far as
    billing does. Of the others it is judged fact by fact, as known at that month's end. -#}
{%- set documents = [
    (ref('stg_billing__credit_notes'), 'credited_at'),
    (ref('stg_billing__invoice_lines'), 'invoiced_at'),
    (ref('stg_billing__invoices'), 'invoiced_at'),
    (ref('stg_billing__payments'), 'paid_at'),
    (ref('stg_billing__returns'), 'returned_at'),
    (ref('stg_billing__shipments'), 'shipped_at'),
] %}
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

documents as (

    {% for relation, document_time in documents %}
    select
        {{ month_end('documents.' ~ document_time) }} as as_of_date,
        count(*) as fact_count
    from {{ relation }} as documents
    inner join run_months on {{ in_run_months('documents.' ~ document_time) }}
    group by {{ month_end('documents.' ~ document_time) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

billed as (

    select
        documents.as_of_date,
        sum(documents.fact_count) as fact_count
    from documents
    group by documents.as_of_date

),

of_systems as (

    select
        'billing' as source_system,
        months.as_of_date,
        coalesce(
            months.as_of_date >= systems.first_measured_month
            and months.as_of_date <= systems.last_measured_month,
            false
        ) as is_measured,
        coalesce(billed.fact_count, 0) as fact_count
    from months
    left join {{ ref('stg_control__systems') }} as systems on systems.source_system = 'billing'
    left join billed on months.as_of_date = billed.as_of_date
    union all
    select
        measured_facts.source_system,
        measured_facts.as_of_date,
        max(case when measured_facts.is_system_measured then 1 else 0 end) = 1 as is_measured,
        sum(measured_facts.fact_count) as fact_count
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join months on measured_facts.as_of_date = months.as_of_date
    group by measured_facts.source_system, measured_facts.as_of_date

)

select
    of_systems.source_system,
    of_systems.as_of_date,
    of_systems.is_measured,
    case when of_systems.is_measured then cast(of_systems.fact_count as bigint) end as fact_count
from of_systems

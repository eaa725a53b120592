{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: how staff judge the customer, by criterion (handbook
    C12). A rating is the mean of the newest month in which the criterion was judged, of all who
    judged in it; it is carried until it is older than `judgement_days`. Not judged is empty. -#}
{%- set criteria = ['strategic_fit', 'market_coverage', 'internal_management'] -%}
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

rounds as (

    select
        links.customer_id,
        judgements.criterion,
        {{ month_end('judgements.judged_on') }} as month_end,
        max(judgements.judged_on) as judged_on,
        count(*) as judgement_count,
        sum(judgements.rating) as rating_sum,
        count(distinct judgements.assessor_id) as assessor_count,
        count(judgements.evidence_reference) as evidence_count
    from {{ ref('stg_organisation__judgements') }} as judgements
    inner join {{ ref('int_identity_links') }} as links
        on judgements.crm_customer_id = links.source_id and links.source_system = 'crm'
    inner join run_months on {{ month_end('judgements.judged_on') }} <= run_months.last_month
    where
        judgements.criterion in (
            {%- for criterion in criteria %}
            '{{ criterion }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
    group by
        links.customer_id, judgements.criterion, {{ month_end('judgements.judged_on') }}

),

followed as (

    select
        rounds.*,
        lead(rounds.month_end) over (
            partition by rounds.customer_id, rounds.criterion order by rounds.month_end
        ) as next_month
    from rounds

),

newest as (

    select
        months.as_of_date,
        followed.*
    from followed
    inner join months
        on
            followed.month_end <= months.as_of_date
            and (followed.next_month is null or followed.next_month > months.as_of_date)
            and followed.judged_on
            > {{ dbt.dateadd('day', -var('judgement_days'), 'months.as_of_date') }}

),

wide as (

    select
        newest.customer_id,
        newest.as_of_date,
        {%- for criterion in criteria %}
        max(
            case
                when newest.criterion = '{{ criterion }}'
                    then {{ ratio('newest.rating_sum', 'newest.judgement_count') }}
            end
        ) as {{ criterion }}_rating,
        max(
            case
                when newest.criterion = '{{ criterion }}'
                    then {{ days_between('newest.judged_on', 'newest.as_of_date') }}
            end
        ) as {{ criterion }}_age_days,
        {%- endfor %}
        sum(newest.judgement_count) as judgement_count,
        max(newest.assessor_count) as assessor_count,
        {{ ratio('sum(newest.evidence_count)', 'sum(newest.judgement_count)') }}
            as judgement_evidence_ratio
    from newest
    group by newest.customer_id, newest.as_of_date

),

judgement_months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'judgements' and measured_facts.is_measured

)

select
    windows.customer_id,
    windows.as_of_date,
    {%- for criterion in criteria %}
    wide.{{ criterion }}_rating,
    wide.{{ criterion }}_age_days,
    {%- endfor %}
    {{ measured_count('judgement_months.as_of_date is not null', 'wide.judgement_count') }}
        as judgement_count,
    cast(wide.assessor_count as integer) as judgement_assessors,
    wide.judgement_evidence_ratio
from {{ ref('int_customer_windows') }} as windows
inner join months on windows.as_of_date = months.as_of_date
left join wide
    on windows.customer_id = wide.customer_id and windows.as_of_date = wide.as_of_date
left join judgement_months on windows.as_of_date = judgement_months.as_of_date

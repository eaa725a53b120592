{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{%- set dimensions = ['intention', 'reality', 'effect'] -%}
with run_months as (

    {{ run_months() }}

),

practices as (

    select
        practices.*,
        -- What counts in the section: answered in full, or open when the assessment closed.
        case
            when practices.practice_percent is not null
                then cast(practices.weight as decimal(18, 6))
        end as counted_weight
    from {{ ref('cmat_practices') }} as practices
    inner join run_months
        on
            practices.as_of_date >= run_months.first_month
            and practices.as_of_date <= run_months.last_month

),

summed as (

    select
        practices.as_of_date,
        practices.assessment_id,
        practices.section_id,
        practices.is_closed,
        practices.dimension_count,
        cast(count(*) as integer) as practice_count,
        cast(count(practices.practice_percent) as integer) as counted_count,
        {%- for status in ['not_applicable', 'unanswered', 'partly_answered'] %}
        cast({{ count_when("practices.answer_status = '" ~ status ~ "'") }} as integer)
            as {{ status }}_count,
        {%- endfor %}
        cast({{ count_when('practices.is_capped') }} as integer) as capped_count,
        {{ ratio(
            'sum(cast(practices.practice_percent * practices.counted_weight as decimal(28, 6)))',
            'sum(practices.counted_weight)'
        ) }} as section_percent,
        {%- for dimension in dimensions %}
        25 * {{ ratio(
            'sum(cast(coalesce(practices.' ~ dimension ~ '_level, 0)'
            ~ ' * practices.counted_weight as decimal(28, 6)))',
            'sum(practices.counted_weight)'
        ) }} as {{ dimension }}_percent,
        {%- endfor %}
        cast(count(practices.measured_level) as integer) as measured_count,
        cast(count(practices.perception_gap) as integer) as gap_count,
        {{ mean('practices.perception_gap') }} as perception_gap_mean
    from practices
    group by
        practices.as_of_date,
        practices.assessment_id,
        practices.section_id,
        practices.is_closed,
        practices.dimension_count

)

select
    summed.as_of_date,
    summed.assessment_id,
    summed.section_id,
    sections.place,
    sections.name as section_name,
    sections.name_zh as section_name_zh,
    cast(sections.weight as double) as weight,
    summed.is_closed,
    summed.practice_count,
    summed.counted_count,
    summed.not_applicable_count,
    summed.unanswered_count,
    summed.partly_answered_count,
    summed.capped_count,
    round(summed.section_percent, 6) as section_percent,
    round(summed.intention_percent, 6) as intention_percent,
    round(summed.reality_percent, 6) as reality_percent,
    case when summed.dimension_count = 3 then round(summed.effect_percent, 6) end
        as effect_percent,
    summed.measured_count,
    summed.gap_count,
    round(summed.perception_gap_mean, 6) as perception_gap_mean
from summed
inner join {{ ref('cmat_section_weights') }} as sections
    on summed.section_id = sections.section_id

{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

),

sections as (

    select sections.*
    from {{ ref('cmat_sections') }} as sections
    inner join run_months
        on
            sections.as_of_date >= run_months.first_month
            and sections.as_of_date <= run_months.last_month

),

assessments as (

    select distinct
        practices.as_of_date,
        practices.assessment_id,
        practices.opened_on,
        practices.closes_on,
        practices.dimension_count
    from {{ ref('ind_cmat_practices') }} as practices

),

assessors as (

    select
        assessments.as_of_date,
        assessments.assessment_id,
        count(distinct answers.assessor_number) as assessor_count
    from assessments
    inner join {{ ref('int_cmat_answers') }} as answers
        on
            assessments.assessment_id = answers.assessment_id
            and assessments.as_of_date >= answers.answered_on
    where answers.exclusion_reason is null
    group by assessments.as_of_date, assessments.assessment_id

),

benchmark as (

    select
        {%- for figure in ['mean', 'best', 'worst', 'p25', 'p50', 'p75'] %}
        max(case when benchmark.figure = '{{ figure }}' then benchmark.percent end)
            as {{ figure }}_percent,
        {%- endfor %}
        max(benchmark.source) as source
    from {{ ref('cmat_benchmark') }} as benchmark

),

summed as (

    select
        sections.as_of_date,
        sections.assessment_id,
        sections.is_closed,
        sum(sections.practice_count) as practice_count,
        sum(sections.counted_count) as counted_count,
        sum(sections.not_applicable_count) as not_applicable_count,
        sum(sections.unanswered_count) as unanswered_count,
        sum(sections.partly_answered_count) as partly_answered_count,
        sum(sections.capped_count) as capped_count,
        sum(sections.measured_count) as measured_count,
        {{ ratio(
            'sum(cast(sections.section_percent * sections.weight as decimal(28, 6)))',
            'sum(case when sections.section_percent is not null'
            ~ ' then cast(sections.weight as decimal(28, 6)) end)'
        ) }} as overall_percent,
        {{ ratio(
            'sum(case when sections.section_percent is not null'
            ~ ' then cast(sections.weight as decimal(28, 6)) end)',
            'sum(cast(sections.weight as decimal(28, 6)))'
        ) }} as section_coverage
    from sections
    group by sections.as_of_date, sections.assessment_id, sections.is_closed

)

select
    summed.as_of_date,
    summed.assessment_id,
    assessments.opened_on,
    assessments.closes_on,
    summed.is_closed,
    assessments.dimension_count,
    cast(assessors.assessor_count as integer) as assessor_count,
    cast(summed.practice_count as integer) as practice_count,
    cast(summed.counted_count as integer) as counted_count,
    cast(summed.not_applicable_count as integer) as not_applicable_count,
    cast(summed.unanswered_count as integer) as unanswered_count,
    cast(summed.partly_answered_count as integer) as partly_answered_count,
    cast(summed.capped_count as integer) as capped_count,
    cast(summed.measured_count as integer) as measured_count,
    round(summed.overall_percent, 6) as overall_percent,
    round(summed.section_coverage, 6) as section_coverage,
    cast(benchmark.mean_percent as double) as benchmark_mean_percent,
    cast(benchmark.best_percent as double) as benchmark_best_percent,
    cast(benchmark.worst_percent as double) as benchmark_worst_percent,
    case
        when not summed.is_closed or summed.overall_percent is null then null
        when summed.overall_percent > benchmark.best_percent then 'above_best'
        when summed.overall_percent > benchmark.mean_percent then 'above_mean'
        when summed.overall_percent = benchmark.mean_percent then 'at_mean'
        when summed.overall_percent >= benchmark.worst_percent then 'below_mean'
        when summed.overall_percent < benchmark.worst_percent then 'below_worst'
    end as benchmark_position,
    -- A quartile needs the quartiles of a benchmark table; the published one has none.
    cast(
        case
            when
                not summed.is_closed
                or summed.overall_percent is null
                or benchmark.p25_percent is null
                or benchmark.p50_percent is null
                or benchmark.p75_percent is null
                then null
            when summed.overall_percent >= benchmark.p75_percent then 1
            when summed.overall_percent >= benchmark.p50_percent then 2
            when summed.overall_percent >= benchmark.p25_percent then 3
            else 4
        end as integer
    ) as benchmark_quartile
from summed
inner join assessments
    on
        summed.as_of_date = assessments.as_of_date
        and summed.assessment_id = assessments.assessment_id
inner join assessors
    on
        summed.as_of_date = assessors.as_of_date
        and summed.assessment_id = assessors.assessment_id
cross join benchmark

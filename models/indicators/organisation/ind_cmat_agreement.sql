{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, assessment, pair of assessors and dimension: how far two
    assessors say the same of the practices that both gave a level (handbook C2). Kappa has
    quadratic weights (Cohen 1968): with them the disagreement that chance alone gives is
    mean(x2) + mean(y2) - 2 mean(x) mean(y), so that sums of whole numbers suffice. What they said
    is compared, before a level is capped. -#}
with run_months as (

    {{ run_months() }}

),

assessment_months as (

    select distinct
        practices.as_of_date,
        practices.assessment_id
    from {{ ref('ind_cmat_practices') }} as practices
    inner join run_months
        on
            practices.as_of_date >= run_months.first_month
            and practices.as_of_date <= run_months.last_month

),

levels as (

    select answers.*
    from {{ ref('int_cmat_answers') }} as answers
    where answers.exclusion_reason is null and answers.stated_level is not null

),

pairs as (

    select
        assessment_months.as_of_date,
        assessment_months.assessment_id,
        firsts.dimension,
        firsts.assessor_number as first_assessor,
        seconds.assessor_number as second_assessor,
        cast(firsts.stated_level as integer) as first_level,
        cast(seconds.stated_level as integer) as second_level
    from assessment_months
    inner join levels as firsts
        on
            assessment_months.assessment_id = firsts.assessment_id
            and assessment_months.as_of_date >= firsts.answered_on
    inner join levels as seconds
        on
            firsts.assessment_id = seconds.assessment_id
            and firsts.practice_id = seconds.practice_id
            and firsts.dimension = seconds.dimension
            and firsts.assessor_number < seconds.assessor_number
            and assessment_months.as_of_date >= seconds.answered_on

),

summed as (

    select
        pairs.as_of_date,
        pairs.assessment_id,
        pairs.first_assessor,
        pairs.second_assessor,
        pairs.dimension,
        count(*) as n,
        sum(pairs.first_level) as x,
        sum(pairs.second_level) as y,
        sum(pairs.first_level * pairs.first_level) as xx,
        sum(pairs.second_level * pairs.second_level) as yy,
        sum(pairs.first_level * pairs.second_level) as xy
    from pairs
    group by
        pairs.as_of_date,
        pairs.assessment_id,
        pairs.first_assessor,
        pairs.second_assessor,
        pairs.dimension

),

measured as (

    select
        summed.*,
        {{ ratio('summed.x - summed.y', 'summed.n') }} as mean_difference,
        sqrt(
            {{ ratio(
                'summed.n * (summed.xx + summed.yy - 2 * summed.xy)'
                ~ ' - (summed.x - summed.y) * (summed.x - summed.y)',
                'summed.n * summed.n * (summed.n - 1)'
            ) }}
        ) as standard_error
    from summed
    where summed.n >= {{ var('cmat_min_common') }}

)

select
    summed.as_of_date,
    summed.assessment_id,
    summed.first_assessor,
    summed.second_assessor,
    summed.dimension,
    cast(summed.n as integer) as common_practice_count,
    case
        when summed.n >= {{ var('cmat_min_common') }}
            then
                1 - {{ ratio(
                    'summed.n * (summed.xx + summed.yy - 2 * summed.xy)',
                    'summed.n * (summed.xx + summed.yy) - 2 * summed.x * summed.y'
                ) }}
    end as weighted_kappa,
    measured.mean_difference,
    measured.mean_difference
    - {{ student_95('measured.n - 1') }} * measured.standard_error as mean_difference_low,
    measured.mean_difference
    + {{ student_95('measured.n - 1') }} * measured.standard_error as mean_difference_high,
    summed.n < {{ var('cmat_min_common') }} as is_low_n
from summed
left join measured
    on
        summed.as_of_date = measured.as_of_date
        and summed.assessment_id = measured.assessment_id
        and summed.first_assessor = measured.first_assessor
        and summed.second_assessor = measured.second_assessor
        and summed.dimension = measured.dimension

{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

),

scores as (

    select
        ind_scores.*,
        round(ind_scores.score, 6) as published_score
    from {{ ref('ind_scores__retail_billing') }} as ind_scores
    inner join run_months
        on
            ind_scores.as_of_date >= run_months.first_month
            and ind_scores.as_of_date <= run_months.last_month

)

select
    scores.customer_id,
    scores.as_of_date,
    scores.profile,
    scores.tier,
    scores.value_basis,
    scores.published_score as score,
    round(scores.coverage, 6) as coverage,
    bands.band,
    case when scores.published_score is null then 'insufficient_evidence' else 'published' end
        as status,
    scores.measure_count,
    round(scores.current_value__score, 6) as current_value_score,
    round(scores.current_value__coverage, 6) as current_value_coverage,
    round(scores.potential__score, 6) as potential_score,
    round(scores.potential__coverage, 6) as potential_coverage,
    round(scores.relationship__score, 6) as relationship_score,
    round(scores.relationship__coverage, 6) as relationship_coverage
from scores
-- Half-open bands: no value is in two bands or in none; the last one includes its upper bound.
left join {{ ref('bands') }} as bands
    on
        bands.profile = '*'
        and scores.published_score >= bands.lower_bound
        and (scores.published_score < bands.upper_bound or bands.upper_bound = 100)

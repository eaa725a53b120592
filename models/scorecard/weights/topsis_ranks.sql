{#- Grain: one row per profile whose root has several children. -#}
select
    rankings.profile,
    rankings.as_of_date,
    rankings.criterion_count,
    rankings.n_customers as customer_count,
    rankings.n_decile_changed as decile_changed_count,
    {{ rate_columns('decile_changed', 'rankings.n_decile_changed', 'rankings.n_customers') }},
    round(rankings.rank_correlation, 6) as rank_correlation,
    round(rankings.rank_concordance, 6) as rank_concordance
from {{ source('ml', 'topsis_comparison') }} as rankings

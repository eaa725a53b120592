{#- Grain: one row per profile, node that has siblings, and direction of the change. -#}
select
    trials.profile,
    trials.as_of_date,
    trials.node_id,
    case when trials.factor > 1 then 'raised' else 'lowered' end as direction,
    trials.parent_node_id,
    nodes.label,
    nodes.label_zh,
    round(trials.factor - 1, 6) as relative_change,
    round(trials.weight, 9) as weight,
    round(trials.changed_weight, 9) as changed_weight,
    trials.n_customers as customer_count,
    trials.n_band_changed as band_changed_count,
    {{ rate_columns('band_changed', 'trials.n_band_changed', 'trials.n_customers') }},
    round(trials.mean_change, 6) as mean_change,
    round(trials.largest_change, 6) as largest_change,
    trials.n_ranked as ranked_count,
    trials.n_decile_changed as decile_changed_count,
    {{ rate_columns('decile_changed', 'trials.n_decile_changed', 'trials.n_ranked') }},
    round(trials.rank_correlation, 6) as rank_correlation
from {{ source('ml', 'weight_sensitivity') }} as trials
left join {{ ref('scr_weights') }} as nodes
    on
        trials.profile = nodes.profile
        and trials.node_id = nodes.node_id
        and trials.as_of_date = nodes.as_of_date

{#- Grain: one row per month end. The states of the configuration are counted by the days on which a
    row of a scorecard begins or ends, so that the same seeds give the same numbers in every
    run. -#}
with changes as (

    {%- for seed in ['scorecards', 'scorecard_nodes', 'targets', 'bands', 'exceptions'] %}

    select {{ seed }}.valid_from as changed_on
    from {{ ref(seed) }} as {{ seed }}
    union
    {%- endfor %}

    select nodes.valid_until as changed_on
    from {{ ref('scorecard_nodes') }} as nodes
    where nodes.valid_until is not null
    union

    select exceptions.valid_until as changed_on
    from {{ ref('exceptions') }} as exceptions
    where exceptions.valid_until is not null

)

select
    months.as_of_date,
    cast(count(changes.changed_on) as integer) as config_version,
    max(changes.changed_on) as configured_from
from {{ ref('int_months') }} as months
left join changes on months.as_of_date >= changes.changed_on
group by months.as_of_date

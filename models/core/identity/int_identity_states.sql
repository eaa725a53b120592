{#- Grain: one row per state of knowledge in which customers are resolved: now, and, where a load or
    a decision by hand since the completed run before may change links, as it was known then. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

newest as (

    select max(loads.load_id) as load_id
    from (
        select max(greatest(evidence.load_id, coalesce(evidence.ended_load_id, 0))) as load_id
        from {{ ref('int_identity_evidence') }} as evidence
        union all
        select max(records.version_load_id) as load_id
        from {{ ref('int_identity_records') }} as records
    ) as loads

),

decided as (

    select count(*) as decision_count
    from (
        select decisions.source_id
        from {{ ref('int_identity_decisions') }} as decisions
        group by
            decisions.source_system, decisions.source_id, decisions.decision,
            decisions.other_system, decisions.other_id
        having count(*) = 1
    ) as in_one_state

)

select
    'now' as as_known,
    run_window.known_load_id as load_limit
from run_window
union all
select
    'before' as as_known,
    run_window.previous_load_id as load_limit
from run_window
cross join newest
cross join decided
where
    run_window.previous_load_id > 0
    and (newest.load_id > run_window.previous_load_id or decided.decision_count > 0)

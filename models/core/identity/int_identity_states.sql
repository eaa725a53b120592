{#- Grain: one row per state of knowledge in which customers are resolved: now, and, where a load
    since the completed run before brought evidence, as it was known then. -#}
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
where run_window.previous_load_id > 0 and newest.load_id > run_window.previous_load_id

{#- Grain: one row per source system and link method, with `all` for the sums over methods and
    systems. -#}
with links as (

    select * from {{ ref('int_identity_links') }}

),

before_links as (

    select
        link_states.source_system,
        link_states.source_id
    from {{ ref('int_identity_link_states') }} as link_states
    where link_states.as_known = 'before' and link_states.customer_id is not null

),

merged as (

    select links.customer_id
    from links
    where links.source_system = 'crm'
    group by links.customer_id
    having count(*) > 1

),

candidates as (

    select
        candidates.source_system,
        candidates.source_id,
        count(*) as candidate_count
    from {{ ref('int_identity_candidates') }} as candidates
    group by candidates.source_system, candidates.source_id

),

uncompared as (

    select distinct
        blocks.source_system,
        blocks.source_id
    from {{ ref('int_identity_blocks') }} as blocks
    where not blocks.is_compared

),

records as (

    select
        links.source_system,
        links.link_method,
        links.customer_id,
        merged.customer_id as merged_customer_id,
        case when identity_records.is_id_reused then 1 else 0 end as is_id_reused,
        coalesce(candidates.candidate_count, 0) as candidate_count,
        case when uncompared.source_id is null then 0 else 1 end as is_uncompared,
        case when before_links.source_id is null then 0 else 1 end as is_compared_before,
        restatements.change_kind
    from links
    inner join {{ ref('int_identity_records') }} as identity_records
        on
            links.source_system = identity_records.source_system
            and links.source_id = identity_records.source_id
    left join merged on links.customer_id = merged.customer_id
    left join candidates
        on
            links.source_system = candidates.source_system
            and links.source_id = candidates.source_id
    left join uncompared
        on
            links.source_system = uncompared.source_system
            and links.source_id = uncompared.source_id
    left join before_links
        on
            links.source_system = before_links.source_system
            and links.source_id = before_links.source_id
    left join {{ ref('int_identity_restatements') }} as restatements
        on
            links.source_system = restatements.source_system
            and links.source_id = restatements.source_id

),

grouped as (

    {% for system, method in [
        ('records.source_system', 'records.link_method'), ('records.source_system', "'all'"),
        ("'all'", "'all'"),
    ] -%}
    select
        {{ system }} as source_system,
        {{ method }} as link_method,
        count(*) as record_count,
        count(distinct records.customer_id) as customer_count,
        sum(case when records.customer_id is null then 1 else 0 end) as unresolved_count,
        count(distinct records.merged_customer_id) as merged_customer_count,
        sum(records.is_id_reused) as id_reused_count,
        sum(records.candidate_count) as review_candidate_count,
        sum(records.is_uncompared) as uncompared_count,
        sum(records.is_compared_before) as known_before_count,
        {% for kind in ['new_link', 'merge', 'split', 'moved', 'rekeyed', 'unlinked'] -%}
        sum(case when records.change_kind = '{{ kind }}' then 1 else 0 end) as {{ kind }}_count
        {{- ',' if not loop.last }}
        {% endfor -%}
    from records
    {% if system != "'all'" -%}
    group by records.source_system{{ ', records.link_method' if method != "'all'" }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    run_window.last_month as as_of_date,
    grouped.source_system,
    grouped.link_method,
    grouped.record_count,
    grouped.customer_count,
    cast(
        {{ ratio('grouped.record_count', 'systems.record_count') }} as decimal(9, 6)
    ) as record_share,
    cast(
        {{ ratio('grouped.unresolved_count', 'grouped.record_count') }} as decimal(9, 6)
    ) as unresolved_share,
    grouped.merged_customer_count,
    cast(grouped.id_reused_count as bigint) as id_reused_count,
    cast(grouped.review_candidate_count as bigint) as review_candidate_count,
    cast(grouped.uncompared_count as bigint) as uncompared_count,
    cast(grouped.known_before_count as bigint) as known_before_count,
    cast(grouped.new_link_count as bigint) as new_link_count,
    cast(grouped.merge_count as bigint) as merge_count,
    cast(grouped.split_count as bigint) as split_count,
    cast(grouped.moved_count as bigint) as moved_count,
    cast(grouped.rekeyed_count as bigint) as rekeyed_count,
    cast(grouped.unlinked_count as bigint) as unlinked_count,
    cast(
        {{ ratio(
            'grouped.merge_count + grouped.split_count + grouped.moved_count'
            ~ ' + grouped.rekeyed_count + grouped.unlinked_count',
            'grouped.known_before_count'
        ) }} as decimal(9, 6)
    ) as change_share
from grouped
inner join grouped as systems
    on grouped.source_system = systems.source_system and systems.link_method = 'all'
cross join {{ ref('stg_control__run_window') }} as run_window

{#- Rows of an append-only source table (events) up to the newest load that the run knows. -#}
{% macro known_rows(source_table) -%}
    select source_rows.*
    from {{ source_table }} as source_rows
    inner join {{ ref('stg_control__run_window') }} as run_window
        on source_rows._load_id <= run_window.known_load_id
{%- endmacro %}

{#-
    Versions of the entities of an upsert or snapshot source table, up to the newest load that the
    run knows: each row with `_valid_from` and `_valid_to` (empty for the newest). A later load that
    speaks of the same version corrects it.
-#}
{% macro known_versions(source_table, entity, version_time) -%}
    {%- set entity_columns = [] -%}
    {%- for column in entity %}{% do entity_columns.append('source_rows.' ~ column) %}{% endfor -%}
    {%- set version_columns = [] -%}
    {%- for column in entity %}{% do version_columns.append('corrected.' ~ column) %}{% endfor -%}
    select
        corrected.*,
        corrected.{{ version_time }} as _valid_from,
        lead(corrected.{{ version_time }}) over (
            partition by {{ version_columns | join(', ') }} order by corrected.{{ version_time }}
        ) as _valid_to
    from (
        select
            source_rows.*,
            row_number() over (
                partition by
                    {{ entity_columns | join(', ') }},
                    source_rows.{{ version_time }}
                order by source_rows._load_id desc, source_rows._line desc
            ) as correction_rank
        from {{ source_table }} as source_rows
        inner join {{ ref('stg_control__run_window') }} as run_window
            on source_rows._load_id <= run_window.known_load_id
    ) as corrected
    where corrected.correction_rank = 1
{%- endmacro %}

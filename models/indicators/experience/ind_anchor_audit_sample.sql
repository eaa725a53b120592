{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per quarter end, anchor and occurrence that was drawn for the audit. The order is
    a hash of seed, anchor and occurrence, so that the same quarter gives the same sample. So many
    are drawn that a share of them is known to within the margin, 95 times in 100, the quarter's
    number taken into account. -#}
{%- set infinite = 3.841458820694124 * 0.25 / (var('anchor_sample_margin') ** 2) -%}
with run_months as (

    {{ run_months() }}

),

quarters as (

    select
        months.as_of_date,
        {{ month_end_after('months.as_of_date', -3) }} as quarter_before
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    where extract(month from months.as_of_date) in (3, 6, 9, 12)

),

numbered as (

    select
        quarters.as_of_date,
        occurrences.anchor_id,
        occurrences.occurrence_id,
        occurrences.ticket_id,
        occurrences.customer_id,
        cast(occurrences.occurred_at as date) as occurred_on,
        count(*) over (partition by quarters.as_of_date, occurrences.anchor_id) as population_count,
        row_number() over (
            partition by quarters.as_of_date, occurrences.anchor_id
            order by
                md5(
                    concat(
                        '{{ var('anchor_sample_seed') }}|', occurrences.anchor_id, '|',
                        occurrences.occurrence_id
                    )
                ),
                occurrences.occurrence_id
        ) as sample_number
    from quarters
    inner join {{ ref('int_anchor_occurrences') }} as occurrences
        on
            quarters.as_of_date >= occurrences.month_end
            and quarters.quarter_before < occurrences.month_end
    where
        occurrences.metric = 'all'
        and (
            occurrences.excluded_month is null
            or occurrences.excluded_month > quarters.as_of_date
        )

),

sized as (

    select
        numbered.*,
        ceil(
            {{ infinite }} / (1 + ({{ infinite }} - 1) / cast(numbered.population_count as double))
        ) as sample_size
    from numbered

)

select
    sized.as_of_date,
    sized.anchor_id,
    cast(sized.sample_number as integer) as sample_number,
    sized.occurrence_id,
    sized.ticket_id,
    sized.customer_id,
    sized.occurred_on,
    cast(sized.population_count as integer) as population_count,
    cast(sized.sample_size as integer) as sample_size
from sized
where sized.sample_number <= sized.sample_size

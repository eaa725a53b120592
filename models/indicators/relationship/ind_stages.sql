{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: the stage of the relationship (handbook C4). A fold
    in the order of months: at most one stage up in a month, one down after failing months in a
    row, and what is not known moves nobody. Who has left has no stage and begins anew on coming
    back.

    All customers' n-th months are one step of the recursion, so a step is one join of two sets; a
    run of one month is one step that begins with the row of the month before. -#}
{%- set failing = var('stage_failing_months') -%}
with recursive run_months as (

    {{ run_months() }}

),

rules as (

    select
        stage_rules.customer_id,
        stage_rules.as_of_date,
        {{ month_number('stage_rules.as_of_date') }} as month_number,
        stage_rules.is_lost,
        stage_rules.familiar_met,
        stage_rules.trust_met,
        stage_rules.co_create_met,
        stage_rules.trust_months_limit
    from {{ ref('ind_stage_rules') }} as stage_rules
    inner join run_months
        on
            stage_rules.as_of_date >= run_months.first_month
            and stage_rules.as_of_date <= run_months.last_month

),

-- Rows are dense: who comes in the course of the run begins the month before the first one.
first_months as (

    select
        rules.customer_id,
        min(rules.month_number) - 1 as month_number
    from rules
    group by rules.customer_id

),

carried as (

    {% if is_incremental() -%}
    select
        this_table.customer_id,
        this_table.stage_number,
        this_table.stage_months,
        this_table.failing_months,
        this_table.fell_in_month
    from {{ this }} as this_table
    inner join run_months
        on this_table.as_of_date = {{ month_end_after('run_months.first_month', -1) }}
    {%- else -%}
    select
        cast(null as varchar) as customer_id,
        cast(null as integer) as stage_number,
        cast(null as integer) as stage_months,
        cast(null as integer) as failing_months,
        cast(null as integer) as fell_in_month
    from run_months
    where 1 = 0
    {%- endif %}

),

fold (
    customer_id, month_number, stage_number, stage_months, failing_months, fell_in_month,
    previous_stage_number
) as (

    select
        first_months.customer_id,
        first_months.month_number,
        coalesce(carried.stage_number, 0) as stage_number,
        coalesce(carried.stage_months, 0) as stage_months,
        coalesce(carried.failing_months, 0) as failing_months,
        carried.fell_in_month,
        cast(null as integer) as previous_stage_number
    from first_months
    left join carried on first_months.customer_id = carried.customer_id
    union all
    select
        moved.customer_id,
        moved.month_number,
        moved.next_stage as stage_number,
        case
            when moved.next_stage = 0 then 0
            when moved.next_stage = moved.stage_number then moved.stage_months + 1
            else 1
        end as stage_months,
        case
            when moved.next_stage <> moved.stage_number then 0
            when moved.own_met = 1 then 0
            when moved.own_met = 0 then moved.failing_months + 1
            else moved.failing_months
        end as failing_months,
        case
            when moved.next_stage > 0 and moved.next_stage < moved.stage_number
                then moved.month_number
            when moved.next_stage > 0 and moved.stage_number > 0 then moved.fell_in_month
        end as fell_in_month,
        moved.stage_number as previous_stage_number
    from (
        select
            judged.*,
            case
                when judged.is_lost then 0
                when judged.stage_number = 0 then 1
                when judged.is_next_met then judged.stage_number + 1
                when judged.own_met = 0 and judged.failing_months + 1 >= {{ failing }}
                    then judged.stage_number - 1
                else judged.stage_number
            end as next_stage
        from (
            select
                fold.customer_id,
                rules.month_number,
                rules.is_lost,
                fold.stage_number,
                fold.stage_months,
                fold.failing_months,
                fold.fell_in_month,
                {{ stage_rules_met('fold.stage_number', 'rules') }} as own_met,
                coalesce(
                    case fold.stage_number
                        when 1 then rules.familiar_met = 1
                        when 2 then rules.trust_met = 1
                        when 3
                            then
                                rules.trust_met = 1
                                and rules.co_create_met = 1
                                and fold.stage_months >= rules.trust_months_limit
                    end,
                    false
                ) as is_next_met
            from fold
            inner join rules
                on
                    fold.customer_id = rules.customer_id
                    and fold.month_number + 1 = rules.month_number
        ) as judged
    ) as moved

),

staged as (

    select
        rules.as_of_date,
        fold.*
    from fold
    inner join rules
        on fold.customer_id = rules.customer_id and fold.month_number = rules.month_number

)

select
    staged.customer_id,
    staged.as_of_date,
    staged.stage_number,
    {{ stage_name('staged.stage_number') }} as relationship_stage,
    cast(staged.stage_months as integer) as stage_months,
    cast(staged.failing_months as integer) as failing_months,
    cast(staged.fell_in_month as integer) as fell_in_month,
    staged.previous_stage_number,
    case
        when staged.stage_number > 0
            then
                coalesce({{ stage_rules_met('staged.stage_number', 'stage_rules') }} = 0, false)
                or coalesce(
                    staged.month_number - staged.fell_in_month
                    < {{ var('stage_declining_months') }},
                    false
                )
    end as is_stage_declining,
    stage_rules.business_model,
    case when staged.stage_number > 0 then stage_rules.evidence end as stage_evidence,
    -- What the next stage still asks for.
    case staged.stage_number
        when 1
            then nullif(substr(concat(
                {{ gap_words(
                    'purchases', 'stage_rules.lifetime_purchases_gap',
                    'stage_rules.is_lifetime_purchases_unknown', 0
                ) }},
                {{ gap_words(
                    'active months', 'stage_rules.active_months_3m_gap',
                    'stage_rules.is_active_months_3m_unknown', 0
                ) }}
            ), 3), '')
        when 2
            then nullif(substr(concat(
                {{ gap_words(
                    'days as a customer', 'stage_rules.tenure_days_gap',
                    'stage_rules.is_tenure_days_unknown', 0
                ) }},
                {{ gap_words(
                    'renewal or purchases', 'stage_rules.bond_gap', 'false', 0
                ) }},
                {{ gap_words(
                    'share paid on time', 'stage_rules.paid_on_time_ratio_12m_gap',
                    'stage_rules.is_paid_on_time_ratio_12m_unknown', 3
                ) }},
                {{ gap_words(
                    'severe complaints to solve', 'stage_rules.open_severe_complaints_gap',
                    'stage_rules.is_open_severe_complaints_unknown', 0
                ) }},
                {{ gap_words(
                    'relationship health', 'stage_rules.relationship_health_gap',
                    'stage_rules.is_relationship_health_unknown', 1
                ) }}
            ), 3), '')
        when 3
            then nullif(substr(concat(
                case
                    when staged.stage_months < stage_rules.trust_months_limit
                        then concat(
                            '; months in trust: ',
                            cast(
                                stage_rules.trust_months_limit - staged.stage_months as varchar
                            ),
                            ' missing'
                        )
                    else ''
                end,
                {{ gap_words(
                    'kinds of joint doings', 'stage_rules.co_creation_kinds_12m_gap',
                    'stage_rules.is_co_creation_kinds_12m_unknown', 0
                ) }}
            ), 3), '')
    end as next_stage_gaps
from staged
inner join {{ ref('ind_stage_rules') }} as stage_rules
    on
        staged.customer_id = stage_rules.customer_id
        and staged.as_of_date = stage_rules.as_of_date

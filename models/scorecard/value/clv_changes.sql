{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Lifetime value is expected units times the value of one: A times M. Of who is a customer at both
    month ends, with the estimator of the month before on the new facts, retention is half of
    (M1 + M0) times (A1 - A0), and margin half of (A1 + A0) times (M1 - M0). What the new estimator
    says beyond that is no change of the customer. The penny that rounding leaves is in margin. -#}
with run_months as (

    {{ run_months() }}

),

-- Who counts: customers who are active, by contract or by purchase, and have a lifetime value.
held as (

    select
        clv.customer_id,
        clv.as_of_date,
        ind_value.tier,
        ind_activity.is_active,
        clv.estimator_version,
        clv.value_basis,
        clv.unit_kind,
        clv.discounted_units_12m as units,
        clv.margin_per_unit,
        cast(clv.clv_12m as decimal(18, 2)) as clv_12m
    from {{ source('ml', 'clv_predictions') }} as clv
    inner join run_months
        on
            clv.as_of_date >= {{ month_end_after('run_months.first_month', -1) }}
            and clv.as_of_date <= run_months.last_month
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            clv.customer_id = ind_activity.customer_id
            and clv.as_of_date = ind_activity.as_of_date
    inner join {{ ref('ind_value') }} as ind_value
        on clv.customer_id = ind_value.customer_id and clv.as_of_date = ind_value.as_of_date
    where clv.clv_12m is not null

),

scored_months as (

    select distinct held.as_of_date
    from held

),

-- Only months whose month before was scored, too.
months as (

    select
        later.as_of_date,
        earlier.as_of_date as month_before
    from scored_months as later
    inner join scored_months as earlier
        on earlier.as_of_date = {{ month_end_after('later.as_of_date', -1) }}
    inner join run_months on later.as_of_date >= run_months.first_month

),

now as (

    select
        held.*,
        months.month_before
    from held
    inner join months on held.as_of_date = months.as_of_date

),

before as (

    select
        held.*,
        months.as_of_date as month_after
    from held
    inner join months on held.as_of_date = months.month_before

),

paired as (

    select
        coalesce(now.customer_id, before.customer_id) as customer_id,
        coalesce(now.as_of_date, before.month_after) as as_of_date,
        coalesce(now.tier, before.tier) as tier,
        case
            when now.is_active and before.is_active then 'stayed'
            when now.is_active and before.customer_id is null then 'new'
            when now.is_active then 'returned'
            when before.is_active then 'lost'
        end as change_kind,
        before.clv_12m as clv_before,
        now.clv_12m as clv_now,
        now.value_basis,
        now.estimator_version <> before.estimator_version as is_estimator_changed,
        case
            when now.estimator_version = before.estimator_version then now.clv_12m
            else cast(rescored.clv_12m as decimal(18, 2))
        end as clv_by_earlier,
        before.units as units_before,
        before.margin_per_unit as margin_before,
        case
            when now.estimator_version = before.estimator_version then now.units
            else rescored.discounted_units_12m
        end as units_now,
        case
            when now.estimator_version = before.estimator_version then now.margin_per_unit
            else rescored.margin_per_unit
        end as margin_now,
        before.unit_kind = case
            when now.estimator_version = before.estimator_version then now.unit_kind
            else rescored.unit_kind
        end and before.value_basis = case
            when now.estimator_version = before.estimator_version then now.value_basis
            else rescored.value_basis
        end as is_comparable
    from now
    full outer join before
        on now.customer_id = before.customer_id and now.month_before = before.as_of_date
    left join {{ source('ml', 'clv_rescored') }} as rescored
        on
            now.customer_id = rescored.customer_id
            and now.as_of_date = rescored.as_of_date
            and before.estimator_version = rescored.estimator_version

),

parts as (

    select
        paired.*,
        case
            when paired.change_kind = 'stayed' and paired.is_comparable
                then cast(
                    0.5 * (paired.margin_now + paired.margin_before)
                    * (paired.units_now - paired.units_before) as decimal(18, 2)
                )
        end as retention_change,
        case
            when paired.change_kind = 'stayed' then paired.clv_now - paired.clv_by_earlier
        end as estimator_change
    from paired
    where paired.change_kind is not null

)

select
    parts.customer_id,
    parts.as_of_date,
    parts.tier,
    parts.change_kind,
    coalesce(parts.value_basis, 'none') as value_basis,
    coalesce(parts.is_estimator_changed, false) as is_estimator_changed,
    cast(
        case when parts.change_kind in ('stayed', 'lost') then parts.clv_before else 0 end
        as decimal(18, 2)
    ) as opening_clv_12m,
    parts.retention_change,
    cast(
        parts.clv_by_earlier - parts.clv_before - parts.retention_change as decimal(18, 2)
    ) as margin_change,
    cast(parts.estimator_change as decimal(18, 2)) as estimator_change,
    cast(
        case
            when parts.change_kind = 'stayed' and parts.retention_change is null
                then coalesce(parts.clv_by_earlier, parts.clv_now) - parts.clv_before
        end as decimal(18, 2)
    ) as unexplained_change,
    cast(
        case when parts.change_kind in ('new', 'returned') then parts.clv_now end
        as decimal(18, 2)
    ) as joined_change,
    cast(
        case when parts.change_kind = 'lost' then -parts.clv_before end as decimal(18, 2)
    ) as lost_change,
    cast(
        case when parts.change_kind = 'lost' then 0 else parts.clv_now end as decimal(18, 2)
    ) as closing_clv_12m,
    parts.units_before as opening_units_12m,
    parts.margin_before as opening_margin_per_unit,
    parts.units_now as closing_units_12m,
    parts.margin_now as closing_margin_per_unit
from parts

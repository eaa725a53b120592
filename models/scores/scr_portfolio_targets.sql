{#- Grain: one row per month end and measure of the portfolio. A target that the company has set for
    the month goes before that of the product; floor and stretch keep their distance to it. -#}
with set_by_company as (

    select
        months.as_of_date,
        replace(targets.metric_id, '.', '__') as indicator_id,
        cast(targets.target_value as double) as target_value
    from {{ ref('int_months') }} as months
    inner join {{ ref('stg_organisation__targets') }} as targets
        on
            months.as_of_date = {{ month_end('targets.target_month') }}
            and {{ holds_on(
                'months.as_of_date', 'cast(targets.valid_from as date)',
                'cast(targets.valid_to as date)'
            ) }}
    where targets.scope = 'portfolio' and targets.scope_value = 'all'

)

select
    targets.as_of_date,
    targets.tier,
    replace(targets.indicator_id, '.', '__') as indicator_id,
    targets.floor_value
    + coalesce(set_by_company.target_value - targets.target_value, 0) as floor_value,
    coalesce(set_by_company.target_value, targets.target_value) as target_value,
    targets.stretch_value
    + coalesce(set_by_company.target_value - targets.target_value, 0) as stretch_value,
    case when set_by_company.indicator_id is null then 'product' else 'company' end
        as target_source
from {{ ref('scr_targets') }} as targets
left join set_by_company
    on
        targets.as_of_date = set_by_company.as_of_date
        and replace(targets.indicator_id, '.', '__') = set_by_company.indicator_id
where targets.tier = 'all'

-- What a subscription costs from which day on; never more than one change a month.
with main as (
    select
        panel.*,
        month_start(panel.m) + (billing_day - 1) as billing_on,
        customer.billing_no,
        customer.currency,
    from panel
    inner join customer using (t)
    cross join period
    where customer.is_contract
        and (panel.is_live or panel.m = -1)
        and (panel.m >= first_month or (first_month = 0 and panel.m = -1))
)

select
    subscription_id(billing_no, sub_no) || '-' || strftime(change_on, '%y%m%d') as change_id,
    subscription_id(billing_no, sub_no) as subscription_id,
    change_kind,
    case when change_kind <> 'end' then plan_id(plan) end as product_id,
    case when change_kind = 'end' then 0 else quantity end as quantity,
    case when change_kind = 'end' then 0 else unit_price end::decimal(18, 4) as unit_price,
    currency,
    change_on as effective_at,
    change_on::timestamp as _arrives,
from main
where change_kind is not null
union all
select
    addon_id(billing_no, addon_no) || '-' || strftime(billing_on, '%y%m%d'),
    addon_id(billing_no, addon_no),
    addon_change,
    case when addon_change = 'start' then plan_id(addon) end,
    case when addon_change = 'start' then addon_quantity else 0 end,
    case when addon_change = 'start' then addon_price else 0 end::decimal(18, 4),
    currency,
    billing_on,
    billing_on::timestamp,
from main
where addon_change is not null
union all
select
    subscription_id || '-' || version,
    subscription_id,
    case version when 0 then 'start' else 'end' end,
    case version when 0 then plan_id(plan) end,
    case version when 0 then 1 else 0 end,
    case version when 0 then unit_price else 0 end::decimal(18, 4),
    currency,
    case version when 0 then started_on else ended_on end,
    case version when 0 then started_on else ended_on end::timestamp,
from overlap, range(2) as versions (version)

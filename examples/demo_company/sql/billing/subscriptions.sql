-- A version where a subscription begins, is renewed, ends or is taken up again. Those that began
-- before the history are in the first files, with their last renewal.
with main as (
    select
        panel.t,
        panel.m,
        sub_no,
        sub_on,
        change_kind,
        change_on,
        is_renewal,
        ended_on,
        end_reason,
        case when customer.term_months = 12 then sub_on + to_years(
                1 + greatest(0, (panel.m - sub_month) // 12)::integer
            ) end::date as next_renewal,
        sub_plan,
        month_start(panel.m) + (billing_day - 1) as billing_on,
        customer.billing_no,
        customer.billing_id,
        customer.term_months,
        addon,
        addon_no,
        addon_on,
        addon_change,
        addon_before,
    from panel
    inner join customer using (t)
    cross join period
    where customer.is_contract
        and (panel.is_live or panel.m = -1)
        and (panel.m >= first_month or (first_month = 0 and panel.m = -1))
)

select
    subscription_id(billing_no, sub_no) as subscription_id,
    billing_id as customer_id,
    plan_id(sub_plan) as product_id,
    sub_on as started_at,
    null::date as ended_at,
    case when term_months = 12 then (sub_on + to_years(1))::date end as renewal_date,
    term_months,
    null as end_reason,
    true as is_auto_renewing,
    sub_on::timestamp + interval 1 hour as updated_at,
    updated_at as _arrives,
from main
where change_kind = 'start'
union all
select
    subscription_id(billing_no, sub_no),
    billing_id,
    plan_id(sub_plan),
    sub_on,
    null,
    next_renewal,
    term_months,
    null,
    true,
    (next_renewal - to_years(1)) + interval 9 hour as updated_at,
    updated_at,
from main
where m = -1 and term_months = 12 and next_renewal > sub_on + to_years(1)
union all
select
    subscription_id(billing_no, sub_no),
    billing_id,
    plan_id(sub_plan),
    sub_on,
    case when change_kind = 'end' then ended_on end,
    case when change_kind = 'end' then null else next_renewal end,
    term_months,
    case when change_kind = 'end' then end_reason end,
    change_kind is distinct from 'end',
    case
        when change_kind in ('end', 'resume') then change_on::timestamp + interval 9 hour
        else (next_renewal - to_years(1)) + interval 9 hour
    end as updated_at,
    updated_at,
from main
where change_kind in ('end', 'resume') or (is_renewal and term_months = 12 and m >= 0)
union all
select
    addon_id(billing_no, addon_no),
    billing_id,
    plan_id(coalesce(addon, addon_before)),
    addon_on,
    case when addon_change = 'end' then billing_on end,
    null,
    1,
    case when addon_change = 'end' then coalesce(end_reason, 'no_need') end,
    addon_change = 'start',
    billing_on::timestamp + interval 9 hour as updated_at,
    updated_at,
from main
where addon_change in ('start', 'end')
union all
select
    subscription_id,
    billing_id,
    plan_id(plan),
    started_on,
    case when version = 1 then ended_on end,
    null,
    1,
    case when version = 1 then 'other' end,
    version = 0,
    case version when 0 then started_on else ended_on end + interval 9 hour as updated_at,
    updated_at,
from overlap, range(2) as versions (version)

-- Whom each planted case is about, from when to when.
with gone as (
    select t, max(left_on) as left_on from departure group by t
),

cases as (
    select
        t,
        planted_case as case_name,
        greatest(month_start(case_from_month), joined_on) as from_on,
        least(coalesce(gone.left_on, getvariable('last_day')), getvariable('last_day')) as to_on,
    from customer
    left join gone using (t)
    where planted_case is not null
    union all
    select
        t,
        case_name,
        case when case_name = 'service_crisis' then getvariable('crisis_on')
            else month_start(min(m)) end,
        case when case_name = 'service_crisis' then getvariable('crisis_on') + 13
            else month_start(max(m) + 1) - 1 end,
    from case_month
    group by t, case_name
)

select
    true_id(t) as true_customer_id,
    case_name,
    from_on,
    to_on::date as to_on,
from cases
where from_on <= to_on
order by case_name, true_customer_id

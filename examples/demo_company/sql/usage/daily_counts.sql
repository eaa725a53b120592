-- Logins on some days, features on half of them, and now and then help, community, training.
-- Silent leavers fade out.
with using_now as (
    select
        live.*,
        greatest(from_on, getvariable('usage_from')) as day_from,
        to_on - greatest(from_on, getvariable('usage_from')) + 1 as day_count,
        least(28, floor(
            (
                2.6 * exp(clamp(0.55 * e0, -2.5, 1.6))
                * case when is_organisation then 1.3 else 0.8 end
                + draw(km, 'days')
            )
            * case
                when planted_case = 'silent_leaver' and m >= case_from_month
                    then pow(0.75, m - case_from_month)
                else 1
            end
        ))::integer as active_days,
    from live
    where is_contract and to_on >= getvariable('usage_from')
),

days as (
    select
        *,
        part(km, 400 + i) as kd,
        -- One day in each of as many equal parts of the month.
        day_from + (
            day_count * (i - 1) // n + floor(
                draw(part(km, 400 + i), 'day') * (day_count * i // n - day_count * (i - 1) // n)
            )::integer
        )::integer as usage_date,
    from (
        select *, least(active_days, day_count) as n, unnest(range(1, n + 1)) as i
        from using_now
    )
),

counts as (
    select
        days.*,
        'login' as event_kind,
        'all' as feature,
        1 + floor(4 * draw(kd, 'logins'))::integer as event_count,
    from days
    union all
    select
        days.*,
        'feature',
        case
            when m >= getvariable('launch_3') and draw(kd, 'which') < 0.15 * logistic(e0) + 0.05
                then 'automation'
            when m >= getvariable('launch_4') and draw(kd, 'which') < 0.30 * logistic(e0) + 0.08
                then 'forecast'
            else pick(kd, 'feature', ['reports', 'reports', 'export', 'alerts', 'api'])
        end,
        1 + floor(9 * draw(kd, 'uses'))::integer,
    from days
    where draw(kd, 'is used') < 0.5
    union all
    select days.*, 'help_centre', 'all', 1 + floor(2 * draw(kd, 'reads'))::integer
    from days
    where draw(kd, 'help') < 0.06 * exp(clamp(-0.5 * s0, -1, 1))
    union all
    select days.*, 'community', 'all', 1
    from days
    where draw(kd, 'community') < 0.025 * exp(clamp(0.8 * s0 + 0.8 * e0, -2, 1.5))
    union all
    select days.*, 'training', 'all', 1
    from days
    where draw(kd, 'training') < case when m - joined_month < 3 then 0.12 else 0.02 end
)

select
    account_id,
    usage_date,
    event_kind,
    feature,
    event_count,
    least(quantity, 1 + floor(quantity * 0.3 * draw(kd, 'users'))::integer) as active_users,
    usage_date::timestamp + case when draw(kd, 'late') < 0.005 then to_days(35) else to_days(0) end
        as _arrives,
from counts

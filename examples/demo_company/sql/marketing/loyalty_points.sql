-- The ledger of the loyalty programme, month by month. What is used up, in the order in which it was
-- gained, is a running total: redeeming takes all that is a month (or three) old, points of a year
-- before expire, and who leaves loses the rest.
with ledger as (
    select
        loyalty_member.t,
        loyalty_member.k,
        member_id,
        enrolled_on,
        left_on,
        month.m,
        month_on,
        month_end,
        part(loyalty_member.k, month.m) as kp,
        is_quit,
        case when not is_quit then coalesce(loyalty_month.points, 0) else 0 end as earned,
        case
            when earned = 0 then 0
            when draw(kp, 'adjusts points') < 0.01 then 25
            when draw(kp, 'adjusts points') < 0.015 then -10
            else 0
        end as adjusted,
        earned > 0 and draw(kp, 'redeems points') < 0.09 as is_burn,
    from loyalty_member
    inner join month
        on
            month.month_end >= enrolled_on
            and month.month_on <= coalesce(left_on, month.month_on)
            -- The newest month was not delivered yet.
            and month.m < getvariable('months') - 1
    cross join lateral (select coalesce(left_on <= month.month_end, false) as is_quit) as quits
    left join loyalty_month
        on loyalty_month.t = loyalty_member.t and loyalty_month.m = month.m
),

gained as (
    select *, sum(earned + adjusted) over (partition by t order by m) as gained_so_far
    from ledger
),

used as (
    select
        *,
        max(greatest(
            coalesce(year_old, 0),
            case
                when is_quit then gained_so_far
                when is_burn and draw(kp, 'how much') < 0.6 then coalesce(month_old, 0)
                when is_burn then coalesce(quarter_old, 0)
                else 0
            end
        )) over (partition by t order by m) as used_so_far,
    from (
        select
            *,
            lag(gained_so_far, 1) over (partition by t order by m) as month_old,
            lag(gained_so_far, 3) over (partition by t order by m) as quarter_old,
            lag(gained_so_far, 12) over (partition by t order by m) as year_old,
        from gained
    )
),

entry as (
    select *, 'earn' as kind, earned as amount, month_end as posted_on, 1 as n from used
    union all
    select *, 'adjust', adjusted, month_end, 2 from used
    union all
    select
        *,
        case when is_burn then 'burn' else 'expire' end,
        used_so_far - coalesce(lag(used_so_far) over (partition by t order by m), 0),
        case
            when is_quit then left_on
            when is_burn
                then day_between(greatest(month_on, enrolled_on), month_end, draw(kp, 'redeems on'))
            else month_end
        end,
        3
    from used
)

select
    'LP-' || substr(member_id, 4) || '-' || strftime(month_on, '%y%m') || '-' || n as entry_id,
    member_id,
    posted_on,
    kind,
    amount::integer as points,
from entry
where amount <> 0

-- What later periods and the truth must know of this one.
insert into asked_before
select t, min(created_at) from ticket where t not in (select t from asked_before) group by t;

insert into invited_before
select t, min(sent_at) from invitation where t not in (select t from invited_before) group by t;

insert into counted_before
select t, min(greatest(from_on, getvariable('usage_from')))
from live
where is_contract and to_on >= getvariable('usage_from') and t not in (select t from counted_before)
group by t;

-- Straight from the state, not from what was written: price times quantity at the month's end,
-- with the rate of the day on which that price took effect.
insert into mrr
select
    t,
    m,
    round(quantity * unit_price * rate, 4)
        + coalesce(round(addon_quantity * addon_price * addon_rate, 4), 0),
from live
where is_contract and is_active;

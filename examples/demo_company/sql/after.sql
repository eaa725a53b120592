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

insert into departure
select t, m, case when is_contract then ended_on else to_on end, end_reason,
    end_reason in ('payment_failure', 'death', 'closure'), arm
from live
where ended_month = m;

insert into case_month
select t, 'service_crisis', m from live where crisis_tickets > 0
union all
select t, 'wrong_tier_service', m from live where is_wrong_tier
union all
select t, 'experiment_' || arm, m from live
where arm is not null and is_active
    and m between getvariable('experiment_from') and getvariable('experiment_to')
union all
select t, 'campaign_without_effect', m from live
where is_touched and m = getvariable('campaign_month');

-- Twenty points for each month of a subscription, fifty for each purchase.
insert into loyalty_month
select t, m, case when is_contract then 20 else 50 * buys end
from live
where is_loyalty_card(k) and is_active and (is_contract or buys > 0);

-- Dirt: a second subscription of the same customer to the same plan, while the first one runs. It
-- begins on the 20th of the month before and ends on the 10th. The first one counts, this one not.
create or replace temp table overlap as
select
    live.t,
    'S' || padded(billing_no, 7) || '-D' || yymm as subscription_id,
    billing_id,
    live.plan,
    live.unit_price,
    currency,
    (month_on - 13)::date as started_on,
    month_on + 9 as ended_on,
from live
inner join panel as before on before.t = live.t and before.m = live.m - 1
where is_contract
    and live.m >= 1
    and live.is_active
    and live.change_kind is null
    and before.is_active
    and before.sub_no = live.sub_no
    and before.plan = live.plan
    and before.change_kind is null
    and planted_case is null
order by hash(xor(live.km, hash('overlap'))), live.t
limit (
    select least(ceil(getvariable('customers') / 1000), count(*) // 1000)::bigint from live
);

insert into dirty_rows
select 'billing', 'subscriptions', 'overlaps another of the same plan', '', 'flagged', count(*)
from overlap
having count(*) > 0;

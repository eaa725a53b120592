-- The invoices of the files under way.
create or replace temp table invoice as
with billed as (
    -- A subscription is billed on its day; whoever ended by not paying was billed once more.
    select
        *,
        1 as i,
        case when change_kind = 'start' then change_on else month_on + (billing_day - 1) end
            as invoiced_on,
        coalesce(end_reason = 'payment_failure' and ended_month = m, false) as is_failed,
    from live
    where is_contract and (is_active or (end_reason = 'payment_failure' and ended_month = m))
    union all by name
    select
        *,
        -- The first purchase makes the customer; the others are spread over the month.
        case
            when is_first and i = 1 then from_on
            else day_between(from_on, to_on, (i - 1 + draw(part(km, 100 + i), 'day')) / buys)
        end as invoiced_on,
        false as is_failed,
    from (select *, unnest(range(1, buys + 1)) as i from live where not is_contract)
)

select
    t,
    m,
    i,
    k,
    is_contract,
    is_organisation,
    p0,
    billing_no,
    billing_id,
    country,
    currency,
    basket,
    plan,
    sub_no,
    quantity,
    unit_price,
    addon,
    addon_no,
    addon_quantity,
    addon_price,
    is_failed,
    part(part(km, 100 + i), 1) as ki,
    'INV-' || yymm || '-' || padded(billing_no, 7) || case when i = 1 then '' else '-' || i end
        as invoice_id,
    case when is_contract
            then invoiced_on::timestamp + to_seconds((7200 + floor(draw(ki, 'at') * 7200))::bigint)
        else in_waking_hours(invoiced_on, draw(ki, 'at'))
    end as invoiced_at,
    invoiced_on + case when is_organisation then 30 else 14 end as due_date,
    invoiced_at + case when draw(ki, 'late') < 0.008
            then to_days((20 + floor(30 * draw(ki, 'how late')))::integer)
        else to_days(0)
    end as _arrives,
from billed;

-- Dirt: a few purchases were billed a second time, in a currency that has no rate.
insert into invoice
select * replace (
    'SEK' as currency,
    i + 20 as i,
    invoice_id || '-SEK' as invoice_id,
    part(ki, 99) as ki
)
from invoice
where not is_contract
order by hash(xor(ki, hash('no rate'))), invoice_id
limit (
    select least(ceil(getvariable('customers') / 1000), count(*) // 1000)::bigint from invoice
);

insert into dirty_rows
select 'billing', 'invoices', 'a currency without rate', '', 'flagged', count(*)
from invoice
where currency = 'SEK'
having count(*) > 0;

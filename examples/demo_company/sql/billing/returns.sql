-- The unsatisfied send more back.
select
    'RET-' || line_id[5:] as return_id,
    'SHP-' || line_id[5:] as shipment_id,
    billing_id as customer_id,
    product_id,
    greatest(1, floor(line.quantity * draw(kl, 'how many')))::bigint as quantity,
    pick(kl, 'why', ['defect', 'wrong item', 'not as described', 'no longer needed']) as return_reason,
    plus_minutes(line.invoiced_at, 10000 + 25000 * draw(kl, 'comes back')) as returned_at,
    returned_at as _arrives,
from (select *, part(ki, 50 + line_no) as kl from line) as line
inner join customer using (t)
inner join panel using (t, m)
where not is_contract and product_category <> 'services' and product_id <> 'GFT-300'
    and draw(kl, 'returns') < 0.04 * exp(clamp(-0.5 * s0, -1, 1))

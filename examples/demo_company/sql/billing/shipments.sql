-- Goods leave within three days and are known to the file once they have arrived.
select
    'SHP-' || line_id[5:] as shipment_id,
    billing_id as customer_id,
    invoice_id,
    product_id,
    line.quantity,
    plus_minutes(line.invoiced_at, 600 + 3600 * draw(kl, 'ships')) as shipped_at,
    plus_minutes(shipped_at, 1200 + 7000 * draw(kl, 'travels')) as delivered_at,
    delivered_at as _arrives,
from (select *, part(ki, 50 + line_no) as kl from line) as line
inner join customer using (t)
where not is_contract and product_category <> 'services' and product_id <> 'GFT-300'

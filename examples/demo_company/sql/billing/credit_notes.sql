-- Returned goods, invoices that were never paid by who left, goodwill for complaints that were right.
select
    'CRL-' || line_id[5:] as credit_line_id,
    'CRN-' || invoice_id[5:] as credit_note_id,
    billing_id as customer_id,
    invoice_id,
    product_id,
    'Return' as description,
    -greatest(1, floor(line.quantity * draw(kl, 'how many')))::bigint as quantity,
    line.unit_price,
    currency,
    plus_minutes(line.invoiced_at, 12000 + 25000 * draw(kl, 'comes back')) as credited_at,
    credited_at as _arrives,
from (select *, part(ki, 50 + line_no) as kl from line) as line
inner join customer using (t)
inner join panel using (t, m)
where not is_contract and product_category <> 'services' and product_id <> 'GFT-300'
    and draw(kl, 'returns') < 0.04 * exp(clamp(-0.5 * s0, -1, 1))
union all
select
    'CRL-' || line.line_id[5:],
    'CRN-' || line.invoice_id[5:],
    billing_id,
    line.invoice_id,
    line.product_id,
    'Cancelled, not paid',
    -line.quantity,
    line.unit_price,
    currency,
    line.invoiced_at + interval 8 day as credited_at,
    credited_at,
from invoice
inner join line using (t, m, i)
where invoice.is_failed
union all
select
    'CRL-' || ticket_id,
    'CRN-' || ticket_id,
    billing_id,
    null,
    'GOODWILL',
    'Goodwill',
    -1,
    in_currency((5 + floor(40 * draw(ki, 'goodwill'))::integer)::decimal(18, 4), currency, 0),
    currency,
    plus_minutes(solved_at, 600) as credited_at,
    credited_at,
from ticket
where is_complaint and draw(ki, 'is upheld') < 0.45 and draw(ki, 'is credited') < 0.5

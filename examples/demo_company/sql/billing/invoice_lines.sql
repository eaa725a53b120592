select
    line_id,
    invoice_id,
    line.product_id,
    subscription_id,
    quantity,
    line.unit_price,
    list_price,
    invoiced_at,
    product.description,
    _arrives,
from line
left join product using (product_id)

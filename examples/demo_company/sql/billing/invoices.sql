select invoice_id, billing_id as customer_id, country, invoiced_at, due_date, currency, _arrives,
from invoice

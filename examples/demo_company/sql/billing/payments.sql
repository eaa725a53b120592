-- Most pay in time; price pressure makes late payers, failed attempts and bad debts.
with totals as (
    select t, m, i, sum(round(quantity * unit_price, 2))::decimal(18, 4) as amount,
    from line
    group by t, m, i
),

paid as (
    select
        invoice.*,
        totals.amount,
        case when is_organisation then 'bank transfer'
            else pick(k, 'pays by', ['direct debit', 'card', 'card', 'wallet']) end as payment_method,
        case
            when is_failed or draw(ki, 'pays') < 0.004 * exp(0.9 * p0) then null
            when draw(ki, 'pays') < 0.004 * exp(0.9 * p0) + logistic(-2.0 + 0.9 * p0)
                then due_date + least(120, 1 - floor(
                    14 * exp(0.3 * p0) * ln(draw(ki, 'days late'))
                ))::integer
            when is_organisation then due_date - floor(12 * draw(ki, 'early'))::integer
            else invoiced_at::date + 1 + floor(4 * draw(ki, 'early'))::integer
        end as paid_on,
        is_failed or (not is_organisation and draw(ki, 'fails') < 0.03 * exp(0.8 * p0))
            as has_failed_attempt,
    from invoice
    inner join totals using (t, m, i)
)

select
    'PAY-' || invoice_id[5:] as payment_id,
    invoice_id,
    billing_id as customer_id,
    amount,
    currency,
    payment_method,
    'succeeded' as status,
    in_waking_hours(paid_on, draw(ki, 'paid at')) as paid_at,
    paid_at + (_arrives - invoiced_at) as _arrives,
from paid
where paid_on is not null
union all
select
    'PAY-' || invoice_id[5:] || '-F' || attempt,
    invoice_id,
    billing_id,
    amount,
    currency,
    payment_method,
    'failed',
    invoiced_at + to_hours((5 + 60 * (attempt - 1))::integer) as failed_at,
    failed_at + (_arrives - invoiced_at),
from (
    select *, unnest(range(1, case when is_failed then 3 else 2 end)) as attempt
    from paid
    where has_failed_attempt
)

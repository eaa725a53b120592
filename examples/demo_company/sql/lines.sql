-- The lines of the invoices.
create or replace temp table line as
select
    invoice.t,
    m,
    i,
    line_no::integer as line_no,
    ki,
    invoice_id,
    invoice_id || '-' || line_no as line_id,
    product_id,
    product_category,
    subscription_id,
    quantity::bigint as quantity,
    unit_price,
    list_price,
    invoiced_at,
    _arrives,
from (
    select
        t, m, i, ki, invoice_id, invoiced_at, _arrives,
        1 as line_no,
        plan_id(plan) as product_id,
        'plan' as product_category,
        subscription_id(billing_no, sub_no) as subscription_id,
        quantity,
        unit_price,
        greatest(unit_price, in_currency(plan_price(plan), currency, 0)) as list_price,
    from invoice
    where is_contract
    union all
    select
        t, m, i, ki, invoice_id, invoiced_at, _arrives,
        2,
        plan_id(addon),
        'add-on',
        addon_id(billing_no, addon_no),
        addon_quantity,
        addon_price,
        greatest(addon_price, in_currency(plan_price(addon), currency, 0)),
    from invoice
    where is_contract and addon is not null and not is_failed
    union all
    -- What is taken twice stands on one line: two equal lines would look like a mistake.
    select
        t, m, i, ki, invoice_id, invoiced_at, _arrives,
        row_number() over (partition by t, m, i order by min(line_no)),
        product_id,
        product_category,
        null,
        sum(quantity),
        in_currency(
            list_price, currency, case when draw(ki, 'sale') < 0.15 then 0.10 else 0 end
        ),
        in_currency(list_price, currency, 0),
    from (
        select
            bought.*,
            case when launch_month <= m then product_id else 'BAT-100' end as product_id,
            case when launch_month <= m then product_category else 'supplies' end
                as product_category,
            case when launch_month <= m then shelf.unit_price else 8.99::decimal(18, 4) end
                as list_price,
            basket * (1 + floor(2.2 * pow(draw(kl, 'quantity'), 2))::integer) as quantity,
        from (
            select
                *,
                part(ki, line_no) as kl,
                1 + floor(
                    draw(kl, 'product')
                    * case when is_organisation then getvariable('shelf_organisation')
                        else getvariable('shelf_person') end
                )::integer as shelf_no,
            from (
                select
                    t, m, i, ki, invoice_id, invoiced_at, _arrives, is_organisation, basket, currency,
                    unnest(range(1, 2 + floor(4 * pow(draw(ki, 'lines'), 2))::integer)) as line_no,
                from invoice
                where not is_contract
            )
        ) as bought
        inner join shelf
            on shelf.for_organisations = bought.is_organisation and shelf.shelf_no = bought.shelf_no
    )
    group by
        t, m, i, ki, invoice_id, invoiced_at, _arrives, currency, product_id, product_category,
        list_price
) as invoice;

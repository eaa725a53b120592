-- Versions of the products: as launched, and with the new name that two of them got.
select
    product_id,
    description,
    product_category,
    is_recurring,
    coalesce(
        month_start(floor(launched_at_share * getvariable('months'))::integer),
        month_start(-60)
    )::timestamp + interval 9 hour as updated_at,
from product
where product_category <> 'postage'
union all
select
    product_id,
    description || ' (new edition)',
    product_category,
    is_recurring,
    month_start(getvariable('months') // 2)::timestamp + interval 9 hour,
from product
where product_id in ('HUB-100', 'PLAN-TEAM') and getvariable('months') > 1

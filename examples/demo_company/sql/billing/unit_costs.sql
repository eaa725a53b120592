-- A new unit cost every January: 2 % more than the year before.
select
    product_id,
    round(unit_cost * pow(1.02, year_no)::decimal(9, 6), 4)::decimal(18, 4) as unit_cost,
    'GBP' as currency,
    case when year_no = 0 then month_start(-60)
        else make_date(year(getvariable('first_day')) + year_no, 1, 1)
    end as valid_from,
from product
cross join range(0, 12) as years (year_no)
where product_category <> 'postage'
    and make_date(year(getvariable('first_day')) + year_no, 1, 1) <= getvariable('last_day')

select launch_id, product_id, launch_name, month_start(m)::timestamp + interval 9 hour as launched_at
from launch
where m <= getvariable('months') - 1

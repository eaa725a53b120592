-- Finance asks credit agencies once a year about four in five organisations and one in three persons,
-- chosen without regard to how they pay. Grades follow price pressure, which is what makes bad
-- debtors; one agency has a scale of its own. Of organisations a report on money laundering comes
-- some days later; a suspicion follows nothing.
with checked as (
    select
        'K' || yymm || padded(crm_no, 7) as check_id,
        crm_id as customer_id,
        km,
        pick(km, 'agency', ['Northgate', 'Northgate', 'Meridian']) as agency,
        from_on + 9 as checked_on,
        clamp(floor(2.5 - 1.2 * p0 + 0.6 * normal(km, 'agency grade')), 0, 4)::integer as rating,
        case when is_organisation then draw(km, 'suspicion') < 0.02 end as aml_flag,
        case when is_organisation then checked_on + 2 + floor(8 * draw(km, 'screening'))::integer end
            as aml_checked_on,
    from live
    where is_active and not is_first
        and month(month_on) = 1 + hash(xor(k, hash('check month'))) % 12
        and draw(k, 'credit is checked') < case when is_organisation then 0.8 else 0.33 end
),

graded as (
    select
        *,
        case agency
            when 'Meridian' then case rating
                when 4 then '1' when 3 then '2' when 2 then pick(km, 'half', ['3', '4'])
                when 1 then '5' else '6' end
            else case rating
                when 4 then 'A' when 3 then 'B' when 2 then 'C' when 1 then 'D' else 'E' end
        end as grade,
    from checked
)

select
    check_id,
    customer_id,
    agency,
    checked_on,
    grade,
    null::boolean as aml_flag,
    null::date as aml_checked_on,
    checked_on::timestamp + interval 9 hour as updated_at,
    updated_at as _arrives,
from graded
union all
select
    check_id,
    customer_id,
    agency,
    checked_on,
    grade,
    aml_flag,
    aml_checked_on,
    aml_checked_on::timestamp + interval 9 hour as updated_at,
    updated_at as _arrives,
from graded
where aml_flag is not null

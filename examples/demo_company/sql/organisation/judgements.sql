-- Account managers judge the larger organisations once a year.
select
    'J' || yymm || padded(crm_no, 7) || '-' || criterion[1:4] as judgement_id,
    crm_id as customer_id,
    criterion,
    clamp(floor(2.3 + 0.9 * case criterion when 'strategic_fit' then ln(size) - 1 else s0 end
        + 0.6 * normal(km, criterion)), 0, 4)::integer as rating,
    'E' || (2001 + hash(xor(k, hash('owner'))) % getvariable('account_managers')) as assessor_id,
    'review/' || yymm || '/' || crm_no as evidence_reference,
    from_on + 14 as judged_on,
    judged_on::timestamp as _arrives,
from live
cross join (
    values ('strategic_fit'), ('market_coverage'), ('internal_management')
) as criteria (criterion)
where is_organisation and tier in ('A', 'B') and not is_first and is_active
    and month(month_on) = 1 + hash(xor(k, hash('review month'))) % 12

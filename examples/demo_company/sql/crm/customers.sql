-- A full dump at the end of the files under way: what is known of everybody, which for most is what
-- the dump before said; and the versions in between, so that none is lost. The first dump has all
-- versions of before.
with versions as (
    select
        crm_version.*,
        lead(since) over (partition by t order by since) as until,
        crm_id as id,
        joined_on as seen_on,
        name_now as shown_name,
    from crm_version, period
    where since < end_on
    union all
    -- The second record of the same person: the same address and telephone, the name a little
    -- different.
    select
        crm_version.*,
        null,
        duplicate_crm_id,
        duplicate_on,
        case
            when is_organisation then replace(replace(name, ' Ltd', ' Limited'), '有限公司', '公司')
            when language = 'zh' then name || ' '
            else first_name[1] || '. ' || last_name
        end,
    from crm_version, period
    where since = joined_on and duplicate_on < end_on
)

select
    id as customer_id,
    case when is_organisation then 'organisation' else 'individual' end as customer_kind,
    shown_name as customer_name,
    parent_crm_id as parent_customer_id,
    owner_id,
    acquisition_channel,
    consent_now as has_marketing_consent,
    industry,
    region,
    country,
    case tier when 'A' then case when is_organisation then 'partnership' else 'proactive' end
        when 'B' then 'accountable' when 'C' then 'reactive' else 'basic' end as relationship_type,
    case when is_organisation then ceil(planned_value / 4000) * 1000 end::decimal(18, 4)
        as credit_limit,
    email_now as email,
    '+' || dial_code || ' ' || phone_now as phone,
    street,
    city,
    postcode,
    seen_on::timestamp as first_seen_at,
    greatest(seen_on, since)::timestamp + interval 5 minute as updated_at,
    updated_at as _arrives,
from versions
where getvariable('is_dump') and (until is null or until >= getvariable('dump_from'))

-- One row per true customer: who they are, what they are like, when they come, and which of the
-- planted cases and traps they are part of. Nothing here changes afterwards.

create table number_of as
select
    t,
    k,
    row_number() over (order by hash(xor(k, hash('crm'))), t) as crm_no,
    row_number() over (order by hash(xor(k, hash('billing'))), t) as billing_no,
    row_number() over (order by hash(xor(k, hash('support'))), t) as support_no,
    row_number() over (order by hash(xor(k, hash('survey'))), t) as survey_no,
    row_number() over (order by hash(xor(k, hash('usage'))), t) as usage_no,
    row_number() over (order by hash(xor(k, hash('phone'))), t) as phone_no,
from (
    select t, hash(xor(hash(t), getvariable('seed_key'))) as k,
    from range(1, getvariable('customers') + 1) as numbers (t)
) as keys;

-- 1. What is drawn for each alone.
create table drawn as
select
    number_of.*,
    draw(k, 'kind') < 0.25 as is_organisation,
    draw(k, 'business') < case when draw(k, 'kind') < 0.25 then 0.72 else 0.45 end as is_contract,
    market.market,
    case
        when draw(k, 'is new') < 0.55 then -1 - floor(59 * pow(draw(k, 'joined'), 1.4))
        else floor(getvariable('months') * draw(k, 'joined'))
    end::integer as joined_month,
    1 + floor(28 * draw(k, 'joined day'))::integer as joined_day,
    1 + floor(40 * draw(k, 'first name'))::integer as first_no,
    1 + floor(60 * draw(k, 'last name'))::integer as last_no,
    1 + floor(8 * draw(k, 'town'))::integer as town_no,
    draw(k, 'trap') as trap,
from number_of
inner join market
    on draw(number_of.k, 'market') >= market.above and draw(number_of.k, 'market') < market.up_to;

-- 2. Traps for identity: an even-numbered customer may borrow from the odd one before it.
create table paired as
select
    mine.* replace (
        case when trapped then other.market else mine.market end as market,
        case when trap_kind = 'same_name_same_town' then other.first_no
            when trap_kind = 'family_email' and mine.first_no = other.first_no
                then 1 + mine.first_no % 40
            else mine.first_no
        end as first_no,
        case when trap_kind in ('same_name_same_town', 'family_email') then other.last_no
            else mine.last_no
        end as last_no,
        case when trapped then other.town_no else mine.town_no end as town_no
    ),
    case when trap_kind <> '' then mine.t - 1 end as partner,
    other.joined_month as partner_joined_month,
from (
    select
        mine.*,
        case
            when mine.t % 2 = 1 then ''
            when mine.is_organisation and other.is_organisation and mine.trap < 0.10
                then 'shared_info_email'
            when mine.is_organisation or other.is_organisation then ''
            when mine.trap < 0.016 and mine.joined_month > other.joined_month + 3
                and mine.joined_month > 2
                then 'reused_email'
            when mine.trap between 0.016 and 0.036 then 'family_email'
            when mine.trap between 0.036 and 0.066 then 'same_name_same_town'
            when mine.trap > 0.93 and mine.joined_month between 6 and getvariable('months') - 3
                and other.joined_month between -40 and -1
                then 'reused_crm_id_candidate'
            else ''
        end as drawn_kind,
        case
            when drawn_kind <> 'reused_crm_id_candidate' then drawn_kind
            -- Few: each one joins two people for whoever trusts the number alone.
            when row_number() over (partition by drawn_kind order by mine.trap desc, mine.t)
                <= greatest(1, getvariable('customers') // 4000)
                then 'reused_crm_id'
            else ''
        end as trap_kind,
        trap_kind in ('family_email', 'same_name_same_town', 'shared_info_email') as trapped,
    from drawn as mine
    left join drawn as other on other.t = mine.t - 1
) as mine
left join drawn as other on other.t = mine.t - 1;
drop table drawn;

-- 3. Character, size, and what is planted.
create table character as
select
    paired.*,
    round(0.25 + 0.45 * normal(k, 'mu s'), 6) as mu_s,
    round(0.45 * normal(k, 'mu e') + 0.09 * normal(k, 'mu s'), 6) as mu_e,
    round(0.40 * normal(k, 'mu p'), 6) as mu_p,
    -- Size follows a Pareto law, so that a fifth of the customers gives most of the revenue. It goes
    -- by rank, so that every company has the same spread of sizes.
    case
        when is_organisation then least(pow(size_rank, -1 / 1.2), 400)
        else least(pow(size_rank, -1 / 1.8), 12)
    end as size,
    case when draw(k, 'term') < case when is_organisation then 0.65 else 0.30 end then 12 else 1
    end as term_months,
    ([0, 0, 0, 0.05, 0.10, 0.15]::decimal(4, 2)[])[1 + floor(6 * draw(k, 'discount'))::integer]
        as discount,
    round(0.35 * exp(0.6 * normal(k, 'buying') - 0.18), 6) as buy_rate,
    case
        when is_contract and joined_month < 0 and getvariable('months') >= 14 then case
            when draw(k, 'case') < 0.020 then 'silent_leaver'
            when draw(k, 'case') < 0.040 then 'silent_loyalist'
            when draw(k, 'case') < 0.055 then 'frequent_complainer_constructive'
            when draw(k, 'case') < 0.070 then 'frequent_complainer_at_risk'
        end
    end as planted_case,
    month_start(joined_month) + (joined_day - 1) as joined_on,
from paired
inner join (
    select
        t,
        (row_number() over (partition by is_organisation order by hash(xor(k, hash('size'))), t) - 0.5)
            / count(*) over (partition by is_organisation) as size_rank,
    from paired
) as ranked using (t);
drop table paired;

create table sized as
select
    character.*,
    case
        when not is_contract then null
        when is_organisation then 11 + (size > 2.2)::integer + (size > 6)::integer
            + (size > 40)::integer
        else 1 + (draw(k, 'plan') < 0.35)::integer + (draw(k, 'plan') < 0.10)::integer
    end as plan0,
    case when is_contract and is_organisation then ceil(1.5 * size)::integer else 1 end as quantity0,
    -- Share of the basket of a repeat buyer that size multiplies.
    case when is_organisation then least(ceil(pow(size, 0.9)), 150) else 1 end::integer as basket,
    case planted_case
        when 'silent_leaver'
            then 8 + floor(draw(k, 'case from') * (getvariable('months') - 13))::integer
        when 'silent_loyalist' then 0
        when 'frequent_complainer_constructive' then floor(0.3 * getvariable('months'))::integer
        when 'frequent_complainer_at_risk' then floor(0.3 * getvariable('months'))::integer
    end as case_from_month,
    case when planted_case = 'silent_leaver' then case_from_month + 4
        when planted_case is not null then getvariable('months') - 1
    end as case_to_month,
from character;
drop table character;

create table valued as
select
    sized.*,
    -- What a year should bring in pounds, by which the company plans its service.
    case
        when is_contract then 12 * quantity0 * plan_price(plan0) * (1 - discount)
        else round(12 * buy_rate * basket * case when is_organisation then 190 else 55 end, 2)
    end::decimal(18, 2) as planned_value,
from sized;
drop table sized;

create table tiered as
select
    valued.*,
    case
        when above_share < 0.80 then 'A'
        when above_share < 0.95 then 'B'
        when above_share < 0.995 then 'C'
        else 'D'
    end as tier,
from valued
inner join (
    select
        t,
        (sum(planned_value) over (order by planned_value desc, t) - planned_value)
            / sum(planned_value) over () as above_share,
    from valued
) as ranked using (t);
drop table valued;

-- 4. Names, addresses, numbers, and the days on which they change.
create table named as
select
    tiered.*,
    market.country,
    market.currency,
    market.language,
    market.dial_code,
    market.phone_lead,
    pick(k, 'region', market.regions) as region,
    market.cities[1 + (town_no - 1) % len(market.cities)] as city,
    market.postcodes[1 + (town_no - 1) % len(market.cities)] as postcode_area,
    pick(k, 'street', market.streets) as street_name,
    case when not is_organisation and market.language = 'zh'
            then zh_last_names()[1 + last_no % 16]
        when not is_organisation then last_names()[last_no]
    end as last_name,
    case when not is_organisation and market.language = 'zh'
            then zh_given_names()[1 + first_no % 24] || zh_given_names()[1 + (first_no + last_no) % 24]
        when not is_organisation then first_names()[first_no]
    end as first_name,
    case
        when is_organisation and market.language = 'zh'
            then city || zh_organisation_words()[1 + last_no % 12] || zh_industries()[1 + first_no % 8]
                || '有限公司'
        when is_organisation
            then organisation_words()[1 + last_no % 24] || ' '
                || (['Logistics', 'Retail', 'Health', 'Software', 'Engineering', 'Foods',
                    'Learning', 'Builders'])[1 + first_no % 8]
                || (case market.market when 'GB' then ' Ltd' when 'DE' then ' GmbH'
                    when 'FR' then ' SARL' when 'NL' then ' BV' else ' Inc' end)
        when market.language = 'zh' then last_name || first_name
        else first_name || ' ' || last_name
    end as name,
    case when is_organisation then industries()[1 + first_no % 8] end as industry,
    case
        when is_organisation and market.language = 'zh'
            then zh_organisation_latin()[1 + last_no % 12] || phone_no || '.example'
        when is_organisation
            then lower(organisation_words()[1 + last_no % 24]) || phone_no || '.example'
        else market.mail_domain
    end as own_domain,
    case
        when is_organisation then 'info'
        when market.language = 'zh'
            then zh_last_latin()[1 + last_no % 16] || zh_given_latin()[1 + first_no % 24] || phone_no
        else lower(first_name) || '.' || lower(last_name) || phone_no
    end as mail_user,
    mail_user || '@' || own_domain as own_email,
    phone_lead || padded(phone_no, 7) as own_phone,
from tiered
inner join market using (market);
drop table tiered;

create table changing as
select
    named.*,
    case
        when draw(k, 'rename') < 0.025
            then joined_on + 60 + floor(draw(k, 'rename day') * 900)::integer
    end as rename_on,
    case
        when draw(k, 'new phone') < 0.03
            then joined_on + 30 + floor(draw(k, 'phone day') * 900)::integer
    end as phone_on,
    case
        when is_organisation and tier in ('A', 'B', 'C') and draw(k, 'new owner') < 0.25
            then joined_on + 90 + floor(draw(k, 'owner day') * 900)::integer
    end as owner_on,
    case when draw(k, 'consent') < 0.62 then true when draw(k, 'consent') < 0.90 then false
    end as consent0,
    case
        when draw(k, 'consent') < 0.04
            then joined_on + 90 + floor(draw(k, 'consent day') * 700)::integer
    end as consent_off_on,
    organisation.organisation_no,
    -- Some belong to one of the first fifth of the organisations.
    case
        when draw(k, 'child') < 0.15 and organisation_no > parents
            then 1 + floor(draw(k, 'parent') * parents)::bigint
    end as parent_no,
from named
left join (
    -- Numbered apart from the rest of the row, which is wide to sort.
    select
        t,
        row_number() over (order by t) as organisation_no,
        floor(0.2 * count(*) over ())::bigint as parents,
    from named
    where is_organisation
) as organisation using (t);
drop table named;

create table customer as
select
    mine.* exclude (joined_day, first_no, trap, parent_no, own_email, own_phone),
    plus_days(mine.joined_on, 0) as started_on,
    least(mine.joined_day, 28) as billing_day,
    -- A re-used address belonged to the partner until shortly before.
    case when mine.trap_kind in ('reused_email', 'family_email', 'shared_info_email')
            then partner.own_email
        else mine.own_email
    end as email,
    borrower.joined_on - 40 as email_left_on,
    heir.joined_on as number_left_on,
    mine.own_phone as phone,
    case when mine.rename_on is not null or borrower.t is not null
        then mine.mail_user || '2@' || mine.own_domain
    end as new_email,
    case
        when mine.rename_on is null then null
        when mine.is_organisation then replace(
            replace(replace(mine.name, ' Ltd', ' Group Ltd'), ' GmbH', ' Gruppe GmbH'),
            '有限公司', '集团有限公司'
        )
        when mine.language = 'zh' then mine.last_name || zh_given_names()[1 + mine.t % 24]
        else mine.first_name || ' ' || last_names()[1 + (mine.last_no + 7) % 60]
    end as new_name,
    case when mine.phone_on is not null
        then mine.phone_lead || padded(getvariable('customers') + mine.phone_no, 7)
    end as new_phone,
    (1 + floor(draw(mine.k, 'house') * 180))::integer::varchar || ' ' || mine.street_name as street,
    case mine.market
        when 'GB' then mine.postcode_area || (1 + mine.phone_no % 20)::varchar || ' '
            || (1 + mine.phone_no % 9)::varchar || 'AB'
        when 'NL' then mine.postcode_area || padded(mine.phone_no % 100, 2) || ' AB'
        else mine.postcode_area || padded(mine.phone_no % 1000, 3)
    end as postcode,
    case when mine.trap_kind = 'reused_crm_id' then 'C' || padded(partner.crm_no, 7)
        else 'C' || padded(mine.crm_no, 7)
    end as crm_id,
    'B' || padded(mine.billing_no, 7) as billing_id,
    'R' || padded(mine.support_no, 7) as requester_id,
    'P' || padded(mine.survey_no, 7) as respondent_id,
    'U' || padded(mine.usage_no, 7) as account_id,
    parent.t as parent_t,
    case when parent.t is not null then 'C' || padded(parent.crm_no, 7) end as parent_crm_id,
    -- Whoever gives a number up must have left before; who leaves in silence leaves then.
    case
        when heir.t is not null then heir.joined_month - 2
        when mine.planted_case = 'silent_leaver' then mine.case_to_month
    end as forced_end_month,
    -- A second record of the same person in the CRM, made by hand some time later.
    case
        when mine.trap_kind = '' and draw(mine.k, 'duplicate') < 0.015
            then mine.joined_on + 30 + floor(draw(mine.k, 'duplicate day') * 400)::integer
    end as duplicate_on,
    'C' || padded(getvariable('customers') + mine.crm_no, 7) as duplicate_crm_id,
    (['search', 'search', 'partner', 'social', 'events', 'outbound', 'referral', 'referral'])[
        1 + floor(8 * draw(mine.k, 'channel'))::integer
    ] as acquisition_channel,
    case when mine.is_organisation then 2 + floor(3 * draw(mine.k, 'contacts'))::integer else 0 end
        as contact_count,
from changing as mine
left join changing as partner on partner.t = mine.partner
left join changing as borrower
    on borrower.t = mine.t + 1 and borrower.trap_kind = 'reused_email'
left join changing as heir on heir.t = mine.t + 1 and heir.trap_kind = 'reused_crm_id'
left join changing as parent on parent.organisation_no = mine.parent_no
order by mine.t;
drop table changing;
drop table number_of;

-- The people who speak for an organisation. The first one answers surveys.
create table contact as
select
    customer.t,
    j::integer as contact_no,
    'K' || padded(crm_no, 7) || '-' || j as contact_id,
    customer.requester_id || '-' || j as requester_id,
    crm_id,
    case when language = 'zh' then zh_last_names()[1 + floor(16 * draw(kj, 'last'))::integer]
            || pick(kj, 'given', zh_given_names()) || pick(kj, 'given 2', zh_given_names())
        else pick(kj, 'first', first_names()) || ' ' || pick(kj, 'last', last_names())
    end as full_name,
    case when language = 'zh'
            then zh_last_latin()[1 + floor(16 * draw(kj, 'last'))::integer]
                || pick(kj, 'given', zh_given_latin())
        else lower(pick(kj, 'first', first_names())) || '.' || lower(pick(kj, 'last', last_names()))
    end || j || '@' || own_domain as email,
    dial_code,
    phone_lead || padded(2 * getvariable('customers') + 5 * crm_no + j, 7) as phone,
    (['buyer', 'user', 'administrator', 'director', 'finance'])[1 + (crm_no + j) % 5] as contact_role,
    j = 1 as is_primary,
    joined_on,
    kj,
from (
    select customer.*, j, part(k, 5000 + j) as kj,
    from customer, range(1, contact_count + 1) as numbers (j)
) as customer
order by customer.t, j;

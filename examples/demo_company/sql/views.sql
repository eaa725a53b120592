-- What the tables of the systems are made from.

-- A month of a customer of the files under way, with what never changes.
create view live as
select
    panel.*,
    customer.* exclude (t),
    month.month_on,
    month.month_end,
    month.days,
    -- The days of the month on which the customer was one.
    greatest(month.month_on, case when panel.is_first then customer.joined_on end) as from_on,
    least(month.month_end, case when not panel.is_active then panel.ended_on end) as to_on,
    strftime(month.month_on, '%y%m') as yymm,
from panel
inner join customer using (t)
inner join month using (m)
where panel.m between getvariable('first_month') and getvariable('last_month') and panel.is_live;

-- The beginnings of subscriptions; those before the history are in its first files.
create view period as
select
    getvariable('first_month') as first_month,
    getvariable('last_month') as last_month,
    month_start(getvariable('first_month')) as first_on,
    month_start(getvariable('last_month') + 1) as end_on;

create macro subscription_id(billing_no, sub_no) as
    'S' || padded(billing_no, 7) || '-' || sub_no;
create macro addon_id(billing_no, addon_no) as
    'S' || padded(billing_no, 7) || '-A' || addon_no;

-- Service levels in minutes that count: by tier and priority.
create macro reply_target(tier, priority) as (
    case priority when 'urgent' then 30 when 'high' then 60 when 'normal' then 120 else 240 end
    * case tier when 'A' then 1 when 'B' then 2 when 'C' then 4 else 8 end
)::integer;
create macro solve_target(tier, priority) as (
    case priority when 'urgent' then 240 when 'high' then 480 when 'normal' then 960 else 1920 end
    * case tier when 'A' then 1 when 'B' then 2 when 'C' then 3 else 4 end
)::integer;

-- How a system writes down what it knows of a customer whose CRM number it does not know.
-- 0 the number; 1 the same e-mail address; 2 the same telephone; 3 name and address; 4 nothing.
create macro link_kind(k, system, known_share, has_phone) as case
    when draw(k, 'link ' || system) < known_share then 0
    when draw(k, 'by ' || system) < case when has_phone then 0.85 else 0.98 end then 1
    when draw(k, 'by ' || system) < 0.98 then 2
    when draw(k, 'by ' || system) < 0.992 then 3
    else 4
end;
create macro other_email(k, system, mail_domain) as
    'user' || (hash(xor(k, hash('other ' || system))) % 100000000)::varchar || '@' || mail_domain;
create macro written_email(k, system, address) as case
    when draw(k, 'write ' || system) < 0.70 then address
    when draw(k, 'write ' || system) < 0.80 then upper(address)
    when draw(k, 'write ' || system) < 0.86 then ' ' || address
    when draw(k, 'write ' || system) < 0.91 then address || ' '
    else replace(address, '@', '+' || system || '@')
end;
create macro written_phone(k, system, dial_code, number) as case
    when draw(k, 'dial ' || system) < 0.40 then '+' || dial_code || number
    when draw(k, 'dial ' || system) < 0.60 then '00' || dial_code || ' ' || number
    when draw(k, 'dial ' || system) < 0.80 then
        case when dial_code in ('1', '86') then '' else '0' end || number
    else '+' || dial_code || ' ' || number[1:3] || ' ' || number[4:6] || '-' || number[7:]
end;
create macro written_name(k, system, name) as case
    when draw(k, 'name ' || system) < 0.85 then name
    when draw(k, 'name ' || system) < 0.93 then upper(name)
    when contains(name, ' ') and draw(k, 'name ' || system) < 0.97
        then split_part(name, ' ', 2) || ', ' || split_part(name, ' ', 1)
    else name || ' '
end;

-- The questions of the survey, numbered, with the day from which each scale holds.
create view question as
select
    *,
    dense_rank() over (order by question_id) as question_no,
    lead(valid_from, 1, date '9999-12-31') over (partition by question_id order by valid_from)
        as valid_until,
    case measure when 'nps' then 0.18 when 'csat' then 0.14 when 'value_item' then 0.05 else 0.08 end
        * case when is_higher_better then 1 else -1 end as level,
from survey_questions;

-- Share of all that a customer spends on such things that is spent here: asked, and answered, but
-- nothing that the customer does follows from it.
create macro wallet_share(k) as
    round(0.10 + 0.85 * logistic(0.4 + 0.9 * normal(k, 'wallet share')), 6);

-- What the CRM says of a customer from a day on: a version per change.
create view crm_version as
with moments as (
    select t, joined_on as since from customer
    union
    select t, rename_on from customer where rename_on is not null
    union
    select t, email_left_on from customer where email_left_on is not null
    union
    select t, phone_on from customer where phone_on is not null
    union
    select t, owner_on from customer where owner_on is not null
    union
    select t, consent_off_on from customer where consent_off_on is not null
)

select
    customer.*,
    since,
    case when rename_on <= since then new_name else name end as name_now,
    case when rename_on <= since or email_left_on <= since then new_email else email end as email_now,
    case when phone_on <= since then new_phone else phone end as phone_now,
    case
        when not is_organisation and tier in ('C', 'D') then null
        when not is_organisation and tier = 'B' then null
        else 'E' || (2001 + (hash(xor(k, hash(
            case when owner_on <= since then 'next owner' else 'owner' end
        ))) % getvariable('account_managers'))::integer)
    end as owner_id,
    case when consent_off_on <= since then false else consent0 end as consent_now,
from moments
inner join customer using (t)
where since >= joined_on and (number_left_on is null or since < number_left_on);

create view launch as
select * from (
    values
        ('LAU-1', 'ADDON-ANALYTICS', 'Analytics add-on', 'add-on', getvariable('launch_1')),
        ('LAU-2', 'ADDON-ASSISTANT', 'Assistant add-on', 'add-on', getvariable('launch_2')),
        ('LAU-3', 'automation', 'Automation', 'feature', getvariable('launch_3')),
        ('LAU-4', 'forecast', 'Forecast', 'feature', getvariable('launch_4')),
        ('LAU-5', 'CAM-200', 'Camera, outdoor', 'goods', floor(0.30 * getvariable('months'))::integer),
        ('LAU-6', 'SEN-200', 'Sensor, water', 'goods', floor(0.55 * getvariable('months'))::integer),
        ('LAU-7', 'STR-200', 'Light strip, long', 'goods', floor(0.75 * getvariable('months'))::integer)
) as given (launch_id, product_id, launch_name, kind, m);

-- The members of the loyalty programme, which is as old as the history: three in ten customers, within
-- two months after they came. Three in a hundred cards were handed out without a customer's number.
create macro is_loyalty_card(k) as draw(k, 'loyalty card') < 0.3;
create view loyalty_member as
select
    joining.* replace (
        case when left_on < month_start(getvariable('months') - 1) then left_on end as left_on
    ),
from (
    select
        customer.t,
        k,
        'LM-' || padded(crm_no, 7) as member_id,
        (greatest(joined_on, getvariable('first_day')) + floor(60 * draw(k, 'loyalty card on'))::integer)::date
            as enrolled_on,
        case
            when draw(k, 'loyalty card number') < 0.03 then null
            when duplicate_on <= enrolled_on and draw(k, 'loyalty card record') < 0.4
                then duplicate_crm_id
            else crm_id
        end as customer_id,
        case when draw(k, 'leaves programme') < 0.2
                then (enrolled_on + 90 + floor(900 * draw(k, 'leaves programme on'))::integer)::date
        end as left_on,
        departures.gone_on,
    from customer
    left join (select t, min(left_on) as gone_on from departure group by t) as departures
        on customer.t = departures.t
    where is_loyalty_card(k)
) as joining
where enrolled_on < month_start(getvariable('months') - 1) and (gone_on is null or enrolled_on < gone_on);

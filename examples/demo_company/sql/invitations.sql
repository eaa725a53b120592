-- Who was asked what they think: twice a year three in ten, and after three in ten solved tickets.
create or replace temp table invitation as
select
    'V-REL-' || yymm || padded(survey_no, 7) as invitation_id,
    'REL' as programme_id,
    strftime(month_on, '%Y') || 'Q' || quarter(month_on) as wave,
    t,
    respondent_id,
    part(km, 300) as kv,
    case when draw(kv, 'channel') < 0.85 then 'email' else 'sms' end as channel,
    draw(kv, 'delivered') < 0.97 as is_delivered,
    null as ticket_id,
    in_working_hours(month_on + 4 + floor(5 * draw(kv, 'day'))::integer, draw(kv, 'at')) as sent_at,
    s0 as feeling,
    language,
    case when feeling < -0.9 then 'angry' when feeling < -0.1 then 'unhappy'
        when feeling < 0.7 then 'neutral' else 'pleased' end as mood,
    false as is_complaint,
    false as is_at_once,
from live
where month(month_on) in (3, 9) and is_active and from_on <= month_on
    and month_on >= getvariable('survey_from') and draw(km, 'is asked') < 0.30
union all
select
    'V-' || ticket_id,
    'TRX',
    strftime(solved_at, '%Y') || 'Q' || quarter(solved_at),
    t,
    respondent_id,
    part(ki, 301) as kv,
    case when draw(kv, 'channel') < 0.7 then 'email' else 'web' end,
    draw(kv, 'delivered') < 0.97,
    ticket_id,
    plus_minutes(solved_at, 120) as sent_at,
    0.5 * s0 + 0.7 * quality as feeling,
    language,
    case when feeling < -0.9 then 'angry' when feeling < -0.1 then 'unhappy'
        when feeling < 0.7 then 'neutral' else 'pleased' end,
    is_complaint,
    is_at_once,
from ticket
where solved_at >= getvariable('survey_from') and draw(ki, 'is asked') < 0.30;

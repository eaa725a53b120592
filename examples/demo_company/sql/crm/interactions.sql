-- Account managers meet their customers, and customers write; one message to many is no talk.
with counted as (
    select
        *,
        case
            when planted_case in ('silent_leaver', 'silent_loyalist') then 0.05
            else case
                when is_organisation and tier = 'A' then 0.55
                when is_organisation then 0.35
                when tier in ('A', 'B') then 0.22
                else 0.12
            end * exp(clamp(0.4 * e0, -1.5, 1.2))
        end as talks_expected,
        poisson(km, 'talks', talks_expected) as talk_count,
    from live
),

talks as (
    select
        *,
        part(km, 500 + j) as kt,
        day_between(from_on, to_on, draw(kt, 'day')) as held_on,
        draw(kt, 'inbound') < logistic(0.6 * e0 - 0.3) as is_inbound,
    from (select *, unnest(range(1, talk_count + 1)) as j from counted)
)

select
    'I' || yymm || padded(crm_no, 7) || '-' || j as interaction_id,
    case when duplicate_on <= held_on and draw(kt, 'record') < 0.4 then duplicate_crm_id else crm_id
    end as customer_id,
    case when contact_count > 0 then 'K' || padded(crm_no, 7) || '-'
        || (1 + floor(contact_count * draw(kt, 'who')))::integer end as contact_id,
    case when draw(kt, 'kind') < 0.88
        then 'E' || (2001 + hash(xor(k, hash('owner'))) % getvariable('account_managers'))
    end as employee_id,
    case
        when draw(kt, 'kind') >= 0.88 then 'email'
        when is_organisation then pick(kt, 'channel', ['phone', 'email', 'meeting', 'meeting', 'event'])
        else pick(kt, 'channel', ['phone', 'email', 'chat', 'web', 'mobile', 'social'])
    end as channel,
    case when is_inbound and draw(kt, 'kind') < 0.88 then 'inbound' else 'outbound' end as direction,
    case
        when draw(kt, 'kind') >= 0.88 then 'mass_mail'
        when is_organisation then pick(kt, 'what', ['call', 'call', 'meeting', 'visit', 'demo', 'review'])
        else pick(kt, 'what', ['call', 'message', 'message', 'other'])
    end as interaction_kind,
    case when m - joined_month < 3 then 'onboarding'
        else pick(kt, 'touchpoint', ['account review', 'service call', 'web shop', 'newsletter',
            'renewal talk', 'product advice']) end as touchpoint,
    draw(kt, 'kind') < 0.88 and (is_inbound or draw(kt, 'answered') < 0.7) as is_two_way,
    case when draw(kt, 'kind') < 0.88 then 3 + floor(45 * draw(kt, 'minutes'))::integer end
        as duration_minutes,
    in_working_hours(held_on, draw(kt, 'at')) as occurred_at,
    occurred_at + case when draw(kt, 'late') < 0.004 then to_days(33) else to_days(0) end as _arrives,
from talks

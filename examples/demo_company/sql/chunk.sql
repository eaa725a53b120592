-- What several tables of the files under way are made from: invoices with their lines, tickets.

create or replace temp table invoice as
select
    *,
    part(part(km, 100 + i), 1) as ki,
    'INV-' || yymm || '-' || padded(billing_no, 7) || case when i = 1 then '' else '-' || i end
        as invoice_id,
    case when is_contract
            then invoiced_on::timestamp + to_seconds((7200 + floor(draw(ki, 'at') * 7200))::bigint)
        else in_waking_hours(invoiced_on, draw(ki, 'at'))
    end as invoiced_at,
    invoiced_on + case when is_organisation then 30 else 14 end as due_date,
    invoiced_at + case when draw(ki, 'late') < 0.003
            then to_days((20 + floor(30 * draw(ki, 'how late')))::integer)
        else to_days(0)
    end as _arrives,
from (
    -- A subscription is billed on its day; whoever ended by not paying was billed once more.
    select
        live.*,
        1 as i,
        case when change_kind = 'start' then change_on else month_on + (billing_day - 1) end
            as invoiced_on,
        coalesce(end_reason = 'payment_failure' and ended_month = m, false) as is_failed,
    from live
    where is_contract and (is_active or (end_reason = 'payment_failure' and ended_month = m))
    union all
    select
        live.*,
        i,
        -- The first purchase makes the customer; the others are spread over the month.
        case
            when is_first and i = 1 then from_on
            else day_between(from_on, to_on, (i - 1 + draw(part(km, 100 + i), 'day')) / buys)
        end as invoiced_on,
        false as is_failed,
    from live, range(1, buys + 1) as numbers (i)
    where not is_contract and buys > 0
) as billed;

create or replace temp table line as
select
    invoice.t,
    m,
    i,
    line_no::integer as line_no,
    ki,
    invoice_id,
    invoice_id || '-' || line_no as line_id,
    product_id,
    product_category,
    subscription_id,
    quantity::bigint as quantity,
    unit_price,
    list_price,
    invoiced_at,
    _arrives,
from (
    select
        t, m, i, ki, invoice_id, invoiced_at, _arrives,
        1 as line_no,
        plan_id(plan) as product_id,
        'plan' as product_category,
        subscription_id(billing_no, sub_no) as subscription_id,
        quantity,
        unit_price,
        greatest(unit_price, in_currency(plan_price(plan), currency, 0)) as list_price,
    from invoice
    where is_contract
    union all
    select
        t, m, i, ki, invoice_id, invoiced_at, _arrives,
        2,
        plan_id(addon),
        'add-on',
        addon_id(billing_no, addon_no),
        addon_quantity,
        addon_price,
        greatest(addon_price, in_currency(plan_price(addon), currency, 0)),
    from invoice
    where is_contract and addon is not null and not is_failed
    union all
    select
        t, m, i, ki, invoice_id, invoiced_at, _arrives,
        line_no,
        case when launch_month <= m then product_id else 'BAT-100' end,
        case when launch_month <= m then product_category else 'supplies' end,
        null,
        basket * (1 + floor(2.2 * pow(draw(kl, 'quantity'), 2))::integer),
        in_currency(
            case when launch_month <= m then shelf.unit_price else 8.99::decimal(18, 4) end,
            currency,
            case when draw(ki, 'sale') < 0.15 then 0.10 else 0 end
        ),
        in_currency(
            case when launch_month <= m then shelf.unit_price else 8.99::decimal(18, 4) end,
            currency,
            0
        ),
    from (
        select invoice.*, line_no, part(ki, line_no) as kl,
            1 + floor(
                draw(part(ki, line_no), 'product')
                * case when is_organisation then getvariable('shelf_organisation')
                    else getvariable('shelf_person') end
            )::integer as shelf_no,
        from invoice, range(1, 2 + floor(4 * pow(draw(ki, 'lines'), 2))::integer) as numbers (line_no)
        where not is_contract
    ) as bought
    inner join shelf
        on shelf.for_organisations = bought.is_organisation and shelf.shelf_no = bought.shelf_no
) as invoice;

create or replace temp table ticket as
with asked as (
    select
        live.*,
        i,
        i > tickets as is_crisis,
        part(km, 200 + i) as ki,
        -- The crisis lasts two weeks and is worst at its start.
        case
            when i > tickets then getvariable('crisis_on')
                + floor(14 * (1 - sqrt(1 - draw(part(km, 200 + i), 'day'))))::integer
            else day_between(from_on, to_on, draw(part(km, 200 + i), 'day'))
        end as created_on,
    from live, range(1, tickets + crisis_tickets + 1) as numbers (i)
    where tickets + crisis_tickets > 0
),

described as (
    select
        *,
        'T' || yymm || padded(support_no, 7) || '-' || i as ticket_id,
        case when draw(ki, 'hour') < 0.7 then in_working_hours(created_on, draw(ki, 'at'))
            else in_waking_hours(created_on, draw(ki, 'at'))
        end as created_at,
        case
            when is_crisis then getvariable('crisis_topic')
            when is_contract then pick(ki, 'topic', [
                'login', 'login', 'performance', 'performance', 'invoice', 'invoice', 'how_to',
                'how_to', 'contract', 'feature_request'
            ])
            else pick(ki, 'topic', [
                'delivery', 'delivery', 'delivery', 'defect', 'defect', 'returns', 'returns',
                'invoice', 'how_to', 'feature_request'
            ])
        end as topic,
        s0 + case when is_crisis then -1.2 else 0 end
            + case
                when planted_case = 'frequent_complainer_at_risk' and m >= case_from_month then -0.8
                else 0
            end
            + 0.5 * normal(ki, 'mood') as feeling,
        draw(ki, 'kind') < logistic(
            -1.5 - 0.9 * s0
            + case when is_crisis then 0.8 else 0 end
            + case when planted_case like 'frequent_complainer%' and m >= case_from_month then 1.8
                else 0 end
        ) as is_complaint,
        case when is_wrong_tier then 'C' else tier end as tier_applied,
        service + 0.4 * normal(ki, 'service') as quality,
    from asked
),

judged as (
    select
        *,
        case
            when feeling < -0.9 then 'angry'
            when feeling < -0.1 then 'unhappy'
            when feeling < 0.9 then 'neutral'
            else 'pleased'
        end as mood,
        case
            when is_complaint then 'complaint'
            when topic = 'feature_request' then 'feedback'
            when topic in ('how_to', 'invoice', 'contract') then
                case when draw(ki, 'request') < 0.6 then 'question' else 'service_request' end
            when topic = 'returns' then 'service_request'
            else 'incident'
        end as ticket_kind,
        case
            when draw(ki, 'severity') < 0.02 * exp(clamp(-0.6 * s0, -1, 1))
                + case when is_crisis then 0.15 else 0 end
                then 1
            when draw(ki, 'severity') < 0.15 + case when is_complaint or is_crisis then 0.2 else 0 end
                then 2
            when draw(ki, 'severity') < 0.65 then 3
            else 4
        end as severity,
        case when draw(ki, 'channel') < 0.06 and not is_crisis and not is_complaint then 'bot'
            else pick(ki, 'which channel', ['email', 'email', 'web', 'web', 'phone', 'chat', 'mobile',
                'social'])
        end as channel,
    from described
),

timed as (
    select
        *,
        case severity when 1 then 'urgent' when 2 then 'high' when 3 then 'normal' else 'low' end
            as priority,
        -- The clock runs on when the desk is closed; only the calendar of tier A is always open.
        case tier_applied when 'A' then 1.0 else 2.4 end as idle,
        reply_target(tier_applied, priority)
            * exp(0.6 * normal(ki, 'reply') - 0.7 * quality - 0.5) * idle as reply_minutes,
        draw(ki, 'at once') < case when ticket_kind in ('question', 'feedback') then 0.65 else 0.35 end
            as is_at_once,
        solve_target(tier_applied, priority)
            * exp(0.7 * normal(ki, 'solve') - 0.6 * quality - 0.6) * idle as solve_minutes,
        draw(ki, 'reopen') < 0.06 * exp(clamp(-0.6 * quality, -1.5, 1.5)) as is_reopened,
        plus_minutes(created_at, greatest(2, reply_minutes)) as replied_at,
        case
            when is_at_once then plus_minutes(replied_at, 3 + 20 * draw(ki, 'soon'))
            else plus_minutes(
                greatest(replied_at, created_at), 20 + greatest(30, solve_minutes - reply_minutes)
            )
        end as first_solved_at,
        case when is_reopened
            then plus_minutes(first_solved_at, 1440 + 4320 * draw(ki, 'reopened'))
        end as reopened_at,
        case when is_reopened
                then plus_minutes(reopened_at, 60 + 0.6 * greatest(60, solve_minutes))
            else first_solved_at
        end as solved_at,
        case when contact_count = 0 then requester_id
            else requester_id || '-' || (1 + floor(contact_count * draw(ki, 'who')))::integer
        end as asked_by,
        case
            when language = 'zh' then 1 + floor(getvariable('agents_zh') * draw(ki, 'agent'))
            when tier = 'A' then 1 + getvariable('agents_zh')
                + floor(getvariable('agents_key') * draw(ki, 'agent'))
            else 1 + getvariable('agents_zh') + getvariable('agents_key') + floor(
                (getvariable('agents') - getvariable('agents_zh') - getvariable('agents_key'))
                * draw(ki, 'agent')
            )
        end::integer as agent_no,
        case when language = 'zh' then 'TEAM-ZH' when tier = 'A' then 'TEAM-KEY' else 'TEAM-DESK' end
            as team_id,
    from judged
)

select
    * exclude (idle),
    'E' || (1000 + agent_no) as agent_id,
    case when is_complaint then 'CMP-' || ticket_id end as complaint_id,
    case when draw(ki, 'late') < 0.003 then 20 + floor(30 * draw(ki, 'how late')) else 0
    end::integer as late_days,
from timed;

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

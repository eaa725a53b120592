-- The tickets of the files under way, with all that became of them.
create or replace temp table ticket as
with asked as (
    select
        t,
        m,
        i,
        k,
        is_contract,
        is_first,
        joined_on,
        yymm,
        support_no,
        requester_id,
        respondent_id,
        billing_id,
        contact_count,
        currency,
        language,
        tier,
        is_wrong_tier,
        s0,
        service,
        coalesce(planted_case, '') as planted_case,
        case_from_month,
        i > tickets as is_crisis,
        part(km, 200 + i) as ki,
        -- The crisis lasts two weeks and is worst at its start.
        case
            when i > tickets then getvariable('crisis_on')
                + floor(14 * (1 - sqrt(1 - draw(part(km, 200 + i), 'day'))))::integer
            else day_between(from_on, to_on, draw(part(km, 200 + i), 'day'))
        end as created_on,
    from (select *, unnest(range(1, tickets + crisis_tickets + 1)) as i from live)
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
            -2.1 - 0.9 * s0
            + case when is_crisis then 0.8 else 0 end
            -- The constructive complain because they care, whatever their mood.
            + case
                when m < case_from_month then 0
                when planted_case = 'frequent_complainer_constructive' then 3.0 + 0.9 * s0
                when planted_case = 'frequent_complainer_at_risk' then 1.8
                else 0
            end
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
        -- The desk cannot solve every severe complaint: some wait for a repair by others.
        case
            when is_complaint and severity = 1 and draw(ki, 'repair') < 0.25
                then 1440 * (8 + 24 * draw(ki, 'days of repair'))
            else 0
        end as repair_minutes,
        repair_minutes = 0 and draw(ki, 'at once')
        < case when ticket_kind in ('question', 'feedback') then 0.65 else 0.35 end as is_at_once,
        solve_target(tier_applied, priority)
            * exp(0.7 * normal(ki, 'solve') - 0.6 * quality - 0.6) * idle as solve_minutes,
        draw(ki, 'reopen') < 0.06 * exp(clamp(-0.6 * quality, -1.5, 1.5)) as is_reopened,
        plus_minutes(created_at, greatest(2, reply_minutes)) as replied_at,
        case
            when is_at_once then plus_minutes(replied_at, 3 + 20 * draw(ki, 'soon'))
            else plus_minutes(
                greatest(replied_at, created_at),
                20 + greatest(30, solve_minutes - reply_minutes) + repair_minutes
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
    * exclude (idle, repair_minutes),
    'E' || (1000 + agent_no) as agent_id,
    case when is_complaint then 'CMP-' || ticket_id end as complaint_id,
    case when draw(ki, 'late') < 0.010 then 20 + floor(30 * draw(ki, 'how late')) else 0
    end::integer as late_days,
from timed;

-- Dirt: some tickets are older than the customer.
insert into ticket
select * exclude (shift) replace (
    ticket_id || 'S' as ticket_id,
    complaint_id || 'S' as complaint_id,
    part(ki, 77) as ki,
    created_at - to_days(shift) as created_at,
    replied_at - to_days(shift) as replied_at,
    first_solved_at - to_days(shift) as first_solved_at,
    reopened_at - to_days(shift) as reopened_at,
    solved_at - to_days(shift) as solved_at
)
from (
    select *, (created_on - joined_on + 12)::integer as shift
    from ticket
    where is_first and joined_on > getvariable('first_day') + 40
)
order by hash(xor(ki, hash('too old'))), ticket_id
limit (
    select least(ceil(getvariable('customers') / 1000), count(*) // 500)::bigint from ticket
);

insert into true_ticket
select
    ticket_id, t, tier_applied, ticket_kind, topic, is_crisis, created_at, replied_at,
    first_solved_at, reopened_at, solved_at, is_at_once, is_reopened, late_days
from ticket;

insert into dirty_rows
select 'support', 'tickets', 'opened before the customer signed up', '', 'flagged', count(*)
from ticket
where right(ticket_id, 1) = 'S'
having count(*) > 0;

-- Dirt: of some complaints nobody wrote down that they were assessed, of others only a day after
-- they were solved. Only of those solved in these files, so that the solution stands there too.
create or replace temp table complaint_slip as
with most as (
    select least(ceil(getvariable('customers') / 1000), count(*) // 500)::bigint as count from ticket
),

chosen as (
    select ticket_id, row_number() over (order by hash(xor(ki, hash('slip'))), ticket_id) as n
    from ticket, period
    where is_complaint and solved_at < end_on - interval 2 day
)

select ticket_id, case when n <= most.count then 'forgotten' else 'late' end as slip
from chosen, most
where n <= 2 * most.count;

insert into dirty_rows
select
    'support',
    'complaint_events',
    case slip when 'late' then 'assessed after it was solved' else 'solved, never assessed' end,
    '',
    'flagged',
    count(*),
from complaint_slip
group by slip;

with comments as (
    select
        ticket.*,
        1 as n,
        'customer' as author_kind,
        created_at as moment,
        part(ki, 11) as kc,
        opening.texts[1 + floor(len(opening.texts) * draw(kc, 'opening'))::integer]
            || case language when 'zh' then '' else ' ' end
            || about.texts[1 + floor(len(about.texts) * draw(ki, 'subject'))::integer]
            || case language when 'zh' then '' else ' ' end
            || closing.texts[1 + floor(len(closing.texts) * draw(kc, 'closing'))::integer] as body,
        null::decimal(9, 2) as handling_minutes,
    from ticket
    inner join opening using (language, mood)
    inner join about using (language, topic)
    inner join closing using (language, mood)
    union all
    select
        ticket.*,
        2,
        'bot',
        plus_minutes(created_at, 0.2),
        ki,
        reply.texts[1],
        null,
    from ticket
    inner join reply using (language)
    where reply.moment = 'bot' and channel = 'bot'
    union all
    select
        ticket.*,
        3,
        'agent',
        replied_at,
        part(ki, 13) as kc,
        reply.texts[1 + floor(len(reply.texts) * draw(kc, 'reply'))::integer],
        round(4 + 18 * draw(kc, 'minutes'), 2)::decimal(9, 2),
    from ticket
    inner join reply using (language)
    where reply.moment = case when is_at_once then 'last' else 'first' end
    union all
    select
        ticket.*,
        4,
        'customer',
        plus_minutes(replied_at, 0.6 * greatest(10, date_diff('minute', replied_at, first_solved_at))),
        part(ki, 14) as kc,
        follow.texts[1 + floor(len(follow.texts) * draw(kc, 'follow'))::integer],
        null,
    from ticket
    inner join follow using (language, mood)
    where not is_at_once and draw(ki, 'follows up') < case when mood in ('angry', 'unhappy') then 0.7
        else 0.3 end
    union all
    select
        ticket.*,
        5,
        'agent',
        first_solved_at,
        part(ki, 15) as kc,
        reply.texts[1 + floor(len(reply.texts) * draw(kc, 'reply'))::integer],
        round(5 + 40 * draw(kc, 'minutes') * (5 - severity), 2)::decimal(9, 2),
    from ticket
    inner join reply using (language)
    where reply.moment = 'last' and not is_at_once
    union all
    select
        ticket.*,
        6,
        'customer',
        reopened_at,
        part(ki, 16) as kc,
        follow.texts[1 + floor(len(follow.texts) * draw(kc, 'follow'))::integer],
        null,
    from ticket
    inner join follow using (language)
    where is_reopened and follow.mood = 'unhappy'
)

select
    ticket_id || '-C' || n as comment_id,
    ticket_id,
    author_kind,
    case when author_kind = 'agent' then agent_id end as agent_id,
    true as is_public,
    handling_minutes,
    body,
    moment as commented_at,
    moment + to_days(late_days) as _arrives,
from comments

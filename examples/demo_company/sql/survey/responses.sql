-- Who is unhappy answers less, and who is very unhappy a little more.
with answering as (
    select
        *,
        plus_minutes(sent_at, 30 - 2600 * ln(draw(kv, 'when'))) as answered_at,
    from invitation
    where is_delivered and draw(kv, 'answers') < clamp(
        0.12 + 0.30 * logistic(1.4 * feeling) + case when feeling < -1.1 then 0.16 else 0 end, 0, 0.8
    )
),

answers as (
    select
        answering.*,
        question_id,
        measure,
        scale_min,
        scale_max,
        part(kv, question_no) as kq,
        is_higher_better,
        case
            -- As well as people know it, in steps of five.
            when measure = 'share_of_wallet'
                then 5 * round(20 * clamp(wallet_share + 0.04 * normal(kq, 'noise'), 0.05, 1))
            -- From -1.5 to 1.5 of feeling over the scale, with the item's own level and noise.
            else scale_min + (scale_max - scale_min) * clamp(
                0.5 + level + (case when is_higher_better then 1 else -1 end)
                * (0.30 * feeling + 0.11 * normal(part(kv, question_no), 'noise')), 0, 1
            )
        end as value,
    from answering
    inner join question using (programme_id)
    inner join (select t, wallet_share(k) as wallet_share from customer) using (t)
    where sent_at::date >= valid_from and sent_at::date < valid_until
        -- Not every item is answered, and effort and anchor are asked of few.
        and draw(part(kv, question_no), 'skips') < case
            when measure in ('nps', 'csat') then 0.97
            when measure = 'anchor' then case when is_complaint then 0.8 else 0 end
            when measure = 'effort' then 0.15
            else 0.85
        end
)

select
    invitation_id || '-' || question_id as response_id,
    invitation_id,
    question_id,
    case
        when measure = 'fcr' then (is_at_once is not distinct from (draw(kq, 'recalls') < 0.9))::integer
        else round(value)
    end::decimal(9, 2) as answer,
    case when measure in ('nps', 'csat') and draw(kq, 'writes') < 0.25
        then opening.texts[1 + floor(len(opening.texts) * draw(kq, 'text'))::integer]
            || ' ' || closing.texts[1 + floor(len(closing.texts) * draw(kq, 'more text'))::integer]
    end as comment,
    draw(kv, 'test') < 0.003 as is_test,
    answered_at as responded_at,
    answered_at as _arrives,
from answers
inner join opening using (language, mood)
inner join closing using (language, mood)

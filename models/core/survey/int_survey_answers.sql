{#- Grain: one row per answer to one question, as known at the end of the run's last month. Every
    answer is scored on the scale that its question had when it was asked, so that a scale that was
    turned round is never pooled with the old one. Answers that do not count stay, each with the
    first rule that excludes it. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

links as (

    select
        identity_links.source_id as respondent_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'survey'

),

invitations as (

    select invitations.*
    from {{ ref('stg_survey__invitations') }} as invitations
    inner join run_window on cast(invitations.sent_at as date) <= run_window.last_month

),

-- A scale without a range scores nothing.
questions as (

    select
        questions.*,
        lag(questions.is_higher_better) over (
            partition by questions.question_id order by questions.valid_from
        ) as previous_is_higher_better
    from {{ ref('stg_survey__questions') }} as questions
    where questions.scale_min < questions.scale_max

),

asked as (

    select
        responses.response_id,
        responses.invitation_id,
        responses.question_id,
        responses.answer,
        responses.responded_at,
        coalesce(responses.is_test, false) as is_test,
        coalesce(responses.comment, '') <> '' as has_comment,
        invitations.invitation_id is not null as is_invitation_known,
        invitations.programme_id,
        invitations.wave,
        invitations.channel,
        invitations.ticket_id,
        invitations.respondent_id,
        invitations.sent_at,
        links.customer_id,
        -- The questionnaire is the one that was sent.
        cast(coalesce(invitations.sent_at, responses.responded_at) as date) as asked_on
    from {{ ref('stg_survey__responses') }} as responses
    inner join run_window on cast(responses.responded_at as date) <= run_window.last_month
    left join invitations on responses.invitation_id = invitations.invitation_id
    left join links on invitations.respondent_id = links.respondent_id

),

scaled as (

    select
        asked.*,
        questions.question_id is not null as is_question_known,
        coalesce(asked.programme_id, questions.programme_id) as survey_programme_id,
        questions.measure,
        questions.dimension,
        questions.anchor_id,
        questions.scale_min,
        questions.scale_max,
        questions.is_higher_better,
        coalesce(questions.is_higher_better <> questions.previous_is_higher_better, false)
            as is_scale_reversed
    from asked
    left join questions
        on
            asked.question_id = questions.question_id
            and {{ holds_on('asked.asked_on', 'questions.valid_from', 'questions.valid_to') }}

),

judged as (

    select
        scaled.*,
        case
            when scaled.is_test then 'test'
            when not scaled.is_invitation_known then 'unknown_invitation'
            when not scaled.is_question_known then 'unknown_question'
            when scaled.answer is null then 'text_only'
            when scaled.answer < scaled.scale_min or scaled.answer > scaled.scale_max
                then 'off_scale'
        end as refusal
    from scaled

),

-- One answer to a question counts per customer and wave, the latest; a survey about a ticket asks
-- once per ticket. What does not count supersedes nothing.
ranked as (

    select
        judged.*,
        lead(judged.responded_at) over (
            partition by
                judged.refusal is null,
                coalesce(judged.customer_id, judged.respondent_id),
                judged.survey_programme_id,
                judged.wave,
                coalesce(judged.ticket_id, ''),
                judged.question_id
            order by judged.responded_at, judged.response_id
        ) as next_responded_at
    from judged

)

select
    ranked.response_id,
    ranked.customer_id,
    ranked.invitation_id,
    ranked.survey_programme_id as programme_id,
    ranked.wave,
    ranked.ticket_id,
    ranked.channel,
    ranked.question_id,
    ranked.measure,
    ranked.dimension,
    ranked.anchor_id,
    ranked.answer,
    ranked.scale_min,
    ranked.scale_max,
    ranked.is_higher_better,
    ranked.is_scale_reversed,
    case
        -- A share of wallet is a fact: neither end of its scale is the better one for the customer.
        when ranked.refusal is null and ranked.measure <> 'share_of_wallet' then cast(
            round(
                100 * case
                    when ranked.is_higher_better
                        then {{ ratio(
                            'ranked.answer - ranked.scale_min',
                            'ranked.scale_max - ranked.scale_min'
                        ) }}
                    else {{ ratio(
                        'ranked.scale_max - ranked.answer',
                        'ranked.scale_max - ranked.scale_min'
                    ) }}
                end,
                6
            ) as decimal(9, 6)
        )
    end as score_0_100,
    ranked.has_comment,
    ranked.sent_at,
    ranked.responded_at,
    {{ month_end('ranked.responded_at') }} as month_end,
    case when ranked.refusal is null then ranked.next_responded_at end as superseded_at,
    ranked.refusal is null and ranked.next_responded_at is null as is_latest_in_wave,
    case
        when ranked.refusal is not null then ranked.refusal
        when ranked.next_responded_at is not null then 'duplicate_in_wave'
    end as exclusion_reason
from ranked

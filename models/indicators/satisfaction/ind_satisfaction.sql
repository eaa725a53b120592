{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: what the customer said in surveys, and whether the
    customer was asked at all (handbook C14). No answer is no opinion, neither good nor bad. The
    satisfaction index is the mean of the own answers, newer ones weighing more, shrunk to the mean
    of the tier: an answer's weight halves every 180 days and ends after 24 months. -#}
{%- set half_life = var('answer_half_life_days') -%}
{%- set shrinkage = var('satisfaction_shrinkage') -%}
with run_months as (

    {{ run_months() }}

),

measured as (

    select
        measured_facts.as_of_date,
        {%- for fact, name in [
            ('survey_invitations', 'has_invitations'), ('survey_answers', 'has_answers'),
        ] %}
        max(
            case when measured_facts.fact = '{{ fact }}' and measured_facts.is_measured then 1 end
        ) is not null as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    group by measured_facts.as_of_date

),

spine as (

    select
        ind_value.customer_id,
        ind_value.as_of_date,
        ind_value.tier
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month

),

answers as (

    select
        survey_answers.customer_id,
        survey_answers.month_end,
        survey_answers.responded_at,
        survey_answers.response_id,
        survey_answers.measure,
        survey_answers.answer,
        survey_answers.score_0_100,
        {{ has_standard_scale('survey_answers') }} as is_standard,
        {{ month_end('survey_answers.superseded_at') }} as superseded_month,
        cast(
            round(power(
                0.5,
                {{ days_between('survey_answers.responded_at', 'survey_answers.month_end') }}
                / cast({{ half_life }} as double)
            ), 10) as decimal(20, 10)
        ) as weight
    from {{ ref('int_survey_answers') }} as survey_answers
    inner join run_months
        on
            survey_answers.month_end
            >= {{ month_end_after('run_months.first_month', 1 - var('answer_months')) }}
            and survey_answers.month_end <= run_months.last_month
    where
        survey_answers.customer_id is not null
        and coalesce(survey_answers.exclusion_reason, 'duplicate_in_wave') = 'duplicate_in_wave'

),

-- Sums of a month's answers, weighed as at its end; most answers are never superseded.
monthly as (

    select
        answers.customer_id,
        answers.month_end,
        answers.superseded_month,
        count(*) as answer_count,
        sum(answers.weight) as weight,
        sum(answers.weight * answers.score_0_100) as weighted_score,
        sum(
            answers.weight
            * cast(round(cast(answers.score_0_100 as double) * answers.score_0_100, 4)
                as decimal(12, 4))
        ) as weighted_square
    from answers
    where answers.measure in ('nps', 'csat', 'ces')
    group by answers.customer_id, answers.month_end, answers.superseded_month

),

decays as (

    select
        later.as_of_date,
        earlier.as_of_date as month_end,
        cast(
            round(power(
                0.5,
                {{ days_between('earlier.as_of_date', 'later.as_of_date') }}
                / cast({{ half_life }} as double)
            ), 10) as decimal(12, 10)
        ) as decay
    from {{ ref('int_months') }} as later
    inner join run_months
        on
            later.as_of_date >= run_months.first_month
            and later.as_of_date <= run_months.last_month
    inner join {{ ref('int_months') }} as earlier
        on
            later.as_of_date >= earlier.as_of_date
            and {{ month_end_after('later.as_of_date', -var('answer_months')) }}
            < earlier.as_of_date

),

own as (

    select
        monthly.customer_id,
        decays.as_of_date,
        sum(monthly.answer_count) as answer_count,
        sum(cast(decays.decay * cast(monthly.weight as double) as decimal(18, 9))) as weight,
        sum(cast(decays.decay * cast(monthly.weighted_score as double) as decimal(18, 6)))
            as weighted_score,
        sum(cast(decays.decay * cast(monthly.weighted_square as double) as decimal(18, 4)))
            as weighted_square
    from monthly
    inner join decays
        on
            monthly.month_end = decays.month_end
            and (
                monthly.superseded_month is null
                or monthly.superseded_month > decays.as_of_date
            )
    group by monthly.customer_id, decays.as_of_date

),

joined as (

    select
        spine.*,
        own.answer_count,
        own.weight,
        own.weighted_score,
        own.weighted_square
    from spine
    left join own on spine.customer_id = own.customer_id and spine.as_of_date = own.as_of_date

),

tiers as (

    select
        joined.as_of_date,
        joined.tier,
        {{ ratio('sum(joined.weighted_score)', 'sum(joined.weight)') }} as mean_score,
        {{ ratio('sum(joined.weighted_square)', 'sum(joined.weight)') }} as mean_square
    from joined
    where joined.weight is not null
    group by joined.as_of_date, joined.tier

),

-- The newest answer to each of the two questions that stand alone on a card.
last_of_month as (

    select
        answers.customer_id,
        answers.month_end,
        answers.measure,
        answers.answer,
        answers.score_0_100,
        cast(answers.responded_at as date) as answered_on,
        row_number() over (
            partition by answers.customer_id, answers.month_end, answers.measure
            order by answers.responded_at desc, answers.response_id desc
        ) as newest_rank
    from answers
    where answers.measure in ('nps', 'csat') and answers.is_standard

),

last_answers as (

    select
        last_of_month.customer_id,
        decays.as_of_date,
        last_of_month.measure,
        last_of_month.answer,
        last_of_month.score_0_100,
        last_of_month.answered_on,
        row_number() over (
            partition by last_of_month.customer_id, decays.as_of_date, last_of_month.measure
            order by last_of_month.month_end desc
        ) as newest_rank
    from last_of_month
    inner join decays on last_of_month.month_end = decays.month_end
    where last_of_month.newest_rank = 1

),

last_per_customer as (

    select
        last_answers.customer_id,
        last_answers.as_of_date,
        max(case when last_answers.measure = 'nps' then last_answers.answer end) as nps_answer,
        max(case when last_answers.measure = 'nps' then last_answers.answered_on end)
            as nps_answered_on,
        max(case when last_answers.measure = 'csat' then last_answers.score_0_100 end)
            as csat_score,
        max(case when last_answers.measure = 'csat' then last_answers.answered_on end)
            as csat_answered_on
    from last_answers
    where last_answers.newest_rank = 1
    group by last_answers.customer_id, last_answers.as_of_date

),

invited as (

    select
        invitations.customer_id,
        months.as_of_date,
        count(*) as invitation_count,
        sum(
            case
                when {{ month_end('invitations.first_answered_at') }} <= months.as_of_date then 1
                else 0
            end
        ) as answered_count
    from {{ ref('int_survey_invitations') }} as invitations
    inner join {{ ref('int_months') }} as months
        on
            invitations.month_end <= months.as_of_date
            and invitations.month_end > {{ month_end_after('months.as_of_date', -12) }}
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    where invitations.is_delivered and invitations.customer_id is not null
    group by invitations.customer_id, months.as_of_date

)

select
    joined.customer_id,
    joined.as_of_date,
    {{ measured_count('measured.has_invitations', 'invited.invitation_count') }}
        as survey_invitations_12m,
    {{ measured_count('measured.has_invitations', 'invited.answered_count') }}
        as surveys_answered_12m,
    case
        when measured.has_invitations
            then {{ ratio('invited.answered_count', 'invited.invitation_count') }}
    end as survey_response_ratio_12m,
    -- Asked and silent; empty where nobody asked, or nobody knows who was asked.
    case
        when measured.has_invitations and invited.invitation_count > 0
            then invited.answered_count = 0
    end as is_survey_non_respondent,
    cast(last_per_customer.nps_answer as integer) as nps_answer,
    {{ nps_class('last_per_customer.nps_answer') }} as nps_class,
    {{ days_between('last_per_customer.nps_answered_on', 'joined.as_of_date') }}
        as nps_answer_age_days,
    cast(last_per_customer.csat_score as double) as csat_score,
    {{ days_between('last_per_customer.csat_answered_on', 'joined.as_of_date') }}
        as csat_answer_age_days,
    -- Older answers count on where a month's are not measured.
    {{ measured_count(
        'measured.has_answers or joined.answer_count is not null', 'joined.answer_count'
    ) }} as satisfaction_answers_24m,
    (cast(joined.weighted_score as double) + {{ shrinkage }} * tiers.mean_score)
    / (cast(joined.weight as double) + {{ shrinkage }}) as satisfaction_index,
    {{ normal_95() }} * sqrt(
        greatest(tiers.mean_square - tiers.mean_score * tiers.mean_score, 0)
        / (cast(joined.weight as double) + {{ shrinkage }})
    ) as satisfaction_index_margin
from joined
inner join measured on joined.as_of_date = measured.as_of_date
left join tiers on joined.as_of_date = tiers.as_of_date and joined.tier = tiers.tier
left join last_per_customer
    on
        joined.customer_id = last_per_customer.customer_id
        and joined.as_of_date = last_per_customer.as_of_date
left join invited
    on joined.customer_id = invited.customer_id and joined.as_of_date = invited.as_of_date

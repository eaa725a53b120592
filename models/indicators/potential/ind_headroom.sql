{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end with an answer in force to the question how much of
    all that is spent on such things is spent here (share of wallet). Headroom (handbook C8): what
    six months would bring more if the share were that which nine of ten of the tier do not reach.
    The wallet is the spend of the twelve months to the month of the answer, divided by the share
    that was said of them. -#}
with run_months as (

    {{ run_months() }}

),

answer_months as (

    {{ month_windows([var('wallet_answer_months')]) }}

),

answers as (

    select
        survey_answers.customer_id,
        survey_answers.month_end,
        survey_answers.answer / 100 as share_of_wallet,
        survey_answers.responded_at,
        survey_answers.response_id,
        {{ month_end('survey_answers.superseded_at') }} as superseded_month
    from {{ ref('int_survey_answers') }} as survey_answers
    where
        survey_answers.measure = 'share_of_wallet'
        and {{ has_standard_scale('survey_answers') }}
        and survey_answers.customer_id is not null
        and coalesce(survey_answers.exclusion_reason, 'duplicate_in_wave') = 'duplicate_in_wave'

),

in_force as (

    select
        answers.customer_id,
        answer_months.as_of_date,
        answers.month_end,
        cast(answers.share_of_wallet as double) as share_of_wallet,
        row_number() over (
            partition by answers.customer_id, answer_months.as_of_date
            order by answers.responded_at desc, answers.response_id desc
        ) as newest_rank
    from answers
    inner join answer_months on answers.month_end = answer_months.month_end
    where
        answers.superseded_month is null
        or answers.superseded_month > answer_months.as_of_date

),

spent as (

    select
        in_force.customer_id,
        in_force.as_of_date,
        in_force.month_end as answered_month,
        in_force.share_of_wallet,
        ind_value.tier,
        case when windows.is_window_complete then windows.revenue_12m end as spend_12m,
        -- Nothing spent cannot be a share of anything, and a part of it cannot be none.
        coalesce(
            windows.is_window_complete
            and (windows.revenue_12m > 0) <> (in_force.share_of_wallet > 0),
            false
        ) as is_contradictory
    from in_force
    left join {{ ref('int_customer_windows') }} as windows
        on
            in_force.customer_id = windows.customer_id
            and in_force.month_end = windows.as_of_date
    left join {{ ref('ind_value') }} as ind_value
        on
            in_force.customer_id = ind_value.customer_id
            and in_force.as_of_date = ind_value.as_of_date
    where in_force.newest_rank = 1

),

{% for group, keys in [('tiers', 'as_of_date, spent.tier'), ('portfolio', 'as_of_date')] -%}
{{ group }} as (

    select
        spent.{{ keys }},
        cast(count(*) as integer) as answer_count,
        round(percentile_cont(0.9) within group (order by spent.share_of_wallet), 6) as share_p90
    from spent
    where not spent.is_contradictory
    group by spent.{{ keys }}
    having count(*) >= {{ var('min_n') }}

),

{% endfor -%}
judged as (

    select
        spent.*,
        case
            when spent.spend_12m is null then 'spend_not_measured'
            when spent.is_contradictory then 'contradiction'
            when spent.share_of_wallet = 0 then 'no_wallet'
            when tiers.answer_count is not null then 'tier'
            when portfolio.answer_count is not null then 'portfolio'
            else 'too_few_answers'
        end as headroom_basis,
        case
            when not spent.is_contradictory
                then {{ ratio('spent.spend_12m', 'spent.share_of_wallet') }}
        end as wallet_12m,
        coalesce(tiers.share_p90, portfolio.share_p90) as share_p90,
        coalesce(tiers.answer_count, portfolio.answer_count) as answer_count
    from spent
    left join tiers
        on spent.as_of_date = tiers.as_of_date and spent.tier = tiers.tier
    left join portfolio on spent.as_of_date = portfolio.as_of_date

)

select
    judged.customer_id,
    judged.as_of_date,
    judged.answered_month,
    judged.share_of_wallet as share_of_wallet_ratio,
    cast(round(judged.wallet_12m, 2) as decimal(18, 2)) as wallet_12m,
    judged.headroom_basis,
    case
        when judged.headroom_basis in ('tier', 'portfolio') then judged.share_p90
    end as share_of_wallet_p90_ratio,
    case
        when judged.headroom_basis in ('tier', 'portfolio') then judged.answer_count
    end as headroom_answer_count,
    case
        when judged.headroom_basis in ('tier', 'portfolio')
            then cast(
                round(
                    greatest(judged.share_p90 - judged.share_of_wallet, 0) * judged.wallet_12m
                    * {{ var('upsell_label_months') }} / 12,
                    2
                ) as decimal(18, 2)
            )
    end as headroom_6m
from judged

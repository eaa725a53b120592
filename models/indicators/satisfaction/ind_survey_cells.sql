{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end, period (1, 3 and 12 months), programme, wave, and cell of tier and
    tenure at the month end of the invitation: invitations delivered in the period and the answers
    to them known by then. An answer stands in the cell of its invitation, so that both can be
    compared (non-response weights, handbook C14). Of several answers to one question the latest
    counts that was known at that month end. -#}
{%- set counts = [
    'delivered_count', 'answered_count', 'promoter_count', 'passive_count', 'detractor_count',
    'csat_count', 'csat_top_two_count', 'csat_score_sum', 'ces_count', 'ces_easy_count',
    'ces_answer_sum', 'fcr_count', 'fcr_yes_count',
] -%}
with run_months as (

    {{ run_months() }}

),

periods as (

    select 1 as period_months
    union all
    select 3 as period_months
    union all
    select 12 as period_months

),

invitations as (

    select
        survey_invitations.invitation_id,
        survey_invitations.programme_id,
        survey_invitations.wave,
        survey_invitations.month_end,
        coalesce(ind_value.tier, 'unknown') as tier,
        {{ tenure_band('customer_windows.tenure_days') }} as tenure
    from {{ ref('int_survey_invitations') }} as survey_invitations
    inner join run_months
        on
            survey_invitations.month_end >= {{ month_end_after('run_months.first_month', -11) }}
            and survey_invitations.month_end <= run_months.last_month
    left join {{ ref('ind_value') }} as ind_value
        on
            survey_invitations.customer_id = ind_value.customer_id
            and survey_invitations.month_end = ind_value.as_of_date
    left join {{ ref('int_customer_windows') }} as customer_windows
        on
            survey_invitations.customer_id = customer_windows.customer_id
            and survey_invitations.month_end = customer_windows.as_of_date
    where survey_invitations.is_delivered

),

answers as (

    select
        survey_answers.invitation_id,
        survey_answers.measure,
        survey_answers.answer,
        survey_answers.score_0_100,
        {{ has_standard_scale('survey_answers') }} as is_standard,
        survey_answers.month_end as known_month,
        {{ month_end('survey_answers.superseded_at') }} as superseded_month
    from {{ ref('int_survey_answers') }} as survey_answers
    where coalesce(survey_answers.exclusion_reason, 'duplicate_in_wave') = 'duplicate_in_wave'

),

first_answers as (

    select
        answers.invitation_id,
        min(answers.known_month) as known_month
    from answers
    group by answers.invitation_id

),

-- Everything that happened to an invitation, with the months from which and until which it holds.
facts as (

    select
        invitations.*,
        invitations.month_end as known_month,
        cast(null as date) as superseded_month,
        'delivered' as fact,
        cast(null as decimal(18, 6)) as answer,
        cast(null as decimal(9, 6)) as score
    from invitations
    union all
    select
        invitations.*,
        first_answers.known_month,
        cast(null as date) as superseded_month,
        'answered' as fact,
        cast(null as decimal(18, 6)) as answer,
        cast(null as decimal(9, 6)) as score
    from invitations
    inner join first_answers on invitations.invitation_id = first_answers.invitation_id
    union all
    select
        invitations.*,
        answers.known_month,
        answers.superseded_month,
        answers.measure as fact,
        cast(answers.answer as decimal(18, 6)) as answer,
        answers.score_0_100 as score
    from invitations
    inner join answers on invitations.invitation_id = answers.invitation_id
    where answers.is_standard

),

monthly as (

    select
        facts.programme_id,
        facts.wave,
        facts.tier,
        facts.tenure,
        facts.month_end,
        facts.known_month,
        facts.superseded_month,
        sum(case when facts.fact = 'delivered' then 1 else 0 end) as delivered_count,
        sum(case when facts.fact = 'answered' then 1 else 0 end) as answered_count,
        {%- for class in ['promoter', 'passive', 'detractor'] %}
        sum(
            case
                when facts.fact = 'nps' and {{ nps_class('facts.answer') }} = '{{ class }}' then 1
                else 0
            end
        ) as {{ class }}_count,
        {%- endfor %}
        sum(case when facts.fact = 'csat' then 1 else 0 end) as csat_count,
        -- The two best of five boxes, whichever way the scale ran.
        sum(case when facts.fact = 'csat' and facts.score >= 75 then 1 else 0 end)
            as csat_top_two_count,
        sum(case when facts.fact = 'csat' then facts.score else 0 end) as csat_score_sum,
        sum(case when facts.fact = 'ces' then 1 else 0 end) as ces_count,
        sum(case when facts.fact = 'ces' and facts.answer >= 5 then 1 else 0 end)
            as ces_easy_count,
        sum(case when facts.fact = 'ces' then facts.answer else 0 end) as ces_answer_sum,
        sum(case when facts.fact = 'fcr' then 1 else 0 end) as fcr_count,
        sum(case when facts.fact = 'fcr' and facts.score = 100 then 1 else 0 end) as fcr_yes_count
    from facts
    group by
        facts.programme_id, facts.wave, facts.tier, facts.tenure, facts.month_end,
        facts.known_month, facts.superseded_month

)

select
    months.as_of_date,
    periods.period_months,
    monthly.programme_id,
    monthly.wave,
    monthly.tier,
    monthly.tenure,
    {%- for count in counts %}
    cast(
        sum(monthly.{{ count }}) as {{ 'decimal(28, 6)' if count.endswith('_sum') else 'integer' }}
    ) as {{ count }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('int_months') }} as months
inner join run_months
    on months.as_of_date >= run_months.first_month and months.as_of_date <= run_months.last_month
cross join periods
inner join monthly
    on
        months.as_of_date >= monthly.month_end
        and {{ month_end_after('months.as_of_date', '-periods.period_months') }} < monthly.month_end
        and months.as_of_date >= monthly.known_month
        and (
            monthly.superseded_month is null or months.as_of_date < monthly.superseded_month
        )
group by
    months.as_of_date, periods.period_months, monthly.programme_id, monthly.wave, monthly.tier,
    monthly.tenure

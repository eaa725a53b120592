{#- Grain: one row per customer of the sample, month end and measure that was measured then. The
    measures are those of the variable `association_measures`. An answer to a survey counts in the
    month it was given, not as long as it is carried, and comes with the response to its wave as
    it stood at that month end. -#}
{%- set measures = var('association_measures') -%}
with sample as (

    select * from {{ ref('ftr_association_customers') }}

),

sent as (

    select
        invitations.programme_id,
        coalesce(invitations.wave, 'none') as wave,
        invitations.month_end as as_of_date,
        1 as sent_count,
        0 as answered_count
    from {{ ref('int_survey_invitations') }} as invitations
    where invitations.is_delivered
    union all
    select
        invitations.programme_id,
        coalesce(invitations.wave, 'none') as wave,
        {{ month_end('invitations.first_answered_at') }} as as_of_date,
        0 as sent_count,
        1 as answered_count
    from {{ ref('int_survey_invitations') }} as invitations
    where invitations.is_delivered and invitations.is_answered

),

wave_months as (

    select
        sent.programme_id,
        sent.wave,
        sent.as_of_date,
        sum(sent.sent_count) as sent_count,
        sum(sent.answered_count) as answered_count
    from sent
    group by sent.programme_id, sent.wave, sent.as_of_date

),

waves as (

    select
        wave_months.programme_id,
        wave_months.wave,
        months.as_of_date,
        sum(wave_months.answered_count) as answered_count,
        sum(wave_months.sent_count) as sent_count
    from wave_months
    inner join {{ ref('int_months') }} as months on wave_months.as_of_date <= months.as_of_date
    group by wave_months.programme_id, wave_months.wave, months.as_of_date

),

-- Where a customer answered two waves in a month, the lower response counts. An answer to no
-- known invitation has no response and is set aside like one of a low one.
answers as (

    select
        survey_answers.customer_id,
        survey_answers.month_end as as_of_date,
        min(
            case
                when waves.sent_count > 0
                    then cast(waves.answered_count as double) / waves.sent_count
                else 0
            end
        ) as wave_response
    from {{ ref('int_survey_answers') }} as survey_answers
    left join waves
        on
            survey_answers.programme_id = waves.programme_id
            and coalesce(survey_answers.wave, 'none') = waves.wave
            and survey_answers.month_end = waves.as_of_date
    where
        survey_answers.customer_id is not null
        and coalesce(survey_answers.exclusion_reason, 'duplicate_in_wave') = 'duplicate_in_wave'
    group by survey_answers.customer_id, survey_answers.month_end

)

{%- for measure in measures %}
{{ 'union all' if not loop.first }}
select
    sample.customer_number,
    sample.month_number,
    '{{ measure.column }}' as measure,
    cast({{ measure.model }}.{{ measure.column }} as double) as measure_value,
    {{ 'coalesce(answers.wave_response, 0.0)' if measure.answer_age else 'cast(null as double)' }}
        as wave_response
from sample
inner join {{ ref(measure.model) }} as {{ measure.model }}
    on
        sample.customer_id = {{ measure.model }}.customer_id
        and sample.as_of_date = {{ measure.model }}.as_of_date
{%- if measure.answer_age %}
left join answers
    on
        sample.customer_id = answers.customer_id
        and sample.as_of_date = answers.as_of_date
{%- endif %}
where
    {{ measure.model }}.{{ measure.column }} is not null
    {%- if measure.answer_age %}
    and {{ month_end(dbt.dateadd(
        'day', '-' ~ measure.model ~ '.' ~ measure.answer_age, 'sample.as_of_date'
    )) }} = sample.as_of_date
    {%- endif %}
{%- endfor %}

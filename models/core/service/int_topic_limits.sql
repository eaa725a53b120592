{#- Grain: one row per number of days in a baseline (4 to 8) and of tickets on them: from how many
    tickets a day alarms (handbook C16). Larger baselines than 1,000 tickets need no row, see the
    macro topic_limit. -#}
with recursive topic_days as (

    select * from {{ ref('int_topic_days') }}

),

numbers as (

    {{ dbt.generate_series(1001) }}

),

-- No baseline holds more tickets than the eight weeks with nothing left out.
baseline_sizes as (

    select
        sum(topic_days.ticket_count) over (
            partition by topic_days.topic, topic_days.weekday_number
            order by topic_days.week_number
            rows between 8 preceding and 1 preceding
        ) as ticket_count
    from topic_days

),

largest as (

    select least(coalesce(max(baseline_sizes.ticket_count), 0), 1000) as ticket_count
    from baseline_sizes

),

-- The predictive distribution of a day after `baseline_count` tickets on `baseline_days` days, the
-- prior being Jeffreys': negative binomial. Summed from no ticket upwards until 99.9 % are reached,
-- for all baselines at once.
probabilities as (

    select
        cast(baseline_days.generated_number as integer) as baseline_days,
        cast(numbers.generated_number - 1 as integer) as baseline_count,
        0 as ticket_count,
        power(
            {{ ratio('baseline_days.generated_number', 'baseline_days.generated_number + 1') }},
            cast(numbers.generated_number as double) - 0.5
        ) as probability,
        power(
            {{ ratio('baseline_days.generated_number', 'baseline_days.generated_number + 1') }},
            cast(numbers.generated_number as double) - 0.5
        ) as probability_up_to
    from numbers
    inner join largest on numbers.generated_number <= largest.ticket_count + 1
    inner join numbers as baseline_days
        on baseline_days.generated_number >= 4 and baseline_days.generated_number <= 8
    union all
    select
        probabilities.baseline_days,
        probabilities.baseline_count,
        probabilities.ticket_count + 1 as ticket_count,
        probabilities.probability * (
            (cast(probabilities.baseline_count as double) + 0.5 + probabilities.ticket_count)
            / (probabilities.ticket_count + 1)
            / (probabilities.baseline_days + 1)
        ) as probability,
        probabilities.probability_up_to + probabilities.probability * (
            (cast(probabilities.baseline_count as double) + 0.5 + probabilities.ticket_count)
            / (probabilities.ticket_count + 1)
            / (probabilities.baseline_days + 1)
        ) as probability_up_to
    from probabilities
    where probabilities.probability_up_to <= 0.999

)

-- Alarm from the smallest number that is reached with less than one in a thousand, 5 at least; the
-- band holds 95 % with 2.5 % above it.
select
    probabilities.baseline_days,
    probabilities.baseline_count,
    greatest(
        min(
            case
                when probabilities.probability_up_to > 0.999
                    then probabilities.ticket_count + 1
            end
        ),
        5
    ) as alarm_from,
    min(
        case
            when probabilities.probability_up_to >= 0.975 then probabilities.ticket_count
        end
    ) as band_high
from probabilities
group by probabilities.baseline_days, probabilities.baseline_count

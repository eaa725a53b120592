{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: the relationship health index and its three parts
    (handbook C5), and whether an alert is open. Ninety days are three whole months.

    Windows of different make-up are never compared: a kind of interaction counts at a month end
    only where it was measured in the three months and in two windows before; the earlier windows
    are as many as all counted kinds have. An alert opens with the first month end on which one of
    its rules holds and is closed by two in a row with none, or by the loss of the customer. That
    needs nothing of the past but the row of the month before. -#}
{%- set kinds = interaction_kinds() -%}
{%- set health = var('health_weights') -%}
{%- set solving = var('solving_weights') -%}
{%- set emotion = var('emotion_weights') -%}
with run_months as (

    {{ run_months() }}

),

-- Per month end, kind and window (0 the newest): was it measured throughout?
kind_windows as (

    select
        months.as_of_date,
        measured_facts.fact,
        cast(
            floor({{ months_between('measured_facts.as_of_date', 'months.as_of_date') }} / 3)
            as integer
        ) as window_number,
        sum(case when measured_facts.is_measured then 1 else 0 end) = 3 as is_measured
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            months.as_of_date >= measured_facts.as_of_date
            and {{ month_end_after('months.as_of_date', -15) }} < measured_facts.as_of_date
    group by
        months.as_of_date,
        measured_facts.fact,
        cast(
            floor({{ months_between('measured_facts.as_of_date', 'months.as_of_date') }} / 3)
            as integer
        )

),

-- The windows before the newest that are measured without a gap.
kind_months as (

    select
        kind_windows.as_of_date,
        kind_windows.fact,
        max(
            case when kind_windows.window_number = 0 and kind_windows.is_measured then 1 else 0 end
        ) = 1 as is_measured_now,
        coalesce(
            min(
                case
                    when kind_windows.window_number > 0 and not kind_windows.is_measured
                        then kind_windows.window_number - 1
                end
            ),
            max(kind_windows.window_number)
        ) as earlier_windows
    from kind_windows
    group by kind_windows.as_of_date, kind_windows.fact

),

months as (

    select
        kind_months.as_of_date,
        coalesce(
            min(
                case
                    when kind_months.is_measured_now and kind_months.earlier_windows >= 2
                        then kind_months.earlier_windows
                end
            ),
            0
        ) as earlier_windows
        {%- for kind in kinds %},
        max(
            case
                when
                    kind_months.fact = '{{ kind.fact }}' and kind_months.is_measured_now
                    and kind_months.earlier_windows >= 2
                    then {{ kind.weight }}
                else 0
            end
        ) as {{ kind.column }}_weight,
        max(
            case
                when kind_months.fact = '{{ kind.fact }}' and kind_months.is_measured_now
                    then {{ kind.weight }}
                else 0
            end
        ) as {{ kind.column }}_weight_now
        {%- endfor %}
    from kind_months
    where
        kind_months.fact in (
            {% for kind in kinds -%}
            '{{ kind.fact }}'{{ ',' if not loop.last }}
            {% endfor -%}
        )
    group by kind_months.as_of_date

),

activity as (

    select
        customer_activity.customer_id,
        customer_activity.as_of_date,
        customer_activity.active_days,
        count(*) over fifteen_months as month_count,
        -- A month with a purchase, use or a contact that the customer began.
        {%- for name in ['3m', '12m'] %}
        sum(
            case
                when
                    customer_months.purchase_count > 0
                    or customer_activity.active_days > 0
                    or customer_activity.interactions_inbound > 0
                    or customer_activity.tickets_opened > 0
                    then 1
                else 0
            end
        ) over {{ 'window_0' if name == '3m' else 'twelve_months' }} as active_months_{{ name }}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {%- for kind in kinds %},
        {%- for number in range(5) %}
        coalesce(sum(customer_activity.{{ kind.column }}) over window_{{ number }}, 0)
            as {{ kind.column }}_{{ number }}{{ ',' if not loop.last }}
        {%- endfor %}
        {%- endfor %}
    from {{ ref('int_customer_activity') }} as customer_activity
    inner join run_months
        on
            customer_activity.as_of_date > {{ month_end_after('run_months.first_month', -15) }}
            and customer_activity.as_of_date <= run_months.last_month
    inner join {{ ref('int_customer_months') }} as customer_months
        on
            customer_activity.customer_id = customer_months.customer_id
            and customer_activity.as_of_date = customer_months.as_of_date
    window
        twelve_months as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 11 preceding and current row
        ),
        fifteen_months as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 14 preceding and current row
        )
        {%- for number in range(5) %},
        window_{{ number }} as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between {{ 3 * number + 2 }} preceding
            and {{ 3 * number ~ ' preceding' if number else 'current row' }}
        )
        {%- endfor %}

),

-- Who has been here for less than three months has no window yet.
counted as (

    select
        activity.customer_id,
        activity.as_of_date,
        activity.active_days,
        activity.active_months_3m,
        activity.active_months_12m,
        ind_value.tier,
        ind_activity.is_active,
        {{ tenure_band('ind_retention.tenure_days') }} as tenure_band,
        months.earlier_windows as measured_windows,
        least(
            months.earlier_windows, cast(floor((activity.month_count - 3) / 3) as integer)
        ) as window_count,
        case
            when
                activity.month_count >= 3
                and (
                    {% for kind in kinds -%}
                    months.{{ kind.column }}_weight_now > 0{{ ' or' if not loop.last }}
                    {% endfor %}
                )
                then
                    case
                        when months.earlier_windows >= 2
                            then
                                {% for kind in kinds -%}
                                months.{{ kind.column }}_weight * activity.{{ kind.column }}_0
                                {{ '+ ' if not loop.last }}
                                {%- endfor %}
                        else
                            {% for kind in kinds -%}
                            months.{{ kind.column }}_weight_now * activity.{{ kind.column }}_0
                            {{ '+ ' if not loop.last }}
                            {%- endfor %}
                    end
        end as count_0
        {%- for number in range(1, 5) %},
        {% for kind in kinds -%}
        months.{{ kind.column }}_weight * activity.{{ kind.column }}_{{ number }}
        {{ '+ ' if not loop.last }}
        {%- endfor %} as count_{{ number }}
        {%- endfor %}
    from activity
    inner join run_months on activity.as_of_date >= run_months.first_month
    inner join months on activity.as_of_date = months.as_of_date
    inner join {{ ref('ind_value') }} as ind_value
        on
            activity.customer_id = ind_value.customer_id
            and activity.as_of_date = ind_value.as_of_date
    inner join {{ ref('ind_retention') }} as ind_retention
        on
            activity.customer_id = ind_retention.customer_id
            and activity.as_of_date = ind_retention.as_of_date
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            activity.customer_id = ind_activity.customer_id
            and activity.as_of_date = ind_activity.as_of_date

),

-- Who never did anything in all these months is not silent, only not a person one talks with.
frequencies as (

    select
        counted.*,
        counted.count_0 + counted.count_1 + counted.count_2 + counted.count_3 + counted.count_4 > 0
            as is_ever_active,
        {{ median_of_windows(
            'counted.count_1', 'counted.count_2', 'counted.count_3', 'counted.count_4',
            'counted.window_count'
        ) }} as baseline
    from counted

),

-- A tier as one: all its active customers who have every window, together, now and before. Those
-- who have left talk less each month, and that is no season.
tier_sums as (

    select
        frequencies.as_of_date,
        frequencies.tier,
        max(frequencies.measured_windows) as window_count,
        count(*) as customer_count
        {%- for number in range(5) %},
        sum(frequencies.count_{{ number }}) as count_{{ number }}
        {%- endfor %}
    from frequencies
    where
        frequencies.window_count = frequencies.measured_windows
        and frequencies.measured_windows >= 2
        and frequencies.count_0 is not null
        and frequencies.is_active
    group by frequencies.as_of_date, frequencies.tier

),

tier_baselines as (

    select
        tier_sums.as_of_date,
        tier_sums.tier,
        tier_sums.count_0,
        {{ median_of_windows(
            'tier_sums.count_1', 'tier_sums.count_2', 'tier_sums.count_3', 'tier_sums.count_4',
            'tier_sums.window_count'
        ) }} as baseline
    from tier_sums
    where tier_sums.customer_count >= {{ var('season_min_customers') }}

),

tiers as (

    select
        tier_baselines.as_of_date,
        tier_baselines.tier,
        {{ ratio('tier_baselines.count_0 + 1', 'tier_baselines.baseline + 1') }} as season_factor,
        {{ frequency_score('tier_baselines.count_0', 'tier_baselines.baseline') }}
            as tier_interaction_score
    from tier_baselines

),

-- Narrow rows, since a percentile sorts all of them.
peers as (

    select
        frequencies.customer_id,
        frequencies.as_of_date,
        frequencies.tier,
        frequencies.tenure_band,
        frequencies.count_0
    from frequencies
    where frequencies.is_ever_active and frequencies.count_0 is not null

),

percentiles as (

    select
        peers.customer_id,
        peers.as_of_date,
        {{ percentile_score('peers.count_0', 'peers.as_of_date, peers.tier, peers.tenure_band') }}
            as peer_percentile
    from peers

),

interaction as (

    select
        frequencies.customer_id,
        frequencies.as_of_date,
        frequencies.tier,
        frequencies.active_days,
        frequencies.active_months_3m,
        frequencies.active_months_12m,
        frequencies.count_0,
        frequencies.baseline,
        frequencies.window_count,
        tiers.season_factor,
        tiers.tier_interaction_score,
        case
            when frequencies.count_0 is null or not frequencies.is_ever_active then null
            when frequencies.window_count >= 2 then 'own_baseline'
            else 'peers'
        end as basis,
        case
            when frequencies.count_0 is null or not frequencies.is_ever_active then null
            when frequencies.window_count >= 2
                then {{ frequency_score('frequencies.count_0', 'frequencies.baseline') }}
            else percentiles.peer_percentile
        end as score,
        case
            when frequencies.count_0 is null or not frequencies.is_ever_active then null
            when frequencies.window_count >= 2
                then {{ frequency_score(
                    'frequencies.count_0', 'frequencies.baseline',
                    'coalesce(tiers.season_factor, 1)'
                ) }}
            else percentiles.peer_percentile
        end as adjusted_score
    from frequencies
    left join percentiles
        on
            frequencies.customer_id = percentiles.customer_id
            and frequencies.as_of_date = percentiles.as_of_date
    left join tiers
        on frequencies.as_of_date = tiers.as_of_date and frequencies.tier = tiers.tier

),

resolution_targets as (

    {{ targets_in_force('resolution_business_minutes_mean_6m') }}

),

served as (

    select
        ind_service.customer_id,
        ind_service.as_of_date,
        interaction.tier,
        ind_service.resolution_business_minutes_mean_6m,
        ind_service.reopen_ratio_6m,
        ind_service.first_contact_cases_6m,
        cast(
            round(ind_service.first_contact_ratio_6m * ind_service.first_contact_cases_6m)
            as integer
        ) as first_contact_count
    from {{ ref('ind_service') }} as ind_service
    inner join run_months
        on
            ind_service.as_of_date >= run_months.first_month
            and ind_service.as_of_date <= run_months.last_month
    inner join interaction
        on
            ind_service.customer_id = interaction.customer_id
            and ind_service.as_of_date = interaction.as_of_date
    where ind_service.tickets_created_6m > 0 or ind_service.tickets_resolved_6m > 0

),

first_contact_tiers as (

    select
        served.as_of_date,
        served.tier,
        {{ ratio('sum(served.first_contact_count)', 'sum(served.first_contact_cases_6m)') }}
            as mean_ratio
    from served
    group by served.as_of_date, served.tier

),

solving_parts as (

    select
        served.customer_id,
        served.as_of_date,
        {{ piecewise_score(
            'served.resolution_business_minutes_mean_6m', 'resolution_targets.floor_value',
            'resolution_targets.target_value', 'resolution_targets.stretch_value', true
        ) }} as time_to_resolve,
        100 * {{ ratio(
            'served.first_contact_count + ' ~ var('first_contact_shrinkage')
            ~ ' * first_contact_tiers.mean_ratio',
            'case when served.first_contact_cases_6m > 0 then served.first_contact_cases_6m + '
            ~ var('first_contact_shrinkage') ~ ' end'
        ) }} as first_contact,
        100 * (1 - served.reopen_ratio_6m) as not_reopened
    from served
    left join first_contact_tiers
        on
            served.as_of_date = first_contact_tiers.as_of_date
            and served.tier = first_contact_tiers.tier
    left join resolution_targets
        on
            served.as_of_date = resolution_targets.as_of_date
            and served.tier = resolution_targets.tier

),

{%- set solving_list = [] -%}
{%- for part, weight in solving.items() -%}
    {%- do solving_list.append(('solving_parts.' ~ part, weight)) -%}
{%- endfor %}

solving as (

    select
        solving_parts.customer_id,
        solving_parts.as_of_date,
        {{ mean_of_measured(solving_list) }} as score
    from solving_parts

),

-- An answer weighs less the older it is; a mood is that of twelve months as it stands.
emotion_parts as (

    select
        ind_satisfaction.customer_id,
        ind_satisfaction.as_of_date,
        case ind_satisfaction.nps_class
            when 'promoter' then 100
            when 'passive' then 50
            when 'detractor' then 0
        end as recommendation,
        {{ emotion.recommendation }} * power(
            cast(0.5 as double),
            cast(ind_satisfaction.nps_answer_age_days as double)
            / {{ var('answer_half_life_days') }}
        ) as recommendation_weight,
        ind_satisfaction.csat_score as satisfaction,
        {{ emotion.satisfaction }} * power(
            cast(0.5 as double),
            cast(ind_satisfaction.csat_answer_age_days as double)
            / {{ var('answer_half_life_days') }}
        ) as satisfaction_weight,
        50 + 50 * cast(ind_text.sentiment as double) as mood,
        coalesce(
            least(ind_satisfaction.nps_answer_age_days, ind_satisfaction.csat_answer_age_days)
            <= {{ var('emotion_answer_days') }},
            false
        )
        or coalesce(
            ind_text.scored_text_items_12m >= {{ var('emotion_min_texts') }}, false
        ) as is_enough
    from {{ ref('ind_satisfaction') }} as ind_satisfaction
    inner join run_months
        on
            ind_satisfaction.as_of_date >= run_months.first_month
            and ind_satisfaction.as_of_date <= run_months.last_month
    inner join {{ ref('ind_text') }} as ind_text
        on
            ind_satisfaction.customer_id = ind_text.customer_id
            and ind_satisfaction.as_of_date = ind_text.as_of_date
    where
        ind_satisfaction.nps_answer is not null
        or ind_satisfaction.csat_score is not null
        or ind_text.sentiment is not null

),

emotion as (

    select
        emotion_parts.customer_id,
        emotion_parts.as_of_date,
        {{ mean_of_measured([
            ('emotion_parts.recommendation', 'emotion_parts.recommendation_weight'),
            ('emotion_parts.satisfaction', 'emotion_parts.satisfaction_weight'),
            ('emotion_parts.mood', emotion.mood),
        ]) }} as score
    from emotion_parts
    where emotion_parts.is_enough

),

parts as (

    select
        interaction.*,
        solving.score as solving_score,
        emotion.score as emotion_score
    from interaction
    left join solving
        on
            interaction.customer_id = solving.customer_id
            and interaction.as_of_date = solving.as_of_date
    left join emotion
        on
            interaction.customer_id = emotion.customer_id
            and interaction.as_of_date = emotion.as_of_date

),

{%- set health_parts = [
    ('parts.score', health.interaction), ('parts.solving_score', health.solving),
    ('parts.emotion_score', health.emotion),
] %}

weighed as (

    select
        parts.*,
        {{ weight_of_measured(health_parts) }} as coverage,
        {{ mean_of_measured(health_parts) }} as mean_score,
        {{ mean_of_measured(
            [('parts.adjusted_score', health.interaction)] + health_parts[1:]
        ) }} as adjusted_mean_score
    from parts

),

indexed as (

    select
        weighed.*,
        case when weighed.coverage >= {{ var('min_coverage') }} - 0.000000001
            then weighed.mean_score end as health,
        case when weighed.coverage >= {{ var('min_coverage') }} - 0.000000001
            then weighed.adjusted_mean_score end as adjusted_health
    from weighed

),

-- The months before the run's are needed to know how far the index fell and what is open.
history as (

    {% if is_incremental() -%}
    select
        this_table.customer_id,
        this_table.as_of_date,
        this_table.relationship_health_adjusted as adjusted_health,
        this_table.alert_opened_on,
        this_table.alert_opening_rules,
        this_table.is_last_known_quiet
    from {{ this }} as this_table
    inner join run_months
        on
            this_table.as_of_date < run_months.first_month
            and this_table.as_of_date
            >= {{ month_end_after('run_months.first_month', -3) }}
    union all
    {% endif -%}
    select
        indexed.customer_id,
        indexed.as_of_date,
        indexed.adjusted_health,
        cast(null as date) as alert_opened_on,
        cast(null as integer) as alert_opening_rules,
        cast(null as boolean) as is_last_known_quiet
    from indexed

),

changes as (

    select
        history.*,
        history.adjusted_health - lag(history.adjusted_health, 3) over (
            partition by history.customer_id order by history.as_of_date
        ) as health_change
    from history

),

judged as (

    select
        changes.customer_id,
        changes.as_of_date,
        changes.health_change,
        ind_activity.is_active,
        indexed.adjusted_health is not null or indexed.adjusted_score is not null as is_known,
        -- Who has left needs no alert, where there is anything that could raise one.
        indexed.adjusted_health is not null
        or indexed.adjusted_score is not null
        or (not ind_activity.is_active and indexed.count_0 is not null) as is_judged,
        case
            when indexed.adjusted_health < {{ var('alert_health_below') }} then 1 else 0
        end
        + case when changes.health_change <= -{{ var('alert_health_fall') }} then 2 else 0 end
        + case
            when
                indexed.adjusted_score < {{ var('alert_interaction_below') }}
                and case
                    when activity_before.mrr > 0
                        then
                            ind_activity.mrr
                            >= {{ var('alert_billing_kept') }} * activity_before.mrr
                    else
                        customer_windows.revenue_prior_3m > 0
                        and customer_windows.revenue_3m
                        >= {{ var('alert_billing_kept') }} * customer_windows.revenue_prior_3m
                end
                then 4
            else 0
        end as rules
    from changes
    inner join run_months on changes.as_of_date >= run_months.first_month
    inner join indexed
        on
            changes.customer_id = indexed.customer_id
            and changes.as_of_date = indexed.as_of_date
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            changes.customer_id = ind_activity.customer_id
            and changes.as_of_date = ind_activity.as_of_date
    inner join {{ ref('int_customer_windows') }} as customer_windows
        on
            changes.customer_id = customer_windows.customer_id
            and changes.as_of_date = customer_windows.as_of_date
    left join {{ ref('ind_activity') }} as activity_before
        on
            changes.customer_id = activity_before.customer_id
            and activity_before.as_of_date = {{ month_end_after('changes.as_of_date', -3) }}

),

-- The fold. A number per month end that grows with time and says whether the month was quiet gives,
-- as a running maximum, how the last known month end was; the first alert of a stretch is found as
-- the smallest number of month and rules.
states as (

    select
        judged.customer_id,
        judged.as_of_date,
        judged.health_change,
        not judged.is_active as is_gone,
        judged.is_judged,
        case when judged.is_active then judged.rules else 0 end as rules,
        case
            when not judged.is_active then 2 * {{ month_number('judged.as_of_date') }} + 1
            when judged.is_known or judged.rules > 0
                then 2 * {{ month_number('judged.as_of_date') }}
                    + case when judged.rules = 0 then 1 else 0 end
        end as known_number,
        case
            when judged.is_active and judged.rules > 0
                then 8 * {{ month_number('judged.as_of_date') }} + judged.rules
        end as alert_number
    from judged
    {%- if is_incremental() %}
    union all
    select
        history.customer_id,
        history.as_of_date,
        cast(null as double) as health_change,
        false as is_gone,
        true as is_judged,
        0 as rules,
        2 * {{ month_number('history.as_of_date') }}
        + case when history.is_last_known_quiet then 1 else 0 end as known_number,
        8 * {{ month_number('history.alert_opened_on') }} + history.alert_opening_rules
            as alert_number
    from history
    inner join run_months
        on history.as_of_date = {{ month_end_after('run_months.first_month', -1) }}
    where history.is_last_known_quiet is not null or history.alert_opened_on is not null
    {%- endif %}

),

known as (

    select
        states.*,
        max(states.known_number) over (
            partition by states.customer_id order by states.as_of_date
            rows between unbounded preceding and 1 preceding
        ) as known_before,
        max(states.known_number) over (
            partition by states.customer_id order by states.as_of_date
            rows between unbounded preceding and current row
        ) as known_now
    from states

),

closings as (

    select
        known.*,
        sum(
            case
                when known.is_gone then 1
                when
                    mod(known.known_number, 2) = 1 and mod(known.known_before, 2) = 1
                    then 1
                else 0
            end
        ) over (
            partition by known.customer_id order by known.as_of_date
            rows between unbounded preceding and current row
        ) as stretch
    from known

),

episodes as (

    select
        closings.*,
        min(closings.alert_number) over (
            partition by closings.customer_id, closings.stretch order by closings.as_of_date
            rows between unbounded preceding and current row
        ) as opening_number
    from closings

)

select
    indexed.customer_id,
    indexed.as_of_date,
    cast(indexed.active_months_3m as integer) as active_months_3m,
    cast(indexed.active_months_12m as integer) as active_months_12m,
    indexed.active_days as active_days_1m,
    {{ ratio('indexed.active_days', 'extract(day from indexed.as_of_date)') }} as stickiness_1m,
    cast(indexed.count_0 as integer) as interactions_3m,
    indexed.baseline as usual_interactions_3m,
    cast(greatest(indexed.window_count, 0) as integer) as interaction_windows,
    indexed.basis as interaction_basis,
    indexed.score as interaction_score,
    indexed.adjusted_score as interaction_score_adjusted,
    indexed.season_factor,
    indexed.tier_interaction_score,
    indexed.solving_score as problem_solving_score_6m,
    indexed.emotion_score as emotion_score_12m,
    indexed.health as relationship_health,
    case when indexed.coverage > 0 then indexed.coverage end as relationship_health_coverage,
    indexed.adjusted_health as relationship_health_adjusted,
    episodes.health_change as relationship_health_change_3m,
    {{ alert_rule_names('episodes.rules') }} as alert_rules_now,
    case
        when episodes.opening_number is not null then true
        when episodes.is_judged then false
    end as is_relationship_alert,
    case
        when episodes.opening_number is not null
            then {{ month_of_number(
                'cast(floor(episodes.opening_number / 8) as integer)'
            ) }}
    end as alert_opened_on,
    cast(mod(episodes.opening_number, 8) as integer) as alert_opening_rules,
    mod(episodes.known_now, 2) = 1 as is_last_known_quiet
from indexed
inner join episodes
    on indexed.customer_id = episodes.customer_id and indexed.as_of_date = episodes.as_of_date

{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end: what is seen of a customer's value (the explicit
    index: money) and what lies under it (the implicit index: voice, recommendation, adoption,
    loyalty), and who is silent or loud (handbook C3). -#}
{%- set explicit = var('explicit_weights') -%}
{%- set implicit = var('implicit_weights') -%}
{%- set kinds = var('voice_kinds') -%}
{#- `value_12m` is gross margin, or revenue in a company without unit costs. -#}
{%- set value_parts = {'revenue_12m': explicit.revenue, 'value_12m': explicit.margin} -%}
with run_months as (

    {{ run_months() }}

),

-- A kind counts where it was measured in all of the window's months that the history has.
fact_windows as (

    select
        months.as_of_date,
        measured_facts.fact,
        min(
            case
                when
                    measured_facts.as_of_date
                    > {{ month_end_after('months.as_of_date', -12) }}
                    then case when measured_facts.is_measured then 1 else 0 end
            end
        ) = 1 as is_measured_12m,
        min(case when measured_facts.is_measured then 1 else 0 end) = 1
        and count(*) = 15 as is_measured_15m
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            months.as_of_date >= measured_facts.as_of_date
            and {{ month_end_after('months.as_of_date', -15) }} < measured_facts.as_of_date
    group by months.as_of_date, measured_facts.fact

),

months as (

    select
        fact_windows.as_of_date
        {%- for column, kind in kinds.items() %}
        {%- for window in ['12m', '15m'] %},
        max(
            case
                when fact_windows.fact = '{{ kind.fact }}' and fact_windows.is_measured_{{ window }}
                    then 1
                else 0
            end
        ) as {{ column }}_{{ window }}
        {%- endfor %}
        {%- endfor %},
        max(
            case
                when fact_windows.fact = 'complaints' and fact_windows.is_measured_12m then 1
                else 0
            end
        ) = 1 as has_complaints,
        max(
            case
                when fact_windows.fact = 'relationship_events' and fact_windows.is_measured_12m
                    then 1
                else 0
            end
        ) = 1 as has_referrals
    from fact_windows
    group by fact_windows.as_of_date

),

activity as (

    select
        customer_activity.customer_id,
        customer_activity.as_of_date,
        count(*) over (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 14 preceding and current row
        ) as month_count,
        {%- for column in kinds %}
        coalesce(sum(customer_activity.{{ column }}) over last_12, 0) as {{ column }}_12m,
        coalesce(sum(customer_activity.{{ column }}) over last_3, 0) as {{ column }}_3m,
        coalesce(sum(customer_activity.{{ column }}) over before_3, 0) as {{ column }}_before_3m,
        {%- endfor %}
        sum(customer_activity.referrals) over last_12 as referrals_12m,
        sum(customer_activity.customer_references + customer_activity.community_contributions)
            over last_12 as influences_12m,
        sum(customer_activity.joint_developments + customer_activity.joint_plans)
            over last_12 as joint_works_12m,
        sum(customer_activity.complaints_received) over last_6 as complaints_6m,
        sum(customer_activity.complaints_received) over last_12 as complaints_12m
    from {{ ref('int_customer_activity') }} as customer_activity
    inner join run_months
        on
            customer_activity.as_of_date > {{ month_end_after('run_months.first_month', -15) }}
            and customer_activity.as_of_date <= run_months.last_month
    window
        last_3 as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 2 preceding and current row
        ),
        before_3 as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 14 preceding and 3 preceding
        ),
        last_6 as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 5 preceding and current row
        ),
        last_12 as (
            partition by customer_activity.customer_id order by customer_activity.as_of_date
            rows between 11 preceding and current row
        )

),

voices as (

    select
        activity.customer_id,
        activity.as_of_date,
        activity.month_count,
        {%- for name, flag in [('voice', 'is_voice'), ('feedback', 'is_feedback')] %}
        case
            when
                {% for column, kind in kinds.items() if kind[flag] -%}
                months.{{ column }}_12m{{ ' + ' if not loop.last }}
                {%- endfor %} > 0
                then
                    {% for column, kind in kinds.items() if kind[flag] -%}
                    months.{{ column }}_12m * activity.{{ column }}_12m{{ ' +' if not loop.last }}
                    {% endfor %}
        end as {{ name }}_12m,
        {%- endfor %}
        {%- for window in ['3m', 'before_3m'] %}
        case
            when
                activity.month_count = 15
                and {% for column, kind in kinds.items() if kind.is_voice -%}
                months.{{ column }}_15m{{ ' + ' if not loop.last }}
                {%- endfor %} > 0
                then
                    {% for column, kind in kinds.items() if kind.is_voice -%}
                    months.{{ column }}_15m * activity.{{ column }}_{{ window }}
                    {{- ' +' if not loop.last }}
                    {% endfor %}
        end as voice_{{ window }},
        {%- endfor %}
        {%- for count in ['referrals_12m', 'influences_12m', 'joint_works_12m'] %}
        case when months.has_referrals then activity.{{ count }} end as {{ count }},
        {%- endfor %}
        case when months.has_complaints then activity.complaints_6m end as complaints_6m,
        case when months.has_complaints then activity.complaints_12m end as complaints_12m
    from activity
    inner join run_months on activity.as_of_date >= run_months.first_month
    inner join months on activity.as_of_date = months.as_of_date

),

payments as (

    select
        payment_months.customer_id,
        months.as_of_date,
        sum(payment_months.amount_due) as amount_due,
        sum(payment_months.amount_on_time) as amount_on_time,
        sum(payment_months.invoices_due) as invoices_due
    from {{ ref('int_payment_months') }} as payment_months
    inner join {{ ref('int_months') }} as months
        on
            payment_months.as_of_date <= months.as_of_date
            and payment_months.as_of_date > {{ month_end_after('months.as_of_date', -12) }}
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    group by payment_months.customer_id, months.as_of_date

),

renewals as (

    {{ renewals_so_far() }}

),

-- A launch counts once its time to be adopted is over; before, it is pending.
launches as (

    select
        launch_adoptions.customer_id,
        months.as_of_date,
        sum(
            case
                when
                    launch_adoptions.eligible_month
                    <= {{ month_end_after('months.as_of_date', -var('adoption_months')) }}
                    then 1
                else 0
            end
        ) as launch_count,
        sum(
            case
                when
                    launch_adoptions.eligible_month
                    <= {{ month_end_after('months.as_of_date', -var('adoption_months')) }}
                    and launch_adoptions.adopted_month
                    <= {{ month_end_after(
                        'launch_adoptions.eligible_month', var('adoption_months')
                    ) }}
                    then 1
                else 0
            end
        ) as adopted_count,
        sum(
            case
                when
                    launch_adoptions.eligible_month
                    > {{ month_end_after('months.as_of_date', -var('adoption_months')) }}
                    then 1
                else 0
            end
        ) as pending_count
    from {{ ref('int_launch_adoptions') }} as launch_adoptions
    inner join {{ ref('int_months') }} as months
        on
            launch_adoptions.eligible_month <= months.as_of_date
            and launch_adoptions.eligible_month
            > {{ month_end_after('months.as_of_date', -12) }}
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    group by launch_adoptions.customer_id, months.as_of_date

),

joined as (

    select
        voices.*,
        ind_value.tier,
        ind_value.value_trend,
        ind_value.days_since_purchase,
        {%- for column in value_parts %}
        case when ind_value.lifetime_purchase_count > 0 then ind_value.{{ column }} end
            as {{ column }},
        {%- endfor %}
        {{ ratio('payments.amount_on_time', 'payments.amount_due') }} as on_time_ratio_12m,
        coalesce(payments.invoices_due, 0) as invoices_due_12m,
        renewals.renewals_due,
        renewals.renewals,
        renewals.renewals_12m,
        launches.launch_count,
        launches.adopted_count,
        launches.pending_count,
        ind_activity.is_active,
        ind_activity.is_active_by_purchase,
        ind_retention.tenure_days,
        ind_loyalty.loyalty_index,
        ind_satisfaction.nps_answer,
        ind_satisfaction.nps_answer_age_days,
        ind_service.complaint_sla_met_ratio_6m,
        ind_relationship.active_months_12m,
        ind_relationship.interaction_score,
        {{ ratio('voices.voice_12m', 'ind_relationship.active_months_12m') }} as voice_rate,
        {{ ratio('voices.feedback_12m', 'ind_relationship.active_months_12m') }} as feedback_rate,
        {{ ratio('voices.complaints_12m', 'ind_relationship.active_months_12m') }}
            as complaint_rate
    from voices
    inner join {{ ref('ind_value') }} as ind_value
        on
            voices.customer_id = ind_value.customer_id
            and voices.as_of_date = ind_value.as_of_date
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            voices.customer_id = ind_activity.customer_id
            and voices.as_of_date = ind_activity.as_of_date
    inner join {{ ref('ind_retention') }} as ind_retention
        on
            voices.customer_id = ind_retention.customer_id
            and voices.as_of_date = ind_retention.as_of_date
    inner join {{ ref('ind_loyalty') }} as ind_loyalty
        on
            voices.customer_id = ind_loyalty.customer_id
            and voices.as_of_date = ind_loyalty.as_of_date
    inner join {{ ref('ind_satisfaction') }} as ind_satisfaction
        on
            voices.customer_id = ind_satisfaction.customer_id
            and voices.as_of_date = ind_satisfaction.as_of_date
    inner join {{ ref('ind_service') }} as ind_service
        on
            voices.customer_id = ind_service.customer_id
            and voices.as_of_date = ind_service.as_of_date
    inner join {{ ref('ind_relationship') }} as ind_relationship
        on
            voices.customer_id = ind_relationship.customer_id
            and voices.as_of_date = ind_relationship.as_of_date
    {%- for facts in ['payments', 'renewals', 'launches'] %}
    left join {{ facts }}
        on
            voices.customer_id = {{ facts }}.customer_id
            and voices.as_of_date = {{ facts }}.as_of_date
    {%- endfor %}

),

-- What a tier is like: among its active customers.
tiers as (

    select
        joined.as_of_date,
        joined.tier,
        percentile_cont({{ var('silent_voice_percentile') }}) within group (
            order by joined.voice_rate
        ) as silent_voice_rate,
        percentile_cont({{ var('complaint_percentile') }}) within group (
            order by joined.complaint_rate
        ) as loud_complaint_rate,
        {{ ratio('sum(joined.adopted_count)', 'sum(joined.launch_count)') }} as adoption_ratio,
        {{ ratio('sum(joined.voice_before_3m)', '12 * count(joined.voice_before_3m)') }}
            as monthly_voice
    from joined
    where joined.is_active
    group by joined.as_of_date, joined.tier

),

-- Narrow rows, since each percentile sorts all of them.
measures as (

    select
        joined.customer_id,
        joined.as_of_date,
        {%- for column in value_parts %}
        joined.{{ column }},
        {%- endfor %}
        joined.on_time_ratio_12m,
        joined.feedback_rate,
        case when joined.is_active then joined.days_since_purchase end as days_since_purchase
    from joined

),

percentiles as (

    select
        measures.customer_id,
        measures.as_of_date,
        {%- for column in value_parts.keys() | list + ['on_time_ratio_12m', 'feedback_rate'] %}
        {{ percentile_score('measures.' ~ column, 'measures.as_of_date') }}
            as {{ column }}_percentile,
        {%- endfor %}
        {{ percentile_score('measures.days_since_purchase', 'measures.as_of_date', false) }}
            as freshness
    from measures

),

{%- set explicit_parts = [('percentiles.on_time_ratio_12m_percentile', explicit.paid_on_time)] -%}
{%- for column, weight in value_parts.items() -%}
    {%- do explicit_parts.append(('percentiles.' ~ column ~ '_percentile', weight)) -%}
{%- endfor %}

parts as (

    select
        joined.*,
        tiers.silent_voice_rate,
        tiers.loud_complaint_rate,
        tiers.monthly_voice,
        percentiles.freshness,
        case
            when {{ weight_of_measured(explicit_parts) }} >= {{ var('min_coverage') }}
                then {{ mean_of_measured(explicit_parts) }}
        end as explicit_index,
        percentiles.feedback_rate_percentile as feedback_score,
        -- The younger the answer the more it weighs against the referrals; without an answer the
        -- referrals speak alone.
        case
            when joined.nps_answer is not null
                then {{ mean_of_measured([
                    (
                        '10 * joined.nps_answer',
                        '0.5 * power(cast(0.5 as double), '
                        ~ 'cast(joined.nps_answer_age_days as double) / '
                        ~ var('answer_half_life_days') ~ ')',
                    ),
                    (
                        'least(100, ' ~ var('referral_points') ~ ' * joined.referrals_12m)', '0.5',
                    ),
                ]) }}
            when joined.referrals_12m > 0
                then cast(
                    least(100, {{ var('referral_points') }} * joined.referrals_12m) as double
                )
        end as recommendation_score,
        100 * {{ ratio(
            'joined.adopted_count + ' ~ var('adoption_shrinkage') ~ ' * tiers.adoption_ratio',
            'case when joined.launch_count > 0 then joined.launch_count + '
            ~ var('adoption_shrinkage') ~ ' end'
        ) }} as acceptance_score,
        joined.loyalty_index as loyalty_score
    from joined
    inner join percentiles
        on
            joined.customer_id = percentiles.customer_id
            and joined.as_of_date = percentiles.as_of_date
    left join tiers
        on joined.as_of_date = tiers.as_of_date and joined.tier = tiers.tier

),

{%- set implicit_parts = [] -%}
{%- for part, weight in implicit.items() -%}
    {%- do implicit_parts.append(('parts.' ~ part ~ '_score', weight)) -%}
{%- endfor %}

indexed as (

    select
        parts.*,
        {% for part, weight in implicit_parts -%}
        case when {{ part }} is null then 0 else 1 end{{ ' +' if not loop.last }}
        {% endfor %} as implicit_part_count,
        {{ mean_of_measured(implicit_parts) }} as implicit_mean
    from parts

),

-- The voice of three months against what the twelve before let expect: a negative binomial with the
-- tier's rate for some months as its prior. The chance of as few or as many is a sum of terms, each
-- rounded, so that the sum is the same in every run.
expected as (

    select
        indexed.customer_id,
        indexed.as_of_date,
        indexed.voice_3m,
        indexed.voice_before_3m + {{ var('voice_prior_months') }} * indexed.monthly_voice as shape,
        {{ 12 + var('voice_prior_months') }}
        / cast({{ 12 + var('voice_prior_months') + 3 }} as double) as success
    from indexed
    where
        indexed.voice_3m is not null
        and indexed.voice_before_3m + {{ var('voice_prior_months') }} * indexed.monthly_voice > 0

),

numbers as (

    {{ dbt.generate_series(1000) }}

),

terms as (

    select
        expected.customer_id,
        expected.as_of_date,
        expected.voice_3m,
        numbers.generated_number - 1 as term_number,
        cast(
            exp(
                {{ ln_gamma('(expected.shape + numbers.generated_number - 1)') }}
                - {{ ln_gamma('expected.shape') }}
                - {{ ln_gamma('cast(numbers.generated_number as double)') }}
                + expected.shape * ln(expected.success)
                + (numbers.generated_number - 1) * ln(1 - expected.success)
            ) as decimal(20, 15)
        ) as probability
    from expected
    inner join numbers on expected.voice_3m + 1 >= numbers.generated_number
    where expected.voice_3m > 0

),

tails as (

    select
        terms.customer_id,
        terms.as_of_date,
        sum(terms.probability) as at_most,
        1 - sum(
            case when terms.term_number < terms.voice_3m then terms.probability else 0 end
        ) as at_least
    from terms
    group by terms.customer_id, terms.as_of_date
    union all
    -- Most say nothing in three months: the chance of that is a power.
    select
        expected.customer_id,
        expected.as_of_date,
        cast(power(expected.success, expected.shape) as decimal(20, 15)) as at_most,
        cast(1 as decimal(20, 15)) as at_least
    from expected
    where expected.voice_3m = 0

),

judged as (

    select
        indexed.*,
        case
            when indexed.implicit_part_count >= {{ var('implicit_min_parts') }}
                then indexed.implicit_mean
        end as implicit_index,
        case
            when indexed.voice_rate is null or indexed.silent_voice_rate is null then null
            else indexed.voice_rate <= indexed.silent_voice_rate
        end as is_silent,
        tails.at_most,
        tails.at_least
    from indexed
    left join tails
        on
            indexed.customer_id = tails.customer_id
            and indexed.as_of_date = tails.as_of_date

)

select
    judged.customer_id,
    judged.as_of_date,
    judged.explicit_index,
    judged.implicit_index,
    cast(judged.implicit_part_count as integer) as implicit_parts,
    judged.feedback_score as feedback_score_12m,
    judged.recommendation_score,
    judged.acceptance_score as new_product_score_12m,
    {{ ratio('judged.implicit_index', 'judged.explicit_index + judged.implicit_index') }}
        as submerged_share,
    case
        when judged.explicit_index is null or judged.implicit_index is null then null
        when judged.explicit_index >= {{ var('iceberg_high_from') }}
            then case
                when judged.implicit_index >= {{ var('iceberg_high_from') }} then 'star'
                else 'quiet_payer'
            end
        when judged.implicit_index >= {{ var('iceberg_high_from') }} then 'hidden_gem'
        else 'low'
    end as iceberg_quadrant,
    cast(judged.voice_12m as integer) as voice_items_12m,
    judged.voice_rate as voice_per_active_month_12m,
    cast(judged.referrals_12m as integer) as referral_count_12m,
    cast(judged.influences_12m as integer) as influence_count_12m,
    cast(judged.joint_works_12m as integer) as knowledge_count_12m,
    cast(judged.launch_count as integer) as launches_eligible_12m,
    cast(judged.adopted_count as integer) as launches_adopted_12m,
    cast(judged.pending_count as integer) as launches_pending_12m,
    judged.on_time_ratio_12m as paid_on_time_ratio_12m,
    cast(judged.invoices_due_12m as integer) as invoices_due_12m,
    cast(judged.renewals_due as integer) as renewals_due_24m,
    cast(judged.renewals as integer) as renewals_24m,
    {{ ratio('judged.renewals', 'judged.renewals_due') }} as renewal_ratio_24m,
    case
        when not judged.is_active then false
        when judged.is_silent is null or judged.value_trend is null then null
        else
            judged.is_silent
            and judged.tenure_days >= {{ var('loyal_tenure_days') }}
            and (judged.is_active_by_purchase or coalesce(judged.renewals_12m, 0) > 0)
            and judged.value_trend >= {{ var('value_kept_from') }}
    end as is_silent_loyalist,
    case
        when not judged.is_active then false
        when judged.is_silent is null then null
        else
            judged.is_silent
            and coalesce(
                coalesce(judged.interaction_score, judged.freshness)
                < {{ var('leaver_interaction_below') }},
                false
            )
    end as is_silent_leaver,
    case
        when not judged.is_active then 'none'
        when judged.complaint_rate is null or judged.complaints_6m is null then null
        when
            judged.complaints_6m < {{ var('complaint_min_6m') }}
            or judged.complaint_rate < judged.loud_complaint_rate
            then 'none'
        when
            judged.complaint_sla_met_ratio_6m >= {{ var('constructive_solved_ratio') }}
            and coalesce(judged.value_trend >= {{ var('value_kept_from') }}, true)
            then 'constructive'
        else 'at_risk'
    end as frequent_complainer,
    case
        when judged.at_most is null then null
        when judged.at_most < 0.025 then 'quieter'
        when judged.at_least < 0.025 then 'louder'
        else 'noise'
    end as voice_change_3m
from judged

{#- Grain: one row per rating, characteristic and bin: how many went bad in it, what that weighs,
    and the points that the rating gives. The learnt rating's bins are as it found them; those of
    the expert's are the seed's, counted over the newest months whose outcome is known. -#}
{%- set characteristics = [
    'paid_on_time_ratio_12m', 'days_past_due_max_12m', 'credit_utilisation_ratio',
    'return_ratio_12m', 'disputes_12m', 'tenure_days', 'external_credit_rating',
] -%}
{%- set smoothing = var('credit_evidence_smoothing') -%}
with labels as (

    select
        labels.customer_id,
        labels.as_of_date,
        labels.is_bad
    from {{ ref('ftr_credit_labels') }} as labels
    where labels.is_eligible and labels.is_label_complete

),

last_months as (

    select max(labels.as_of_date) as last_month
    from labels

),

report_months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'credit_checks' and measured_facts.is_measured

),

cases as (

    select
        features.*,
        labels.is_bad,
        report_months.as_of_date is not null as is_report_measured
    from labels
    inner join last_months
        on
            labels.as_of_date
            > {{ month_end_after('last_months.last_month', -var('credit_evidence_months')) }}
    inner join {{ ref('ftr_credit') }} as features
        on
            labels.customer_id = features.customer_id
            and labels.as_of_date = features.as_of_date
    left join report_months on labels.as_of_date = report_months.as_of_date

),

counted as (

    {% for characteristic in characteristics -%}
    select
        '{{ characteristic }}' as characteristic,
        rules.characteristic is not null as is_told,
        rules.from_value,
        count(*) as case_count,
        {{ count_when('cases.is_bad') }} as bad_count
    from cases
    left join {{ ref('credit_rules') }} as rules
        on
            rules.characteristic = '{{ characteristic }}'
            and {{ credit_rule_holds(
                'cases.' ~ characteristic,
                'rules',
                'cases.is_report_measured' if characteristic == 'external_credit_rating'
            ) }}
    group by rules.characteristic, rules.from_value
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

spans as (

    select
        rules.characteristic,
        true as is_told,
        rules.from_value,
        rules.to_value,
        rules.evidence,
        rules.reason
    from {{ ref('credit_rules') }} as rules
    {% for characteristic in characteristics -%}
    union all
    select
        '{{ characteristic }}' as characteristic,
        false as is_told,
        null as from_value,
        null as to_value,
        0 as evidence,
        'not known' as reason
    {% endfor %}

),

expert as (

    select
        spans.characteristic,
        row_number() over (
            partition by spans.characteristic
            order by spans.from_value asc nulls last, spans.is_told desc
        ) as bin_number,
        spans.reason as bin_label,
        cast(spans.from_value as double) as from_value,
        cast(spans.to_value as double) as to_value,
        coalesce(counted.case_count, 0) as case_count,
        coalesce(counted.bad_count, 0) as bad_count,
        count(*) over (partition by spans.characteristic) as bin_count,
        sum(coalesce(counted.case_count, 0)) over (partition by spans.characteristic)
            as all_count,
        sum(coalesce(counted.bad_count, 0)) over (partition by spans.characteristic)
            as all_bad_count,
        round({{ credit_factor() }} * cast(spans.evidence as double), 1) as points
    from spans
    left join counted
        on
            spans.characteristic = counted.characteristic
            and spans.is_told = counted.is_told
            and (
                spans.from_value = counted.from_value
                or (spans.from_value is null and counted.from_value is null)
            )

)

select
    'expert' as rating,
    'credit_rules' as estimator_version,
    expert.characteristic,
    cast(expert.bin_number as integer) as bin_number,
    expert.bin_label,
    expert.from_value,
    expert.to_value,
    cast(expert.case_count as bigint) as case_count,
    cast(expert.bad_count as bigint) as bad_count,
    round({{ ratio('expert.bad_count', 'expert.case_count') }}, 6) as bad_ratio,
    case when expert.case_count > 0
        then round(
            ln(
                (expert.case_count - expert.bad_count + {{ smoothing }})
                / (expert.all_count - expert.all_bad_count + {{ smoothing }} * expert.bin_count)
            )
            - ln(
                (expert.bad_count + {{ smoothing }})
                / (expert.all_bad_count + {{ smoothing }} * expert.bin_count)
            ),
            6
        )
    end as evidence,
    expert.points,
    expert.case_count < {{ var('min_n') }} as is_low_n
from expert
union all
select
    'learnt' as rating,
    bins.estimator_version,
    bins.feature as characteristic,
    bins.bin_number,
    bins.bin_label,
    bins.from_value,
    bins.to_value,
    bins.row_count as case_count,
    bins.bad_count,
    round({{ ratio('bins.bad_count', 'bins.row_count') }}, 6) as bad_ratio,
    case when bins.row_count > 0
        then round(bins.evidence, 6)
    end as evidence,
    cast(bins.points as double) as points,
    bins.row_count < {{ var('min_n') }} as is_low_n
from {{ source('ml', 'credit_bins') }} as bins

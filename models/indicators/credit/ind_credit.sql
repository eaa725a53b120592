{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month end. How the customer paid, and a rating of 300 to 850
    points from it (handbook C13): each characteristic adds the weight of evidence that the seed
    `credit_rules` gives its value, in units of the logarithm of the odds; the points are those of
    the sum. A new customer is unrated, not worst; too little that is known gives no points. Where
    credit agencies are asked, no report is no good news: the seed says what it weighs. -#}
{%- set characteristics = [
    'paid_on_time_ratio_12m', 'days_past_due_max_12m', 'credit_utilisation_ratio',
    'return_ratio_12m', 'disputes_12m', 'tenure_days', 'external_credit_rating',
] -%}
with run_months as (

    {{ run_months() }}

),

customers as (

    select
        ind_value.customer_id,
        ind_value.as_of_date,
        customer_windows.tenure_days,
        ind_value.return_ratio_12m,
        ind_iceberg.invoices_due_12m,
        ind_iceberg.paid_on_time_ratio_12m,
        attributes.credit_limit
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month
    inner join {{ ref('ind_iceberg') }} as ind_iceberg
        on
            ind_value.customer_id = ind_iceberg.customer_id
            and ind_value.as_of_date = ind_iceberg.as_of_date
    inner join {{ ref('int_customer_windows') }} as customer_windows
        on
            ind_value.customer_id = customer_windows.customer_id
            and ind_value.as_of_date = customer_windows.as_of_date
    left join {{ ref('int_customer_attribute_months') }} as attributes
        on
            ind_value.customer_id = attributes.customer_id
            and ind_value.as_of_date = attributes.as_of_date

),

-- The months in which anybody is known to have paid anything, and the first of them.
payment_months as (

    select distinct payments.month_end
    from {{ ref('int_payments') }} as payments
    inner join run_months on payments.month_end <= run_months.last_month

),

receivable_months as (

    select receivable_months.*
    from {{ ref('int_receivable_months') }} as receivable_months
    inner join run_months
        on
            receivable_months.as_of_date > {{ month_end_after('run_months.first_month', -12) }}
            and receivable_months.as_of_date <= run_months.last_month

),

months as (

    select months.as_of_date
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month

),

delays as (

    select
        months.as_of_date,
        receivable_months.customer_id,
        max(receivable_months.days_past_due) as days_past_due_max_12m
    from receivable_months
    inner join months
        on
            receivable_months.as_of_date <= months.as_of_date
            and receivable_months.as_of_date > {{ month_end_after('months.as_of_date', -12) }}
    group by months.as_of_date, receivable_months.customer_id

),

complaint_months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'complaints' and measured_facts.is_measured

),

disputes as (

    select
        months.as_of_date,
        complaints.customer_id,
        count(*) as disputes_12m
    from {{ ref('int_complaints') }} as complaints
    inner join months
        on
            {{ month_end('complaints.known_at') }} <= months.as_of_date
            and {{ month_end('complaints.received_at') }}
            > {{ month_end_after('months.as_of_date', -12) }}
            and (
                complaints.excluded_at is null
                or {{ month_end('complaints.excluded_at') }} > months.as_of_date
            )
    where complaints.customer_id is not null and complaints.topic in (
        {%- for topic in var('credit_dispute_topics') %}
        '{{ topic }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
    group by months.as_of_date, complaints.customer_id

),

-- The months in which reports of credit agencies are known of, so that none says something.
report_months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    where measured_facts.fact = 'credit_checks' and measured_facts.is_measured

),

joined as (

    select
        customers.customer_id,
        customers.as_of_date,
        customers.invoices_due_12m,
        payment_months.month_end is not null as is_measured,
        customers.credit_limit,
        customers.paid_on_time_ratio_12m,
        -- Who has never had anything fall due has shown nothing: the delay is not 0 but unknown.
        case
            when
                payment_months.month_end is not null
                and (customers.invoices_due_12m > 0 or delays.days_past_due_max_12m > 0)
                then coalesce(delays.days_past_due_max_12m, 0)
        end as days_past_due_max_12m,
        case when payment_months.month_end is not null
            then cast(coalesce(receivables.receivable_amount, 0) as decimal(18, 4))
        end as receivable_amount,
        case when payment_months.month_end is not null
            then cast(coalesce(receivables.overdue_amount, 0) as decimal(18, 4))
        end as overdue_amount,
        case when payment_months.month_end is not null
            then {{ ratio('coalesce(receivables.receivable_amount, 0)', 'customers.credit_limit') }}
        end as credit_utilisation_ratio,
        customers.return_ratio_12m,
        {{ measured_count('complaint_months.as_of_date is not null', 'disputes.disputes_12m') }}
            as disputes_12m,
        customers.tenure_days,
        report_months.as_of_date is not null as is_report_measured,
        credit_reports.rating as external_credit_rating,
        credit_reports.grade as external_credit_grade,
        credit_reports.age_days as external_credit_age_days
    from customers
    left join payment_months on customers.as_of_date = payment_months.month_end
    left join complaint_months on customers.as_of_date = complaint_months.as_of_date
    left join receivable_months as receivables
        on
            customers.customer_id = receivables.customer_id
            and customers.as_of_date = receivables.as_of_date
    left join delays
        on
            customers.customer_id = delays.customer_id
            and customers.as_of_date = delays.as_of_date
    left join disputes
        on
            customers.customer_id = disputes.customer_id
            and customers.as_of_date = disputes.as_of_date
    left join report_months on customers.as_of_date = report_months.as_of_date
    left join {{ ref('int_credit_reports') }} as credit_reports
        on
            customers.customer_id = credit_reports.customer_id
            and customers.as_of_date = credit_reports.as_of_date

),

weighed as (

    select
        joined.*
        {%- for characteristic in characteristics %},
        rules_{{ loop.index }}.evidence as evidence_{{ loop.index }},
        rules_{{ loop.index }}.reason as reason_{{ loop.index }},
        rules_{{ loop.index }}.reason_zh as reason_zh_{{ loop.index }}
        {%- endfor %}
    from joined
    {%- for characteristic in characteristics %}
    left join {{ ref('credit_rules') }} as rules_{{ loop.index }}
        on
            rules_{{ loop.index }}.characteristic = '{{ characteristic }}'
            and {{ credit_rule_holds(
                'joined.' ~ characteristic,
                'rules_' ~ loop.index,
                'joined.is_report_measured' if characteristic == 'external_credit_rating'
            ) }}
    {%- endfor %}

),

summed as (

    select
        weighed.*,
        {% for characteristic in characteristics -%}
        case
            when weighed.evidence_{{ loop.index }} is not null
                and weighed.{{ characteristic }} is not null
                then 1
            else 0
        end
        {{- ' +' if not loop.last }}
        {% endfor -%} as credit_characteristics,
        {% for characteristic in characteristics -%}
        coalesce(weighed.evidence_{{ loop.index }}, 0){{ ' +' if not loop.last }}
        {% endfor -%} as evidence,
        least(
            {%- for characteristic in characteristics %}
            coalesce(weighed.evidence_{{ loop.index }}, 0){{ ',' if not loop.last }}
            {%- endfor %}
        ) as worst_evidence
    from weighed

),

rated as (

    select
        summed.*,
        {{ ratio('summed.credit_characteristics', characteristics | length) }} as credit_coverage,
        case
            when not summed.is_measured then null
            when
                summed.tenure_days < {{ var('credit_min_tenure_days') }}
                or coalesce(summed.invoices_due_12m, 0) = 0
                then 'unrated'
            when
                summed.credit_characteristics
                < {{ var('min_coverage') }} * {{ characteristics | length }}
                then 'insufficient_evidence'
            else 'rated'
        end as credit_status
    from summed

),

pointed as (

    select
        rated.*,
        case when rated.credit_status = 'rated'
            then cast(
                least(
                    greatest(
                        round({{ credit_points(
                            'ln(' ~ var('credit_scale').usual_odds ~ '.0) + rated.evidence'
                        ) }}),
                        {{ var('credit_scale').lowest }}
                    ),
                    {{ var('credit_scale').highest }}
                ) as integer
            )
        end as credit_points
    from rated

)

select
    pointed.customer_id,
    pointed.as_of_date,
    pointed.credit_status,
    pointed.credit_points,
    grades.grade as credit_grade,
    pointed.credit_coverage,
    cast(pointed.credit_characteristics as integer) as credit_characteristics,
    {%- for reason in ['reason', 'reason_zh'] %}
    case
        when pointed.credit_status <> 'rated' or pointed.worst_evidence >= 0 then null
        {%- for characteristic in characteristics %}
        when pointed.evidence_{{ loop.index }} = pointed.worst_evidence
            then pointed.{{ reason }}_{{ loop.index }}
        {%- endfor %}
    end as credit_main_{{ reason }},
    {%- endfor %}
    cast(pointed.days_past_due_max_12m as integer) as days_past_due_max_12m,
    pointed.receivable_amount,
    pointed.overdue_amount,
    cast(pointed.credit_limit as decimal(18, 4)) as credit_limit,
    pointed.credit_utilisation_ratio,
    pointed.disputes_12m,
    cast(pointed.external_credit_rating as integer) as external_credit_rating,
    pointed.external_credit_grade,
    cast(pointed.external_credit_age_days as integer) as external_credit_age_days
from pointed
left join {{ ref('credit_grades') }} as grades
    on
        pointed.credit_points >= grades.from_points
        and pointed.credit_points < grades.to_points

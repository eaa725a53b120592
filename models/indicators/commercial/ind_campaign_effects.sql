{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and campaign with a control group, once customers were assigned to
    it: what those who were to get it bought more than those who, by lot, were not. Everybody counts
    in the arm of the first assignment, reached or not (intention to treat). Nothing is said before
    every one of them had the `campaign_effect_days`, nor where the arms are out of proportion to
    what was registered: then the lot was not drawn as planned (handbook C22).

    The shares have Wilson intervals and their difference Newcombe's; the difference of means has
    Welch's. Money is added as decimals, squares too, so that the order of rows does not matter. -#}
{%- set arms = ['treatment', 'control'] -%}
with run_months as (

    {{ run_months() }}

),

cells as (

    select
        experiment_arms.experiment_id,
        experiment_arms.arm,
        experiment_arms.assigned_month,
        experiment_arms.due_month,
        count(*) as customer_count,
        {{ count_when('experiment_arms.purchase_count > 0') }} as converted_count,
        {{ count_when('not experiment_arms.has_consent') }} as without_consent_count,
        {%- for first, second in [
            ('amount', none), ('gross_margin', none), ('uncosted', none),
            ('amount', 'amount'), ('gross_margin', 'gross_margin'),
            ('gross_margin', 'uncosted'), ('uncosted', 'uncosted'),
        ] %}
        sum(
            {{ 'experiment_arms.' ~ first if first != 'uncosted'
                else '(experiment_arms.amount - experiment_arms.costed_amount)' }}
            {%- if second %}
            * {{ 'experiment_arms.' ~ second if second != 'uncosted'
                else '(experiment_arms.amount - experiment_arms.costed_amount)' }}
            {%- endif %}
        ) as {{ first }}{{ '_' ~ second if second }}_sum{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_experiment_arms') }} as experiment_arms
    group by
        experiment_arms.experiment_id,
        experiment_arms.arm,
        experiment_arms.assigned_month,
        experiment_arms.due_month

),

campaigns as (

    select
        campaigns.as_of_date,
        campaigns.campaign_id,
        campaigns.channel,
        campaigns.experiment_id,
        campaigns.cost_amount,
        campaigns.value_basis,
        value_basis.gross_margin_ratio_12m as margin_ratio,
        experiments.treatment_share,
        experiments.planned_units_per_arm as planned_count
    from {{ ref('ind_campaigns') }} as campaigns
    inner join run_months
        on
            campaigns.as_of_date >= run_months.first_month
            and campaigns.as_of_date <= run_months.last_month
    left join {{ ref('ind_value_basis') }} as value_basis
        on campaigns.as_of_date = value_basis.as_of_date
    left join {{ ref('stg_organisation__experiments') }} as experiments
        on
            campaigns.experiment_id = experiments.experiment_id
            and {{ holds_on(
                'campaigns.as_of_date', 'cast(experiments.valid_from as date)',
                'cast(experiments.valid_to as date)'
            ) }}

),

-- Each arm as it stood, its value by the company's basis of that month.
sides as (

    select
        campaigns.as_of_date,
        campaigns.campaign_id,
        cells.arm,
        sum(cells.customer_count) as customer_count,
        sum(case when cells.due_month > campaigns.as_of_date then cells.customer_count else 0 end)
            as pending_count,
        sum(cells.converted_count) as converted_count,
        sum(cells.without_consent_count) as without_consent_count,
        cast(sum(cells.amount_sum) as double) as amount_sum,
        cast(sum(cells.amount_amount_sum) as double) as amount_squares,
        cast(sum(cells.gross_margin_sum) as double)
        + max(campaigns.margin_ratio) * cast(sum(cells.uncosted_sum) as double) as margin_sum,
        cast(sum(cells.gross_margin_gross_margin_sum) as double)
        + 2 * max(campaigns.margin_ratio) * cast(
            sum(cells.gross_margin_uncosted_sum) as double
        )
        + max(campaigns.margin_ratio) * max(campaigns.margin_ratio)
        * cast(sum(cells.uncosted_uncosted_sum) as double) as margin_squares,
        max(campaigns.value_basis) as value_basis
    from campaigns
    inner join cells
        on
            campaigns.experiment_id = cells.experiment_id
            and campaigns.as_of_date >= cells.assigned_month
    group by campaigns.as_of_date, campaigns.campaign_id, cells.arm

),

valued as (

    select
        sides.as_of_date,
        sides.campaign_id,
        sides.arm,
        sides.customer_count,
        sides.pending_count,
        sides.converted_count,
        sides.without_consent_count,
        case when sides.value_basis = 'margin' then sides.margin_sum else sides.amount_sum end
            as value_sum,
        case
            when sides.value_basis = 'margin' then sides.margin_squares else sides.amount_squares
        end as value_squares
    from sides

),

-- Squared standard error of the mean, from the sample's own spread.
measured as (

    select
        valued.*,
        {{ ratio('valued.value_sum', 'valued.customer_count') }} as value_mean,
        {{ ratio(
            'greatest(valued.value_squares - valued.value_sum * '
            ~ ratio('valued.value_sum', 'valued.customer_count') ~ ', 0)',
            'valued.customer_count * (valued.customer_count - 1)'
        ) }} as squared_error
    from valued

),

paired as (

    select
        measured.as_of_date,
        measured.campaign_id,
        sum(measured.pending_count) as pending_count,
        {%- for arm in arms %}
        {%- for name in [
            'customer_count', 'converted_count', 'without_consent_count', 'value_mean',
            'squared_error',
        ] %}
        max(case when measured.arm = '{{ arm }}' then measured.{{ name }} end)
            as {{ arm }}_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from measured
    group by measured.as_of_date, measured.campaign_id

),

judged as (

    select
        campaigns.channel,
        campaigns.experiment_id,
        campaigns.cost_amount,
        campaigns.value_basis,
        campaigns.planned_count,
        paired.*,
        case
            when
                coalesce(paired.treatment_customer_count, 0) = 0
                or coalesce(paired.control_customer_count, 0) = 0
                then 'one arm only'
            when paired.pending_count > 0 then 'too early'
            when
                {{ ratio(
                    'power(paired.treatment_customer_count - (paired.treatment_customer_count '
                    ~ '+ paired.control_customer_count) * campaigns.treatment_share, 2)',
                    '(paired.treatment_customer_count + paired.control_customer_count) '
                    ~ '* campaigns.treatment_share * (1 - campaigns.treatment_share)'
                ) }} > {{ var('sample_ratio_chi_square_max') }}
                then 'arms out of proportion'
            else 'compared'
        end as status
    from paired
    inner join campaigns
        on
            paired.as_of_date = campaigns.as_of_date
            and paired.campaign_id = campaigns.campaign_id

),

rated as (

    select
        judged.*,
        {%- for arm, name in [('treatment', 'treated'), ('control', 'control')] %}
        {%- set counts = [
            'judged.' ~ arm ~ '_converted_count', 'judged.' ~ arm ~ '_customer_count'
        ] %}
        case when judged.status = 'compared' then {{ ratio(counts[0], counts[1]) }} end
            as {{ name }}_conversion_ratio,
        case when judged.status = 'compared' then {{ wilson_low(counts[0], counts[1]) }} end
            as {{ name }}_conversion_low,
        case when judged.status = 'compared' then {{ wilson_high(counts[0], counts[1]) }} end
            as {{ name }}_conversion_high,
        {%- endfor %}
        case
            when judged.status = 'compared'
                then judged.treatment_value_mean - judged.control_value_mean
        end as value_difference,
        sqrt(judged.treatment_squared_error + judged.control_squared_error) as standard_error,
        -- Welch and Satterthwaite.
        {{ ratio(
            'power(judged.treatment_squared_error + judged.control_squared_error, 2)',
            'power(judged.treatment_squared_error, 2) / (judged.treatment_customer_count - 1) '
            ~ '+ power(judged.control_squared_error, 2) / (judged.control_customer_count - 1)'
        ) }} as degrees
    from judged

),

differences as (

    select
        rated.*,
        rated.treated_conversion_ratio - rated.control_conversion_ratio as conversion_difference,
        {{ difference_low(
            'rated.treated_conversion_ratio', 'rated.treated_conversion_low',
            'rated.control_conversion_ratio', 'rated.control_conversion_high'
        ) }} as conversion_difference_low,
        {{ difference_high(
            'rated.treated_conversion_ratio', 'rated.treated_conversion_high',
            'rated.control_conversion_ratio', 'rated.control_conversion_low'
        ) }} as conversion_difference_high,
        {{ student_95('rated.degrees') }} * rated.standard_error as half_width
    from rated

)

select
    differences.as_of_date,
    differences.campaign_id,
    differences.experiment_id,
    differences.channel,
    differences.status,
    differences.value_basis,
    cast(coalesce(differences.treatment_customer_count, 0) as integer) as treated_count,
    cast(coalesce(differences.control_customer_count, 0) as integer) as control_count,
    {%- for arm, name in [('treatment', 'treated'), ('control', 'control')] %}
    cast(coalesce(differences.{{ arm }}_without_consent_count, 0) as integer)
        as {{ name }}_without_consent_count,
    {%- endfor %}
    cast(differences.pending_count as integer) as pending_count,
    cast(differences.planned_count as integer) as planned_count,
    least(
        coalesce(differences.treatment_customer_count, 0),
        coalesce(differences.control_customer_count, 0)
    ) < differences.planned_count as is_below_plan,
    least(
        coalesce(differences.treatment_customer_count, 0),
        coalesce(differences.control_customer_count, 0)
    ) < {{ var('min_n') }} as is_low_n,
    differences.treated_conversion_ratio,
    differences.treated_conversion_low,
    differences.treated_conversion_high,
    differences.control_conversion_ratio,
    differences.control_conversion_low,
    differences.control_conversion_high,
    -- Differences of doubles are off by their last digit.
    round(differences.conversion_difference, 9) as incremental_conversion,
    round(differences.conversion_difference_low, 9) as incremental_conversion_low,
    round(differences.conversion_difference_high, 9) as incremental_conversion_high,
    round(differences.value_difference, 6) as incremental_value_per_customer,
    round(differences.value_difference - differences.half_width, 6)
        as incremental_value_per_customer_low,
    round(differences.value_difference + differences.half_width, 6)
        as incremental_value_per_customer_high,
    {%- for end, shift in [
        ('', ''), ('_low', ' - differences.half_width'), ('_high', ' + differences.half_width')
    ] %}
    cast(
        round(
            differences.treatment_customer_count * (differences.value_difference{{ shift }}), 4
        ) as decimal(18, 4)
    ) as incremental_value{{ end }},
    {%- endfor %}
    differences.cost_amount,
    {%- for end, shift in [
        ('', ''), ('_low', ' - differences.half_width'), ('_high', ' + differences.half_width')
    ] %}
    case
        when differences.cost_amount > 0
            then round(
                {{ ratio(
                    'differences.treatment_customer_count * (differences.value_difference'
                    ~ shift ~ ')', 'differences.cost_amount'
                ) }} - 1, 9
            )
    end as incremental_return_ratio{{ end }}{{ ',' if not loop.last }}
    {%- endfor %}
from differences

{#- Relationship health, stages and alerts (handbook C3 to C5). -#}

{#- The kinds of interaction that count, with their fact and weight: those of the variable
    `interaction_kinds` whose weight is above 0. -#}
{% macro interaction_kinds() -%}
    {%- set kinds = [] -%}
    {%- for column, kind in var('interaction_kinds').items() -%}
        {%- if kind['weight'] > 0 -%}
            {%- do kinds.append({
                'column': column, 'fact': kind['fact'], 'weight': kind['weight']
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(kinds) }}
{%- endmacro %}

{#- How often now against how often before, as a score: as often 50, half as often 25, twice as
    often 75; the one that is added keeps small numbers from shouting (handbook C5). -#}
{% macro frequency_score(now_count, usual_count, factor='1') -%}
    {%- set log_ratio -%}
        ln(
            (cast({{ now_count }} as double) + 1)
            / ((cast({{ usual_count }} as double) + 1) * {{ factor }})
        ) / ln(2)
    {%- endset -%}
    {{ clamp('50 + 25 * ' ~ log_ratio, 0, 100) }}
{%- endmacro %}

{#- The median of the first two, three or four of four numbers: `count` of them. -#}
{% macro median_of_windows(first, second, third, fourth, count) -%}
    {%- set three = first ~ ', ' ~ second ~ ', ' ~ third -%}
    {%- set four = three ~ ', ' ~ fourth -%}
    case
        when {{ count }} >= 4
            then (
                {{ first }} + {{ second }} + {{ third }} + {{ fourth }}
                - greatest({{ four }}) - least({{ four }})
            ) / cast(2 as double)
        when {{ count }} = 3
            then cast(
                {{ first }} + {{ second }} + {{ third }}
                - greatest({{ three }}) - least({{ three }}) as double
            )
        when {{ count }} = 2 then ({{ first }} + {{ second }}) / cast(2 as double)
    end
{%- endmacro %}

{#- The mean of parts by weight over those that are measured; null where none is. `parts` is a list
    of pairs of an expression and its weight (a number or an expression). -#}
{% macro mean_of_measured(parts) -%}
    (
        {%- for value, weight in parts %}
        coalesce({{ weight }} * {{ value }}, 0){{ ' +' if not loop.last }}
        {%- endfor %}
    ) / nullif({{ weight_of_measured(parts) }}, 0)
{%- endmacro %}

{#- The weight of the parts that are measured. -#}
{% macro weight_of_measured(parts) -%}
    cast(
        {%- for value, weight in parts %}
        coalesce(case when {{ value }} is not null then {{ weight }} end, 0)
        {{- ' +' if not loop.last }}
        {%- endfor %}
        as double
    )
{%- endmacro %}

{#- A month end as a number that can be compared and carried: months since January 1900. -#}
{% macro month_number(month) -%}
    {{ months_between("cast('1900-01-31' as date)", month) }}
{%- endmacro %}

{#- The month end of such a number. -#}
{% macro month_of_number(number) -%}
    {{ month_end_after("cast('1900-01-31' as date)", number) }}
{%- endmacro %}

{#- Whether the target of an indicator in force at each month end, by tier; expects the CTE
    `run_months`. -#}
{% macro targets_in_force(indicator_id) -%}
    select
        ranked.as_of_date,
        ranked.tier,
        ranked.floor_value,
        ranked.target_value,
        ranked.stretch_value
    from (
        select
            months.as_of_date,
            targets.tier,
            targets.floor_value,
            targets.target_value,
            targets.stretch_value,
            row_number() over (
                partition by months.as_of_date, targets.tier order by targets.valid_from desc
            ) as newest_rank
        from {{ ref('int_months') }} as months
        inner join run_months
            on
                months.as_of_date >= run_months.first_month
                and months.as_of_date <= run_months.last_month
        inner join {{ ref('targets') }} as targets on months.as_of_date >= targets.valid_from
        where targets.indicator_id = '{{ indicator_id }}'
    ) as ranked
    where ranked.newest_rank = 1
{%- endmacro %}

{#- Bands of tenure in which customers are compared. -#}
{% macro tenure_band(days) -%}
    case
        when {{ days }} is null then 'unknown'
        when {{ days }} < 365 then 'under 1 year'
        when {{ days }} < 1095 then '1 to 3 years'
        else 'over 3 years'
    end
{%- endmacro %}

{#- The rules of an alert as a text, from the sum of their numbers. -#}
{% macro alert_rules() -%}
    {{ return([('low_health', 1), ('falling_health', 2), ('silent_before_billing', 4)]) }}
{%- endmacro %}

{% macro alert_rule_names(number) -%}
    nullif(
        trim(concat(
            {%- for name, bit in alert_rules() %}
            case
                when mod(cast(floor({{ number }} / {{ bit }}) as integer), 2) = 1
                    then '{{ ' ' if not loop.first }}{{ name }}'
                else ''
            end{{ ',' if not loop.last }}
            {%- endfor %}
        )),
        ''
    )
{%- endmacro %}

{#- The logarithm of the gamma function for numbers above 0, to ten digits: Stirling's series for
    the number plus seven, less the factors that were added. Engines differ in whether they have
    one. -#}
{% macro ln_gamma(x) -%}
    (
        ({{ x }} + 6.5) * ln({{ x }} + 7) - ({{ x }} + 7) + 0.9189385332046727
        + 1 / (12 * ({{ x }} + 7)) - 1 / (360 * power({{ x }} + 7, 3))
        + 1 / (1260 * power({{ x }} + 7, 5))
        - ln(
            {{ x }} * ({{ x }} + 1) * ({{ x }} + 2) * ({{ x }} + 3) * ({{ x }} + 4) * ({{ x }} + 5)
            * ({{ x }} + 6)
        )
    )
{%- endmacro %}

{#- Rules that must all hold: 0 as soon as one fails, else null as soon as one is not known, else
    1. -#}
{% macro all_met(rules) -%}
    case
        when {% for rule in rules %}{{ rule }} = 0{{ ' or ' if not loop.last }}{% endfor %} then 0
        when {% for rule in rules %}{{ rule }} is null{{ ' or ' if not loop.last }}{% endfor %}
            then null
        else 1
    end
{%- endmacro %}

{#- The stages of a relationship (handbook C4), in order. -#}
{% macro relationship_stages() -%}
    {{ return(['explore', 'familiar', 'trust', 'co_create']) }}
{%- endmacro %}

{#- The name of a stage's number; 0 is who has left. -#}
{% macro stage_name(number) -%}
    case {{ number }}
        when 0 then 'exit'
        {%- for stage in relationship_stages() %}
        when {{ loop.index }} then '{{ stage }}'
        {%- endfor %}
    end
{%- endmacro %}

{#- Whether a stage's own rules hold now, from the flags of `ind_stage_rules`. -#}
{% macro stage_rules_met(stage, rules) -%}
    case {{ stage }}
        when 1 then 1
        when 2 then {{ rules }}.familiar_met
        when 3 then {{ rules }}.trust_met
        when 4 then {{ all_met([rules ~ '.trust_met', rules ~ '.co_create_met']) }}
    end
{%- endmacro %}

{#- One gap of a stage's rule as words: how much is missing, or that it is not known. -#}
{% macro gap_words(rule, gap, is_unknown, digits) -%}
    case
        when {{ gap }} is not null
            then concat(
                '; {{ rule }}: ', cast(cast({{ gap }} as decimal(18, {{ digits }})) as varchar),
                ' missing'
            )
        when {{ is_unknown }} then '; {{ rule }}: not known'
        else ''
    end
{%- endmacro %}

{#- Renewals due and renewed of the months that end at each month of the run, by customer: over the
    whole window (`renewal_months`) and over twelve months. Expects the CTE `run_months`. -#}
{% macro renewals_so_far() -%}
    select
        renewal_months.customer_id,
        months.as_of_date,
        sum(renewal_months.renewals_due) as renewals_due,
        sum(renewal_months.renewals) as renewals,
        sum(
            case
                when
                    renewal_months.as_of_date
                    > {{ month_end_after('months.as_of_date', -12) }}
                    then renewal_months.renewals
                else 0
            end
        ) as renewals_12m
    from {{ ref('int_renewal_months') }} as renewal_months
    inner join {{ ref('int_months') }} as months
        on
            renewal_months.as_of_date <= months.as_of_date
            and renewal_months.as_of_date
            > {{ month_end_after('months.as_of_date', -var('renewal_months')) }}
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    group by renewal_months.customer_id, months.as_of_date
{%- endmacro %}

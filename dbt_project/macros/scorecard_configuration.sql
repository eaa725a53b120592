{#- What the scorecard engine is generated from: the seeds `scorecards`, `scorecard_nodes`,
    `exceptions` and `indicators`, as lists of dictionaries. Empty while dbt only parses. -#}

{#- Marts whose columns a measure may be, all with one row per customer and month end. -#}
{% macro measured_marts() -%}
    {{ return(['customer_indicators', 'predictions', 'upsell_predictions', 'customer_value']) }}
{%- endmacro %}

{#- What a tree is scored from: the models with its measures, targets and months, and the columns that
    name a row of the measures beside the month. -#}
{% macro subject_of(tree) -%}
    {{ return({
        'customer': {
            'measures': 'scr_measures',
            'targets': 'scr_targets',
            'months': 'scr_profile_months',
            'key': 'customer_id',
            'also': ['tier', 'value_basis'],
        },
        'portfolio': {
            'measures': 'scr_portfolio_measures',
            'targets': 'scr_portfolio_targets',
            'months': 'scr_portfolio_months',
            'key': 'portfolio',
            'also': ['tier'],
        },
    }[tree['subject'] | default('customer', true)]) }}
{%- endmacro %}

{#- Rows of a query as dictionaries. -#}
{% macro rows_of(query) -%}
    {%- if not execute -%} {{ return([]) }} {%- endif -%}
    {%- set table, rows = run_query(query), [] -%}
    {%- for row in table.rows -%}
        {%- set each = {} -%}
        {%- for name in table.column_names -%} {%- do each.update({name: row[name]}) -%} {%- endfor -%}
        {%- do rows.append(each) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{#- Nodes of all profiles that score customers, each once whatever its versions, with what the
    catalogue says of a measure's indicator; indicator_id is empty where no mart holds it. -#}
{% macro scorecard_node_rows() -%}
    {%- set query -%}
        select
            nodes.profile,
            nodes.node_id,
            max(nodes.parent_id) as parent_id,
            max(nodes.scoring) as scoring,
            max(case when nodes.is_lever then 1 else 0 end) as is_lever,
            max(nodes.trend_months) as own_trend_months,
            max(indicators.indicator_id) as indicator_id,
            max(indicators.direction) as direction,
            max(indicators.source_rows_column) as source_rows_column,
            max(indicators.mart) as mart,
            max(profiles.trend_months) as trend_months
        from {{ ref('scorecard_nodes') }} as nodes
        inner join (
            select
                scorecards.profile,
                scorecards.trend_months,
                row_number() over (
                    partition by scorecards.profile order by scorecards.valid_from desc
                ) as newest_rank
            from {{ ref('scorecards') }} as scorecards
            where scorecards.subject = 'customer'
        ) as profiles
            on nodes.profile = profiles.profile and profiles.newest_rank = 1
        left join {{ ref('indicators') }} as indicators
            on
                nodes.indicator_id = indicators.indicator_id
                and indicators.mart in ('{{ measured_marts() | join("', '") }}')
        group by nodes.profile, nodes.node_id
        order by nodes.profile, nodes.node_id
    {%- endset -%}
    {{ return(rows_of(query)) }}
{%- endmacro %}

{#- Nodes of all profiles that score the portfolio, as `scorecard_node_rows` gives those of customers. A
    measure's indicator is a column of a group mart, `mart.column` in the seed and `mart__column` as
    part of a name. -#}
{% macro portfolio_node_rows() -%}
    {%- set query -%}
        select
            nodes.profile,
            nodes.node_id,
            max(nodes.parent_id) as parent_id,
            max(nodes.scoring) as scoring,
            max(case when nodes.is_lever then 1 else 0 end) as is_lever,
            max(nodes.trend_months) as own_trend_months,
            max(
                case
                    when measures.mart is not null
                        then {{ portfolio_measure_name('measures.mart', 'measures.indicator_id') }}
                end
            ) as indicator_id,
            max(measures.direction) as direction,
            max(profiles.trend_months) as trend_months
        from {{ ref('scorecard_nodes') }} as nodes
        inner join (
            select
                scorecards.profile,
                scorecards.trend_months,
                row_number() over (
                    partition by scorecards.profile order by scorecards.valid_from desc
                ) as newest_rank
            from {{ ref('scorecards') }} as scorecards
            where scorecards.subject = 'portfolio'
        ) as profiles
            on nodes.profile = profiles.profile and profiles.newest_rank = 1
        left join {{ ref('group_measures') }} as measures
            on nodes.indicator_id = concat(measures.mart, '.', measures.indicator_id)
        group by nodes.profile, nodes.node_id
        order by nodes.profile, nodes.node_id
    {%- endset -%}
    {{ return(rows_of(query)) }}
{%- endmacro %}

{#- A measure of the portfolio as part of a column's name. -#}
{% macro portfolio_measure_name(mart, column) -%}
    concat({{ mart }}, '__', {{ column }})
{%- endmacro %}

{#- The measures of the portfolio that a profile uses: indicator_id (`mart__column`), mart, column_name,
    direction, n_column, low_n_column. -#}
{% macro portfolio_measure_rows() -%}
    {%- set query -%}
        select distinct
            {{ portfolio_measure_name('measures.mart', 'measures.indicator_id') }} as indicator_id,
            measures.mart,
            measures.indicator_id as column_name,
            measures.direction,
            measures.n_column,
            measures.low_n_column
        from {{ ref('scorecard_nodes') }} as nodes
        inner join {{ ref('scorecards') }} as scorecards
            on nodes.profile = scorecards.profile and scorecards.subject = 'portfolio'
        inner join {{ ref('group_measures') }} as measures
            on nodes.indicator_id = concat(measures.mart, '.', measures.indicator_id)
        order by indicator_id
    {%- endset -%}
    {{ return(rows_of(query)) }}
{%- endmacro %}

{#- The conditions that pick the row of the whole portfolio from each mart that a measure may come from, by
    mart: column_name and column_value. -#}
{% macro portfolio_rows_of_marts() -%}
    {%- set query -%}
        select
            marts.mart,
            marts.column_name,
            marts.column_value
        from {{ ref('portfolio_marts') }} as marts
        order by marts.mart, marts.column_name
    {%- endset -%}
    {%- set conditions = {} -%}
    {%- for mart, rows in rows_of(query) | groupby('mart') -%}
        {%- do conditions.update({mart: rows}) -%}
    {%- endfor -%}
    {{ return(conditions) }}
{%- endmacro %}

{#- The trees of all profiles that score the portfolio and have anything that can be measured. With one
    row a month, mixed weights cost nothing, so they are always told apart. -#}
{% macro portfolio_trees() -%}
    {%- set trees = [] -%}
    {%- for profile, rows in portfolio_node_rows() | groupby('profile') -%}
        {%- set tree = {
            'profile': profile,
            'subject': 'portfolio',
            'trend_months': rows[0]['trend_months'],
            'is_weighted_anew': true,
        } -%}
        {%- do grow_tree(tree, rows) -%}
        {%- if tree['measures'] -%} {%- do trees.append(tree) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(trees) }}
{%- endmacro %}

{#- Profiles of which a weight differs between any two months in which scores are compared. -#}
{% macro profiles_weighted_anew() -%}
    {%- set query -%}
        select weights.profile
        from {{ ref('scr_weights') }} as weights
        inner join {{ ref('stg_control__run_window') }} as run_window
            on
                {% if is_incremental() -%}
                weights.as_of_date >= {{ month_end_after('run_window.first_month', -12) }}
                {%- else -%}
                weights.as_of_date >= run_window.history_start
                {%- endif %}
                and weights.as_of_date <= run_window.last_month
        where weights.parent_id is not null
        group by weights.profile, weights.node_id
        having
            min(weights.weight) <> max(weights.weight)
            or count(*) < (
                select count(distinct months.as_of_date)
                from {{ ref('scr_weights') }} as months
                inner join {{ ref('stg_control__run_window') }} as run_window
                    on
                        {% if is_incremental() -%}
                        months.as_of_date >= {{ month_end_after('run_window.first_month', -12) }}
                        {%- else -%}
                        months.as_of_date >= run_window.history_start
                        {%- endif %}
                        and months.as_of_date <= run_window.last_month
            )
    {%- endset -%}
    {{ return(rows_of(query) | map(attribute='profile') | unique | list) }}
{%- endmacro %}

{#- The trees of all profiles that score customers and have anything that can be measured.
    `with_changes` also says of each whether its weights moved. -#}
{% macro scorecard_trees(with_changes=false) -%}
    {%- set trees = [] -%}
    {%- set weighted_anew = profiles_weighted_anew() if with_changes else [] -%}
    {%- for profile, rows in scorecard_node_rows() | groupby('profile') -%}
        {%- set tree = {
            'profile': profile,
            'trend_months': rows[0]['trend_months'],
            'is_weighted_anew': profile in weighted_anew,
        } -%}
        {%- do grow_tree(tree, rows) -%}
        {%- if tree['measures'] -%} {%- do trees.append(tree) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(trees) }}
{%- endmacro %}

{#- Every indicator that a profile or an exception uses: indicator_id, mart, direction, unit, is_carried,
    freshness_days, half_life_days, age_column, and the ways in which it is scored, with commas. -#}
{% macro scorecard_indicators() -%}
    {%- set query -%}
        with used as (

            select distinct
                nodes.indicator_id,
                nodes.scoring
            from {{ ref('scorecard_nodes') }} as nodes
            inner join {{ ref('scorecards') }} as scorecards on nodes.profile = scorecards.profile
            where nodes.indicator_id is not null and scorecards.subject = 'customer'
            union
            select
                exceptions.indicator_id,
                '' as scoring
            from {{ ref('exceptions') }} as exceptions

        )

        select
            indicators.indicator_id,
            max(indicators.mart) as mart,
            max(indicators.direction) as direction,
            max(indicators.unit) as unit,
            max(case when indicators.carry then 1 else 0 end) as is_carried,
            max(indicators.freshness_days) as freshness_days,
            max(indicators.half_life_days) as half_life_days,
            max(indicators.age_column) as age_column,
            {{ dbt.listagg('used.scoring', "','", 'order by used.scoring') }} as scorings
        from used
        inner join {{ ref('indicators') }} as indicators
            on
                used.indicator_id = indicators.indicator_id
                and indicators.mart in ('{{ measured_marts() | join("', '") }}')
        group by indicators.indicator_id
        order by indicators.indicator_id
    {%- endset -%}
    {{ return(rows_of(query)) }}
{%- endmacro %}

{#- The exceptions in their order: exception_id, profile, indicator_id, operator, threshold, effect,
    value, valid_from, valid_until. -#}
{% macro scorecard_exceptions() -%}
    {%- set query -%}
        select
            exceptions.exception_id,
            exceptions.profile,
            exceptions.indicator_id,
            exceptions.operator,
            cast(exceptions.threshold as varchar) as threshold,
            exceptions.effect,
            exceptions.value,
            cast(exceptions.valid_from as varchar) as valid_from,
            cast(exceptions.valid_until as varchar) as valid_until
        from {{ ref('exceptions') }} as exceptions
        order by exceptions.priority, exceptions.exception_id
    {%- endset -%}
    {{ return(rows_of(query)) }}
{%- endmacro %}

{#- An indicator as a number: a flag is 1 or 0. -#}
{% macro indicator_as_number(indicator) -%}
    {%- set column = indicator['mart'] ~ '.' ~ indicator['indicator_id'] -%}
    {%- if indicator['unit'] == 'flag' -%}
        cast(cast({{ column }} as integer) as double)
    {%- else -%}
        cast({{ column }} as double)
    {%- endif -%}
{%- endmacro %}

{#- The value of an indicator that is scored: what is too old to be carried is not. -#}
{% macro scored_value(indicator, source) -%}
    {{ source }}.{{ indicator['indicator_id'] }}{{ '__current' if indicator['is_carried'] }}
{%- endmacro %}

{#- CTE `<profile>_weights`: the weights of a profile's nodes in every month in which it is applied,
    wide, as `N__w`, with the month end that scores are compared with. -#}
{% macro weights_by_month(tree) -%}
{{ tree['profile'] }}_weights as (

    select
        weights.as_of_date,
        applied.previous_date
        {%- for node in tree['dimensions'] + tree['measures'] if node['depth'] %},
        max(case when weights.node_id = '{{ node['node_id'] }}' then weights.weight else 0 end)
            as {{ node['node_id'] }}__w
        {%- endfor %}
    from {{ ref('scr_weights') }} as weights
    inner join {{ ref(subject_of(tree)['months']) }} as applied
        on weights.profile = applied.profile and weights.as_of_date = applied.as_of_date
    where weights.profile = '{{ tree['profile'] }}' and applied.is_applied
    group by weights.as_of_date, applied.previous_date

),
{%- endmacro %}

{#- CTE `<name>`: the targets of piecewise measures by month and tier, wide, from the model `source`. -#}
{% macro targets_by_month(name, indicator_ids, source='scr_targets') -%}
{{ name }} as (

    select
        targets.as_of_date,
        targets.tier
        {%- for indicator_id in indicator_ids %}
        {%- for edge in ['floor', 'target', 'stretch'] %},
        max(case when targets.indicator_id = '{{ indicator_id }}' then targets.{{ edge }}_value end)
            as {{ indicator_id }}__{{ edge }}
        {%- endfor %}
        {%- endfor %}
    from {{ ref(source) }} as targets
    group by targets.as_of_date, targets.tier

),
{%- endmacro %}

{#- Evidence for a measure in `source`: what a carried value has left, else whether there is a score. -#}
{% macro measure_evidence(leaf, source) -%}
    {%- set score = source ~ '.' ~ leaf['indicator_id'] ~ '__' ~ leaf['scoring'] -%}
    case
        when {{ score }} is null then cast(0 as double)
        else {{ source }}.{{ leaf['indicator_id'] }}__evidence
    end
{%- endmacro %}

{#- CTEs up to `<profile>_weighted`: each customer month (or month of the portfolio) with the effective weights of now. `months` names
    the CTE with the bounds first_month and last_month. -#}
{% macro scored_now(tree, rules=[]) -%}
{%- set p, subject = tree['profile'], subject_of(tree) -%}
{{ weights_by_month(tree) }}

{{ p }}_rows as (

    select
        measures.{{ subject['key'] }},
        measures.as_of_date
        {%- for column in subject['also'] %},
        measures.{{ column }}
        {%- endfor %}
        {%- for rule in rules %},
        measures.{{ rule['indicator_id'] }}__raw as x_{{ rule['exception_id'] }}
        {%- endfor %}
        {%- for leaf in tree['measures'] %},
        measures.{{ leaf['indicator_id'] }}__raw as {{ leaf['node_id'] }}__x1,
        measures.{{ leaf['indicator_id'] }}__{{ leaf['scoring'] }} as {{ leaf['node_id'] }}__s1,
        {{ measure_evidence(leaf, 'measures') }} as {{ leaf['node_id'] }}__m1
        {%- endfor %}
        {%- for node in tree['dimensions'] + tree['measures'] if node['depth'] %},
        weights.{{ node['node_id'] }}__w as {{ node['node_id'] }}__w1
        {%- endfor %}
    from {{ ref(subject['measures']) }} as measures
    inner join months
        on
            measures.as_of_date >= months.first_month
            and measures.as_of_date <= months.last_month
    inner join {{ p }}_weights as weights on measures.as_of_date = weights.as_of_date

),
{{ effective_weights(tree, ['11']) }}
{%- endmacro %}

{#- CTEs up to `<profile>_parts`: each customer month that has a row at the earlier date, too, with the
    change of the score taken apart. -#}
{% macro scored_then_and_now(tree) -%}
{%- set p, subject = tree['profile'], subject_of(tree) -%}
{%- set piecewise = tree['measures'] | selectattr('scoring', 'equalto', 'piecewise')
    | map(attribute='indicator_id') | unique | list -%}
{{ weights_by_month(tree) }}

{{ targets_by_month(p ~ '_targets', piecewise, subject['targets']) }}

-- The targets of each tier now beside those of each tier then, once, not for each customer.
{{ p }}_scales as (

    select
        targets.as_of_date,
        targets.tier,
        earlier.tier as tier_then
        {%- for indicator_id in piecewise %}
        {%- for edge in ['floor', 'target', 'stretch'] %},
        targets.{{ indicator_id }}__{{ edge }},
        earlier.{{ indicator_id }}__{{ edge }} as {{ indicator_id }}__{{ edge }}_then
        {%- endfor %}
        {%- endfor %},
        coalesce(
            targets.tier is not null
            {%- for indicator_id in piecewise %}
            {%- for edge in ['floor', 'target', 'stretch'] %}
            and targets.{{ indicator_id }}__{{ edge }} = earlier.{{ indicator_id }}__{{ edge }}
            {%- endfor %}
            {%- endfor %},
            false
        ) as is_same
    from {{ p }}_targets as targets
    inner join {{ p }}_targets as earlier
        on {{ month_end_after('targets.as_of_date', -tree['trend_months']) }} = earlier.as_of_date

),

{{ p }}_rows as (

    select
        measures.{{ subject['key'] }},
        measures.as_of_date,
        earlier.as_of_date as previous_date,
        measures.tier
        {%- for leaf in tree['measures'] %}
        {%- set n, i = leaf['node_id'], leaf['indicator_id'] %},
        measures.{{ i }}__raw as {{ n }}__x1,
        earlier.{{ i }}__raw as {{ n }}__x0,
        measures.{{ i }}__{{ leaf['scoring'] }} as {{ n }}__s1,
        earlier.{{ i }}__{{ leaf['scoring'] }} as {{ n }}__s0,
        {{ measure_evidence(leaf, 'measures') }} as {{ n }}__m1,
        {{ measure_evidence(leaf, 'earlier') }} as {{ n }}__m0,
        {{- value_and_scale(leaf, 'measures', 'earlier', 'scales') }}
        {%- endfor %}
        {%- for node in tree['dimensions'] + tree['measures'] if node['depth'] %},
        weights.{{ node['node_id'] }}__w as {{ node['node_id'] }}__w1,
        earlier_weights.{{ node['node_id'] }}__w as {{ node['node_id'] }}__w0
        {%- endfor %}
    from {{ ref(subject['measures']) }} as measures
    inner join months
        on
            measures.as_of_date >= months.first_month
            and measures.as_of_date <= months.last_month
    inner join {{ p }}_weights as weights on measures.as_of_date = weights.as_of_date
    inner join {{ p }}_weights as earlier_weights
        on weights.previous_date = earlier_weights.as_of_date
    inner join {{ ref(subject['measures']) }} as earlier
        on
            measures.{{ subject['key'] }} = earlier.{{ subject['key'] }}
            and {{ month_end_after('measures.as_of_date', -tree['trend_months']) }} = earlier.as_of_date
    left join {{ p }}_scales as scales
        on
            measures.as_of_date = scales.as_of_date
            and measures.tier = scales.tier
            and earlier.tier = scales.tier_then

),
{#- The mixed weights are those of one of the dates where none moved. #}
{{ effective_weights(tree, ['11', '00', '10', '01'] if tree['is_weighted_anew'] else ['11', '00']) }}
{{ change_parts(tree) }}
{%- endmacro %}

{#- The months whose scores are taken apart in long form, as first_month and last_month. -#}
{% macro explained_months() -%}
    select
        {{ month_end_after('run_window.last_month', 1 - var('explained_months')) }} as first_month,
        run_window.last_month
    from {{ ref('stg_control__run_window') }} as run_window
{%- endmacro %}

{#- The scorecard engine (handbook C0, C1): SQL of a tree of any depth. Pure text: a tree comes in, SQL
    goes out; who reads the configuration is `scorecard_configuration.sql`.

    `tree.is_weighted_anew` says whether any weight may differ between the two dates of a change.

    Names in the SQL, for a node N: `N__w1` its weight among its siblings now, `N__w0` at the earlier
    date; for a measure also `N__x1` raw value, `N__s1` score, `N__m1` evidence (0 not measured, 1
    measured, between for an old value that is carried), and the same with 0. `N__e10` is its share
    of the whole score under the weights of now (first digit) and the evidence of then (second). -#}

{#-
    Lay a profile's rows out as a tree: fills `tree` with `measures`, `dimensions` (with the root) and
    `depth`. A node becomes a dictionary: node_id, parent_id, depth, children (node ids), leaves
    (node ids of the measures below) and what its row says. Measures without an indicator, and
    dimensions without any other measure, are left out: nothing can be measured for them.
-#}
{% macro grow_tree(tree, rows) -%}
    {%- set by_id, kept = {}, {} -%}
    {%- for row in rows -%} {%- do by_id.update({row['node_id']: row}) -%} {%- endfor -%}
    {%- for row in rows if row['scoring'] and row['indicator_id'] -%}
        {%- set walk = namespace(at=row, path=[]) -%}
        {%- for step in range(rows | length) -%}
            {%- if walk.at -%}
                {%- do walk.path.append(walk.at['node_id']) -%}
                {%- set walk.at = by_id.get(walk.at['parent_id']) if walk.at['parent_id'] else none -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if walk.at or by_id[walk.path[-1]]['parent_id'] -%}
            {{ exceptions.raise_compiler_error(
                "scorecard_nodes: profile '" ~ tree['profile'] ~ "': " ~ row['node_id']
                ~ " does not lead to the root: " ~ walk.path | join(' below ')
            ) }}
        {%- endif -%}
        {%- for node_id in walk.path -%}
            {%- if node_id not in kept -%}
                {%- set node = {'depth': walk.path | length - loop.index, 'leaves': [], 'children': []} -%}
                {%- do node.update(by_id[node_id]) -%}
                {%- do kept.update({node_id: node}) -%}
            {%- endif -%}
            {%- do kept[node_id]['leaves'].append(row['node_id']) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set ordered = kept.values() | sort(attribute='node_id') | list -%}
    {%- for node in ordered if node['parent_id'] -%}
        {%- do kept[node['parent_id']]['children'].append(node) -%}
    {%- endfor -%}
    {%- set leaves = ordered | selectattr('indicator_id') | list -%}
    {%- set dimensions = ordered | rejectattr('indicator_id') | list -%}
    {%- do tree.update({
        'measures': leaves,
        'dimensions': dimensions,
        'root': (dimensions | selectattr('depth', 'equalto', 0) | list | first),
        'depth': (leaves | map(attribute='depth') | max) if leaves else 0,
    }) -%}
{%- endmacro %}

{#-
    A measure's score: piecewise linear and clamped, floor -> 0, target -> 75, stretch -> 100; for
    lower-is-better the three run downwards (handbook C0).
-#}
{% macro piecewise_score(value, floor, target, stretch, is_lower_better=false) -%}
    {%- set sign = '-' if is_lower_better else '' -%}
    {%- set x = sign ~ 'cast(' ~ value ~ ' as double)' -%}
    {%- set low = sign ~ 'cast(' ~ floor ~ ' as double)' -%}
    {%- set middle = sign ~ 'cast(' ~ target ~ ' as double)' -%}
    {%- set high = sign ~ 'cast(' ~ stretch ~ ' as double)' -%}
    case
        when {{ value }} is null or {{ target }} is null then null
        when {{ x }} <= {{ low }} then 0
        when {{ x }} >= {{ high }} then 100
        when {{ x }} < {{ middle }} then 75 * ({{ x }} - ({{ low }})) / ({{ middle }} - ({{ low }}))
        else 75 + 25 * ({{ x }} - ({{ middle }})) / ({{ high }} - ({{ middle }}))
    end
{%- endmacro %}

{#- Evidence of a carried value by its age in days: 1 up to the limit, then halved with each half-life,
    0 after three of them (handbook C1). Without an age there is none. -#}
{% macro staleness_evidence(age, limit, half_life) -%}
    case
        when {{ age }} is null or {{ age }} > {{ limit }} + 3 * {{ half_life }} then cast(0 as double)
        when {{ age }} <= {{ limit }} then cast(1 as double)
        else power(cast(0.5 as double), ({{ age }} - {{ limit }}) / cast({{ half_life }} as double))
    end
{%- endmacro %}

{#- The sum of what is given, in its order; 0 for nothing. -#}
{% macro sum_of(terms) -%}
    {%- if terms %}({{ terms | join(' + ') }}){% else %}cast(0 as double){% endif -%}
{%- endmacro %}

{#- Weight of a node that counts among its siblings: with the evidence of a measure, whole for a
    dimension that has any evidence below it. `at` is configuration and evidence, `11` for now. -#}
{% macro counted_weight(node, at) -%}
    {%- if node['indicator_id'] -%}
        {{ node['node_id'] }}__w{{ at[0] }} * {{ node['node_id'] }}__m{{ at[1] }}
    {%- else -%}
        case when {{ node['node_id'] }}__sum{{ at }} > 0 then {{ node['node_id'] }}__w{{ at[0] }} else 0 end
    {%- endif -%}
{%- endmacro %}

{#-
    CTEs from `<profile>_rows` (columns of weights and evidence) to `<profile>_weighted`, which adds
    `N__e<at>` for each node but the root and each of `ats`: up the tree the weight that counts below
    each node, down the tree each node's share in its parent's.
-#}
{% macro effective_weights(tree, ats) -%}
{%- set p = tree['profile'] -%}
{%- set last = namespace(name=p ~ '_rows') -%}
{%- for depth in range(tree['depth'] - 1, -1, -1) %}
{{ p }}_up_{{ depth }} as (

    select
        *
        {%- for node in tree['dimensions'] if node['depth'] == depth %}
        {%- for at in ats %},
        {%- set terms = [] -%}
        {%- for child in node['children'] -%} {%- do terms.append(counted_weight(child, at)) -%} {%- endfor %}
        {{ sum_of(terms) }} as {{ node['node_id'] }}__sum{{ at }}
        {%- endfor %}
        {%- endfor %}
    from {{ last.name }}

),
{% set last.name = p ~ '_up_' ~ depth %}
{%- endfor %}
{%- for depth in range(1, tree['depth'] + 1) %}
{{ p }}_{{ 'weighted' if loop.last else 'down_' ~ depth }} as (

    select
        *
        {%- for parent in tree['dimensions'] if parent['depth'] == depth - 1 %}
        {%- for node in parent['children'] %}
        {%- for at in ats %},
        case
            when {{ parent['node_id'] }}__sum{{ at }} > 0
                then {{ parent['node_id'] ~ '__e' ~ at ~ ' * ' if parent['depth'] }}
                    {{- ' ' }}({{ counted_weight(node, at) }}) / {{ parent['node_id'] }}__sum{{ at }}
            else 0
        end as {{ node['node_id'] }}__e{{ at }}
        {%- endfor %}
        {%- endfor %}
        {%- endfor %}
    from {{ last.name }}

),
{% set last.name = p ~ '_down_' ~ depth %}
{%- endfor %}
{%- endmacro %}

{#- Share of a node's weight that is measured, multiplied down the tree. -#}
{% macro node_coverage(node, at) -%}
    {%- set terms = [] -%}
    {%- for child in node['children'] -%}
        {%- if child['indicator_id'] -%}
            {%- do terms.append(counted_weight(child, at)) -%}
        {%- else -%}
            {%- do terms.append(child['node_id'] ~ '__w' ~ at[0] ~ ' * ' ~ node_coverage(child, at)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ sum_of(terms) }}
{%- endmacro %}

{#- The points that the measures below a node give to the whole score. -#}
{% macro points_below(node, at) -%}
    {%- set terms = [] -%}
    {%- for leaf in node['leaves'] | sort -%}
        {%- do terms.append(leaf ~ '__e' ~ at ~ ' * coalesce(' ~ leaf ~ '__s' ~ at[1] ~ ', 0)') -%}
    {%- endfor -%}
    {{ sum_of(terms) }}
{%- endmacro %}

{#- A node's own score, the mean of its measures by their weights; null without evidence. -#}
{% macro node_score(node, at) -%}
    {%- if node['depth'] == 0 -%}
        case when {{ node['node_id'] }}__sum{{ at }} > 0 then {{ points_below(node, at) }} end
    {%- else -%}
        case
            when {{ node['node_id'] }}__sum{{ at }} > 0 and {{ node['node_id'] }}__e{{ at }} > 0
                then {{ points_below(node, at) }} / {{ node['node_id'] }}__e{{ at }}
        end
    {%- endif -%}
{%- endmacro %}

{#- Whether a coverage is enough for a score to be published; a double may miss the limit by a hair. -#}
{% macro is_enough(coverage) -%}
    {{ coverage }} >= {{ var('min_coverage') }} - 0.000000001
{%- endmacro %}

{#- Number of measures with evidence. -#}
{% macro count_of_measured(tree) -%}
    {%- set terms = [] -%}
    {%- for leaf in tree['measures'] -%}
        {%- do terms.append(
            'case when ' ~ leaf['node_id'] ~ '__m1 > 0 and ' ~ leaf['node_id'] ~ '__w1 > 0 then 1 else 0 end'
        ) -%}
    {%- endfor -%}
    ({{ terms | join(' + ') }})
{%- endmacro %}

{#- The greatest of some columns, named by their first parts and what is common at their ends; null where
    all are. -#}
{% macro greatest_of(names, ending) -%}
    nullif(
        greatest(
            -1
            {%- for name in names %},
            coalesce({{ name }}{{ ending }}, -1)
            {%- endfor %}
        ), -1
    )
{%- endmacro %}

{#- Points that the score gains when a measure comes to its target (75); null where it is not measured,
    is there already, or nobody can act on it. -#}
{% macro lever_gain(leaf) -%}
    {%- if leaf['is_lever'] -%}
        case
            when {{ leaf['node_id'] }}__s1 < 75 and {{ leaf['node_id'] }}__e11 > 0
                then {{ leaf['node_id'] }}__e11 * (75 - {{ leaf['node_id'] }}__s1)
        end
    {%- else -%}
        cast(null as double)
    {%- endif -%}
{%- endmacro %}

{#-
    CTE `<profile>_parts` from `<profile>_weighted`: how the change of the score from the earlier date
    comes about, exactly (handbook C1). Needs `N__v` and `N__c` of each measure: the change of its
    score by its value and by its scale. Adds `score_1`, `score_0` and for each measure
    `N__value`, `N__scale`, `N__configuration`, `N__coverage`, which sum to score_1 - score_0. Where a
    mixed weight has no evidence at all, what evidence did cannot be told from what weights did: all
    of it is configuration.
-#}
{% macro change_parts(tree) -%}
{%- set p, root = tree['profile'], tree['root']['node_id'] -%}
{{ p }}_totals as (

    select
        *,
        {{ node_score(tree['root'], '11') }} as score_1,
        {{ node_score(tree['root'], '00') }} as score_0
        {%- if tree['is_weighted_anew'] %},
        {{ root }}__sum10 > 0 and {{ root }}__sum01 > 0 as is_told_apart
        {%- endif %}
    from {{ p }}_weighted

),

{{ p }}_parts as (

    select
        *
        {%- for leaf in tree['measures'] %}
        {%- set n = leaf['node_id'] %}
        {%- set distance -%}
            (
                (coalesce({{ n }}__s1, {{ n }}__s0, 0) + coalesce({{ n }}__s0, {{ n }}__s1, 0)) / 2
                - (score_1 + score_0) / 2
            )
        {%- endset %},
        ({{ n }}__e11 + {{ n }}__e00) / 2 * {{ n }}__v as {{ n }}__value,
        ({{ n }}__e11 + {{ n }}__e00) / 2 * {{ n }}__c as {{ n }}__scale,
        {%- if tree['is_weighted_anew'] %}
        {{ distance }} * case
            when is_told_apart then ({{ n }}__e11 - {{ n }}__e01 + {{ n }}__e10 - {{ n }}__e00) / 2
            else {{ n }}__e11 - {{ n }}__e00
        end as {{ n }}__configuration,
        {{ distance }} * case
            when is_told_apart then ({{ n }}__e11 - {{ n }}__e10 + {{ n }}__e01 - {{ n }}__e00) / 2
            else 0
        end as {{ n }}__coverage
        {%- else %}
        cast(0 as double) as {{ n }}__configuration,
        {{ distance }} * ({{ n }}__e11 - {{ n }}__e00) as {{ n }}__coverage
        {%- endif %}
        {%- endfor %}
    from {{ p }}_totals

),
{%- endmacro %}

{#- The change of a measure's score by its value and by its scale (targets, which a change of tier
    moves, too), as `N__v` and `N__c`: 0 where it is missing at one of the dates. `now` and `then` are
    the aliases of the measures; `scales` is that of `I__floor`, `I__target`, `I__stretch` now, the
    same with `_then`, and `is_same`, which says that none of them differs. -#}
{% macro value_and_scale(leaf, now, then, scales) -%}
{%- set n, indicator = leaf['node_id'], leaf['indicator_id'] -%}
{%- set s1 = now ~ '.' ~ indicator ~ '__' ~ leaf['scoring'] -%}
{%- set s0 = then ~ '.' ~ indicator ~ '__' ~ leaf['scoring'] -%}
{%- if leaf['scoring'] == 'piecewise' %}
        {%- set edge = scales ~ '.' ~ indicator -%}
        {%- set lower = leaf['direction'] == 'lower_is_better' -%}
        {%- set old_on_new = piecewise_score(
            then ~ '.' ~ indicator ~ '__raw', edge ~ '__floor', edge ~ '__target',
            edge ~ '__stretch', lower
        ) -%}
        {%- set new_on_old = piecewise_score(
            now ~ '.' ~ indicator ~ '__raw', edge ~ '__floor_then', edge ~ '__target_then',
            edge ~ '__stretch_then', lower
        ) -%}
        case
            when {{ s1 }} is null or {{ s0 }} is null then 0
            when {{ scales }}.is_same then {{ s1 }} - {{ s0 }}
            else ({{ s1 }} - ({{ old_on_new }}) + ({{ new_on_old }}) - {{ s0 }}) / 2
        end as {{ n }}__v,
        case
            when {{ scales }}.is_same or {{ s1 }} is null or {{ s0 }} is null then 0
            else ({{ s1 }} - ({{ new_on_old }}) + ({{ old_on_new }}) - {{ s0 }}) / 2
        end as {{ n }}__c
{%- else %}
        coalesce({{ s1 }} - {{ s0 }}, 0) as {{ n }}__v,
        cast(0 as double) as {{ n }}__c
{%- endif -%}
{%- endmacro %}

{#- The exceptions of a profile one after the other, as CTEs up to `<profile>_rule_<n>`: each acts on
    what the one before it left in `score_so_far`, `forced_band` and `exception_id` (the last that
    changed anything). Needs the raw value of each rule's indicator as `x_<exception_id>`. -#}
{% macro apply_exceptions(profile, rules) -%}
{%- for rule in rules %}
{%- set before = loop.index0 %}
{%- set holds -%}
    score_after_{{ before }} is not null
    and x_{{ rule['exception_id'] }} {{ rule['operator'] }} {{ rule['threshold'] }}
    and as_of_date >= cast('{{ rule['valid_from'] }}' as date)
    {%- if rule['valid_until'] %}
    and as_of_date < cast('{{ rule['valid_until'] }}' as date)
    {%- endif %}
{%- endset -%}
{%- set acts = {
    'cap': holds ~ ' and score_after_' ~ before ~ ' > ' ~ rule['value'],
    'floor': holds ~ ' and score_after_' ~ before ~ ' < ' ~ rule['value'],
    'set_band': holds,
}[rule['effect']] %}
{{ profile }}_rule_{{ loop.index }} as (

    select
        *,
        {% if rule['effect'] == 'set_band' -%}
        score_after_{{ before }} as score_after_{{ loop.index }},
        case when {{ acts }} then '{{ rule['value'] }}' else band_after_{{ before }} end
            as band_after_{{ loop.index }},
        {%- else -%}
        case when {{ acts }} then {{ rule['value'] }} else score_after_{{ before }} end
            as score_after_{{ loop.index }},
        band_after_{{ before }} as band_after_{{ loop.index }},
        {%- endif %}
        case when {{ acts }} then '{{ rule['exception_id'] }}' else exception_after_{{ before }} end
            as exception_after_{{ loop.index }}
    from {{ profile ~ '_rule_' ~ before }}

),
{%- endfor %}
{%- endmacro %}

{#- Query of the median of `value`, weighed by `customers`, by month end and the columns `keys`: exact
    also where it lies between two values. -#}
{% macro weighted_median(source, keys) -%}
    {%- set group = 'counted.as_of_date, counted.' ~ keys | join(', counted.') -%}
    select
        ranked.as_of_date,
        ranked.{{ keys | join(',\n        ranked.') }},
        avg(ranked.value) as middle
    from (
        select
            counted.*,
            sum(counted.customers) over (
                partition by {{ group }}
                order by counted.value rows between unbounded preceding and current row
            ) as so_far,
            sum(counted.customers) over (partition by {{ group }}) as in_all
        from {{ source }} as counted
    ) as ranked
    where
        2 * ranked.so_far >= ranked.in_all
        and 2 * (ranked.so_far - ranked.customers) <= ranked.in_all
    group by ranked.as_of_date, ranked.{{ keys | join(', ranked.') }}
{%- endmacro %}

{#- CTE `year_before`: the changes of scores in one month, of the twelve months before each month of the
    CTE `months`, from the counts of a model. `keys` name the group. -#}
{% macro changes_of_the_year_before(counts, keys) -%}
year_before as (

    select
        month_ends.as_of_date,
        changes.{{ keys | join(',\n        changes.') }},
        changes.score_change as value,
        sum(changes.customers) as customers
    from {{ ref('int_months') }} as month_ends
    inner join months
        on
            month_ends.as_of_date >= months.first_month
            and month_ends.as_of_date <= months.last_month
    inner join {{ counts }} as changes
        on
            month_ends.as_of_date > changes.as_of_date
            and {{ month_end_after('month_ends.as_of_date', -12) }} <= changes.as_of_date
    group by
        month_ends.as_of_date, changes.{{ keys | join(', changes.') }}, changes.score_change

),
{%- endmacro %}

{#- CTEs up to `spreads` from `year_before` (`value`, `customers`): the median absolute deviation, as
    `middle`, by month end and `keys`; 1.4826 times it is how far scores usually move (handbook C1). -#}
{% macro spreads_of_changes(keys) -%}
medians as (

    {{ weighted_median('year_before', keys) }}

),

deviations as (

    select
        year_before.as_of_date,
        year_before.{{ keys | join(',\n        year_before.') }},
        abs(year_before.value - medians.middle) as value,
        sum(year_before.customers) as customers
    from year_before
    inner join medians
        on
            year_before.as_of_date = medians.as_of_date
            {%- for key in keys %}
            and year_before.{{ key }} = medians.{{ key }}
            {%- endfor %}
    group by
        year_before.as_of_date,
        year_before.{{ keys | join(',\n        year_before.') }},
        abs(year_before.value - medians.middle)

),

spreads as (

    {{ weighted_median('deviations', keys) }}

)
{%- endmacro %}

{#- Query of the bands of the profiles and months in `months`: the newest in force, those of a profile
    before those of all. `upper_limit` is beyond the scale for the last, which includes its upper
    bound: half-open bands, so that no value is in two or in none. -#}
{% macro bands_in_force(months) -%}
    select
        ranked.profile,
        ranked.as_of_date,
        ranked.band,
        ranked.lower_bound,
        ranked.upper_limit
    from (
        select
            months.profile,
            months.as_of_date,
            bands.band,
            bands.lower_bound,
            case when bands.upper_bound < 100 then bands.upper_bound else 1000 end as upper_limit,
            rank() over (
                partition by months.profile, months.as_of_date
                order by case when bands.profile = '*' then 1 else 0 end, bands.valid_from desc
            ) as newest_rank
        from {{ months }} as months
        inner join {{ ref('bands') }} as bands
            on
                months.as_of_date >= bands.valid_from
                and (months.profile = bands.profile or bands.profile = '*')
    ) as ranked
    where ranked.newest_rank = 1
{%- endmacro %}

{#- Where a score goes: up or down only beyond the dead band, n/a where either is missing. -#}
{% macro trend_of(score, earlier, dead_band) -%}
    case
        when {{ score }} is null or {{ earlier }} is null then 'n/a'
        when abs({{ score }} - {{ earlier }}) <= {{ dead_band }} then 'flat'
        when {{ score }} > {{ earlier }} then 'up'
        else 'down'
    end
{%- endmacro %}

{#-
    Percentile 0-100 among peers, `100 * (mean rank - 0.5) / n`: equal values share it, null stays
    null and is no peer (handbook C0). `partition_by` lists the columns of a peer group.
-#}
{% macro percentile_score(value, partition_by, higher_is_better=true) -%}
    {%- set peers = 'partition by ' ~ partition_by ~ ', ' ~ value ~ ' is null' -%}
    {%- set rank_low -%}
        rank() over ({{ peers }} order by {{ value }}{{ '' if higher_is_better else ' desc' }})
    {%- endset -%}
    case
        when {{ value }} is not null then
            100 * (
                cast({{ rank_low }} as double)
                + (count(*) over (partition by {{ partition_by }}, {{ value }}) - 1) / cast(2 as double)
                - 0.5
            ) / count({{ value }}) over (partition by {{ partition_by }})
    end
{%- endmacro %}

{#-
    Query of the same percentile as a table: one row per peer group and value, with `peer_value`,
    `percentile` and the number of `peers`. To be joined on the value: windows over a wide table
    carry all of its columns through a sort for each measure.
-#}
{% macro percentiles_of(source, value, groups, direction) -%}
    select
        counted.{{ groups | join(',\n        counted.') }},
        counted.peer_value,
        counted.peers,
        100 * (
            {{ 'counted.peers - counted.so_far' if direction == 'lower_is_better'
                else 'counted.so_far - counted.alike' }}
            + (counted.alike + 1) / cast(2 as double)
            - 0.5
        ) / counted.peers as percentile
    from (
        select
            valued.{{ groups | join(',\n            valued.') }},
            valued.peer_value,
            valued.alike,
            sum(valued.alike) over (
                partition by valued.{{ groups | join(', valued.') }}
                order by valued.peer_value
                rows between unbounded preceding and current row
            ) as so_far,
            sum(valued.alike) over (partition by valued.{{ groups | join(', valued.') }}) as peers
        from (
            select
                {{ groups | join(',\n                ') }},
                {{ value }} as peer_value,
                count(*) as alike
            from {{ source }}
            where {{ value }} is not null
            group by {{ groups | join(', ') }}, {{ value }}
        ) as valued
    ) as counted
{%- endmacro %}

{#-
    RFM score 1-5 by four ascending cut-offs: one more than the number of cut-offs below the value,
    or for lower-is-better five less that number. Equal values always share a score; equal cut-offs
    leave scores out (handbook C11).
-#}
{% macro cutoff_score(value, cutoffs, higher_is_better=true) -%}
    {%- set below -%}
        (
            case when {{ value }} > {{ cutoffs }}.cut_1 then 1 else 0 end
            + case when {{ value }} > {{ cutoffs }}.cut_2 then 1 else 0 end
            + case when {{ value }} > {{ cutoffs }}.cut_3 then 1 else 0 end
            + case when {{ value }} > {{ cutoffs }}.cut_4 then 1 else 0 end
        )
    {%- endset -%}
    {{ '1 + ' ~ below if higher_is_better else '5 - ' ~ below }}
{%- endmacro %}

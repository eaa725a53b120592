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

{#- Organisations of several customers (handbook C1). Here: what their marts have in common. Not
    here: how a customer is scored (`scorecard_engine.sql`). -#}

{#- A member's share in its organisation's score by a way to roll up; `members` is an alias of
    `scr_account_members`. -#}
{% macro member_share(members, rollup) -%}
    case {{ rollup }}
        when 'own' then {{ members }}.own_share
        when 'count_weighted' then {{ members }}.count_weighted_share
        else {{ members }}.value_weighted_share
    end
{%- endmacro %}

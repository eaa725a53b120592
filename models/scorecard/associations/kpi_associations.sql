{#- Grain: one row per pair of measures, segment and lag, as of the run's last month. The words say
    that two measures go together, never that one moves the other (handbook C21). -#}
{%- set estimates = ['rho', 'partial_rho', 'within_rho', 'between_rho'] -%}
with associations as (

    select
        found.as_of_date,
        found.pair_id,
        pairs.panel,
        found.segment,
        found.lag_months,
        pairs.x_measure,
        pairs.x_name,
        pairs.x_name_zh,
        pairs.y_measure,
        pairs.y_name,
        pairs.y_name_zh,
        pairs.among_measure,
        pairs.is_survey,
        pairs.reason,
        pairs.reason_zh,
        found.first_month,
        found.unit_count,
        found.row_count,
        found.low_response_row_count,
        found.sampled_customer_count,
        found.customer_count,
        {%- for name in estimates %}
        {%- for end in ['', '_low', '_high'] %}
        round(found.{{ name }}{{ end }}, 6) as {{ name }}{{ end }},
        {%- endfor %}
        {%- endfor %}
        round(found.p_value, 6) as p_value,
        round(found.q_value, 6) as q_value,
        found.is_tested,
        nullif(found.not_tested_reason, '') as not_tested_reason,
        found.is_supported,
        found.is_best_lag,
        found.is_sign_flip,
        cast(cast(found.rho as decimal(4, 2)) as varchar) as rho_told
    from {{ source('ml', 'kpi_associations') }} as found
    inner join {{ ref('kpi_pairs') }} as pairs on found.pair_id = pairs.pair_id

),

worded as (

    select
        associations.*,
        case
            when associations.segment = 'all' then ''
            else concat(' in tier ', associations.segment)
        end as place,
        case
            when associations.segment = 'all' then ''
            else concat('在 ', associations.segment, ' 级中，')
        end as place_zh,
        case associations.lag_months
            when 0 then 'in the same month'
            when 1 then 'one month later'
            else concat(cast(associations.lag_months as varchar), ' months later')
        end as later,
        case associations.lag_months
            when 0 then '同月'
            else concat(cast(associations.lag_months as varchar), ' 个月后')
        end as later_zh,
        case
            when associations.rho > 0 then 'higher'
            else 'lower'
        end as direction,
        case
            when associations.rho > 0 then '更高'
            else '更低'
        end as direction_zh
    from associations

)

select
    worded.as_of_date,
    worded.pair_id,
    worded.panel,
    worded.segment,
    cast(worded.lag_months as integer) as lag_months,
    worded.x_measure,
    worded.x_name,
    worded.x_name_zh,
    worded.y_measure,
    worded.y_name,
    worded.y_name_zh,
    worded.among_measure,
    worded.reason,
    worded.reason_zh,
    worded.first_month,
    worded.unit_count,
    worded.row_count,
    worded.low_response_row_count,
    worded.sampled_customer_count,
    worded.customer_count,
    {%- for name in estimates %}
    {%- for end in ['', '_low', '_high'] %}
    worded.{{ name }}{{ end }},
    {%- endfor %}
    {%- endfor %}
    worded.p_value,
    worded.q_value,
    worded.is_tested,
    worded.not_tested_reason,
    worded.is_supported,
    worded.is_best_lag,
    worded.is_sign_flip,
    case
        when worded.not_tested_reason = 'not_measured'
            then concat(
                'Not measured', worded.place, ': whether ', worded.x_name, ' goes with ',
                worded.y_name, ' ', worded.later, '.'
            )
        when not worded.is_tested
            then concat(
                'Too few cases or differences', worded.place, ' to say whether ', worded.x_name,
                ' goes with ', worded.y_name, ' ', worded.later, '.'
            )
        when worded.is_supported
            then concat(
                upper(substr(worded.x_name, 1, 1)), substr(worded.x_name, 2), worded.place,
                ' goes with a ', worded.direction, ' ', worded.y_name, ' ', worded.later,
                ' (rank correlation ', worded.rho_told, ').'
            )
        else concat(
            'Whether ', worded.x_name, worded.place, ' goes with ', worded.y_name, ' ',
            worded.later, ' cannot be told from chance.'
        )
    end as sentence,
    case
        when worded.not_tested_reason = 'not_measured'
            then concat(
                worded.place_zh, '没有数据：', worded.x_name_zh, '，', worded.later_zh, '的',
                worded.y_name_zh, '是否更高或更低。'
            )
        when not worded.is_tested
            then concat(
                worded.place_zh, '案例或差异不足，无法判断：', worded.x_name_zh, '，',
                worded.later_zh, '的', worded.y_name_zh, '是否更高或更低。'
            )
        when worded.is_supported
            then concat(
                worded.place_zh, worded.x_name_zh, '，', worded.later_zh, '的', worded.y_name_zh,
                '往往', worded.direction_zh, '（秩相关 ', worded.rho_told, '）。'
            )
        else concat(
            worded.place_zh, '无法与偶然区分：', worded.x_name_zh, '，', worded.later_zh, '的',
            worded.y_name_zh, '是否更高或更低。'
        )
    end as sentence_zh,
    case
        when worded.is_survey
            then 'Only those who answered are counted; the silent may differ.'
    end as caveat,
    case when worded.is_survey then '仅统计作答者；未作答者可能不同。' end as caveat_zh
from worded

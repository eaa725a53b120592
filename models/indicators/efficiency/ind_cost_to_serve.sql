{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per customer and month of ind_value: what serving the customer cost in twelve
    months, and what is left of the margin (handbook C6). A month counts as measured when messages
    on tickets were, and an hourly cost was known. -#}
with run_months as (

    {{ run_months() }}

),

service_costs as (

    select service_costs.*
    from {{ ref('ind_service_costs') }} as service_costs
    inner join run_months
        on
            service_costs.as_of_date > {{ month_end_after('run_months.first_month', -12) }}
            and service_costs.as_of_date <= run_months.last_month

),

costed_months as (

    select distinct service_costs.as_of_date as month_end
    from service_costs

),

windows as (

    select
        months.as_of_date,
        costed_months.month_end
    from {{ ref('int_months') }} as months
    inner join run_months
        on
            months.as_of_date >= run_months.first_month
            and months.as_of_date <= run_months.last_month
    inner join costed_months
        on
            months.as_of_date >= costed_months.month_end
            and costed_months.month_end > {{ month_end_after('months.as_of_date', -12) }}
    inner join {{ ref('int_measured_facts') }} as measured_facts
        on
            costed_months.month_end = measured_facts.as_of_date
            and measured_facts.fact = 'ticket_comments'
            and measured_facts.is_measured

),

measured as (

    select
        windows.as_of_date,
        count(*) as measured_months
    from windows
    group by windows.as_of_date

),

sums as (

    select
        service_costs.customer_id,
        windows.as_of_date,
        sum(service_costs.tickets_opened) as ticket_count,
        -- A month whose minutes nobody noted leaves the sum unknown.
        case
            when count(service_costs.handling_cost) = count(*)
                then sum(service_costs.handling_cost + service_costs.direct_cost)
        end as cost_to_serve
    from service_costs
    inner join windows on service_costs.as_of_date = windows.month_end
    group by service_costs.customer_id, windows.as_of_date

),

joined as (

    select
        ind_value.customer_id,
        ind_value.as_of_date,
        ind_value.gross_margin_12m,
        measured.measured_months,
        case
            when measured.measured_months > 0
                then cast(
                    case when sums.customer_id is null then 0 else sums.cost_to_serve end
                    as decimal(18, 4)
                )
        end as cost_to_serve_12m,
        sums.ticket_count
    from {{ ref('ind_value') }} as ind_value
    inner join run_months
        on
            ind_value.as_of_date >= run_months.first_month
            and ind_value.as_of_date <= run_months.last_month
    left join measured on ind_value.as_of_date = measured.as_of_date
    left join sums
        on ind_value.customer_id = sums.customer_id and ind_value.as_of_date = sums.as_of_date

)

select
    joined.customer_id,
    joined.as_of_date,
    cast(coalesce(joined.measured_months, 0) as integer) as cost_to_serve_months_12m,
    joined.cost_to_serve_12m,
    {{ measured_count('joined.measured_months > 0', 'joined.ticket_count') }}
        as costed_tickets_12m,
    {{ ratio('joined.cost_to_serve_12m', 'joined.ticket_count') }} as cost_per_ticket_12m,
    case
        when joined.measured_months = 12 and joined.gross_margin_12m > 0
            then {{ ratio('joined.cost_to_serve_12m', 'joined.gross_margin_12m') }}
    end as cost_to_serve_ratio_12m,
    case
        when joined.measured_months = 12
            then cast(
                joined.gross_margin_12m - joined.cost_to_serve_12m as decimal(18, 4)
            )
    end as contribution_margin_12m
from joined

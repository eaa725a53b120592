{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and team that works with the CRM, also `all`, where interactions
    were measured: who uses it, how complete it is, how much of the work is
    written down, and whether action cards are kept up to date. -#}
{%- set fields = var('crm_required_fields') -%}
with run_months as (

    {{ run_months() }}

),

months as (

    select measured_facts.as_of_date
    from {{ ref('int_measured_facts') }} as measured_facts
    inner join run_months
        on
            measured_facts.as_of_date >= run_months.first_month
            and measured_facts.as_of_date <= run_months.last_month
    where measured_facts.fact = 'interactions' and measured_facts.is_measured

),

staff as (

    select
        months.as_of_date,
        staff.employee_id,
        staff.team_id
    from months
    inner join {{ ref('stg_organisation__staff') }} as staff
        on {{ holds_on(
            'months.as_of_date', 'cast(staff.valid_from as date)', 'cast(staff.valid_to as date)'
        ) }}
    inner join {{ ref('stg_organisation__teams') }} as teams
        on
            staff.team_id = teams.team_id
            and {{ holds_on(
                'months.as_of_date', 'cast(teams.valid_from as date)',
                'cast(teams.valid_to as date)'
            ) }}
    where
        (staff.left_on is null or staff.left_on > months.as_of_date)
        and teams.department in (
            {%- for department in var('crm_departments') %}
            '{{ department }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )

),

-- What somebody wrote into the CRM in a month.
entries as (

    select
        interactions.employee_id,
        {{ month_end('interactions.occurred_at') }} as as_of_date,
        1 as interaction_count
    from {{ ref('stg_crm__interactions') }} as interactions
    inner join run_months on {{ in_run_months('interactions.occurred_at') }}
    where interactions.employee_id is not null
    union all
    select
        opportunities.owner_id as employee_id,
        {{ month_end('opportunities.valid_from') }} as as_of_date,
        0 as interaction_count
    from {{ ref('stg_crm__opportunities') }} as opportunities
    inner join run_months on {{ in_run_months('opportunities.valid_from') }}
    where opportunities.owner_id is not null
    union all
    select
        leads.owner_id as employee_id,
        {{ month_end('leads.valid_from') }} as as_of_date,
        0 as interaction_count
    from {{ ref('stg_crm__leads') }} as leads
    inner join run_months on {{ in_run_months('leads.valid_from') }}
    where leads.owner_id is not null

),

entered as (

    select
        entries.as_of_date,
        entries.employee_id,
        sum(entries.interaction_count) as interaction_count
    from entries
    group by entries.as_of_date, entries.employee_id

),

-- Opportunities that were open at any time in the month.
opportunities as (

    select
        months.as_of_date,
        states.owner_id as employee_id,
        count(*) as opportunity_count
    from months
    inner join {{ ref('int_opportunity_states') }} as states
        on
            {{ holds_on('months.as_of_date', 'states.from_month', 'states.to_month') }}
            and (states.state = 'open' or states.closed_month = months.as_of_date)
    group by months.as_of_date, states.owner_id

),

teams as (

    select
        staff.as_of_date,
        coalesce(staff.team_id, 'all') as team_id,
        count(*) as staff_count,
        count(entered.employee_id) as active_staff_count,
        sum(coalesce(entered.interaction_count, 0)) as interaction_count,
        sum(coalesce(opportunities.opportunity_count, 0)) as opportunity_count
    from staff
    left join entered
        on staff.as_of_date = entered.as_of_date and staff.employee_id = entered.employee_id
    left join opportunities
        on
            staff.as_of_date = opportunities.as_of_date
            and staff.employee_id = opportunities.employee_id
    group by staff.as_of_date, rollup(staff.team_id)

),

owned as (

    select
        attributes.as_of_date,
        coalesce(staff.team_id, 'none') as team_id,
        (
            {%- for field in fields %}
            case when attributes.{{ field }} is not null then 1 else 0 end
            {{- ' +' if not loop.last }}
            {%- endfor %}
        ) as filled_count
    from {{ ref('int_customer_attribute_months') }} as attributes
    inner join months on attributes.as_of_date = months.as_of_date
    inner join {{ ref('ind_activity') }} as ind_activity
        on
            attributes.customer_id = ind_activity.customer_id
            and attributes.as_of_date = ind_activity.as_of_date
    left join staff
        on
            attributes.as_of_date = staff.as_of_date
            and attributes.owner_id = staff.employee_id
    where ind_activity.is_active

),

records as (

    select
        owned.as_of_date,
        coalesce(owned.team_id, 'all') as team_id,
        count(*) as customer_count,
        sum(owned.filled_count) as filled_count
    from owned
    group by owned.as_of_date, rollup(owned.team_id)

),

-- Before the first day by which any card was due, nobody kept cards.
first_card as (

    select min(card_updates.due_on) as first_due_on
    from {{ ref('stg_organisation__card_updates') }} as card_updates

),

due_cards as (

    select
        months.as_of_date,
        coalesce(staff.team_id, 'none') as team_id,
        case when cast(card_updates.updated_at as date) <= card_updates.due_on then 1 else 0 end
            as on_time_count
    from months
    inner join {{ ref('stg_organisation__card_updates') }} as card_updates
        on months.as_of_date = {{ month_end('card_updates.due_on') }}
    left join staff
        on
            months.as_of_date = staff.as_of_date
            and card_updates.employee_id = staff.employee_id

),

cards as (

    select
        due_cards.as_of_date,
        coalesce(due_cards.team_id, 'all') as team_id,
        count(*) as card_count,
        sum(due_cards.on_time_count) as on_time_count
    from due_cards
    group by due_cards.as_of_date, rollup(due_cards.team_id)

)

select
    teams.as_of_date,
    teams.team_id,
    cast(teams.staff_count as integer) as staff_count,
    cast(teams.active_staff_count as integer) as active_staff_count,
    {{ rate_columns('adoption', 'teams.active_staff_count', 'teams.staff_count') }},
    cast(coalesce(records.customer_count, 0) as integer) as customer_count,
    {{ ratio('records.filled_count', 'records.customer_count * ' ~ fields | length) }}
        as completeness_ratio,
    cast(teams.interaction_count as integer) as interaction_count,
    cast(teams.opportunity_count as integer) as opportunity_count,
    {{ ratio('teams.interaction_count', 'teams.opportunity_count') }}
        as interactions_per_opportunity,
    {{ measured_count('first_card.first_due_on <= teams.as_of_date', 'cards.card_count') }}
        as due_card_count,
    {{ rate_columns('card_on_time', 'cards.on_time_count', 'cards.card_count') }}
from teams
cross join first_card
left join records
    on teams.as_of_date = records.as_of_date and teams.team_id = records.team_id
left join cards
    on teams.as_of_date = cards.as_of_date and teams.team_id = cards.team_id

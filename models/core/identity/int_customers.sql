{#- Grain: one row per customer of the CRM or billing that was seen by the end of the run's last
    month, as known then. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

links as (

    select * from {{ ref('int_identity_links') }}

),

seen as (

    select
        links.customer_id,
        links.source_system,
        links.source_id,
        links.link_method,
        records.first_recorded_at
    from links
    inner join {{ ref('int_identity_records') }} as records
        on links.source_system = records.source_system and links.source_id = records.source_id
    inner join run_window on {{ month_end('records.first_recorded_at') }} <= run_window.last_month
    where links.customer_id is not null

),

traces as (

    select
        seen.customer_id,
        max(case when seen.source_system = 'crm' then 1 else 0 end) as is_in_crm,
        max(case when seen.source_system = 'billing' then 1 else 0 end) as is_in_billing,
        max(case when seen.source_system = 'support' then 1 else 0 end) as is_in_support,
        max(case when seen.source_system = 'survey' then 1 else 0 end) as is_in_survey,
        max(case when seen.source_system = 'usage' then 1 else 0 end) as is_in_usage,
        min(
            case when seen.source_system = 'billing' then cast(seen.first_recorded_at as date) end
        ) as first_billed_date,
        cast(count(*) as integer) as source_record_count
    from seen
    group by seen.customer_id

),

crm_versions as (

    select
        seen.customer_id,
        customers.*,
        row_number() over (
            partition by seen.customer_id
            order by
                customers.valid_from desc,
                case when seen.link_method = 'own_id' then 0 else 1 end asc,
                customers.crm_customer_id asc
        ) as newest_rank,
        -- The anchor's number, or the oldest one while the anchor is not known yet.
        first_value(customers.crm_customer_id) over (
            partition by seen.customer_id
            order by
                case when seen.link_method = 'own_id' then 0 else 1 end,
                customers.first_seen_at,
                customers.crm_customer_id
        ) as anchor_crm_id,
        min(customers.first_seen_at) over (partition by seen.customer_id) as crm_first_seen_at
    from {{ ref('stg_crm__customers') }} as customers
    inner join seen
        on customers.crm_customer_id = seen.source_id and seen.source_system = 'crm'
    inner join run_window on {{ month_end('customers.valid_from') }} <= run_window.last_month

),

crm as (

    select crm_versions.*
    from crm_versions
    where crm_versions.newest_rank = 1

),

subscribed as (

    select
        seen.customer_id,
        cast(min(subscriptions.started_at) as date) as first_subscribed_date
    from {{ ref('stg_billing__subscriptions') }} as subscriptions
    inner join seen
        on subscriptions.source_customer_id = seen.source_id and seen.source_system = 'billing'
    inner join run_window on {{ month_end('subscriptions.valid_from') }} <= run_window.last_month
    group by seen.customer_id

),

-- Who owns whom, as far as both are customers by then.
parents as (

    select
        crm.customer_id,
        links.customer_id as parent_id
    from crm
    inner join links
        on crm.parent_crm_customer_id = links.source_id and links.source_system = 'crm'
    inner join traces on links.customer_id = traces.customer_id
    where links.customer_id <> crm.customer_id

),

-- Each round doubles the steps towards the top. Whoever has a step left after them is below a
-- circle; the smallest key of the circle is its top then.
steps_0 as (

    select
        parents.customer_id,
        parents.parent_id as top_id,
        least(parents.customer_id, parents.parent_id) as smallest_id
    from parents

),

{% for round in range(1, identity_setting('account_rounds') + 1) -%}
{%- set before = 'steps_' ~ (round - 1) -%}
steps_{{ round }} as (

    select
        near.customer_id,
        coalesce(further.top_id, near.top_id) as top_id,
        least(near.smallest_id, further.smallest_id) as smallest_id
    from {{ before }} as near
    left join {{ before }} as further on near.top_id = further.customer_id

),

{% endfor -%}
circles as (

    select
        steps.customer_id,
        below.smallest_id as circle_top_id
    from steps_{{ identity_setting('account_rounds') }} as steps
    inner join steps_{{ identity_setting('account_rounds') }} as below
        on steps.top_id = below.customer_id

),

accounts as (

    select
        parents.customer_id,
        case
            when coalesce(circles.circle_top_id, '') <> parents.customer_id then parents.parent_id
        end as parent_customer_id,
        coalesce(circles.circle_top_id, steps.top_id) as account_id,
        circles.customer_id is not null as is_below_circle
    from parents
    inner join steps_{{ identity_setting('account_rounds') }} as steps
        on parents.customer_id = steps.customer_id
    left join circles on parents.customer_id = circles.customer_id

),

joined as (

    select
        traces.customer_id,
        crm.anchor_crm_id as crm_customer_id,
        crm.country,
        case
            when crm.customer_id is null then traces.first_billed_date
            else least(
                cast(crm.crm_first_seen_at as date),
                coalesce(traces.first_billed_date, cast(crm.crm_first_seen_at as date))
            )
        end as first_known_date,
        subscribed.first_subscribed_date,
        traces.is_in_crm,
        traces.is_in_billing,
        traces.is_in_support,
        traces.is_in_survey,
        traces.is_in_usage,
        traces.source_record_count,
        crm.customer_kind,
        crm.customer_name,
        accounts.parent_customer_id,
        coalesce(accounts.account_id, traces.customer_id) as account_id,
        coalesce(accounts.is_below_circle, false) as has_parent_circle,
        crm.owner_id,
        crm.acquisition_channel,
        crm.industry,
        crm.region,
        crm.relationship_type,
        crm.has_marketing_consent,
        crm.credit_limit
    from traces
    left join crm on traces.customer_id = crm.customer_id
    left join subscribed on traces.customer_id = subscribed.customer_id
    left join accounts on traces.customer_id = accounts.customer_id
    where traces.is_in_crm = 1 or traces.is_in_billing = 1

),

dated as (

    select
        joined.*,
        least(
            joined.first_known_date,
            coalesce(joined.first_subscribed_date, joined.first_known_date)
        ) as first_seen_date
    from joined

)

select
    dated.customer_id,
    dated.crm_customer_id,
    dated.country,
    dated.first_seen_date,
    {{ month_end('dated.first_seen_date') }} as first_seen_month,
    dated.is_in_crm = 1 as is_in_crm,
    dated.is_in_billing = 1 as is_in_billing,
    dated.is_in_support = 1 as is_in_support,
    dated.is_in_survey = 1 as is_in_survey,
    dated.is_in_usage = 1 as is_in_usage,
    dated.source_record_count,
    dated.customer_kind,
    -- Only an organisation's name may be shown.
    case when dated.customer_kind = 'organisation' then dated.customer_name end
        as organisation_name,
    dated.parent_customer_id,
    dated.account_id,
    dated.has_parent_circle,
    dated.owner_id,
    dated.acquisition_channel,
    dated.industry,
    dated.region,
    dated.relationship_type,
    dated.has_marketing_consent,
    dated.credit_limit
from dated

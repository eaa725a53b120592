{#- Grain: one row per subscription that billing had written down by the end of the run's last
    month, as it was known then. -#}
with run_window as (

    select * from {{ ref('stg_control__run_window') }}

),

links as (

    select
        identity_links.source_id,
        identity_links.customer_id
    from {{ ref('int_identity_links') }} as identity_links
    where identity_links.source_system = 'billing'

),

versions as (

    select
        subscriptions.*,
        run_window.last_month,
        row_number() over (
            partition by subscriptions.subscription_id order by subscriptions.valid_from desc
        ) as newest_rank
    from {{ ref('stg_billing__subscriptions') }} as subscriptions
    inner join run_window
        on cast(subscriptions.valid_from as date) <= run_window.last_month

),

ranked_spans as (

    select
        spans.*,
        row_number() over (
            partition by spans.subscription_id order by spans.valid_from desc
        ) as newest_rank
    from {{ ref('int_subscription_spans') }} as spans
    -- What came after the end says nothing about what ran.
    where coalesce(spans.exclusion_reason, '') <> 'change_after_end'

),

joined as (

    select
        versions.subscription_id,
        links.customer_id,
        coalesce(spans.product_id, versions.product_id) as product_id,
        versions.started_at,
        case
            when spans.valid_to is not null then coalesce(spans.ended_on, spans.valid_to)
            -- While it runs, only an end that is still to come is one: an older is taken back.
            when spans.subscription_id is null or versions.ended_at > versions.last_month
                then versions.ended_at
        end as ended_at,
        versions.term_months,
        versions.renewal_date,
        versions.is_auto_renewing,
        versions.end_reason,
        spans.subscription_id as span_subscription_id,
        spans.valid_to,
        spans.quantity,
        spans.unit_price,
        spans.currency_code,
        spans.price_since,
        spans.mrr,
        spans.exclusion_reason,
        versions.last_month
    from versions
    left join ranked_spans as spans
        on versions.subscription_id = spans.subscription_id and spans.newest_rank = 1
    left join links on versions.source_customer_id = links.source_id
    where versions.newest_rank = 1

),

stated as (

    select
        joined.*,
        case
            when joined.started_at > joined.last_month then 'in_future'
            when joined.valid_to is not null or joined.ended_at <= joined.last_month then 'ended'
            else 'active'
        end as status
    from joined

)

select
    stated.subscription_id,
    stated.customer_id,
    stated.product_id,
    stated.status,
    stated.started_at,
    stated.ended_at,
    stated.term_months,
    stated.renewal_date,
    stated.is_auto_renewing,
    case when stated.ended_at is not null then stated.end_reason end as end_reason,
    case
        when stated.ended_at is not null
            then stated.end_reason in ('payment_failure', 'death', 'closure')
    end as is_involuntary,
    case when stated.status = 'active' then stated.quantity end as quantity,
    case when stated.status = 'active' then stated.unit_price end as unit_price,
    stated.currency_code,
    case when stated.status = 'active' then stated.price_since end as price_since,
    cast(
        case
            when stated.status = 'active' and stated.exclusion_reason is null then stated.mrr
            when stated.status = 'ended' then 0
        end as decimal(18, 4)
    ) as mrr,
    case
        when stated.customer_id is null then 'no_customer'
        when stated.span_subscription_id is null and stated.status <> 'in_future'
            then 'subscription_without_change'
        when stated.status = 'active' then stated.exclusion_reason
    end as exclusion_reason
from stated

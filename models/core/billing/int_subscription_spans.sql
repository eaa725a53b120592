{#- Grain: one row per subscription and span of days with one product, quantity and price, as known
    at the end of the run's last month. Each day says what was known at its end: a change counts
    from the day it took effect, what billing wrote about the subscription itself (its customer, its
    end) from the day it was written. So no past day changes when more becomes known, and nothing is
    generated after the last month: a subscription that still runs has no `valid_to`. -#}
{%- set far_day = "cast('9999-12-31' as date)" -%}
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

-- On one day an end comes after all other changes but a resumption, which only an end can precede.
ordered_changes as (

    select
        changes.*,
        row_number() over (
            partition by changes.subscription_id, changes.effective_at
            order by
                case changes.change_kind
                    when 'start' then 1
                    when 'upgrade' then 2
                    when 'downgrade' then 3
                    when 'quantity' then 4
                    when 'price' then 5
                    when 'end' then 6
                    when 'resume' then 7
                end desc,
                changes.change_id desc
        ) as rank_in_day,
        max(case when changes.change_kind = 'end' then 1 else 0 end) over (
            partition by changes.subscription_id, changes.effective_at
        ) as ends_in_day
    from {{ ref('stg_billing__subscription_changes') }} as changes
    inner join run_window on changes.effective_at <= run_window.last_month

),

numbered_changes as (

    select
        ordered_changes.subscription_id,
        ordered_changes.change_id,
        ordered_changes.change_kind,
        ordered_changes.product_id,
        ordered_changes.quantity,
        ordered_changes.unit_price,
        ordered_changes.currency_code,
        ordered_changes.effective_at,
        row_number() over so_far as change_number,
        max(ordered_changes.ends_in_day) over so_far as has_end_change,
        max(
            case when ordered_changes.change_kind = 'resume' then ordered_changes.effective_at end
        ) over so_far as last_resumed_on,
        max(
            case when ordered_changes.change_kind = 'start' then ordered_changes.effective_at end
        ) over so_far as last_started_on,
        lag(ordered_changes.change_kind) over so_far as previous_kind,
        lag(ordered_changes.product_id) over so_far as previous_product_id,
        lag(ordered_changes.unit_price) over so_far as previous_unit_price,
        lag(ordered_changes.currency_code) over so_far as previous_currency_code
    from ordered_changes
    where ordered_changes.rank_in_day = 1
    window so_far as (
        partition by ordered_changes.subscription_id order by ordered_changes.effective_at
        rows between unbounded preceding and current row
    )

),

-- A recurring price keeps the rate of the day it took effect: another quantity at the same price
-- is no reason for the rest to move with the exchange rate.
changes as (

    select
        numbered_changes.*,
        max(
            case
                when
                    numbered_changes.change_kind in ('start', 'resume')
                    or coalesce(numbered_changes.previous_kind, 'end') = 'end'
                    or numbered_changes.product_id
                    is distinct from numbered_changes.previous_product_id
                    or numbered_changes.unit_price <> numbered_changes.previous_unit_price
                    or numbered_changes.currency_code <> numbered_changes.previous_currency_code
                    then numbered_changes.effective_at
            end
        ) over (
            partition by numbered_changes.subscription_id order by numbered_changes.change_number
            rows between unbounded preceding and current row
        ) as price_since
    from numbered_changes

),

written as (

    select
        subscriptions.subscription_id,
        subscriptions.source_customer_id,
        subscriptions.started_at,
        subscriptions.ended_at,
        cast(subscriptions.valid_from as date) as written_on,
        row_number() over (
            partition by subscriptions.subscription_id, cast(subscriptions.valid_from as date)
            order by subscriptions.valid_from desc
        ) as rank_in_day
    from {{ ref('stg_billing__subscriptions') }} as subscriptions
    inner join run_window
        on cast(subscriptions.valid_from as date) <= run_window.last_month

),

versions as (

    select
        written.subscription_id,
        written.source_customer_id,
        written.started_at,
        written.ended_at,
        written.written_on,
        row_number() over by_day as version_number,
        lead(written.written_on) over by_day as next_written_on
    from written
    where written.rank_in_day = 1
    window by_day as (partition by written.subscription_id order by written.written_on)

),

-- The days on which something may begin to hold.
break_days as (

    select
        changes.subscription_id,
        changes.effective_at as break_day,
        changes.change_number,
        cast(null as bigint) as version_number
    from changes
    union all
    select
        versions.subscription_id,
        versions.written_on as break_day,
        cast(null as bigint) as change_number,
        versions.version_number
    from versions
    union all
    -- An end that was written down ahead of its day.
    select
        versions.subscription_id,
        versions.ended_at as break_day,
        cast(null as bigint) as change_number,
        cast(null as bigint) as version_number
    from versions
    inner join run_window on versions.ended_at <= run_window.last_month
    where
        versions.ended_at > versions.written_on
        and (versions.next_written_on is null or versions.ended_at < versions.next_written_on)

),

days as (

    select
        break_days.subscription_id,
        break_days.break_day,
        max(break_days.change_number) as change_number,
        max(break_days.version_number) as version_number
    from break_days
    group by break_days.subscription_id, break_days.break_day

),

in_force as (

    select
        days.subscription_id,
        days.break_day,
        max(days.change_number) over so_far as change_number,
        max(days.version_number) over so_far as version_number
    from days
    window so_far as (
        partition by days.subscription_id order by days.break_day
        rows between unbounded preceding and current row
    )

),

states as (

    select
        in_force.subscription_id,
        in_force.break_day,
        in_force.change_number,
        changes.change_id,
        changes.change_kind,
        changes.product_id,
        changes.quantity,
        changes.unit_price,
        changes.currency_code,
        changes.price_since,
        versions.source_customer_id,
        versions.started_at,
        case
            when changes.change_kind = 'end' then changes.effective_at
            -- The end that billing wrote counts where no change says it, and until a resumption.
            when
                changes.has_end_change = 0
                and versions.ended_at <= in_force.break_day
                and coalesce(changes.last_resumed_on < versions.ended_at, true)
                and coalesce(changes.last_started_on <= versions.ended_at, true)
                then versions.ended_at
        end as ended_on,
        changes.effective_at = in_force.break_day as is_change_day
    from in_force
    inner join changes
        on
            in_force.subscription_id = changes.subscription_id
            and in_force.change_number = changes.change_number
    left join versions
        on
            in_force.subscription_id = versions.subscription_id
            and in_force.version_number = versions.version_number

),

-- Another version that changes nothing here begins no span.
compared as (

    select
        states.*,
        lag(states.change_number) over by_day as previous_change_number,
        lag(states.source_customer_id) over by_day as previous_source_customer_id,
        lag(states.ended_on) over by_day as previous_ended_on
    from states
    window by_day as (partition by states.subscription_id order by states.break_day)

),

spans as (

    select
        compared.*,
        compared.break_day as valid_from,
        lead(compared.break_day) over by_day as valid_to,
        lead(compared.ended_on) over by_day as next_ended_on
    from compared
    where
        compared.change_number is distinct from compared.previous_change_number
        or compared.source_customer_id is distinct from compared.previous_source_customer_id
        or compared.ended_on is distinct from compared.previous_ended_on
    window by_day as (partition by compared.subscription_id order by compared.break_day)

),

priced as (

    select
        spans.subscription_id,
        links.customer_id,
        spans.product_id,
        spans.change_id,
        spans.change_kind,
        spans.quantity,
        spans.unit_price,
        spans.currency_code,
        spans.price_since,
        spans.started_at,
        spans.valid_from,
        spans.valid_to,
        case when spans.ended_on is null then spans.next_ended_on end as ended_on,
        {{ in_reporting_currency(
            'spans.unit_price', 'spans.currency_code', 'rate_days.rate'
        ) }} as reporting_unit_price,
        {{ in_reporting_currency(
            'spans.quantity * spans.unit_price', 'spans.currency_code', 'rate_days.rate'
        ) }} as mrr,
        case
            when spans.source_customer_id is null then 'change_without_subscription'
            when spans.ended_on is not null then 'change_after_end'
            when links.customer_id is null then 'no_customer'
        end as exclusion_reason
    from spans
    left join links on spans.source_customer_id = links.source_id
    left join {{ ref('int_exchange_rate_days') }} as rate_days
        on
            spans.currency_code = rate_days.currency_code
            and spans.price_since = rate_days.rate_day
    where
        spans.change_kind <> 'end'
        and (spans.ended_on is null or spans.is_change_day)

),

judged as (

    select
        priced.subscription_id,
        priced.customer_id,
        priced.product_id,
        priced.change_id,
        priced.change_kind,
        priced.quantity,
        priced.unit_price,
        priced.currency_code,
        priced.price_since,
        priced.started_at,
        priced.valid_from,
        priced.valid_to,
        priced.ended_on,
        priced.reporting_unit_price,
        priced.mrr,
        coalesce(
            priced.exclusion_reason,
            case when priced.mrr is null then 'currency_without_rate' end
        ) as exclusion_reason
    from priced

),

-- Overlaps: who came first onto a product keeps it while he is on it. A stay is an unbroken time of
-- one subscription on one product; only what is paid for can be counted twice.
stay_starts as (

    select
        judged.*,
        case
            when
                lag(judged.valid_to) over (
                    partition by
                        judged.subscription_id, judged.customer_id, judged.product_id
                    order by judged.valid_from
                ) = judged.valid_from
                then null
            else judged.valid_from
        end as new_stay_from
    from judged
    where
        judged.exclusion_reason is null
        and judged.mrr > 0
        and judged.product_id is not null

),

stay_spans as (

    select
        stay_starts.*,
        max(stay_starts.new_stay_from) over (
            partition by
                stay_starts.subscription_id, stay_starts.customer_id, stay_starts.product_id
            order by stay_starts.valid_from
            rows between unbounded preceding and current row
        ) as stay_from
    from stay_starts

),

stays as (

    select
        stay_spans.customer_id,
        stay_spans.product_id,
        stay_spans.subscription_id,
        stay_spans.stay_from,
        min(stay_spans.started_at) as started_at,
        max(coalesce(stay_spans.valid_to, {{ far_day }})) as stay_to
    from stay_spans
    group by
        stay_spans.customer_id, stay_spans.product_id, stay_spans.subscription_id,
        stay_spans.stay_from

),

-- Until when somebody who came before is there: every earlier stay began by then, so a day is taken
-- as long as the longest of them lasts.
taken as (

    select
        stays.customer_id,
        stays.product_id,
        stays.subscription_id,
        stays.stay_from,
        max(stays.stay_to) over (
            partition by stays.customer_id, stays.product_id
            order by stays.stay_from, stays.started_at, stays.subscription_id
            rows between unbounded preceding and 1 preceding
        ) as taken_until
    from stays

),

overlapping as (

    select
        stay_spans.subscription_id,
        stay_spans.valid_from,
        taken.taken_until
    from taken
    inner join stay_spans
        on
            taken.subscription_id = stay_spans.subscription_id
            and taken.customer_id = stay_spans.customer_id
            and taken.product_id = stay_spans.product_id
            and taken.stay_from = stay_spans.stay_from
    where taken.taken_until > stay_spans.valid_from

),

split as (

    select
        judged.*,
        case
            when overlapping.taken_until is not null then 'overlapping_subscription'
        end as overlap_reason,
        judged.valid_from as piece_from,
        case
            when overlapping.taken_until is null then judged.valid_to
            when overlapping.taken_until < coalesce(judged.valid_to, {{ far_day }})
                then overlapping.taken_until
            else judged.valid_to
        end as piece_to
    from judged
    left join overlapping
        on
            judged.subscription_id = overlapping.subscription_id
            and judged.valid_from = overlapping.valid_from
    union all
    -- What is left of it once the earlier one is gone.
    select
        judged.*,
        cast(null as varchar) as overlap_reason,
        overlapping.taken_until as piece_from,
        judged.valid_to as piece_to
    from judged
    inner join overlapping
        on
            judged.subscription_id = overlapping.subscription_id
            and judged.valid_from = overlapping.valid_from
    where overlapping.taken_until < coalesce(judged.valid_to, {{ far_day }})

)

select
    split.subscription_id,
    split.customer_id,
    split.product_id,
    split.change_id,
    split.change_kind,
    split.quantity,
    cast(split.unit_price as decimal(18, 4)) as unit_price,
    split.currency_code,
    split.price_since,
    split.piece_from as valid_from,
    split.piece_to as valid_to,
    case
        when
            coalesce(split.piece_to, {{ far_day }}) = coalesce(split.valid_to, {{ far_day }})
            then split.ended_on
    end as ended_on,
    split.reporting_unit_price,
    split.mrr,
    coalesce(split.exclusion_reason, split.overlap_reason) as exclusion_reason
from split

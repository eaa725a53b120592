{{ config(materialized='incremental', incremental_strategy='replace_months') }}
{#- Grain: one row per month end and anchor with an audit in twelve months: how often the auditor
    and the measure say the same of an occurrence as a whole. -#}
with run_months as (

    {{ run_months() }}

),

windows as (

    {{ month_windows([12]) }}

),

audits as (

    select
        audits.audit_id,
        audits.anchor_id,
        audits.occurrence_reference,
        audits.is_met,
        {{ month_end('audits.audited_on') }} as month_end
    from {{ ref('stg_organisation__anchor_audits') }} as audits
    inner join run_months
        on
            {{ month_end('audits.audited_on') }}
            > {{ month_end_after('run_months.first_month', -12) }}
            and audits.audited_on <= run_months.last_month

),

wholes as (

    select
        occurrences.anchor_id,
        occurrences.occurrence_id as occurrence_reference,
        occurrences.is_met,
        occurrences.decided_month,
        occurrences.excluded_month
    from {{ ref('int_anchor_occurrences') }} as occurrences
    where occurrences.metric = 'all'
    union
    select
        occurrences.anchor_id,
        occurrences.ticket_id as occurrence_reference,
        occurrences.is_met,
        occurrences.decided_month,
        occurrences.excluded_month
    from {{ ref('int_anchor_occurrences') }} as occurrences
    where occurrences.metric = 'all' and occurrences.ticket_id <> occurrences.occurrence_id

),

compared as (

    select
        windows.as_of_date,
        audits.anchor_id,
        audits.audit_id,
        audits.is_met as is_met_by_auditor,
        -- An auditor who names a ticket with several occurrences saw the worst of them.
        min(
            case
                when
                    wholes.decided_month <= windows.as_of_date
                    and (
                        wholes.excluded_month is null
                        or wholes.excluded_month > windows.as_of_date
                    )
                    then cast(wholes.is_met as integer)
            end
        ) as met
    from audits
    inner join windows on audits.month_end = windows.month_end
    left join wholes
        on
            audits.anchor_id = wholes.anchor_id
            and audits.occurrence_reference = wholes.occurrence_reference
    group by windows.as_of_date, audits.anchor_id, audits.audit_id, audits.is_met

),

counted as (

    select
        compared.as_of_date,
        compared.anchor_id,
        cast(count(*) as integer) as audit_count,
        cast(count(compared.met) as integer) as compared_count,
        cast({{ count_when('cast(compared.is_met_by_auditor as integer) = compared.met') }}
            as integer) as agreed_count,
        cast({{ count_when('compared.met = 1') }} as integer) as met_count,
        cast({{ count_when('compared.met is not null and compared.is_met_by_auditor') }} as integer)
            as auditor_met_count
    from compared
    group by compared.as_of_date, compared.anchor_id

)

select
    counted.as_of_date,
    counted.anchor_id,
    counted.audit_count,
    counted.compared_count,
    counted.agreed_count,
    {{ ratio('counted.agreed_count', 'counted.compared_count') }} as agreement_ratio,
    case
        when counted.compared_count > 0
            then {{ wilson_low('counted.agreed_count', 'counted.compared_count') }}
    end as agreement_low,
    case
        when counted.compared_count > 0
            then {{ wilson_high('counted.agreed_count', 'counted.compared_count') }}
    end as agreement_high,
    {{ ratio('counted.met_count', 'counted.compared_count') }} as system_met_ratio,
    {{ ratio('counted.auditor_met_count', 'counted.compared_count') }} as auditor_met_ratio,
    counted.compared_count < {{ var('min_n') }} as is_low_n,
    case
        when counted.compared_count > 0
            then
                counted.compared_count - counted.agreed_count
                > {{ var('anchor_disagreement_max') }} * counted.compared_count
    end as is_measure_in_doubt
from counted

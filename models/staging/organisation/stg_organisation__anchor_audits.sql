with source as (

    {{ known_rows(source('organisation', 'anchor_audits')) }}

)

select
    trim(source.audit_id) as audit_id,
    trim(source.anchor_id) as anchor_id,
    trim(source.occurrence_reference) as occurrence_reference,
    trim(source.auditor_id) as auditor_id,
    source.is_met,
    source.audited_on
from source

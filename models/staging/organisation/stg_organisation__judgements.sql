with source as (

    {{ known_rows(source('organisation', 'judgements')) }}

)

select
    trim(source.judgement_id) as judgement_id,
    trim(source.customer_id) as crm_customer_id,
    trim(source.criterion) as criterion,
    source.rating,
    trim(source.assessor_id) as assessor_id,
    trim(source.evidence_reference) as evidence_reference,
    source.judged_on
from source

-- Who they are by design, and which traps for identity they are part of.
select
    true_id(t) as true_customer_id,
    case when is_organisation then 'organisation' else 'individual' end as customer_kind,
    case when is_contract then 'contractual' else 'repeat' end as business,
    tier,
    planned_value,
    market,
    acquisition_channel,
    joined_on,
    round(mu_s, 6) as satisfaction_level,
    round(mu_e, 6) as engagement_level,
    round(mu_p, 6) as price_pressure_level,
    wallet_share(k) as wallet_share,
    planted_case,
    nullif(trap_kind, '') as trap,
    case when trap_kind <> '' then true_id(partner) end as trap_partner_id,
    duplicate_on is not null and duplicate_on <= getvariable('last_day') as has_duplicate_crm_record,
    rename_on,
    phone_on,
from customer
order by true_customer_id

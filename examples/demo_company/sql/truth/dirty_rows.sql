-- What was made wrong on purpose; the rest of the dirt follows from the design.
select system, table_name, case_name, rule, outcome, sum(row_count)::bigint as row_count
from (
    select * from dirty_rows
    union all
    select 'support', 'business_calendars', 'a calendar without hours', '', 'flagged', 7
    union all
    select 'survey', 'questions', 'a scale that was turned round', '', 'declared', 1
    where getvariable('scale_turned_on') > getvariable('survey_from')
    union all
    select 'crm', 'customers', 'a customer number used again for another person', '', 'flagged',
        count(*)
    from customer
    where trap_kind = 'reused_crm_id'
) as rows
where row_count > 0
group by system, table_name, case_name, rule, outcome
order by system, table_name, case_name

select programme_id, programme_name, programme_kind, purpose, 'E5001' as owner_id,
    getvariable('survey_from')::timestamp - interval 30 day as updated_at,
from (
    values
        ('REL', 'Relationship survey', 'relationship', 'How the relationship stands, twice a year'),
        ('TRX', 'After a solved ticket', 'transactional', 'How a solved ticket was experienced')
) as given (programme_id, programme_name, programme_kind, purpose)

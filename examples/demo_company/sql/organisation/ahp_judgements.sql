-- Three people compare the three dimensions of value, and four criteria of relationship; consistent
-- enough to be used.
select
    matrix_id,
    row_criterion,
    column_criterion,
    preference::decimal(9, 6) as preference,
    assessor_id,
    getvariable('first_day') + 20 as judged_on,
from (
    values
        ('value', 'current', 'potential', 2, 'E5001'), ('value', 'current', 'relationship', 3, 'E5001'),
        ('value', 'potential', 'relationship', 2, 'E5001'),
        ('value', 'current', 'potential', 3, 'E5002'), ('value', 'current', 'relationship', 3, 'E5002'),
        ('value', 'potential', 'relationship', 1, 'E5002'),
        ('value', 'current', 'potential', 1, 'E5003'), ('value', 'current', 'relationship', 2, 'E5003'),
        ('value', 'potential', 'relationship', 2, 'E5003'),
        ('relationship', 'loyalty', 'satisfaction', 2, 'E5001'),
        ('relationship', 'loyalty', 'referral', 4, 'E5001'), ('relationship', 'loyalty', 'tenure', 5, 'E5001'),
        ('relationship', 'satisfaction', 'referral', 2, 'E5001'),
        ('relationship', 'satisfaction', 'tenure', 3, 'E5001'),
        ('relationship', 'referral', 'tenure', 1, 'E5001')
) as given (matrix_id, row_criterion, column_criterion, preference, assessor_id)

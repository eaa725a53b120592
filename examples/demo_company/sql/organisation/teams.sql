select team_id, team_name, department, month_start(-60)::timestamp + interval 9 hour as updated_at
from (
    values
        ('TEAM-ZH', 'Service desk, Chinese', 'service'),
        ('TEAM-KEY', 'Service desk, key customers', 'service'),
        ('TEAM-DESK', 'Service desk', 'service'),
        ('TEAM-AM', 'Account management', 'sales'),
        ('TEAM-SALES', 'Sales', 'sales'),
        ('TEAM-MKT', 'Marketing', 'marketing'),
        ('TEAM-QA', 'Service quality', 'service'),
        ('TEAM-PRODUCT', 'Product', 'product')
) as given (team_id, team_name, department)

-- The scales. That of satisfaction with a ticket was turned round on one day.
select
    question_id, programme_id, measure, dimension, anchor_id, scale_min, scale_max,
    is_higher_better, getvariable('survey_from') as valid_from,
from (
    values
        ('REL-NPS', 'REL', 'nps', null, null, 0, 10, true),
        ('REL-CSAT', 'REL', 'csat', null, null, 1, 5, true),
        ('REL-PRODUCT', 'REL', 'value_item', 'product', null, 1, 7, true),
        ('REL-SERVICE', 'REL', 'value_item', 'service', null, 1, 7, true),
        ('REL-PERSONNEL', 'REL', 'value_item', 'personnel', null, 1, 7, true),
        ('REL-IMAGE', 'REL', 'value_item', 'image', null, 1, 7, true),
        ('REL-MONEY', 'REL', 'value_item', 'money', null, 1, 7, false),
        ('REL-TIME', 'REL', 'value_item', 'time', null, 1, 7, false),
        ('REL-ENERGY', 'REL', 'value_item', 'energy', null, 1, 7, false),
        ('REL-PSYCHIC', 'REL', 'value_item', 'psychic', null, 1, 7, false),
        ('TRX-CSAT', 'TRX', 'csat', null, null, 1, 5, true),
        ('TRX-CES', 'TRX', 'ces', null, null, 1, 7, true),
        ('TRX-EFFORT', 'TRX', 'effort', null, null, 1, 5, false),
        ('TRX-FCR', 'TRX', 'fcr', null, null, 0, 1, true),
        ('TRX-ANCHOR', 'TRX', 'anchor', null, 'major_complaint', 1, 5, true),
        -- The last by number: the draws of the others go by theirs.
        ('WALLET-SHARE', 'REL', 'share_of_wallet', null, null, 0, 100, true)
) as given (
    question_id, programme_id, measure, dimension, anchor_id, scale_min, scale_max, is_higher_better
)
union all
select 'TRX-CSAT', 'TRX', 'csat', null, null, 1, 5, false, getvariable('scale_turned_on')
where getvariable('scale_turned_on') > getvariable('survey_from')

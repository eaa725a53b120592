-- Two projects that change nothing. The second was picked by the month of the crisis, after which
-- complaints go better by themselves.
select
    project_id,
    title,
    anchor_id,
    metric,
    month_start(picked_month) as picked_month,
    month_start(picked_month + 2) as rollout_started_on,
    (month_start(picked_month + 3) - 1)::date as rollout_ended_on,
    comparison_anchor_id,
    false as is_randomised,
    month_start(picked_month + 2)::timestamp - interval 10 day as updated_at,
from (
    values
        (
            'PRJ-1', 'A new page on the web explains the invoice', 'invoice_query',
            'resolution_time', getvariable('months') // 2 - 2, null
        ),
        (
            'PRJ-2', 'A second line of agents takes complaints', 'major_complaint', null,
            getvariable('crisis_month'), 'invoice_query'
        )
) as given (project_id, title, anchor_id, metric, picked_month, comparison_anchor_id)
where picked_month + 3 < getvariable('months')

-- Registered before they begin; the second one belongs to the campaign without an effect.
select
    experiment_id,
    hypothesis,
    primary_metric,
    0.5::decimal(9, 6) as treatment_share,
    greatest(1, getvariable('customers') // 8)::integer as planned_units_per_arm,
    minimum_effect::decimal(9, 6) as minimum_effect,
    0.8::decimal(9, 6) as power,
    0.05::decimal(9, 6) as alpha,
    month_start(from_month) as starts_on,
    (month_start(to_month + 1) - 1)::date as ends_on,
    month_start(from_month)::timestamp - interval 25 day as updated_at,
from (
    values
        (
            'EXP-1', 'A personal onboarding call to every subscriber lowers churn',
            'churn_within_six_months', 0.03, getvariable('experiment_from'), getvariable('experiment_to')
        ),
        (
            'EXP-2', 'Winter postcards bring repeat purchases', 'purchase_within_three_months', 0.03,
            getvariable('campaign_month'), getvariable('campaign_month') + 2
        )
) as given (experiment_id, hypothesis, primary_metric, minimum_effect, from_month, to_month)
where from_month < getvariable('months')

select
    relationship_alerts.alert_id,
    relationship_alerts.alert_scope,
    relationship_alerts.customer_id,
    relationship_alerts.tier,
    relationship_alerts.opened_on,
    relationship_alerts.opened_by,
    relationship_alerts.last_alarming_on,
    relationship_alerts.closed_on,
    relationship_alerts.closed_by,
    relationship_alerts.months_open,
    round(relationship_alerts.health_at_opening, 6) as health_at_opening,
    round(relationship_alerts.interaction_score_at_opening, 6) as interaction_score_at_opening,
    cast(relationship_alerts.revenue_12m_at_opening as decimal(18, 2)) as revenue_12m_at_opening
from {{ ref('ind_relationship_alerts') }} as relationship_alerts

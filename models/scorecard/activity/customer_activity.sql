{{ config(materialized='incremental', incremental_strategy='replace_months') }}
with run_months as (

    {{ run_months() }}

)

select
    customer_activity.customer_id,
    customer_activity.as_of_date,
    customer_activity.interactions,
    customer_activity.interactions_two_way,
    customer_activity.interactions_inbound,
    customer_activity.interaction_minutes,
    customer_activity.mass_mails,
    customer_activity.relationship_events,
    customer_activity.referrals,
    customer_activity.referrals_won,
    customer_activity.joint_developments,
    customer_activity.customer_references,
    customer_activity.community_contributions,
    customer_activity.joint_plans,
    customer_activity.opportunities_opened,
    customer_activity.opportunities_won,
    customer_activity.opportunities_lost,
    customer_activity.tickets_opened,
    customer_activity.tickets_solved,
    customer_activity.tickets_reopened,
    customer_activity.complaints_received,
    customer_activity.handling_minutes,
    customer_activity.survey_invitations,
    customer_activity.surveys_answered,
    customer_activity.survey_answers,
    customer_activity.active_days,
    customer_activity.logins,
    customer_activity.feature_events,
    customer_activity.help_centre_visits,
    customer_activity.community_posts,
    customer_activity.trainings,
    customer_activity.marketing_touches,
    customer_activity.marketing_clicks,
    customer_activity.marketing_conversions,
    customer_activity.marketing_unsubscribes,
    customer_activity.actions_taken,
    customer_activity.measured_systems,
    customer_activity.source_coverage
from {{ ref('int_customer_activity') }} as customer_activity
inner join run_months
    on
        customer_activity.as_of_date >= run_months.first_month
        and customer_activity.as_of_date <= run_months.last_month

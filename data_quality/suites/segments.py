"""Rules of the product `segments`: groups of customers that were found, not defined.

Belongs here: the marts customer_clusters, cluster_profiles. Not here: tiers and RFM (`customers`,
`portfolio`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import NOT_SCORED, keys, month_ends, volume

OWNER = "customer analytics"
CLUSTERS = Table("scorecard", "customer_clusters", OWNER, ("customer_id", "as_of_date"))
PROFILES = Table(
    "scorecard",
    "cluster_profiles",
    OWNER,
    ("estimator_version", "review_date", "cluster_id", "feature"),
)
STATUSES = ("clustered", "no_clusters", "no_review_yet", "no_purchase", NOT_SCORED)
# Handbook C11: groups that resampled customers do not show again are chance.
MIN_STABILITY = 0.7


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_clusters(), *_names(), *_profiles())


def _clusters() -> tuple[Rule, ...]:
    return (
        *keys(CLUSTERS),
        month_ends(CLUSTERS),
        volume(CLUSTERS),
        CLUSTERS.in_set(
            "segment_status",
            STATUSES,
            says="The status says in a group, or why in none.",
            because="A customer in no group must be explained, not forgotten.",
        ),
        CLUSTERS.no_rows(
            "clustered_have_a_group_and_no_others",
            f"""
            select customer_id, as_of_date from scorecard.customer_clusters
            where segment_status in {STATUSES}
                and (
                    (segment_status = 'clustered') <> (cluster_id is not null)
                    or (cluster_id is null) <> (cluster_name is null)
                )
            """,
            says="Whoever is in a group has its number and name, and nobody else.",
            because="A number without a name tells nothing, and a name without a group is made up.",
            characteristic="consistency",
            columns=("segment_status", "cluster_id", "cluster_name"),
        ),
        CLUSTERS.no_rows(
            "review_lies_before_the_month",
            "select customer_id, as_of_date from scorecard.customer_clusters "
            "where review_date >= as_of_date",
            says="The review in force lies before the month.",
            because="A month told apart by itself would change its own meaning.",
            characteristic="currentness",
            columns=("review_date",),
        ),
        CLUSTERS.no_rows(
            "who_bought_is_not_called_without_a_purchase",
            """
            select clusters.customer_id, clusters.as_of_date
            from scorecard.customer_clusters as clusters
            inner join scorecard.customers as customers
                on clusters.customer_id = customers.customer_id
            where clusters.segment_status = 'no_purchase'
                and customers.first_purchase_date <= clusters.as_of_date
            """,
            says="Only who has never bought is without a purchase.",
            because="A buyer left out of every group drops out of every plan.",
            characteristic="accuracy",
            columns=("segment_status",),
            reads=("scorecard.customers",),
        ),
    )


def _names() -> tuple[Rule, ...]:
    return (
        CLUSTERS.no_rows(
            "number_keeps_its_name",
            """
            select customer_id, as_of_date from scorecard.customer_clusters
            where (estimator_version, cluster_id) in (
                select (estimator_version, cluster_id) from scorecard.customer_clusters
                group by estimator_version, cluster_id having count(distinct cluster_name) > 1
            )
            """,
            says="A number of a group has one name.",
            because="Group 3 must mean the same next month.",
            characteristic="consistency",
            columns=("cluster_id", "cluster_name"),
        ),
        CLUSTERS.no_rows(
            "groups_are_described",
            """
            select clusters.customer_id, clusters.as_of_date
            from scorecard.customer_clusters as clusters
            left join (
                select distinct estimator_version, review_date, cluster_id, cluster_name
                from scorecard.cluster_profiles
            ) as profiles using (estimator_version, review_date, cluster_id, cluster_name)
            where clusters.segment_status = 'clustered' and clusters.cluster_id is not null
                and profiles.cluster_id is null
            """,
            says="Every group that a customer is in is described under the same name.",
            because="What a group is like must be readable.",
            characteristic="completeness",
            columns=("cluster_id",),
            reads=(PROFILES.path,),
        ),
    )


def _profiles() -> tuple[Rule, ...]:
    names = ", ".join(PROFILES.keys)
    return (
        *keys(PROFILES),
        PROFILES.between(
            "stability",
            MIN_STABILITY,
            1,
            says="Only groups that resampled customers show again are published.",
            because="Handbook C11: below an adjusted Rand index of 0.7 groups are chance.",
        ),
        PROFILES.between(
            "silhouette",
            -1,
            1,
            says="The silhouette lies between -1 and 1.",
            because="It is a mean of such figures.",
        ),
        PROFILES.no_rows(
            "groups_hold_every_customer_once",
            f"""
            select {names} from scorecard.cluster_profiles
            where (estimator_version, review_date) in (
                select (estimator_version, review_date) from (
                    select distinct
                        estimator_version, review_date, cluster_id, customer_count,
                        review_customer_count, cluster_count
                    from scorecard.cluster_profiles
                ) as groups
                group by estimator_version, review_date
                having sum(customer_count) <> max(review_customer_count)
                    or count(distinct cluster_id) <> max(cluster_count)
            )
            """,
            says="The groups of a review add up to its customers, and are as many as it says.",
            because="A customer in two groups or in none would be counted wrong.",
            characteristic="consistency",
            columns=("customer_count", "review_customer_count", "cluster_count"),
        ),
    )

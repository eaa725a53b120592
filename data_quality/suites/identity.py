"""Rules of the product `identity`: which source records are one customer, and what changed.

Belongs here: the marts identity_summary, identity_links and identity_restatements. Not here: the
customers themselves (`customers`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import keys, no_personal_data, shares

OWNER = "customer analytics"
SUMMARY = Table("scorecard", "identity_summary", OWNER, ("source_system", "link_method"))
LINKS = Table("scorecard", "identity_links", OWNER, ("source_system", "source_key"))
RESTATEMENTS = Table("scorecard", "identity_restatements", OWNER, ("source_system", "source_key"))

# A name that is alike proposes a review and decides nothing, so it is no method.
METHODS = ("own_id", "exact_id", "email", "phone", "manual", "separated", "unresolved", "all")
CHANGES = ("new_link", "unlinked", "merge", "split", "moved", "rekeyed")
# More of the known records than this with another customer at once (handbook C24).
CHANGE_LIMIT = 0.02
# Records of the optional systems whose customer could not be found.
UNRESOLVED_LIMIT = 0.10


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_summary(), *_sums(), *_changes(), *_links(), *_restatements())


def _summary() -> tuple[Rule, ...]:
    return (
        SUMMARY.has_rows(
            says="The identifiers were resolved.",
            because="Without it nobody knows how the customers came about.",
        ),
        *keys(SUMMARY),
        no_personal_data(SUMMARY),
        SUMMARY.in_set(
            "link_method",
            METHODS,
            says="Records are linked by stated numbers, e-mail, telephone or by hand, and in no "
            "other way.",
            because="Two people of one name are two people: names alone decide nothing.",
        ),
        *shares(SUMMARY, "record_share", "unresolved_share"),
        SUMMARY.no_rows(
            "customers_own_systems_are_resolved",
            """
            select source_system, link_method from scorecard.identity_summary
            where source_system in ('billing', 'crm') and unresolved_share > 0
            """,
            says="Every record of billing and the CRM belongs to a customer.",
            because="They are what a customer is made of; an unresolved one is revenue of nobody.",
            characteristic="completeness",
            columns=("unresolved_share",),
        ),
        SUMMARY.no_rows(
            "few_records_are_unresolved",
            f"""
            select source_system, link_method from scorecard.identity_summary
            where source_system <> 'all' and link_method = 'all'
                and unresolved_share > {UNRESOLVED_LIMIT}
            """,
            says="In no system belong more than 10 % of the records to no customer.",
            because="What they did is missing in somebody's record.",
            characteristic="completeness",
            severity="warn",
            columns=("unresolved_share",),
        ),
    )


def _sums() -> tuple[Rule, ...]:
    return (
        SUMMARY.no_rows(
            "methods_add_up",
            """
            with sums as (
                select source_system, 'all' as link_method, sum(record_count) as record_count
                from scorecard.identity_summary
                where link_method <> 'all' group by source_system
                union all
                select 'all', 'all', sum(record_count) from scorecard.identity_summary
                where link_method <> 'all'
            )
            select source_system, link_method
            from sums
            full outer join (
                select source_system, link_method, record_count
                from scorecard.identity_summary where link_method = 'all'
            ) as totals using (source_system, link_method)
            where sums.record_count is distinct from totals.record_count
            """,
            says="The records by method add up to those of their system, and these to all.",
            because="A record that is linked in no way is lost.",
            characteristic="consistency",
            columns=("record_count",),
        ),
        SUMMARY.measure(
            "published_customers_are_resolved_ones",
            """
            select count(*) from scorecard.customers as customers
            anti join core.int_identity_links as links
                on customers.customer_id = links.customer_id
            """,
            low=0,
            high=0,
            says="Every published customer is one to whom a source record belongs.",
            because="A customer without a record comes from nowhere.",
            characteristic="traceability",
            columns=("customer_count",),
            reads=("scorecard.customers", "core.int_identity_links"),
        ),
    )


def _changes() -> tuple[Rule, ...]:
    return (
        SUMMARY.measure(
            "few_customers_changed",
            """
            select change_share from scorecard.identity_summary
            where source_system = 'all' and link_method = 'all'
            """,
            high=CHANGE_LIMIT,
            # The first run, and one without new evidence, has nothing to compare with.
            may_be_missing=True,
            says="At most 2 % of the records that had a customer before have another one now.",
            because="So many merges and splits at once are a fault of an identifier more often "
            "than news. Look at identity_restatements; if they are right, run again.",
            characteristic="credibility",
            columns=("change_share",),
        ),
        SUMMARY.measure(
            "changes_are_listed",
            """
            select
                (select count(*) from scorecard.identity_restatements)
                - sum(new_link_count + merge_count + split_count + moved_count + rekeyed_count
                    + unlinked_count)
            from scorecard.identity_summary
            where source_system = 'all' and link_method = 'all'
            """,
            low=0,
            high=0,
            says="Every change of a link that is counted is listed.",
            because="Whoever asks why a past month changed finds the answer there.",
            characteristic="traceability",
            columns=("merge_count", "split_count"),
            reads=(RESTATEMENTS.path,),
        ),
    )


def _links() -> tuple[Rule, ...]:
    return (
        *keys(LINKS),
        no_personal_data(LINKS),
        LINKS.no_rows(
            "record_is_named_by_a_hash",
            "select source_system, source_key from scorecard.identity_links "
            "where not regexp_full_match(source_key, '[0-9a-f]{32}')",
            says="Source records are named by the hash of their number alone.",
            because="A number may be an e-mail address or a telephone number.",
            characteristic="confidentiality",
            columns=("source_key",),
        ),
        LINKS.no_rows(
            "only_unresolved_records_are_nobodys",
            """
            select source_system, source_key from scorecard.identity_links
            where (link_method = 'unresolved') <> (customer_id is null)
                or (link_score is null) <> (customer_id is null)
                or link_score <= 0 or link_score > 1
            """,
            says="Every record that has a customer says how it got it and how sure that is.",
            because="A link without method and score cannot be reviewed.",
            characteristic="traceability",
            columns=("link_method", "link_score"),
        ),
        LINKS.no_rows(
            "links_are_those_of_the_summary",
            """
            select coalesce(links.source_system, summary.source_system) as source_system,
                null as source_key
            from (
                select source_system, link_method, count(*) as record_count
                from scorecard.identity_links group by source_system, link_method
            ) as links
            full outer join (
                select source_system, link_method, record_count
                from scorecard.identity_summary where link_method <> 'all'
            ) as summary
                on links.source_system = summary.source_system
                and links.link_method = summary.link_method
            where links.record_count is distinct from summary.record_count
            """,
            says="There are as many links by system and method as the summary counts.",
            because="A record that stands in one of them alone is lost or counted twice.",
            characteristic="consistency",
            columns=("link_method",),
            reads=("scorecard.identity_summary",),
        ),
    )


def _restatements() -> tuple[Rule, ...]:
    return (
        *keys(RESTATEMENTS),
        no_personal_data(RESTATEMENTS),
        RESTATEMENTS.in_set(
            "change_kind",
            CHANGES,
            says="The change is one of the six that are defined.",
            because="Any other is counted by nobody.",
        ),
        RESTATEMENTS.no_rows(
            "is_a_change",
            """
            select source_system, source_key from scorecard.identity_restatements
            where customer_id_before is not distinct from customer_id_after
                or (change_kind = 'new_link') <> (customer_id_before is null)
                or (change_kind = 'unlinked') <> (customer_id_after is null)
            """,
            says="Each row names two different customers, or one and nobody.",
            because="A change that changes nothing hides those that do.",
            characteristic="consistency",
            columns=("customer_id_before", "customer_id_after", "change_kind"),
        ),
        RESTATEMENTS.no_rows(
            "record_is_named_by_a_hash",
            """
            select source_system, source_key from scorecard.identity_restatements
            where not regexp_full_match(source_key, '[0-9a-f]{32}')
            """,
            says="Source records are named by a hash of their number.",
            because="In some systems the number of a record is an e-mail address.",
            characteristic="confidentiality",
            columns=("source_key",),
        ),
    )

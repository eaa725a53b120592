"""Rules of the product `findings`: what is wrong in the sources, seen where they are joined.

Belongs here: the mart source_findings: that it is whole, and one rule per kind of bad input, so
that each is named and counted on the quality page; and what became of the refused rows. Not here:
finding them (`models/core`), and what came in (`source`).
"""

from __future__ import annotations

from dataclasses import dataclass

from data_quality.rules import Characteristic, Rule, Table
from data_quality.suites.shapes import NEWEST_LOADS, keys, no_personal_data, shares

OWNER = "data engineering"
FINDINGS = Table(
    "scorecard", "source_findings", OWNER, ("rule_id", "source_system", "source_table")
)
QUARANTINE = Table(
    "scorecard",
    "quarantine_summary",
    OWNER,
    ("load_id", "rule_id", "column_name", "decision_id"),
)

CLEANING = Table(
    "scorecard",
    "cleaning_log",
    OWNER,
    ("rule_id", "source_system", "source_table", "column_name", "row_key", "value_before"),
)
# What is a finding and a correction at once: both marts count the same rows.
FOUND_AND_CORRECTED = (
    "copy_of_earlier_extract",
    "duplicate_in_wave",
    "exact_duplicate",
    "level_without_evidence",
    "solved_before_opened",
    "status_in_conflict",
)

ROW_STATES = ("open", "released", "dismissed")
# The release of a refused row, as the run knows it.
RELEASED = """
                        select 1
                        from quarantine.decided_rows as decided
                        inner join quarantine.decisions as decisions
                            on decided.decision_id = decisions.decision_id
                        where decisions.action = 'release'
                            and decided.load_id = refused.load_id
                            and decided.line = refused.line and decided.rule = refused.rule
                            and decisions.decision_load_id
                                <= (select max(known_load_id) from control.run_window)
""".strip()
ACTIONS = ("quarantined", "excluded", "flagged")


@dataclass(frozen=True)
class BadInput:
    """A kind of bad input that is reported by its name wherever it occurs.

    Attributes:
        rule_id: The rule that finds it.
        says: What holds where there is none.
        because: What it does to the figures.
        characteristic: Which characteristic of ISO/IEC 25012 it touches.
    """

    rule_id: str
    says: str
    because: str
    characteristic: Characteristic = "consistency"


BAD_INPUTS = (
    BadInput(
        "file_refused",
        "Every file, and every table of an attached database, could be read.",
        "Its facts are missing until it is mended; what rests on it is not measured.",
        "completeness",
    ),
    BadInput(
        "currency_without_rate",
        "Every currency has an exchange rate on the days on which it is used.",
        "What has no rate has no amount and counts nowhere.",
        "completeness",
    ),
    BadInput(
        "payment_without_invoice",
        "Every payment names an invoice that is known.",
        "It pays nothing, and the invoice that it should pay stays open.",
    ),
    BadInput(
        "overlapping_subscription",
        "No customer holds one product by two subscriptions at once.",
        "Counted twice it would double the recurring revenue; it counts once.",
    ),
    BadInput(
        "change_without_subscription",
        "Every change belongs to a subscription that is known.",
        "It has no customer, so its revenue is nobody's.",
    ),
    BadInput(
        "change_after_end",
        "No subscription changes after its end.",
        "Either the end or the change is wrong; the end is believed.",
    ),
    BadInput(
        "subscription_without_change",
        "Every subscription that runs says when it began, for how much.",
        "Without quantity and price it has no recurring revenue.",
        "completeness",
    ),
    BadInput(
        "invoice_without_lines",
        "Every invoice has lines.",
        "It has no amount; its lines may still be on their way.",
        "completeness",
    ),
    BadInput(
        "customer_id_reused",
        "No number of the CRM was given to two customers.",
        "One would inherit the other's history.",
        "accuracy",
    ),
    BadInput(
        "parent_circle",
        "No customer is its own parent, at any distance.",
        "Such a group has no top; the circle is cut.",
    ),
    BadInput(
        "opened_before_sign_up",
        "No ticket was opened before its customer was first seen.",
        "Either the ticket is linked to the wrong customer, or the date of sign-up is wrong.",
    ),
    BadInput(
        "solved_before_opened",
        "No ticket was solved before it was opened.",
        "It has no time of resolution.",
        "accuracy",
    ),
    BadInput(
        "status_in_conflict",
        "The status of every ticket is the one that its history ends with.",
        "Open and solved tickets are counted by the history.",
    ),
    BadInput(
        "ticket_without_customer",
        "Every ticket has a customer.",
        "It counts for the service desk and is missing in somebody's record.",
        "completeness",
    ),
    BadInput(
        "complaint_state_skipped",
        "Complaints go through their states without leaving one out.",
        "What was skipped was not done, or not written down; times between states are missing.",
        "completeness",
    ),
    BadInput(
        "complaint_state_out_of_order",
        "Complaints go through their states in order.",
        "Times between states would be negative.",
    ),
    BadInput(
        "complaint_without_ticket",
        "Every complaint names a ticket that is known.",
        "It has no customer.",
    ),
    BadInput(
        "calendar_without_hours",
        "Every business calendar is open at some time.",
        "No minute of a service level passes in it, so nothing in it is ever late.",
        "completeness",
    ),
    BadInput(
        "hours_end_before_they_begin",
        "No day of a business calendar closes before it opens.",
        "The day counts as closed, and service levels wait for the next.",
        "accuracy",
    ),
    BadInput(
        "off_scale",
        "Every answer lies on the scale of its question.",
        "It cannot be scored; the question's declared scale or the answer is wrong.",
        "accuracy",
    ),
    BadInput(
        "scale_reversed",
        "No question's scale was turned round.",
        "Each answer is scored in the direction that it was asked in; raw answers do not compare.",
    ),
    BadInput(
        "unknown_question",
        "Every answer names a question that is known.",
        "Without its scale it cannot be scored.",
    ),
    BadInput(
        "unknown_invitation",
        "Every answer names an invitation that is known.",
        "Nobody knows who answered.",
    ),
    BadInput(
        "answer_without_customer",
        "Every answer that counts has a customer.",
        "It is missing in somebody's record.",
        "completeness",
    ),
    BadInput(
        "event_without_customer",
        "Every event that names a customer names one who is known.",
        "It is missing in somebody's record.",
        "completeness",
    ),
    BadInput(
        "record_without_customer",
        "Every account of the optional systems has a customer.",
        "What it does is missing in somebody's record.",
        "completeness",
    ),
)


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (
        *_findings(),
        *_counts(),
        *(_named(each) for each in BAD_INPUTS),
        *_quarantine(),
        *_cleaning(),
    )


def _findings() -> tuple[Rule, ...]:
    return (
        *keys(FINDINGS),
        no_personal_data(FINDINGS, exempt=("explanation",)),
        FINDINGS.not_null(
            "explanation",
            says="Every rule says what it means.",
            because="A rule that nobody explains is a number that nobody can act on.",
        ),
        FINDINGS.in_set(
            "action",
            ACTIONS,
            says="The rows were quarantined, excluded or flagged.",
            because="A reader must know whether they count.",
        ),
        *shares(FINDINGS, "share"),
        FINDINGS.no_rows(
            "every_rule_is_listed",
            """
            select rules.rule_id, rules.source_system, rules.source_table
            from seeds.source_rules as rules
            anti join scorecard.source_findings as findings
                on rules.rule_id = findings.rule_id
                and rules.source_system = findings.source_system
                and rules.source_table = findings.source_table
            """,
            says="Every rule that is looked for is listed, with its count or as not measured.",
            because="A rule that is missing looks like one that found nothing.",
            characteristic="completeness",
            columns=("rule_id",),
            reads=("seeds.source_rules",),
        ),
    )


def _counts() -> tuple[Rule, ...]:
    return (
        FINDINGS.no_rows(
            "counts_are_of_what_was_looked_at",
            """
            select rule_id, source_system, source_table from scorecard.source_findings
            where row_count < 0 or row_count > checked_count
                or (row_count is null) <> (checked_count is null)
                or (row_count is null) <> (share is null)
            """,
            says="No rule finds more rows than there are; where nothing was looked at, no number "
            "is given.",
            because="Missing is not zero: a system that sent nothing has no faults and no merits.",
            characteristic="consistency",
            columns=("row_count", "checked_count"),
        ),
        FINDINGS.measure(
            "quarantine_is_counted",
            f"""
            select
                (
                    select count(*) from quarantine.refused_rows as refused
                    where refused.load_id in (
                        select newest.load_id from {_known_loads()} as newest
                    ) and not exists (
                        {RELEASED}
                    )
                )
                - coalesce(sum(row_count) filter (
                    where action = 'quarantined' and rule_id <> 'file_refused'
                ), 0)
            from scorecard.source_findings
            """,
            low=0,
            high=0,
            says="Every row in quarantine is counted, once.",
            because="Nothing is dropped silently.",
            characteristic="traceability",
            columns=("row_count",),
            reads=(
                "control.loads",
                "control.run_window",
                "quarantine.decided_rows",
                "quarantine.decisions",
                "quarantine.refused_rows",
            ),
        ),
        FINDINGS.no_rows(
            "excluded_lines_are_those_of_the_walk",
            """
            select walk.step as rule_id
            from scorecard.revenue_reconciliation as walk
            inner join (
                select rule_id, sum(row_count) as row_count
                from scorecard.source_findings
                where source_table in ('invoice_lines', 'credit_notes') and action = 'excluded'
                group by rule_id
            ) as findings on walk.step = findings.rule_id
            where findings.row_count <> -walk.line_count
            """,
            says="As many billing lines are excluded by each rule as in the walk to revenue.",
            because="Two counts of the same lines make people believe neither.",
            characteristic="consistency",
            columns=("row_count",),
            reads=("scorecard.revenue_reconciliation",),
        ),
    )


def _quarantine() -> tuple[Rule, ...]:
    return (
        *keys(QUARANTINE),
        no_personal_data(QUARANTINE, exempt=("explanation", "file_name")),
        QUARANTINE.in_set(
            "row_state",
            ROW_STATES,
            says="Refused rows are open, released or dismissed.",
            because="There is no fourth place where a row could be.",
        ),
        QUARANTINE.no_rows(
            "decisions_have_a_reason",
            """
            select load_id, rule_id, column_name, decision_id from scorecard.quarantine_summary
            where (row_state = 'open') <> (decision_id = 0)
                or (row_state = 'open') <> (coalesce(decision_reason, '') = '')
            """,
            says="Rows that were released or dismissed name the decision and its reason.",
            because="A row that went in or stayed out for no reason cannot be defended.",
            characteristic="traceability",
            columns=("row_state", "decision_id", "decision_reason"),
        ),
        QUARANTINE.no_rows(
            "every_refused_row_is_counted",
            """
            select
                coalesce(loads.load_id, summed.load_id) as load_id, null as rule_id,
                null as column_name, null as decision_id
            from (
                select load_id, rows_quarantined from control.loads
                where status = 'loaded' and rows_quarantined > 0
                    and load_id <= (select max(known_load_id) from control.run_window)
            ) as loads
            full outer join (
                select load_id, sum(row_count) as row_count
                from scorecard.quarantine_summary group by load_id
            ) as summed on loads.load_id = summed.load_id
            where loads.rows_quarantined is distinct from summed.row_count
            """,
            says="Of every load, the open, released and dismissed rows are those that the ledger "
            "counts as quarantined.",
            because="Nothing is dropped silently, and nothing counts twice.",
            characteristic="traceability",
            columns=("row_count",),
            reads=("control.loads", "control.run_window"),
        ),
    )


def _cleaning() -> tuple[Rule, ...]:
    listed = ", ".join(f"'{rule}'" for rule in FOUND_AND_CORRECTED)
    names = ", ".join(CLEANING.keys)
    return (
        *keys(CLEANING),
        no_personal_data(CLEANING),
        CLEANING.between(
            "row_count",
            1,
            None,
            says="Every correction was made at least once.",
            because="A correction of nothing is no correction.",
        ),
        CLEANING.no_rows(
            "what_was_corrected_differs",
            f"""
            select {names} from scorecard.cleaning_log
            where value_before is not distinct from value_after
                or first_month > last_month or coalesce(explanation, '') = ''
            """,
            says="Every correction has another value after than before, its months, and a meaning.",
            because="A change that changes nothing, or that nobody explains, cannot be defended.",
            characteristic="traceability",
            columns=("value_before", "value_after", "explanation"),
        ),
        CLEANING.no_rows(
            "corrections_are_those_of_the_findings",
            f"""
            select
                coalesce(corrected.rule_id, found.rule_id) as rule_id,
                coalesce(corrected.source_system, found.source_system) as source_system,
                coalesce(corrected.source_table, found.source_table) as source_table,
                null as column_name, null as row_key, null as value_before
            from (
                select rule_id, source_system, source_table, sum(row_count) as row_count
                from scorecard.cleaning_log where rule_id in ({listed}) group by all
            ) as corrected
            full outer join (
                select rule_id, source_system, source_table, row_count
                from scorecard.source_findings where rule_id in ({listed}) and row_count > 0
            ) as found
                on corrected.rule_id = found.rule_id
                and corrected.source_system = found.source_system
                and corrected.source_table = found.source_table
            where corrected.row_count is distinct from found.row_count
            """,
            says="What is found in the sources and corrected is corrected as often as it is found.",
            because="Two tables that tell of the same rows must count the same.",
            characteristic="consistency",
            columns=("row_count",),
            reads=("scorecard.source_findings",),
        ),
    )


def _known_loads() -> str:
    """A file's newest load that the run knows: what was replaced since is no finding."""
    known = (
        "control.loads\n        "
        "where load_id <= (select max(known_load_id) from control.run_window)"
    )
    return NEWEST_LOADS.replace("control.loads", known)


def _named(bad_input: BadInput) -> Rule:
    return FINDINGS.measure(
        f"no_{bad_input.rule_id}",
        "select sum(row_count) from scorecard.source_findings "
        f"where rule_id = '{bad_input.rule_id}'",
        high=0,
        may_be_missing=True,
        says=bad_input.says,
        because=bad_input.because,
        characteristic=bad_input.characteristic,
        severity="warn",
        columns=("row_count",),
    )

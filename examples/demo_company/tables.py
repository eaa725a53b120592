"""The files of the simulated company: which table comes in which format, and how often.

What belongs here: one entry per table of the landing contract, with its order of rows.
What does not: columns (the SQL beside this gives them, the contract judges them) and rows.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SQL = Path(__file__).parent / "sql"

FileFormat = Literal["csv", "csv.gz", "jsonl", "parquet", "xlsx"]
# `once`: one file for the whole history; `period`: one file per year, quarter or month.
Cadence = Literal["once", "period"]


@dataclass(frozen=True)
class SourceTable:
    """One table of a source system, as this company delivers it.

    Attributes:
        system: The source system, also the folder of its files.
        name: The table within the system.
        cadence: One file for all, or one per period.
        order: The columns that put the rows of a file into one order.
        mixed_format: Its format where formats are mixed as in real life.
        encoding: The encoding of its CSV files.
    """

    system: str
    name: str
    cadence: Cadence
    order: str
    mixed_format: FileFormat = "csv"
    encoding: str = "utf-8"

    @property
    def title(self) -> str:
        """The name people use: ``billing.invoices``."""
        return f"{self.system}.{self.name}"

    @property
    def query(self) -> str:
        """The SQL that gives its rows, `_arrives` (when they reach a file) among the columns."""
        return (SQL / self.system / f"{self.name}.sql").read_text(encoding="utf-8")


TABLES = (
    SourceTable("crm", "customers", "period", "customer_id, updated_at"),
    SourceTable("crm", "contacts", "period", "contact_id, updated_at", encoding="gb18030"),
    SourceTable("crm", "interactions", "period", "occurred_at, interaction_id"),
    SourceTable("crm", "leads", "period", "updated_at, lead_id"),
    SourceTable("crm", "opportunities", "period", "updated_at, opportunity_id"),
    SourceTable("crm", "relationship_events", "period", "occurred_at, event_id"),
    SourceTable("crm", "product_launches", "once", "launch_id"),
    SourceTable("crm", "launch_eligibility", "period", "launch_id, customer_id"),
    SourceTable("billing", "accounts", "period", "updated_at, customer_id"),
    SourceTable("billing", "products", "once", "product_id, updated_at"),
    SourceTable("billing", "unit_costs", "once", "product_id, valid_from"),
    SourceTable("billing", "exchange_rates", "once", "currency, rate_date"),
    SourceTable("billing", "subscriptions", "period", "updated_at, subscription_id"),
    SourceTable("billing", "subscription_changes", "period", "effective_at, change_id"),
    SourceTable("billing", "invoices", "period", "invoiced_at, invoice_id", "csv.gz"),
    SourceTable("billing", "invoice_lines", "period", "invoiced_at, line_id", "parquet"),
    SourceTable("billing", "payments", "period", "paid_at, payment_id"),
    SourceTable("billing", "credit_notes", "period", "credited_at, credit_line_id"),
    SourceTable("billing", "shipments", "period", "shipped_at, shipment_id"),
    SourceTable("billing", "returns", "period", "returned_at, return_id"),
    SourceTable("support", "requesters", "period", "updated_at, requester_id"),
    SourceTable("support", "tickets", "period", "updated_at, ticket_id", "jsonl"),
    SourceTable("support", "ticket_events", "period", "occurred_at, event_id"),
    SourceTable("support", "ticket_comments", "period", "commented_at, comment_id", "jsonl"),
    SourceTable("support", "complaint_events", "period", "occurred_at, complaint_id, state"),
    SourceTable("support", "sla_policies", "once", "policy_id, tier, priority, valid_from"),
    SourceTable("support", "business_calendars", "once", "calendar_id, weekday, valid_from"),
    SourceTable("support", "holidays", "once", "calendar_id, holiday_date"),
    SourceTable("support", "qa_reviews", "period", "reviewed_at, review_id"),
    SourceTable("support", "agent_shifts", "period", "shift_date, shift_id"),
    SourceTable("survey", "respondents", "period", "updated_at, respondent_id"),
    SourceTable("survey", "programmes", "once", "programme_id"),
    SourceTable("survey", "questions", "once", "question_id, valid_from"),
    SourceTable("survey", "invitations", "period", "sent_at, invitation_id"),
    SourceTable("survey", "responses", "period", "responded_at, response_id"),
    SourceTable("usage", "accounts", "period", "updated_at, account_id"),
    SourceTable(
        "usage", "daily_counts", "period", "usage_date, account_id, event_kind, feature", "parquet"
    ),
    SourceTable("marketing", "campaigns", "once", "campaign_id"),
    SourceTable("marketing", "touches", "period", "touched_at, touch_id"),
    SourceTable("marketing", "touch_responses", "period", "responded_at, response_id"),
    SourceTable("marketing", "channel_spend", "once", "spend_month, channel, spend_kind"),
    SourceTable("marketing", "campaign_costs", "once", "booked_on, entry_id"),
    SourceTable("marketing", "loyalty_members", "once", "updated_at, member_id"),
    SourceTable("marketing", "loyalty_points", "once", "posted_on, entry_id", "parquet"),
    SourceTable("organisation", "cost_entries", "once", "cost_month, entry_id"),
    SourceTable("organisation", "teams", "once", "team_id"),
    SourceTable("organisation", "staff", "once", "employee_id, updated_at", "xlsx"),
    SourceTable("organisation", "agent_trainings", "once", "completed_on, training_id, agent_id"),
    SourceTable("organisation", "targets", "once", "target_month, metric_id, scope_value"),
    SourceTable("organisation", "judgements", "period", "judged_on, judgement_id"),
    SourceTable("organisation", "credit_checks", "period", "updated_at, check_id"),
    SourceTable(
        "organisation", "cmat_answers", "once", "answered_on, practice_id, dimension, assessor_id"
    ),
    SourceTable(
        "organisation",
        "ahp_judgements",
        "once",
        "matrix_id, row_criterion, column_criterion, assessor_id",
    ),
    SourceTable("organisation", "anchor_audits", "period", "audited_on, audit_id"),
    SourceTable("organisation", "anchor_projects", "once", "project_id"),
    SourceTable("organisation", "experiments", "once", "experiment_id"),
    SourceTable("organisation", "experiment_assignments", "period", "experiment_id, customer_id"),
    SourceTable("organisation", "action_outcomes", "period", "happened_at, outcome_id"),
    SourceTable("organisation", "card_updates", "period", "due_on, card_id"),
)

"""Each kind of bad input is refused, kept out or marked by its rule, and the page counts it.

The company is written by hand: three months, a few rows per system, each fault planted so often as
`PLANTED` says.
"""

import csv
import re
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from data_quality.gates import run_gate
from data_quality.products import load_products
from data_quality.report import PageContext, write_quality_page
from data_quality.source_summary import read_findings, read_loads, read_refused
from orchestration.dbt import run_dbt
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.ingest import ingest
from orchestration.runs import RunMonths, begin
from orchestration.settings import Settings
from tests.command import ONE_THREAD, lend_parsed
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

LOADED_AT = datetime(2024, 5, 2)  # noqa: DTZ001  naive times are UTC
LONG_AGO, NOW = "2023-01-05", "2024-03-31 10:00:00"
Row = dict[str, object]

# Rule, system, table, what becomes of the rows, how many.
PLANTED = {
    ("type", "billing", "invoice_lines", "quarantined"): 1,
    ("not_null", "crm", "customers", "quarantined"): 1,
    ("accepted_values", "crm", "interactions", "quarantined"): 1,
    ("date_in_future", "marketing", "touches", "quarantined"): 2,
    # Nobody asked these customers.
    ("sent_without_consent", "marketing", "touches", "flagged"): 1,
    ("duplicate_key", "usage", "daily_counts", "quarantined"): 1,
    ("min", "support", "tickets", "quarantined"): 1,
    ("not_before", "support", "tickets", "quarantined"): 1,
    ("file_refused", "survey", "programmes", "quarantined"): 1,
    ("currency_without_rate", "billing", "invoice_lines", "excluded"): 2,
    ("currency_without_rate", "billing", "invoices", "excluded"): 1,
    ("payment_without_invoice", "billing", "payments", "excluded"): 1,
    ("overlapping_subscription", "billing", "subscriptions", "excluded"): 1,
    ("subscription_without_change", "billing", "subscriptions", "excluded"): 1,
    ("change_without_subscription", "billing", "subscription_changes", "excluded"): 1,
    ("customer_id_reused", "crm", "customers", "flagged"): 1,
    ("opened_before_sign_up", "support", "tickets", "flagged"): 1,
    ("ticket_without_customer", "support", "tickets", "flagged"): 1,
    ("complaint_state_skipped", "support", "complaint_events", "flagged"): 1,
    ("complaint_state_out_of_order", "support", "complaint_events", "flagged"): 1,
    ("calendar_without_hours", "support", "business_calendars", "flagged"): 1,
    ("hours_end_before_they_begin", "support", "business_calendars", "flagged"): 1,
    ("off_scale", "survey", "responses", "excluded"): 2,
    ("scale_reversed", "survey", "responses", "flagged"): 1,
    ("unknown_question", "survey", "responses", "excluded"): 1,
    ("unknown_invitation", "survey", "responses", "excluded"): 1,
    ("test", "survey", "responses", "excluded"): 1,
    # Who opened the ticket that has no customer.
    ("record_without_customer", "support", "requesters", "flagged"): 1,
    ("record_without_customer", "usage", "accounts", "flagged"): 1,
}


def customer(number: int, **values: object) -> Row:
    return {
        "customer_id": f"C{number}",
        "customer_kind": "organisation",
        "customer_name": f"Company {number} Limited",
        "email": f"office@company{number}.example",
        "phone": f"+44 20 7946 {number:04}",
        "first_seen_at": LONG_AGO,
        "updated_at": LONG_AGO,
    } | values


def ticket(number: int, requester: str, **values: object) -> Row:
    return {
        "ticket_id": f"T{number}",
        "requester_id": requester,
        "ticket_kind": "question",
        "topic": "price",
        "channel": "email",
        "priority": "normal",
        "status": "open",
        "created_at": "2024-02-01 09:00:00",
        "updated_at": "2024-02-01 09:00:00",
    } | values


def question(number: int, *, is_higher_better: bool = True, since: str = LONG_AGO) -> Row:
    return {
        "question_id": f"Q{number}",
        "programme_id": "P1",
        "measure": "nps",
        "scale_min": 0,
        "scale_max": 10,
        "is_higher_better": is_higher_better,
        "valid_from": since,
    }


def response(number: int, asked: str, answer: int, **values: object) -> Row:
    return {
        "response_id": f"A{number}",
        "invitation_id": f"I{number}",
        "question_id": asked,
        "answer": answer,
        "responded_at": "2024-03-05",
    } | values


def change(number: int, subscription: str) -> Row:
    return {
        "change_id": f"H{number}",
        "subscription_id": subscription,
        "change_kind": "start",
        "product_id": "P1",
        "quantity": 1,
        "unit_price": 100,
        "currency": "GBP",
        "effective_at": "2024-01-10",
    }


def line(number: int, invoice: str, **values: object) -> Row:
    return {
        "line_id": f"L{number}",
        "invoice_id": invoice,
        "product_id": "P1",
        "quantity": 1,
        "unit_price": number,
        "invoiced_at": NOW,
    } | values


def company() -> dict[str, list[Row]]:
    """Every landing table that has rows, by `system.table`."""
    return {
        "crm.customers": [
            *(customer(number) for number in range(1, 6)),
            customer(6, first_seen_at="2024-03-01", updated_at="2024-03-01"),
            # The number of one company is given to quite another.
            customer(
                5,
                customer_name="Orchard Dental Practice",
                email="hello@orchard.example",
                phone="+44 161 496 0777",
                updated_at="2024-02-20",
            ),
            customer(7, updated_at=None),
            customer(8, updated_at=NOW),
        ],
        "crm.interactions": [
            {
                "interaction_id": f"N{number}",
                "customer_id": "C1",
                "channel": channel,
                "direction": "inbound",
                "interaction_kind": "call",
                "is_two_way": True,
                "occurred_at": "2024-02-01",
            }
            for number, channel in enumerate(("phone", "pigeon"))
        ],
        "billing.products": [{"product_id": "P1", "updated_at": LONG_AGO}],
        "billing.accounts": [{"customer_id": "C1", "updated_at": LONG_AGO}],
        "billing.invoices": [
            {
                "invoice_id": f"V{number}",
                "customer_id": owner,
                "invoiced_at": day,
                "currency": currency,
            }
            for number, owner, day, currency in (
                (0, "C2", "2024-01-02", "GBP"),
                (1, "C1", NOW, "GBP"),
                (2, "C2", NOW, "XAU"),
            )
        ],
        "billing.invoice_lines": [
            line(1, "V0", invoiced_at="2024-01-02"),
            line(2, "V1"),
            line(3, "V2"),
            line(4, "V2"),
            line(5, "V1", quantity="many"),
        ],
        "billing.payments": [
            {
                "payment_id": f"M{number}",
                "invoice_id": invoice,
                "customer_id": "C1",
                "amount": 2,
                "currency": "GBP",
                "status": "succeeded",
                "paid_at": NOW,
            }
            for number, invoice in enumerate(("V1", "V404"))
        ],
        "billing.subscriptions": [
            {
                "subscription_id": f"S{number}",
                "customer_id": owner,
                "product_id": "P1",
                "started_at": "2024-01-10",
                "updated_at": "2024-01-10",
            }
            for number, owner in enumerate(("C1", "C1", "C2"))
        ],
        "billing.subscription_changes": [change(1, "S0"), change(2, "S1"), change(3, "S404")],
        "marketing.touches": [
            {
                "touch_id": f"O{number}",
                "campaign_id": "K1",
                "customer_id": "C1",
                "channel": "email",
                "is_delivered": True,
                "touched_at": day,
            }
            for number, day in enumerate(("2024-02-01", "2034-02-01", "2034-02-02"))
        ],
        "support.requesters": [
            {"requester_id": "R1", "crm_customer_id": "C1", "updated_at": LONG_AGO},
            {"requester_id": "R6", "crm_customer_id": "C6", "updated_at": LONG_AGO},
            {"requester_id": "R9", "updated_at": LONG_AGO},
        ],
        "support.tickets": [
            ticket(1, "R1", ticket_kind="complaint"),
            ticket(2, "R1", ticket_kind="complaint"),
            ticket(3, "R6"),
            ticket(4, "R9"),
            ticket(5, "R1", status="solved", solved_at="2024-01-31"),
            ticket(6, "R1", severity=0),
            ticket(7, "R1", created_at=NOW, updated_at=NOW),
        ],
        "support.complaint_events": [
            {
                "complaint_id": f"X{number}",
                "ticket_id": f"T{number}",
                "state": state,
                "occurred_at": day,
            }
            for number, state, day in (
                (1, "received", "2024-02-01"),
                (1, "solved", "2024-02-09"),
                (2, "received", "2024-02-01"),
                (2, "classified", "2024-02-05"),
                (2, "assessed", "2024-02-03"),
            )
        ],
        "support.sla_policies": [
            {
                "policy_id": "Y1",
                "tier": "A",
                "priority": "normal",
                "first_reply_minutes": 60,
                "resolution_minutes": 600,
                "calendar_id": "never",
                "valid_from": LONG_AGO,
            }
        ],
        "support.business_calendars": [
            {
                "calendar_id": "office",
                "weekday": weekday,
                "opens_minute": opens,
                "closes_minute": 1020,
                "valid_from": LONG_AGO,
            }
            for weekday, opens in ((1, 540), (2, 1200))
        ],
        "survey.respondents": [
            {"respondent_id": "D1", "crm_customer_id": "C1", "updated_at": LONG_AGO}
        ],
        "survey.questions": [
            *(question(number) for number in range(1, 6)),
            question(5, is_higher_better=False, since="2024-03-01"),
        ],
        "survey.invitations": [
            {
                "invitation_id": f"I{number}",
                "programme_id": "P1",
                "wave": "2024Q1",
                "respondent_id": "D1",
                "is_delivered": True,
                "sent_at": "2024-03-02",
            }
            for number in range(1, 8)
        ],
        "survey.responses": [
            response(1, "Q1", 9),
            response(2, "Q2", 11),
            response(3, "Q3", -1),
            response(4, "Q404", 5),
            response(5, "Q5", 2),
            response(6, "Q4", 5, is_test=True),
            response(404, "Q4", 5),
        ],
        "usage.accounts": [
            {"account_id": "U1", "crm_customer_id": "C1", "updated_at": LONG_AGO},
            {"account_id": "U9", "updated_at": LONG_AGO},
        ],
        "usage.daily_counts": [
            {
                "account_id": "U1",
                "usage_date": "2024-03-30",
                "event_kind": "login",
                "feature": "all",
                "event_count": count,
            }
            for count in (3, 4)
        ],
    }


CONTRACTS = {each.title: each for each in load_contracts(ROOT / "models" / "staging")}


def write_table(folder: Path, title: str, rows: list[Row]) -> None:
    """Write a table as CSV, with all columns of its contract."""
    contract = CONTRACTS[title]
    file = folder / contract.system / f"{contract.name}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, contract.column_names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_landing(folder: Path) -> Path:
    """Write the company, and a file that lacks the columns of its contract."""
    for title, rows in company().items():
        write_table(folder, title, rows)
    programmes = folder / "survey" / "programmes.csv"
    programmes.write_text("programme_name\nHow are we doing?\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def page(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The quality page of a run over the company."""
    folder = tmp_path_factory.mktemp("bad_input")
    settings = Settings.from_environment(
        ONE_THREAD, root=ROOT, home=folder / "home", landing=write_landing(folder / "landing")
    )
    # A file that was sent again counts as it came last: the first had more wrong rows.
    calls = company()["crm.interactions"]
    write_table(
        settings.landing, "crm.interactions", [*calls, {**calls[1], "interaction_id": "N9"}]
    )
    ingest(settings, loaded_at=LOADED_AT)
    write_table(settings.landing, "crm.interactions", calls)
    ingest(settings, loaded_at=LOADED_AT)
    begin(settings, RunMonths("run-1"), now=LOADED_AT)
    lend_parsed(settings.home)
    run_dbt(settings, "seed")
    marts = ("source_findings", "revenue_reconciliation", "quarantine_summary", "cleaning_log")
    run_dbt(settings, "run", select=[f"+{mart}" for mart in marts])
    evidence = run_gate(
        settings.warehouse,
        load_products()["findings"],
        run_id="run-1",
        output=folder / "evidence",
    )
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        context = PageContext(
            run_id="run-1",
            loads=read_loads(con),
            refused=read_refused(con),
            findings=read_findings(con),
        )
    path = write_quality_page([evidence], folder / "quality", context=context)
    return path.read_text(encoding="utf-8")


def shown_findings(page: str) -> dict[tuple[str, str, str, str], int]:
    """Read the findings off the page, as a person would: rule, system, table, action to rows."""
    section = page[page.index('id="findings"') : page.index('id="dbt"')]
    rows = re.findall(
        r'<code>(\w+)</code>.*?data-label="Table">(\w+)\.(\w+)<.*?data-label="Action">(\w+)<'
        r'.*?data-label="Rows">([\d,]+)<',
        section,
        re.DOTALL,
    )
    return {(r, s, t, a): int(count.replace(",", "")) for r, s, t, a, count in rows}


def test_every_planted_fault_is_on_the_page_with_its_count(page: str) -> None:
    found = {key: count for key, count in shown_findings(page).items() if count > 0}

    assert found == PLANTED


def test_every_planted_fault_with_a_rule_of_its_own_is_reported(page: str) -> None:
    attention = page[page.index("What needs attention") : page.index("By characteristic")]
    named = {rule for rule, _, _, action in PLANTED if action != "quarantined"}
    # A test answer is no fault, and what was sent without consent is warned of with the campaigns.
    named -= {"test", "sent_without_consent"}

    for rule in named | {"file_refused"}:
        assert f"<code>source_findings.no_{rule}</code>" in attention


def test_no_refused_row_is_shown_itself(page: str) -> None:
    assert "pigeon" not in page
    assert "company7.example" not in page
    assert "+44 20" not in page

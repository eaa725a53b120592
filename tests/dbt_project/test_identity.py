"""Identity resolution from landing files to links: how good, how stable, and how it is undone.

What belongs here: the models of identity built on whole companies, in loads, with systems removed and
with decisions by hand. What does not: single rules, which are dbt unit tests beside the models.
"""

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from examples.demo_company.simulate import simulate
from orchestration import window
from orchestration.dbt import run_dbt
from orchestration.ingestion.ingest import ingest
from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1)
FINGERPRINTS = window.Fingerprints("code", "config")
MODELS = ("+int_customers", "+identity_summary", "+identity_restatements")
MIN_PRECISION = 0.995
MIN_RECALL = 0.97
LINKS = "select source_system, source_id, customer_id, link_method, link_score "
LINKS += "from core.int_identity_links"

Row = Mapping[str, str]
# A person twice in the CRM (C1, C4), her family (C2), a firm with a contact person (C3), and a
# stranger in billing; each known to the other systems in one way or another.
FIRST_DELIVERY: Mapping[str, Sequence[Row]] = {
    "crm/customers": [
        {"customer_id": "C1", "customer_kind": "individual", "customer_name": "Anna Smith"}
        | {"email": "anna@mail.example", "phone": "+44 20 7946 0018", "updated_at": "2023-01-05"},
        {"customer_id": "C2", "customer_kind": "individual", "customer_name": "Bob Smith"}
        | {"email": "bob@mail.example", "phone": "+44 20 7946 0019", "updated_at": "2023-01-06"},
        {"customer_id": "C3", "customer_kind": "organisation", "customer_name": "Northfield Ltd"}
        | {"email": "info@north.example", "phone": "+44 113 4960001", "updated_at": "2023-01-07"},
        {"customer_id": "C4", "customer_kind": "individual", "customer_name": "Anna Smith"}
        | {"email": "old@mail.example", "phone": "+44 20 7946 0077", "updated_at": "2023-02-05"},
    ],
    "crm/contacts": [
        {"contact_id": "K1", "customer_id": "C3", "full_name": "Li Wei"}
        | {"email": "li@north.example", "updated_at": "2023-01-07"},
    ],
    "billing/accounts": [
        {"customer_id": "B1", "crm_customer_id": "C1", "updated_at": "2023-01-05"},
        {"customer_id": "B2", "email": "bob@mail.example", "updated_at": "2023-01-06"},
        {"customer_id": "B4", "crm_customer_id": "C4", "updated_at": "2023-02-05"},
        {"customer_id": "B9", "email": "eve@mail.example", "updated_at": "2023-01-09"},
    ],
    "billing/invoices": [
        {"invoice_id": f"I{number}", "customer_id": f"B{number}", "country": "UK"}
        | {"invoiced_at": "2023-01-31", "currency": "GBP"}
        for number in (1, 2, 3, 4, 9)
    ],
    "support/requesters": [
        {"requester_id": "R1", "phone": "020 7946 0018", "requester_name": "Smith, Anna"}
        | {"updated_at": "2023-01-10"},
        {"requester_id": "R3", "email": "li@north.example", "requester_name": "Li Wei"}
        | {"updated_at": "2023-01-10"},
        {"requester_id": "R8", "email": "who@mail.example", "updated_at": "2023-01-10"},
    ],
    "survey/respondents": [
        {"respondent_id": "P9", "email": "eve+survey@mail.example", "updated_at": "2023-01-11"},
    ],
    "usage/accounts": [
        {"account_id": "U4", "email": "old@mail.example", "updated_at": "2023-02-06"},
    ],
}
# C4 turns out to be Anna; whoever R8 is, is said; and the year goes on.
SECOND_DELIVERY: Mapping[str, Sequence[Row]] = {
    "crm/customers": [
        {"customer_id": "C4", "customer_kind": "individual", "customer_name": "Anna Smith"}
        | {"email": "anna@mail.example", "phone": "020 7946 0018", "updated_at": "2023-03-05"},
    ],
    "billing/invoices": [
        {"invoice_id": "I20", "customer_id": "B2", "country": "UK"}
        | {"invoiced_at": "2023-03-31", "currency": "GBP"},
    ],
    "support/requesters": [
        {"requester_id": "R8", "crm_customer_id": "C2", "email": "who@mail.example"}
        | {"updated_at": "2023-03-10"},
    ],
}
# What the merge turns out to have been: a mistake.
THIRD_DELIVERY: Mapping[str, Sequence[Row]] = {
    "billing/accounts": [
        {"customer_id": "B9", "crm_customer_id": "C2", "updated_at": "2023-04-09"},
    ],
    "billing/invoices": [
        {"invoice_id": "I21", "customer_id": "B2", "country": "UK"}
        | {"invoiced_at": "2023-04-30", "currency": "GBP"},
    ],
}


def _deliver(landing: Path, delivery: Mapping[str, Sequence[Row]], part: int) -> None:
    """Write a delivery's files; what the contract requires and nobody said is filled in."""
    for table, rows in delivery.items():
        file = landing / f"{table}_{part}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        fill = {"country": "UK", "first_seen_at": "2022-12-01"} if table == "crm/customers" else {}
        whole = [
            fill | ({"first_seen_at": row["updated_at"]} if fill and part == 1 else {}) | row
            for row in rows
        ]
        if fill and part > 1:  # when the CRM saw a customer first never changes
            first = {row["customer_id"]: row["updated_at"] for row in FIRST_DELIVERY[table]}
            whole = [row | {"first_seen_at": first[row["customer_id"]]} for row in whole]
        columns = sorted({column for row in whole for column in row})
        with file.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, columns, restval="")
            writer.writeheader()
            writer.writerows(whole)

"""A simulated company, built by dbt once for all tests of this room that know the truth about it.

What belongs here: simulating, ingesting and building what these tests read. What does not: Dagster,
the estimators, the gates; whole runs are tests/end_to_end's.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from orchestration import window
from orchestration.dbt import run_dbt
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.ingest import ingest
from orchestration.settings import Settings
from orchestration.text import score_items
from orchestration.warehouse import connect, prepare_home
from tests.command import ONE_THREAD, lend_parsed
from tests.company import simulated_landing
from tests.conftest import ROOT, built_once

CUSTOMERS, MONTHS = 600, 24
BUILT = (
    "+mrr_movements",
    "+subscriptions",
    "+invoices",
    "+int_customer_months",
    "+ind_value",
    "+path:models/indicators/service",
    "+path:models/core/relationship",
    "+ind_lifecycle",
    "+ind_retention",
    "ind_revenue_retention",
    "+ind_loyalty",
    "+ind_satisfaction",
    "+path:models/indicators/efficiency",
    "+path:models/indicators/experience",
    "+ind_campaign_effects",
    "+ftr_churn_labels",
    "+ind_loyalty_programme",
)
# What the scores of texts are joined with, and what is built of them.
BEFORE_TEXTS = ("+int_survey_answers", "+int_customer_activity")
FROM_TEXTS = (
    "stg_ml__text_scores",
    "int_text_items",
    "ind_text",
    "path:models/indicators/relationship",
    "int_receivable_months",
    "int_credit_reports",
    "ind_credit",
    "ftr_credit",
    "ftr_credit_labels",
)
# After the simulated history, which ends with December 2025.
LOADED_AT = datetime(2026, 1, 15)  # noqa: DTZ001  (the pipeline's times are UTC without a zone)


@dataclass(frozen=True)
class KnownCompany:
    """A simulated company whose truth is known, and what was built of it.

    Attributes:
        warehouse: The warehouse, with core, the tiers, the moods, how customers were served,
            how relationships stand, who went bad, and the marts of billing. Read only.
        truth: The folder of Parquet files that say what is true of the company.
    """

    warehouse: Path
    truth: Path


@pytest.fixture(scope="session")
def known_company(shared_folder: Path) -> KnownCompany:
    """Built once by whichever worker comes first."""
    folder = shared_folder / "known_company"
    settings = Settings.from_environment(
        ONE_THREAD, root=ROOT, home=folder / "home", landing=folder / "landing"
    )
    with built_once(folder) as mine:
        if mine:
            simulated_landing(folder, customers=CUSTOMERS, months=MONTHS)
            _build(settings)
    return KnownCompany(warehouse=settings.warehouse, truth=folder / "truth")


def _build(settings: Settings) -> None:
    prepare_home(settings)
    lend_parsed(settings.home)
    ingest(settings, loaded_at=LOADED_AT)
    with connect(settings) as con:
        contracts = load_contracts(settings.contracts_root)
        history = window.read_history(con, window.event_columns(contracts))
        fingerprints = window.Fingerprints(code="test", config="test")
        window.begin_run(
            con,
            run_id="test",
            history=history,
            window=window.choose_window(history, fingerprints),
            fingerprints=fingerprints,
            now=LOADED_AT,
        )
    run_dbt(settings, "seed")
    run_dbt(settings, "run", select=[*BUILT, *BEFORE_TEXTS])
    score_items(settings)
    run_dbt(settings, "run", select=FROM_TEXTS)

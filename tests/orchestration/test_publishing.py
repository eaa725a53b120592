from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration import publishing, window
from orchestration.errors import GateRefusedError, ReleaseError
from orchestration.ingestion.company import Company, store_company
from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.prediction import ensure_ml_tables
from orchestration.publishing import publish
from orchestration.release import build
from orchestration.runs import fingerprints, read_current, summarise
from orchestration.settings import Settings
from orchestration.warehouse import connect

NOW = datetime(2012, 1, 1)  # noqa: DTZ001 - the control tables hold UTC without a zone


@pytest.fixture
def begun(settings: Settings) -> Settings:
    """A home with a run under way, made with the code as it stands."""
    month = date(2011, 11, 30)
    with connect(settings) as con:
        con.execute(CONTROL_TABLES)
        window.ensure_control_tables(con)
        ensure_ml_tables(con)
        for load, status in ((1, "loaded"), (2, "refused"), (3, "loaded")):
            con.execute(
                "insert into control.loads (load_id, system, table_name, file, status) "
                "values (?, 'billing', 'invoices', 'invoices.csv', ?)",
                [load, status],
            )
        window.begin_run(
            con,
            run_id="run-1",
            history=window.History((window.SystemSpan("billing", month, month),), (), ()),
            window=window.Window(month, month, month, 1, 0, False, ""),
            fingerprints=fingerprints(settings),
            now=NOW,
        )
    return settings


def a_build(monkeypatch: pytest.MonkeyPatch, result: Any) -> list[Any]:
    """Replace the building of a release, which has its own tests; give what it was called with."""
    called: list[Any] = []

    def built(_: Settings, **given: Any) -> Any:
        called.append(given)
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(build, "build_release", built)
    return called


def a_release(*held: str) -> Any:
    products = {name: SimpleNamespace(reason=f"{name} does not add up") for name in held}
    manifest = SimpleNamespace(held_products=held, products=products)
    return SimpleNamespace(id="release-1", manifest=manifest)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the webhook would be told."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(publishing, "notify_held", lambda **given: messages.append(given))
    return messages


def test_a_release_without_a_hold_closes_the_run_as_released(
    begun: Settings, monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]
) -> None:
    called = a_build(monkeypatch, a_release())
    outcome = publish(begun)
    record = read_current(begun)
    assert (outcome.status, outcome.release_id) == ("released", "release-1")
    assert (record.status, record.release_id, record.message) == ("released", "release-1", None)
    assert called[0]["run"].run_id == "run-1"
    assert outcome.report == begun.current / Path("report/index.html")
    assert told == []


def test_a_held_product_closes_the_run_as_held_and_names_it(
    begun: Settings, monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]
) -> None:
    a_build(monkeypatch, a_release("finance"))
    assert publish(begun).held_products == ("finance",)
    record = read_current(begun)
    assert (record.status, record.message) == ("held", "held: finance")
    assert told == [
        {
            "run_id": "run-1",
            "release_id": "release-1",
            "held": {"finance": "finance does not add up"},
        }
    ]


@pytest.mark.parametrize(
    ("held", "recorded"),
    [
        ((), ["release-1"]),
        (("finance",), ["release-1"]),
        (("predictions",), []),
        (("evaluation",), []),
        (("credit",), []),
    ],
)
def test_predictions_enter_the_ledger_when_they_were_published(
    begun: Settings, monkeypatch: pytest.MonkeyPatch, held: tuple[str, ...], recorded: list[str]
) -> None:
    found: list[str] = []
    monkeypatch.setattr(
        publishing, "record_published", lambda _, *, release_id: found.append(release_id)
    )
    a_build(monkeypatch, a_release(*held))
    publish(begun)
    assert found == recorded


def test_a_release_that_every_gate_refuses_counts_as_held(
    begun: Settings, monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]
) -> None:
    a_build(monkeypatch, GateRefusedError("No data product passed."))
    with pytest.raises(GateRefusedError):
        publish(begun)
    record = read_current(begun)
    assert (record.status, record.release_id) == ("held", None)
    assert record.message == "No data product passed."
    assert told[0]["held"] == {"every product": "No data product passed."}


def test_code_that_changed_while_it_computed_is_not_released(
    begun: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = a_build(monkeypatch, a_release())
    monkeypatch.setattr(
        publishing, "fingerprints", lambda _: window.Fingerprints("edited", "config")
    )
    with pytest.raises(ReleaseError, match="changed while the run was computing"):
        publish(begun)
    assert not called


def test_the_summary_names_the_loads_that_the_run_knew(begun: Settings) -> None:
    summary = summarise(begun, read_current(begun))
    assert [load["load_id"] for load in summary.loads] == [1]
    assert summary.profile == "retail_billing"
    assert summary.estimators == ()
    assert summary.company == Company()


def test_the_summary_says_whose_figures_these_are(begun: Settings) -> None:
    company = Company("Bright Parts", is_simulated=True)
    with connect(begun) as con:
        con.execute("delete from control.loads")
        store_company(con, company)

    assert summarise(begun, read_current(begun)).company == company

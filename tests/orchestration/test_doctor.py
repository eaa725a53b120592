from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from orchestration import doctor
from orchestration.doctor import examine
from orchestration.errors import ScorecardError
from orchestration.settings import Settings
from orchestration.warehouse import connect, writer_lock


@pytest.fixture(autouse=True)
def no_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt's own parse is tested in test_dbt; here it would cost 10 s in each test."""
    monkeypatch.setattr(
        doctor, "_dbt_project", lambda _: doctor.Finding("dbt project", "ok", "parses")
    )


def levels(settings: Settings) -> dict[str, str]:
    return {finding.check: finding.level for finding in examine(settings)}


def test_a_fresh_home_is_fit_and_says_what_is_not_there_yet(settings: Settings) -> None:
    found = levels(settings)
    assert "failed" not in found.values()
    assert {found["Landing"], found["Warehouse"], found["Release"]} == {"note"}
    assert {found["Python"], found["Packages"], found["Contracts"]} == {"ok"}


def test_files_and_a_warehouse_are_found(settings: Settings) -> None:
    (settings.landing / "billing").mkdir(parents=True)
    (settings.landing / "billing" / "invoices.csv").write_text("a\n", encoding="utf-8")
    with connect(settings) as con:
        con.execute("create table x as select 1")
    found = {finding.check: finding.text for finding in examine(settings)}
    assert found["Landing"] == "1 files of billing"
    assert found["Warehouse"].startswith("1 tables")


def test_what_is_said_about_the_files_is_no_file(settings: Settings) -> None:
    (settings.landing / "billing").mkdir(parents=True)
    (settings.landing / "company.yml").write_text("name: Shop\n", encoding="utf-8")
    (settings.landing / "billing" / "source.yml").write_text("{}\n", encoding="utf-8")
    found = {finding.check: finding for finding in examine(settings)}
    assert (found["Landing"].level, found["Databases"].level) == ("note", "ok")
    assert found["Databases"].text == "no system is read from a database"


def test_a_database_out_of_reach_is_a_note_without_its_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = "database: {type: postgres, dsn_env: SHOP_DSN, tables: {invoices: {}}}\n"
    (settings.landing / "billing").mkdir(parents=True)
    (settings.landing / "billing" / "source.yml").write_text(declared, encoding="utf-8")
    monkeypatch.setenv("SHOP_DSN", "postgresql://shop:hunter2@127.0.0.1:1/shop")
    (found,) = [finding for finding in examine(settings) if finding.check == "Databases"]
    assert found.level == "note"
    assert "the database of billing cannot be reached" in found.text
    assert "SHOP_DSN" in found.text
    assert "hunter2" not in found.text


def test_a_missing_landing_area_stops_a_run(settings: Settings) -> None:
    found = examine(replace(settings, landing=settings.home / "nowhere"))
    (landing,) = [finding for finding in found if finding.check == "Landing"]
    assert landing.is_failed
    assert "--landing" in landing.text


def test_a_writer_is_a_note_and_no_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import signal

    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        with writer_lock(settings, purpose="theirs"):
            os.write(writer, b"held")
            signal.pause()
    try:
        os.read(reader, 4)
        (found,) = [finding for finding in examine(settings) if finding.check == "Writer"]
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    assert found.level == "note"
    assert "theirs" in found.text


def test_too_little_room_is_a_note(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MIN_FREE_BYTES", 2**60)
    assert levels(settings)["Disk"] == "note"


@pytest.mark.parametrize(
    ("ahead", "level"),
    [
        (timedelta(days=-2000), "ok"),
        (timedelta(hours=2), "note"),
        (timedelta(days=30000), "failed"),
    ],
)
def test_a_clock_that_was_set_back_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, ahead: timedelta, level: str
) -> None:
    made = (datetime.now(UTC) + ahead).isoformat(timespec="seconds")
    release = SimpleNamespace(id="r", manifest=SimpleNamespace(created_at=made))
    monkeypatch.setattr("orchestration.release.store.current_release", lambda _: release)
    found = doctor._clock(settings)
    assert found.level == level
    assert ("was set back" in found.text) == (level != "ok")


def test_a_wrong_version_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "requires", lambda _: ["duckdb==0.1", "no-such-package>=1"])
    (found,) = [finding for finding in examine(settings) if finding.check == "Packages"]
    assert found.is_failed
    assert "wanted ==0.1" in found.text
    assert "no-such-package is missing" in found.text


def test_an_old_python_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PYTHON_RANGE", ((3, 99), (3, 99)))
    assert levels(settings)["Python"] == "failed"


def test_one_problem_hides_no_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Settings) -> doctor.Finding:
        raise ScorecardError("the contracts contradict each other")

    monkeypatch.setattr(doctor, "_contracts", broken)
    found = {finding.check: finding for finding in examine(settings)}
    assert found["Contracts"].is_failed
    assert found["Contracts"].text == "the contracts contradict each other"
    assert found["Release"].level == "note"

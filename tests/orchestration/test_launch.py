import os
import signal
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration import launch, window
from orchestration.dagster_home import (
    FIRST_MONTH_VARIABLE,
    RESOURCE,
    ScorecardHome,
    month_partitions,
    prepare_dagster_home,
    reported,
)
from orchestration.errors import GateRefusedError, ScorecardError, UsageError
from orchestration.launch import JobCrashedError, JobFailedError
from orchestration.settings import Settings
from orchestration.warehouse import connect, read_lock_holder, writer_lock


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.setenv("SCORECARD_HOME", str(settings.home))
    return dg.DagsterInstance.ephemeral()


def definitions_of(body: Callable[[Settings, dg.AssetExecutionContext], Any]) -> dg.Definitions:
    @dg.asset(
        key=["control", "run_window"],
        partitions_def=month_partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def step(
        context: dg.AssetExecutionContext, scorecard_home: ScorecardHome
    ) -> dg.MaterializeResult[Any]:
        with reported(scorecard_home) as settings:
            found = body(settings, context)
        return dg.MaterializeResult(metadata={"found": str(found)})

    return dg.Definitions(
        assets=[step],
        jobs=[dg.define_asset_job("scorecard", executor_def=dg.in_process_executor)],
        resources={RESOURCE: ScorecardHome()},
    )


def run(
    settings: Settings,
    instance: dg.DagsterInstance,
    body: Callable[[Settings, dg.AssetExecutionContext], Any],
) -> dict[str, dict[str, Any]]:
    return launch._run_job(
        definitions_of(body), "scorecard", settings, instance, months=("2011-01", "2011-03")
    )


def test_a_job_sees_its_months_and_gives_back_what_its_assets_said(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    found = run(settings, instance, lambda _, context: context.partition_key_range)
    assert "2011-01" in found["control/run_window"]["found"]
    assert "2011-03" in found["control/run_window"]["found"]


def test_a_job_works_on_what_the_command_line_chose(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    chosen = Settings(
        root=settings.root, home=settings.home, landing=tmp_path / "elsewhere", profile="other"
    )
    found = run(chosen, instance, lambda used, _: (used.landing.name, used.profile))
    assert found["control/run_window"]["found"] == "('elsewhere', 'other')"


def test_the_writer_lock_is_held_while_a_run_works(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    found = run(settings, instance, lambda used, _: read_lock_holder(used.lock_file))
    assert "of scorecard" in found["control/run_window"]["found"]
    assert read_lock_holder(settings.lock_file) == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ScorecardError("mend it"), 1),
        (UsageError("mend it"), 2),
        (GateRefusedError("mend it"), 3),
    ],
    ids=["failed", "usage", "gate"],
)
def test_a_users_problem_in_a_step_keeps_its_text_and_its_exit_code(
    settings: Settings, instance: dg.DagsterInstance, error: ScorecardError, code: int
) -> None:
    def body(_: Settings, __: dg.AssetExecutionContext) -> None:
        raise error

    with pytest.raises(JobFailedError, match=r"^mend it$") as caught:
        run(settings, instance, body)
    assert caught.value.exit_code == code
    assert JobFailedError.exit_code == 1


def test_an_unexpected_problem_in_a_step_brings_its_traceback(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    def body(_: Settings, __: dg.AssetExecutionContext) -> None:
        raise ZeroDivisionError("by nothing")

    with pytest.raises(JobCrashedError, match=r"(?s)control__run_window.*ZeroDivisionError"):
        run(settings, instance, body)


@pytest.mark.parametrize("error", [ScorecardError("mend it"), ZeroDivisionError("by nothing")])
def test_a_step_that_fails_closes_the_runs_record(
    settings: Settings, instance: dg.DagsterInstance, error: Exception
) -> None:
    with connect(settings) as con:
        window.ensure_control_tables(con)
        con.execute(
            "insert into control.runs values ('r', '2012-01-01', null, '2011-01-31', "
            "'2011-03-31', 1, 'code', 'config', 'running', null, null)"
        )

    def body(_: Settings, __: dg.AssetExecutionContext) -> None:
        raise error

    with pytest.raises((JobFailedError, JobCrashedError)):
        run(settings, instance, body)
    with connect(settings) as con:
        assert window.current_run(con).status == "failed"
        assert window.current_run(con).finished_at is not None


def test_another_writer_stops_a_run_before_its_first_step(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        with writer_lock(settings, purpose="theirs"):
            os.write(writer, b"held")
            signal.pause()
        os._exit(0)
    try:
        assert os.read(reader, 4) == b"held"
        with pytest.raises(JobCrashedError, match=r"theirs"):
            run(settings, instance, lambda *_: None)
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)


def test_the_instance_gets_the_repositorys_settings(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    prepare_dagster_home(settings)
    copied = (settings.dagster_home / "dagster.yaml").read_text(encoding="utf-8")
    assert copied == (settings.root / "dagster.yaml").read_text(encoding="utf-8")
    assert os.environ["DAGSTER_HOME"] == str(settings.dagster_home)


def test_a_longer_history_widens_dagsters_months(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FIRST_MONTH_VARIABLE, "2009-12")
    assert not launch._reaches_before_partitions(date(2009, 12, 31))
    assert launch._reaches_before_partitions(date(2004, 5, 31))
    assert month_partitions().get_first_partition_key() == "2004-05"


def test_names_are_those_of_the_definitions() -> None:
    from orchestration.defs import automation, transform

    assert launch.LOAD_JOB == automation.LOAD_JOB
    assert launch.SCORECARD_JOB == automation.SCORECARD_JOB
    assert launch.CHOOSE_MONTHS == transform.CHOOSE_MONTHS

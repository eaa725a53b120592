import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest

from orchestration.dagster_home import close_dead_runs, is_writer_alive
from orchestration.defs.automation import (
    closed_month,
    drift_look,
    landing_state,
    next_look,
    read_drift,
)
from orchestration.release import store
from orchestration.settings import Settings
from orchestration.warehouse import writer_lock


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2011, 12, 2, 4, tzinfo=UTC), "2011-11"),
        (datetime(2012, 1, 2, 4, tzinfo=UTC), "2011-12"),
        (datetime(2012, 3, 31, 4, tzinfo=UTC), "2012-02"),
    ],
)
def test_the_close_takes_the_month_before(moment: datetime, month: str) -> None:
    assert closed_month(moment) == month


class TestLandingSensor:
    def test_new_files_are_asked_for_once_they_stand_still(self, settings: Settings) -> None:
        (settings.landing / "billing").mkdir(parents=True)
        (settings.landing / "billing" / "invoices.csv").write_text("a\n", encoding="utf-8")
        first = next_look(landing_state(settings), None)
        assert not first.run_requests
        second = next_look(landing_state(settings), first.cursor)
        assert second.run_requests is not None
        assert len(second.run_requests) == 1
        third = next_look(landing_state(settings), second.cursor)
        assert not third.run_requests

    def test_a_file_that_grows_is_not_asked_for(self, settings: Settings) -> None:
        file = settings.landing / "invoices.csv"
        file.write_text("a\n", encoding="utf-8")
        first = next_look(landing_state(settings), None)
        file.write_text("a\nb\n", encoding="utf-8")
        second = next_look(landing_state(settings), first.cursor)
        assert not second.run_requests
        assert next_look(landing_state(settings), second.cursor).run_requests

    def test_a_changed_file_is_asked_for_again_under_another_key(self, settings: Settings) -> None:
        file = settings.landing / "invoices.csv"
        keys = []
        cursor = None
        for text in ("a\n", "ab\n"):
            file.write_text(text, encoding="utf-8")
            cursor = next_look(landing_state(settings), cursor).cursor
            look = next_look(landing_state(settings), cursor)
            cursor = look.cursor
            keys += [request.run_key for request in look.run_requests or ()]
        assert len(set(keys)) == 2

    def test_an_empty_or_missing_area_asks_for_nothing(self, settings: Settings) -> None:
        missing = replace(settings, landing=settings.home / "nowhere")
        for place in (settings, missing):
            cursor = next_look(landing_state(place), None).cursor
            assert not next_look(landing_state(place), cursor).run_requests

    def test_hidden_files_do_not_count(self, settings: Settings) -> None:
        (settings.landing / ".invoices.csv.part").write_text("a", encoding="utf-8")
        assert json.loads(landing_state(settings)) == []


class TestDriftSensor:
    ACT = ("2011-12-31", "churn-1", "days_since_purchase")

    def test_drift_asks_once_for_each_estimator_and_month(self) -> None:
        first = drift_look([self.ACT, ("2011-12-31", "churn-1", "score")], None)
        assert first.run_requests is not None
        assert [request.partition_key for request in first.run_requests] == ["2011-12"]
        assert not drift_look([self.ACT], first.cursor).run_requests
        later = drift_look([("2012-01-31", *self.ACT[1:])], first.cursor)
        assert later.run_requests is not None
        assert later.run_requests[0].run_key != first.run_requests[0].run_key

    def test_no_drift_asks_for_nothing(self, settings: Settings) -> None:
        assert read_drift(settings) == []
        assert not drift_look([], None).run_requests

    def test_only_champions_at_level_act_in_the_newest_month_count(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        database = settings.home / "release.duckdb"
        with duckdb.connect(str(database)) as con:
            con.execute(
                """
                create schema scorecard;
                create table scorecard.estimators as from (values
                    ('churn', 'churn-1', 'champion'), ('churn', 'churn-0', 'former')
                ) as t(estimator, estimator_version, role);
                create table scorecard.estimator_drift as
                select 'churn' as estimator, * from (values
                    ('churn-1', date '2011-12-31', 'score', 'act'),
                    ('churn-1', date '2011-12-31', 'tenure_days', 'watch'),
                    ('churn-1', date '2011-11-30', 'mrr', 'act'),
                    ('churn-0', date '2011-12-31', 'score', 'act')
                ) as t(estimator_version, as_of_date, subject, drift_level);
                """
            )
        marts = {
            "estimators": SimpleNamespace(columns={"role": "varchar"}),
            "estimator_drift": SimpleNamespace(columns={}),
        }
        release = SimpleNamespace(database=database, manifest=SimpleNamespace(marts=marts))
        monkeypatch.setattr(store, "current_release", lambda _: release)
        assert read_drift(settings) == [("2011-12-31", "churn-1", "score")]


class TestDeadRuns:
    def test_a_started_run_without_a_process_is_marked_as_failed(self, tmp_path: Path) -> None:
        with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
            run = instance.create_run_for_job(_job(), status=dg.DagsterRunStatus.STARTED)
            assert close_dead_runs(instance) == [run.run_id]
            found = instance.get_run_by_id(run.run_id)
            assert found is not None
            assert found.status == dg.DagsterRunStatus.FAILURE
            assert close_dead_runs(instance) == []

    def test_a_run_that_has_just_started_is_left_alone(self, tmp_path: Path) -> None:
        with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
            instance.create_run_for_job(_job(), status=dg.DagsterRunStatus.STARTED)
            before = datetime(2001, 1, 1, tzinfo=UTC)
            assert close_dead_runs(instance, started_before=before) == []

    def test_the_writer_is_alive_while_it_holds_the_lock(self, settings: Settings) -> None:
        assert not is_writer_alive(settings)
        with writer_lock(settings, purpose="test"):
            assert is_writer_alive(settings)
        assert not is_writer_alive(settings)

    def test_a_writer_that_was_killed_is_not_alive(self, settings: Settings) -> None:
        process = os.fork()
        if process == 0:
            os._exit(0)
        os.waitpid(process, 0)
        settings.lock_file.write_text(f"{process} killed\n", encoding="utf-8")
        assert not is_writer_alive(settings)


def _job() -> dg.JobDefinition:
    @dg.op
    def nothing() -> None:
        pass

    @dg.job
    def tiny() -> None:
        nothing()

    return tiny

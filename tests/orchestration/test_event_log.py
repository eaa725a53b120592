from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy.exc import DatabaseError

from orchestration import event_log
from orchestration.event_log import KeptConnectionEventLog
from tests.orchestration.conftest import ROOT


@pytest.fixture
def dagster_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = (ROOT / "dagster.yaml").read_text(encoding="utf-8")
    (tmp_path / "dagster.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def run_once(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    months = dg.MonthlyPartitionsDefinition(start_date="2011-01", fmt="%Y-%m", end_offset=1)

    @dg.asset(partitions_def=months, backfill_policy=dg.BackfillPolicy.single_run())
    def monthly() -> None:
        pass

    @dg.asset_check(asset=monthly)
    def passes() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    job = dg.define_asset_job("tiny", executor_def=dg.in_process_executor)
    definitions = dg.Definitions(assets=[monthly], asset_checks=[passes], jobs=[job])
    return definitions.resolve_job_def("tiny").execute_in_process(
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": "2011-01",
            "dagster/asset_partition_range_end": "2011-03",
        },
    )


def test_the_instance_file_asks_for_kept_connections(dagster_home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, KeptConnectionEventLog)


def test_what_is_stored_is_read_by_dagsters_own_storage_in_the_same_place(
    dagster_home: Path,
) -> None:
    with dg.DagsterInstance.get() as instance:
        run_id = run_once(instance).run_id
    (dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    with dg.DagsterInstance.get() as plain:
        assert type(plain.event_log_storage) is SqliteEventLogStorage
        events = [entry.dagster_event_type for entry in plain.all_logs(run_id)]
        partitions = plain.get_materialized_partitions(dg.AssetKey("monthly"))
    assert dg.DagsterEventType.RUN_SUCCESS in events
    assert events.count(dg.DagsterEventType.ASSET_CHECK_EVALUATION) == 1
    assert partitions == {"2011-01", "2011-02", "2011-03"}


def test_only_a_few_connections_stay_open(
    dagster_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "KEPT_CONNECTIONS", 2)
    with dg.DagsterInstance.get() as instance:
        runs = [run_once(instance).run_id for _ in range(3)]
        storage = instance.event_log_storage
        assert isinstance(storage, KeptConnectionEventLog)
        assert len(storage._engines) == 2
        assert all(instance.all_logs(run) for run in runs)


def test_the_connections_are_durable_enough_for_a_killed_process(dagster_home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        run_once(instance)
        storage = instance.event_log_storage
        assert isinstance(storage, KeptConnectionEventLog)
        with storage.index_connection() as connection:
            assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"


def test_a_failed_transaction_leaves_nothing_and_the_connection_works(dagster_home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        run_once(instance)
        storage = instance.event_log_storage
        assert isinstance(storage, KeptConnectionEventLog)
        count = "select count(*) from asset_keys"
        with storage.index_connection() as connection:
            before = connection.exec_driver_sql(count).scalar()
        with pytest.raises(DatabaseError), storage.index_connection() as connection:  # noqa: PT012
            connection.exec_driver_sql("delete from asset_keys")
            connection.exec_driver_sql("select * from nothing_there")
        with storage.index_connection() as connection:
            assert connection.exec_driver_sql(count).scalar() == before == 1


def test_the_overridden_method_is_still_the_one_that_dagster_calls() -> None:
    assert "_connect" in vars(SqliteEventLogStorage)
    for caller in ("run_connection", "index_connection"):
        assert "_connect" in getattr(SqliteEventLogStorage, caller).__code__.co_names

"""Dagster jobs, schedules and sensors: what runs together, and when.

What belongs here: names of jobs, their times, what wakes them.
What does not: what they do (the other files of this folder).

Schedules and the landing sensor are off until somebody switches them on: where they run is a
decision of the place, not of the code. Times are UTC.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from orchestration import window
from orchestration.dagster_home import close_dead_runs, is_writer_alive
from orchestration.defs.predict import TRAIN
from orchestration.notify import notify_failure
from orchestration.settings import Settings

SCORECARD_JOB = "scorecard"
INGEST_JOB = "ingest"
LOAD_JOB = "load"
RETRAIN_JOB = "retrain"
# Systems deliver the rest of a month on its first days; day 2 leaves them one.
MONTHLY_CLOSE = "0 4 2 * *"
# The day after the close: what is trained then sees the month that was closed.
MONTHLY_RETRAIN = "0 4 3 * *"
DAILY_INGESTION = "0 5 * * *"
DRIFT_SECONDS = 3600
LANDING_SECONDS = 60
DEAD_RUN_SECONDS = 300


@dg.definitions
def automation() -> dg.Definitions:
    """Build jobs, schedules and sensors."""
    scorecard, ingest, retrain = _scorecard_job(), _ingest_job(), _retrain_job()
    return dg.Definitions(
        jobs=[scorecard, ingest, _load_job(), retrain],
        schedules=[
            _monthly_close(scorecard),
            _monthly_retrain(retrain),
            _daily_ingestion(ingest),
        ],
        sensors=[
            _landing_sensor(ingest),
            _drift_sensor(retrain),
            _failure_sensor(),
            _dead_run_sensor(),
        ],
    )


def _scorecard_job() -> Any:
    return dg.define_asset_job(
        SCORECARD_JOB,
        selection=dg.AssetSelection.all(),
        description=(
            "The whole way: landing files to a published release. Choose the months as "
            "partitions; several months are one run. It starts earlier by itself where new "
            "loads, changed code or changed configuration ask for it."
        ),
        executor_def=dg.in_process_executor,
    )


def _ingest_job() -> Any:
    return dg.define_asset_job(
        INGEST_JOB,
        selection=dg.AssetSelection.groups("ingest"),
        description="Load what is new in the landing area, and judge the sources.",
        executor_def=dg.in_process_executor,
    )


def _load_job() -> Any:
    return dg.define_asset_job(
        LOAD_JOB,
        selection=dg.AssetSelection.groups("ingest").without_checks(),
        description=(
            "Load what is new in the landing area, without judging it: how `scorecard run` "
            "learns which months it must compute."
        ),
        executor_def=dg.in_process_executor,
    )


def _retrain_job() -> Any:
    return dg.define_asset_job(
        RETRAIN_JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups("ingest"),
        description=(
            "Like `scorecard` without ingestion, but all estimators are trained anew even where "
            "nothing they depend on has changed. What was trained speaks only where the rule of "
            "champion and challenger says so."
        ),
        config=dg.RunConfig(ops={TRAIN: {"config": {"force": True}}}),
        executor_def=dg.in_process_executor,
    )


def _monthly_close(job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="monthly_close",
        job=job,
        cron_schedule=MONTHLY_CLOSE,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            "Closes the month before: ingests, computes, judges, releases. It fails with its "
            "reason when billing does not yet reach the month's last day."
        ),
    )
    def monthly_close(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        month = closed_month(context.scheduled_execution_time)
        return dg.RunRequest(run_key=f"close-{month}", partition_key=month)

    return monthly_close


def _monthly_retrain(job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="monthly_retrain",
        job=job,
        cron_schedule=MONTHLY_RETRAIN,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            "Trains all estimators on the month that was closed, also where the close found "
            "nothing new, so that each month has its challenger."
        ),
    )
    def monthly_retrain(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        month = closed_month(context.scheduled_execution_time)
        return dg.RunRequest(run_key=f"retrain-{month}", partition_key=month)

    return monthly_retrain


def _drift_sensor(job: Any) -> dg.SensorDefinition:
    @dg.sensor(
        name="estimator_drift",
        job=job,
        minimum_interval_seconds=DRIFT_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            "Starts `retrain` when the current release says that what a champion looks at, or what "
            "it says, has drifted so far that somebody should act; once per estimator and month."
        ),
    )
    def estimator_drift(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return drift_look(read_drift(Settings.from_environment()), context.cursor)

    return estimator_drift


def read_drift(settings: Settings) -> list[tuple[str, str, str]]:
    """Read what the current release says of the drift of its champions in its newest month.

    The release is read, not the warehouse, which a reader would keep from the next run.

    Returns:
        (month, version, subject) of every subject at level `act`; empty without a release, or
        where the release does not say.

    Raises:
        ReleaseError: The link to the current release is broken.
    """
    from orchestration.release.reading import open_database
    from orchestration.release.store import current_release

    release = current_release(settings)
    if release is None or not {"estimator_drift", "estimators"} <= set(release.manifest.marts):
        return []
    if "role" not in release.manifest.marts["estimators"].columns:
        return []
    with open_database(release.database) as con:
        rows = con.execute(
            """
            select drift.as_of_date, drift.estimator_version, drift.subject
            from scorecard.estimator_drift as drift
            inner join scorecard.estimators as estimators
                using (estimator, estimator_version)
            where estimators.role = 'champion' and drift.drift_level = 'act'
                and drift.as_of_date = (select max(as_of_date) from scorecard.estimator_drift)
            order by all
            """
        ).fetchall()
    return [(str(month), str(version), str(subject)) for month, version, subject in rows]


def drift_look(found: list[tuple[str, str, str]], cursor: str | None) -> dg.SensorResult:
    """Decide whether drift asks for a training, from what is there and what was asked for.

    Args:
        found: As `read_drift` gives it.
        cursor: The estimators and months for which a run was asked, as the last look left it.
    """
    asked = set(json.loads(cursor)) if cursor else set()
    new = sorted({f"{version} {month}" for month, version, _ in found} - asked)
    if not new:
        why = "asked for already" if found else "no champion has drifted"
        return dg.SensorResult(skip_reason=why, cursor=cursor)
    month = found[-1][0][:7]
    key = landing_key(", ".join(new))
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=f"drift-{key}",
                partition_key=month,
                tags={"scorecard/drift": ", ".join(new)[:255]},
            )
        ],
        # Only the newest month is kept: an older one never comes back.
        cursor=json.dumps(sorted({f"{version} {month}" for month, version, _ in found})),
    )


def closed_month(moment: datetime) -> str:
    """Give the month that is closed at a moment: the one before, as `YYYY-MM`."""
    return window.format_month(window.add_months(moment.astimezone(UTC).date(), -1))


def _daily_ingestion(job: Any) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="daily_ingestion",
        job=job,
        cron_schedule=DAILY_INGESTION,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Loads the day's files and judges them, so that bad ones are known that day.",
    )


def _landing_sensor(job: Any) -> dg.SensorDefinition:
    @dg.sensor(
        name="landing_files",
        job=job,
        minimum_interval_seconds=LANDING_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            "Starts `ingest` when files in the landing area are new or changed, once they have "
            "stayed the same between two looks, so that no half-copied file is read."
        ),
    )
    def landing_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        found = landing_state(Settings.from_environment())
        return next_look(found, context.cursor)

    return landing_files


def landing_state(settings: Settings) -> str:
    """Describe the landing area: path, size and time of every file, as one text."""
    if not settings.landing.is_dir():
        return "[]"
    files = []
    for path in sorted(settings.landing.rglob("*")):
        name = path.relative_to(settings.landing).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
            about = path.stat()
            files.append([name, about.st_size, about.st_mtime_ns])
    return json.dumps(files)


def next_look(found: str, cursor: str | None) -> dg.SensorResult:
    """Decide what the sensor does, from what it sees and what it saw.

    Args:
        found: The landing area now.
        cursor: What the last look left: what it saw, and for what a run was asked.

    Returns:
        A request when the area has changed and stood still since the last look; else the reason
        why not.
    """
    before = json.loads(cursor) if cursor else {"seen": "[]", "requested": "[]"}
    if found == before["requested"]:
        return _look(found, found, "nothing new in the landing area")
    if found != before["seen"]:
        return _look(found, before["requested"], "files are arriving; looking again")
    if found == "[]":
        return _look(found, found, "the landing area is empty")
    digest = landing_key(found)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"landing-{digest}")],
        cursor=json.dumps({"seen": found, "requested": found}),
    )


def landing_key(text: str) -> str:
    """Shorten a text to a key that is equal for equal texts."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _look(seen: str, requested: str, reason: str) -> dg.SensorResult:
    return dg.SensorResult(
        skip_reason=reason, cursor=json.dumps({"seen": seen, "requested": requested})
    )


def _dead_run_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name="dead_runs",
        minimum_interval_seconds=DEAD_RUN_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Marks runs whose process was killed as failed. Dagster would hold the queue for "
            "them for ever."
        ),
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if is_writer_alive(Settings.from_environment()):
            return dg.SkipReason("a run is under way")
        before = datetime.now(UTC) - timedelta(seconds=DEAD_RUN_SECONDS)
        marked = close_dead_runs(context.instance, started_before=before)
        return dg.SkipReason(f"{len(marked)} dead runs")

    return dead_runs


def _failure_sensor() -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="run_failure",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Logs every failed run, and posts a small JSON to SCORECARD_WEBHOOK_URL where that "
            "is set."
        ),
    )
    def run_failure(context: dg.RunFailureSensorContext) -> Iterator[dg.SkipReason]:
        run = context.dagster_run
        steps = [event.step_key or "" for event in context.get_step_failure_events()]
        notify_failure(job=run.job_name, run_id=run.run_id, steps=steps)
        yield dg.SkipReason(f"run {run.run_id} of {run.job_name} was reported")

    return run_failure

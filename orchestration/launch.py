"""Starting Dagster's jobs inside this process: the door of the command line to the engine room.

What belongs here: the instance, the order of the jobs of a whole run, what came out of them.
What does not: definitions (`orchestration.defs`), printing (`orchestration.cli`).

The instance lives in the home, so that the UI shows these runs beside its own.
Importing this module imports Dagster: 1.2 s, and 2 s more for dagster-dbt with the definitions.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg

from orchestration import window
from orchestration.dagster_home import (
    EXIT_CODE,
    FIRST_MONTH_VARIABLE,
    RESOURCE,
    close_dead_runs,
    month_partitions,
    prepare_dagster_home,
)
from orchestration.errors import ScorecardError
from orchestration.runs import close_failed, preview, read_current
from orchestration.settings import Settings
from orchestration.warehouse import writer_lock

LOGGER = logging.getLogger(__name__)

# Names of `orchestration.defs.automation`, whose import costs 3 s more (dagster-dbt).
LOAD_JOB = "load"
SCORECARD_JOB = "scorecard"
CHOOSE_MONTHS = "choose_months"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


class JobFailedError(ScorecardError):
    """A job failed for a reason that the user can mend; the exit code is the reason's own."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # an instance speaks for its reason


class JobCrashedError(Exception):
    """A job failed for a reason nobody expected; the text holds the traceback."""


@dataclass(frozen=True)
class RunOutcome:
    """What a whole run did.

    Attributes:
        ingested: What ingestion said of itself, by name.
        months: The months that were computed.
        record: The run's record, closed.
        metadata: What each asset said of itself, by `group/name` key.
    """

    ingested: Mapping[str, Any]
    months: window.Window
    record: window.RunRecord
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def run_scorecard(
    settings: Settings,
    definitions: dg.Definitions,
    *,
    from_month: date | None = None,
    to_month: date | None = None,
) -> RunOutcome:
    """Take landing files all the way to a release, in this process.

    First the landing files are loaded, since they decide which months must be computed; then the
    job `scorecard` runs over these months.

    Args:
        settings: The home, the landing area, the profile, the target.
        definitions: What `load_definitions` gave.
        from_month: A month end to start at; it only widens what is needed.
        to_month: A month end to stop at; the last complete month by default.

    Raises:
        WarehouseLockedError: Another process is writing.
        UsageError: The months asked for are not there.
        JobFailedError: A step failed for a reason that the user can mend.
        JobCrashedError: A step failed for another reason.
    """
    with writer_lock(settings, purpose="scorecard run"):
        prepare_dagster_home(settings)
        with dg.DagsterInstance.get() as instance:
            close_dead_runs(instance)
            ingested = _run_job(definitions, LOAD_JOB, settings, instance)
            chosen = preview(settings, from_month=from_month, to_month=to_month)
            if _reaches_before_partitions(chosen.first_month):
                definitions = load_definitions()
            metadata = _run_job(
                definitions,
                SCORECARD_JOB,
                settings,
                instance,
                months=(
                    window.format_month(chosen.first_month),
                    window.format_month(chosen.last_month),
                ),
                config={"ops": {CHOOSE_MONTHS: {"config": {"may_go_back": True}}}},
            )
    return RunOutcome(
        ingested=ingested.get("control/loads", {}),
        months=chosen,
        record=read_current(settings),
        metadata=metadata,
    )


def load_definitions() -> dg.Definitions:
    """Load everything in `orchestration/defs/`, parsing the dbt project where it changed."""
    from orchestration.definitions import defs

    loaded: dg.Definitions = defs()
    return loaded


def _reaches_before_partitions(first_month: date) -> bool:
    """Let Dagster know the months of a longer history, for this process."""
    if month_partitions().has_partition_key(window.format_month(first_month)):
        return False
    os.environ[FIRST_MONTH_VARIABLE] = window.format_month(first_month)
    LOGGER.warning(
        "the history starts before Dagster's first month; set %s=%s so that the UI shows it",
        FIRST_MONTH_VARIABLE,
        window.format_month(first_month),
    )
    return True


def _run_job(
    definitions: dg.Definitions,
    name: str,
    settings: Settings,
    instance: dg.DagsterInstance,
    *,
    months: tuple[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, Any]]:
    """Run one job and give the metadata of its assets by key."""
    tags = {RANGE_START: months[0], RANGE_END: months[1]} if months else {}
    result = definitions.resolve_job_def(name).execute_in_process(
        run_config={**_run_config(settings), **(config or {})},
        instance=instance,
        tags=tags,
        raise_on_error=False,
    )
    if not result.success:
        failure = _failure(result)
        # Most steps have done this themselves; Dagster's own machinery can fail too.
        close_failed(settings, str(failure).splitlines()[0])
        raise failure
    return _metadata(result)


def _run_config(settings: Settings) -> dict[str, Any]:
    return {
        "resources": {
            RESOURCE: {
                "config": {
                    "landing": str(settings.landing),
                    "profile": settings.profile,
                    "target": settings.target,
                }
            }
        },
        # Dagster keeps the events in its instance; on the terminal they would drown the progress.
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


def _failure(result: dg.ExecuteInProcessResult) -> Exception:
    """Turn the first failed step into an error: the user's, or one with a traceback."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            own = data.user_failure_data
            if own is not None and EXIT_CODE in own.metadata:
                code = int(str(own.metadata[EXIT_CODE].value))
                return JobFailedError(str(own.description), code)
            error = data.error.to_string() if data.error else "no traceback"
            return JobCrashedError(f"step {event.step_key} failed\n{error}")
    for event in result.all_events:
        if event.is_job_failure and event.job_failure_data.error:
            return JobCrashedError(event.job_failure_data.error.to_string())
    return JobCrashedError("the job failed before its first step")


def _metadata(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key is not None:
            entries = event.step_materialization_data.materialization.metadata
            found[event.asset_key.to_user_string()] = {
                name: value.value for name, value in entries.items()
            }
    return found

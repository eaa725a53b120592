"""What every Dagster definition of this project shares: the home, its lock, the months.

What belongs here: the one resource, the one partition definition, the translation of a user's
problem into a step failure, and the place of Dagster's own records.
What does not: definitions (`orchestration.defs`), and starting runs (`orchestration.launch`).
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import dagster as dg

from orchestration import window
from orchestration.errors import ScorecardError, UsageError
from orchestration.run_log import run_log
from orchestration.runs import close_failed
from orchestration.settings import Settings
from orchestration.warehouse import prepare_home, writer_lock

LOGGER = logging.getLogger(__name__)

RESOURCE = "scorecard_home"
DEAD_RUN = "The process of this run ended early: the writer lock that it held is free."
MONTH_FORMAT = "%Y-%m"
DEFAULT_FIRST_MONTH = "2009-12"
FIRST_MONTH_VARIABLE = "SCORECARD_FIRST_MONTH"
INSTANCE_FILE = "dagster.yaml"
EXIT_CODE = "exit_code"


class ScorecardHome(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The home that a run works in, and the writer lock for as long as the run lasts.

    Where home and repository are comes from the environment; what a run may choose is
    configuration, so that a run which is started again from the UI works on the same.

    Attributes:
        landing: The landing area; the environment's or the default when empty.
        profile: The scorecard profile; likewise.
        target: The dbt target; likewise.
    """

    landing: str = ""
    profile: str = ""
    target: str = ""

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        return Settings.from_environment(
            landing=self.landing or None,
            profile=self.profile or None,
            target=self.target or None,
        )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["ScorecardHome"]:
        """Hold the writer lock, and keep the run's log, from its first step to its last.

        With the in-process executor a resource lives as long as the run; a lock per step would
        let another run change the months in between.
        """
        run = context.run
        purpose = f"Dagster run {run.run_id} of {run.job_name}" if run else "Dagster"
        prepare_home(self.settings)
        with ExitStack() as stack:
            stack.enter_context(writer_lock(self.settings, purpose=purpose))
            if run:
                stack.enter_context(run_log(self.settings, run.run_id, run.job_name))
            yield self


def month_partitions() -> dg.MonthlyPartitionsDefinition:
    """Give the months that Dagster knows, from `SCORECARD_FIRST_MONTH` to the present one.

    Raises:
        UsageError: The variable is not a month.
    """
    first = os.environ.get(FIRST_MONTH_VARIABLE) or DEFAULT_FIRST_MONTH
    try:
        window.parse_month(first)
    except UsageError as error:
        raise UsageError(f"{FIRST_MONTH_VARIABLE}: {error}") from error
    # The present month counts from its last day on, when its facts may be complete.
    return dg.MonthlyPartitionsDefinition(start_date=first, fmt=MONTH_FORMAT, end_offset=1)


@contextmanager
def reported(home: ScorecardHome) -> Iterator[Settings]:
    """Run a step's body; a user's problem becomes a step failure with its message alone.

    Whatever goes wrong, the run's record says `failed` afterwards.

    Raises:
        dg.Failure: The body raised a `ScorecardError`; Dagster shows its text.
    """
    settings = home.settings
    try:
        yield settings
    except ScorecardError as error:
        close_failed(settings, str(error))
        raise dg.Failure(
            description=str(error),
            metadata={EXIT_CODE: error.exit_code},
            allow_retries=False,
        ) from error
    except Exception as error:
        close_failed(settings, f"{type(error).__name__}, see the log")
        raise


def is_writer_alive(settings: Settings) -> bool:
    """Tell whether the process that last took the writer lock is still there.

    It asks for the process instead of trying the lock, so that it never stands in a run's way.
    """
    try:
        process = settings.lock_file.read_text(encoding="utf-8").split(maxsplit=1)
    except OSError:
        return False
    if not process or not process[0].isdigit():
        return False
    try:
        os.kill(int(process[0]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def close_dead_runs(
    instance: dg.DagsterInstance, *, started_before: datetime | None = None
) -> list[str]:
    """Mark runs whose process died as failed, so that they hold up no queue.

    Only for a caller who knows that nobody is writing, or who is the writer.

    Args:
        instance: Dagster's instance.
        started_before: Leave younger runs alone, which may be about to take the lock.

    Returns:
        The runs that were marked.
    """
    alive = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
    marked = []
    for record in instance.get_run_records(filters=dg.RunsFilter(statuses=alive)):
        if started_before is None or record.create_timestamp < started_before:
            run = record.dagster_run
            LOGGER.warning("run %s of %s died; it is marked as failed", run.run_id, run.job_name)
            instance.report_run_failed(run, DEAD_RUN)
            marked.append(run.run_id)
    return marked


def prepare_dagster_home(settings: Settings) -> None:
    """Put `dagster.yaml` of the repository into Dagster's own folder, and point Dagster there."""
    prepare_home(settings)
    source = settings.root / INSTANCE_FILE
    copy = settings.dagster_home / INSTANCE_FILE
    if not copy.exists() or copy.read_bytes() != source.read_bytes():
        shutil.copyfile(source, copy)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)

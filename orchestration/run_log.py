"""One structured log per run: a line of JSON for every record, with the run's id on each.

What belongs here: the file of a run, its lines, how many files are kept. What does not: the log of
the command line, which people read (`cli`), and what is worth a record (the code that works).

The run's id is that of Dagster, which stands in `control.runs`, in the manifest, in the evidence of
the gates and in the tables of the release too: one word to search for everywhere.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from orchestration.settings import Settings
from orchestration.warehouse import home_errors

FOLDER: Final = "runs"
SUFFIX: Final = ".jsonl"
KEEP_LOGS: Final = 200
_FILE_MODE: Final = 0o600
# What every record has; anything else was added by whoever wrote it, and is kept.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON.

    Args:
        run_id: The run that every line names.
        job: The Dagster job.
    """

    def __init__(self, run_id: str, job: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.job = job

    def format(self, record: logging.LogRecord) -> str:
        """Give the line: moment (UTC), run, job, level, logger, message, and what was added."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "run_id": self.run_id,
            "job": self.job,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        added = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            added["traceback"] = self.formatException(record.exc_info)
        return json.dumps({**added, **line}, ensure_ascii=False, default=str)


def log_path(settings: Settings, run_id: str) -> Path:
    """Give the file of a run's log."""
    return settings.logs / FOLDER / f"{run_id}{SUFFIX}"


@contextmanager
def run_log(settings: Settings, run_id: str, job: str) -> Iterator[Path]:
    """Write what is logged in the block to the run's own file as well.

    Args:
        settings: The home.
        run_id: The run.
        job: The Dagster job.

    Raises:
        HomeNotWritableError: The file cannot be written.
        DiskFullError: There is no room.
    """
    path = log_path(settings, run_id)
    with home_errors(settings):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=_FILE_MODE)
        handler = logging.FileHandler(path, encoding="utf-8")
        _delete_old(path.parent)
    handler.setFormatter(JsonLines(run_id, job))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    # Under Dagster's daemon nobody has asked for more than warnings.
    root.setLevel(min(level or logging.WARNING, logging.INFO))
    try:
        yield path
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()


def _delete_old(folder: Path) -> None:
    logs = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in logs[:-KEEP_LOGS]:
        path.unlink(missing_ok=True)

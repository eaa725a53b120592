"""The log of what left the home about single customers: who took what, when, where to.

What belongs here: writing a line, reading the lines, and proving that they are as they were
written. What does not: exporting. What a reader does with a release in the home leaves no trace
here: that is the file system's to grant or refuse (`access`).

An export is what a command shows or writes of the values of single customers or of their refused
rows: on the screen, into a file, to a place. Counts, findings, and lists of keys alone are none.

Each line of `exports.jsonl` has the hash of the one before. A line names customers by number alone.
"""

import fcntl
import getpass
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from orchestration.errors import ScorecardError
from orchestration.runs import utc_now
from orchestration.settings import Settings
from orchestration.warehouse import home_errors

FILE_NAME: Final = "exports.jsonl"
OUTPUT: Final = "output of the command"
FIRST_HASH: Final = "0" * 64
_FILE_MODE: Final = 0o600


@dataclass(frozen=True)
class Export:
    """One export.

    Attributes:
        exported_at: When (UTC).
        author: Whose user name it was.
        command: What did it.
        what: A release, a customer, a selection of rows.
        destination: Where it went.
        row_count: How many rows, customers or (of a backup) files it had.
        previous_hash: Hash of the line before.
        line_hash: Hash of this line.
    """

    exported_at: str
    author: str
    command: str
    what: str
    destination: str
    row_count: int
    previous_hash: str = ""
    line_hash: str = ""


def log_export(
    settings: Settings, *, command: str, what: str, destination: str, row_count: int
) -> Export:
    """Write a line; two commands at once write one after the other.

    Args:
        settings: The home.
        command: What exports (`scorecard publish`).
        what: What is exported, without a name of a person.
        destination: Where to.
        row_count: How many rows.

    Raises:
        ScorecardError: The log was changed after it was written.
        HomeNotWritableError: The home cannot be written.
    """
    path = settings.home / FILE_NAME
    with home_errors(settings):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _FILE_MODE)
        with os.fdopen(descriptor, "r+", encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            written = _checked(path, stream.read())
            export = Export(
                exported_at=utc_now().isoformat(timespec="seconds"),
                author=getpass.getuser(),
                command=command,
                what=what,
                destination=destination,
                row_count=row_count,
                previous_hash=written[-1].line_hash if written else FIRST_HASH,
            )
            export = Export(**{**asdict(export), "line_hash": _hash(export)})
            stream.write(json.dumps(asdict(export), ensure_ascii=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
    return export


def read_exports(settings: Settings) -> tuple[Export, ...]:
    """Read the log, oldest first; empty where nothing was exported.

    Raises:
        ScorecardError: The log was changed after it was written.
    """
    path = settings.home / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    return tuple(_checked(path, text))


def _checked(path: Path, text: str) -> list[Export]:
    exports: list[Export] = []
    previous = FIRST_HASH
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            export = Export(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise _changed(path, number) from error
        if export.previous_hash != previous or export.line_hash != _hash(export):
            raise _changed(path, number)
        previous = export.line_hash
        exports.append(export)
    return exports


def _changed(path: Path, number: int) -> ScorecardError:
    return ScorecardError(
        f"The log of exports was changed after it was written: line {number} of {path} does not "
        "fit the line before or itself. Restore it from a copy, or move it away and say why: a "
        "new one begins."
    )


def _hash(export: Export) -> str:
    content = {**asdict(export), "line_hash": ""}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

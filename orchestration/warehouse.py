"""The one door to the warehouse file: opening it, locking it, and saying why it would not open.

What belongs here: connections, the writer lock, the home's folders, and the translation of the
engine's and the system's errors into messages a user can act on.
What does not: tables, SQL about facts, and anything that knows what the warehouse holds.
"""

import errno
import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.access import make_private
from orchestration.errors import (
    DiskFullError,
    HomeNotWritableError,
    ScorecardError,
    WarehouseLockedError,
)
from orchestration.settings import Settings

# What says that a disk is full: the system, DuckDB, SQLite.
NO_ROOM = ("no space left", "disk quota", "max_temp_directory", "database or disk is full")
# SQLite also says "disk I/O error", as it does of a broken disk: then it counts what is free.
LEAST_FREE_BYTES = 16 * 1024**2
# The folder in which a restore lays out what it puts into the home (`orchestration.backup`).
RESTORING = ".restoring"


def prepare_home(settings: Settings) -> None:
    """Create the home's folders, prove that the home can be written, and close it to others.

    A landing area that was chosen elsewhere is the user's own and is never created here.

    Raises:
        HomeNotWritableError: A folder cannot be created, or a file cannot be written in it.
        DiskFullError: There is no room left.
        ScorecardError: A restore into the home did not end.
    """
    if (settings.home / RESTORING).exists():
        raise ScorecardError(
            f"A restore into {settings.home} is under way, or did not end. Wait for it, or run "
            "`scorecard restore` again with the same file."
        )
    folders = [
        settings.home,
        settings.estimators,
        settings.releases,
        settings.evidence,
        settings.dbt_target,
        settings.dagster_home,
        settings.logs,
        settings.temporary,
    ]
    if settings.landing == settings.home / "landing":
        folders.append(settings.landing)
    with home_errors(settings):
        for folder in folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except FileNotFoundError as error:
                # A file system that holds no folders of ours, such as /proc, says so this way.
                raise _not_writable(settings, str(error)) from error
        with tempfile.NamedTemporaryFile(dir=settings.home, prefix=".writable-"):
            pass
        make_private(settings)


def connect(settings: Settings, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the warehouse with the settings' limits; use it in a ``with`` block.

    Times are UTC whatever the machine's zone is. No other connection of this process may be open
    with another configuration, and none at all while dbt runs.

    Args:
        settings: The home, the limits.
        read_only: Open without the right to write; the warehouse must exist.

    Raises:
        WarehouseLockedError: Another process has the file open for writing.
        HomeNotWritableError: The file or the home cannot be written.
        DiskFullError: There is no room left.
        ScorecardError: The file is missing (read only), or is no warehouse.
    """
    if read_only and not settings.warehouse.exists():
        raise ScorecardError(
            f"There is no warehouse yet at {settings.warehouse}. "
            "Run `scorecard run` first, or set SCORECARD_HOME to the home that holds it."
        )
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.temporary),
        "threads": settings.threads,
        "preserve_insertion_order": True,
    }
    with warehouse_errors(settings):
        con = duckdb.connect(str(settings.warehouse), read_only=read_only, config=config)
        con.execute("set timezone = 'UTC'")
    return con


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block or nothing of it; what went wrong first is what is raised.

    Args:
        con: A connection outside a transaction.
    """
    con.execute("begin")
    try:
        yield
        con.execute("commit")
    except BaseException:
        # A failed write may have ended the transaction by itself; there is nothing left to undo.
        with suppress(duckdb.TransactionException):
            con.execute("rollback")
        raise


@contextmanager
def warehouse_errors(settings: Settings) -> Iterator[None]:
    """Turn the engine's storage errors into errors a user can act on; let all others pass.

    Raises:
        ScorecardError: One of its subclasses, for locks, rights, room, memory and broken files.
    """
    try:
        with home_errors(settings):
            yield
    except duckdb.Error as error:
        translated = _translate(settings, error)
        if translated is None:
            raise
        raise translated from error


@contextmanager
def home_errors(settings: Settings) -> Iterator[None]:
    """Turn the operating system's errors below the home into errors a user can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(settings, str(error)) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise _not_writable(settings, str(error)) from error
        raise


def _translate(settings: Settings, error: duckdb.Error) -> ScorecardError | None:
    text = str(error)
    lowered = text.lower()
    if "could not set lock" in lowered or "different configuration" in lowered:
        holder = read_lock_holder(settings.lock_file)
        return WarehouseLockedError(
            f"The warehouse {settings.warehouse} is open elsewhere"
            f"{f' ({holder})' if holder else ''}: DuckDB has one writer at a time. Close the "
            f"program that has it open, then run again. DuckDB says: {_first_line(text)}"
        )
    if any(sign in lowered for sign in NO_ROOM):
        return _disk_full(settings, _first_line(text))
    if any(sign in lowered for sign in ("permission denied", "read-only", "not a directory")):
        return _not_writable(settings, _first_line(text))
    if isinstance(error, duckdb.OutOfMemoryException):
        return ScorecardError(
            f"The engine needs more memory than its limit of {settings.memory_limit}. Raise "
            f"SCORECARD_MEMORY_LIMIT, then run again. DuckDB says: {_first_line(text)}"
        )
    if "not a valid duckdb database file" in lowered or "corrupt" in lowered:
        return ScorecardError(
            f"{settings.warehouse} is not a DuckDB database, or is damaged. Move the home away and "
            "restore a backup of it (`scorecard restore FILE`). Without a backup move this file "
            "away alone: the next run loads the landing files anew. DuckDB says: "
            f"{_first_line(text)}"
        )
    return None


def full_disk(settings: Settings, said: str) -> DiskFullError | None:
    """Tell a full disk from what a library said when it could not write, each in its own words.

    Args:
        settings: The home.
        said: What it said.

    Returns:
        The error to show instead; None where the disk has room.
    """
    is_said = any(sign in said.lower() for sign in NO_ROOM)
    if is_said or shutil.disk_usage(settings.home).free < LEAST_FREE_BYTES:
        return _disk_full(settings, _first_line(said))
    return None


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""


def _disk_full(settings: Settings, found: str) -> DiskFullError:
    return DiskFullError(
        f"No room left while writing below {settings.home}. Free space there, or move the home to "
        "a larger disk (SCORECARD_HOME), then run again: what was finished is kept, what was not "
        f"is done anew. The system says: {found}"
    )


def _not_writable(settings: Settings, found: str) -> HomeNotWritableError:
    return HomeNotWritableError(
        f"The home {settings.home} cannot be written. Give this user the right to write there, or "
        f"set SCORECARD_HOME to a folder that can be written. The system says: {found}"
    )


@dataclass
class _HeldLock:
    descriptor: int
    process: int
    depth: int


_HELD: dict[Path, _HeldLock] = {}
_HELD_GUARD = threading.RLock()


@contextmanager
def writer_lock(settings: Settings, *, purpose: str) -> Iterator[None]:
    """Be the warehouse's one writer for the length of the block.

    The lock is the operating system's: the kernel frees it when the process dies, however it
    dies. It is re-entrant within a process, for the steps of a run that run inside the command's
    own lock.

    Args:
        settings: The home whose lock is taken.
        purpose: What the writer does, for the message that another process shows.

    Raises:
        WarehouseLockedError: Another process holds the lock; the message names it.
        HomeNotWritableError: The lock file cannot be written.
    """
    path = settings.lock_file
    with _HELD_GUARD:
        held = _HELD.get(path)
        if held is None or held.process != os.getpid():
            held = _HeldLock(_take_lock(settings, purpose), os.getpid(), 0)
            _HELD[path] = held
        held.depth += 1
    try:
        yield
    finally:
        with _HELD_GUARD:
            held.depth -= 1
            if held.depth == 0:
                del _HELD[path]
                os.ftruncate(held.descriptor, 0)
                os.close(held.descriptor)


def _take_lock(settings: Settings, purpose: str) -> int:
    path = settings.lock_file
    with home_errors(settings):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with home_errors(settings):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {purpose}\n".encode(), 0)
    except BlockingIOError as error:
        os.close(descriptor)
        raise WarehouseLockedError(
            f"The warehouse in {settings.home} is being written by "
            f"{read_lock_holder(path) or 'another process'}. Wait until it has finished, or stop "
            "it; the lock frees itself when that process ends. Then run again."
        ) from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_lock_holder(path: Path) -> str:
    """Say who holds the writer lock, as ``'purpose' (process 123)``; empty when nobody says so."""
    try:
        process, _, purpose = path.read_text(encoding="utf-8").strip().partition(" ")
    except OSError:
        return ""
    return f"'{purpose}' (process {process})" if process.isdigit() else ""

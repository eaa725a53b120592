"""Backup and restore of the home: one file that holds all that cannot be made again.

What belongs here: what is kept, writing it as one consistent file, and putting it back, proved file
by file. What does not: what the files hold.

Kept are the warehouse, the estimators with the log of decisions, the configurations, the gates'
evidence, and the releases with the link to the current one. Left out are the landing area (the
sources' own files, of which the warehouse has every row) and what a run makes anew: Dagster's
records, dbt's artifacts, logs, temporary files.

A backup holds personal data, as the warehouse does: its file can be read by its owner alone.
"""

import json
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from orchestration.errors import ScorecardError, UsageError
from orchestration.release.manifest import FileEntry
from orchestration.release.store import TEMPORARY_PREFIX, current_release, hash_file
from orchestration.settings import Settings
from orchestration.warehouse import (
    RESTORING,
    connect,
    home_errors,
    prepare_home,
    writer_lock,
)

LIST_NAME = "backup.json"
FORMAT = 1
HALF_SUFFIX = ".part"
_OWNER_ONLY = 0o600


@dataclass(frozen=True)
class Kept:
    """What a backup holds.

    Attributes:
        path: The backup's file.
        created_at: When it was made, UTC.
        files: How many files it holds.
        bytes: Their size.
        release_id: The release that is current in it; None before the first.
    """

    path: Path
    created_at: str
    files: int
    bytes: int
    release_id: str | None


def back_up(settings: Settings, target: Path, *, created_at: datetime | None = None) -> Kept:
    """Write the home into one file, as it is between two runs.

    Nobody writes meanwhile: the writer lock is held. The file appears whole or not at all.

    Args:
        settings: The home.
        target: The file to write; it must not exist.
        created_at: What the backup says of its time; now by default.

    Raises:
        UsageError: The file exists, lies in a folder that does not, or would lie in the home.
        ScorecardError: There is no warehouse to back up, or it is damaged.
        WarehouseLockedError: Somebody is writing.
        DiskFullError: There is no room for the file; what was written is deleted.
    """
    _check_target(settings, target)
    half = target.with_name(target.name + HALF_SUFFIX)
    with writer_lock(settings, purpose="scorecard backup"):
        # An open write-ahead log would be a second file that only fits the first at one moment.
        with connect(settings, read_only=not settings.warehouse.exists()) as con:
            con.execute("checkpoint")
        current = current_release(settings)
        moment = (created_at or datetime.now(UTC)).astimezone(UTC)
        about: dict[str, Any] = {
            "format": FORMAT,
            "created_at": moment.isoformat(timespec="seconds"),
            "duckdb": duckdb.__version__,
            "release_id": None if current is None else current.id,
        }
        with _written(half, target, settings) as stream:
            about["files"] = _write(stream, settings)
            _add_list(stream, about)
    return _kept(target, about)


def restore(settings: Settings, source: Path) -> Kept:
    """Put a backup into a home that has no warehouse, after every file of it was proved.

    What lies in the landing area stays. Killed on the way, it is done again from the start.

    Args:
        settings: The home to fill.
        source: A file that `back_up` wrote.

    Raises:
        UsageError: There is no such file, or the home holds a warehouse or releases.
        ScorecardError: The file is cut short, was changed, or is no backup; the home is as before.
        WarehouseLockedError: Somebody is writing.
        DiskFullError: There is no room; what was written is deleted.
    """
    if not source.is_file():
        raise UsageError(f"There is no file {source} to restore from.")
    with home_errors(settings):
        settings.home.mkdir(parents=True, exist_ok=True)
    aside = settings.home / RESTORING
    with writer_lock(settings, purpose="scorecard restore"), home_errors(settings):
        _refuse_full_home(settings, aside)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        try:
            about = _unpack(source, aside)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        for path in _parts(settings):
            _remove(path)
            if os.path.lexists(aside / path.name):
                (aside / path.name).rename(path)
        _sync(settings.home)
        # As long as this folder is there, no run begins: what is beside it may be half a home.
        shutil.rmtree(aside)
    prepare_home(settings)
    return _kept(source, about)


def _parts(settings: Settings) -> tuple[Path, ...]:
    """What is kept, in the order in which it is put back: what readers see comes last."""
    return (
        settings.estimators,
        settings.configurations,
        settings.evidence,
        settings.releases,
        settings.warehouse,
        settings.current,
    )


def _check_target(settings: Settings, target: Path) -> None:
    if os.path.lexists(target):
        raise UsageError(f"{target} exists; a backup replaces nothing. Name another file.")
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {target.parent} to write the backup into.")
    if target.resolve().is_relative_to(settings.home.resolve()):
        raise UsageError(
            f"{target} lies in the home {settings.home}, and would be lost with it. Name a file on "
            "another disk."
        )


def _refuse_full_home(settings: Settings, aside: Path) -> None:
    if aside.exists():
        return  # a restore that was killed; it found the home empty
    filled = [settings.warehouse, settings.current]
    filled += [path for path in _parts(settings) if path.is_dir() and any(path.iterdir())]
    found = sorted({path.name for path in filled if os.path.lexists(path)})
    if found:
        raise UsageError(
            f"The home {settings.home} holds {', '.join(found)}; a restore overwrites nothing. "
            "Move the home away, or choose another one with SCORECARD_HOME."
        )


@contextmanager
def _written(half: Path, target: Path, settings: Settings) -> Iterator[tarfile.TarFile]:
    """Give an archive that becomes `target` when the block ends well, and vanishes otherwise."""
    try:
        with home_errors(settings):
            descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
            with os.fdopen(descriptor, "wb") as file:
                with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as stream:
                    yield stream
                file.flush()
                os.fsync(file.fileno())
            half.rename(target)
            _sync(target.parent)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _write(stream: tarfile.TarFile, settings: Settings) -> dict[str, dict[str, Any]]:
    """Add the home's files; give what each is: hash, size and rights, or where its link leads."""
    listed: dict[str, dict[str, Any]] = {}
    known: dict[tuple[int, int], FileEntry] = {}
    for path in _files(settings):
        name = path.relative_to(settings.home).as_posix()
        if path.is_symlink():
            listed[name] = {"link": str(path.readlink())}
        else:
            found = path.stat()
            # Releases share the months that did not change: one file under several names.
            inode = (found.st_dev, found.st_ino)
            if inode not in known:
                known[inode] = hash_file(path)
            entry = known[inode]
            listed[name] = {
                "sha256": entry.sha256,
                "bytes": entry.bytes,
                "mode": stat.S_IMODE(found.st_mode),
            }
        stream.add(path, arcname=name, recursive=False)
    return listed


def _files(settings: Settings) -> Iterator[Path]:
    for part in _parts(settings):
        if part.is_symlink() or part.is_file():
            yield part
        elif part.is_dir():
            yield from sorted(
                path
                for path in part.rglob("*")
                if (path.is_symlink() or not path.is_dir())
                and not path.relative_to(part).parts[0].startswith(TEMPORARY_PREFIX)
            )


def _add_list(stream: tarfile.TarFile, about: dict[str, Any]) -> None:
    """Close the archive with the list of its files, so that one that is cut short has none."""
    content = json.dumps(about, indent=1, sort_keys=True).encode()
    member = tarfile.TarInfo(LIST_NAME)
    member.size, member.mode = len(content), _OWNER_ONLY
    stream.addfile(member, BytesIO(content))


def _unpack(source: Path, aside: Path) -> dict[str, Any]:
    """Unpack a backup into a folder and prove it.

    Raises:
        ScorecardError: It is no backup, not whole, or not what its list says.
    """
    broken = f"{source} cannot be restored, and nothing was: "
    try:
        with tarfile.open(source, mode="r:") as stream:
            for member in stream.getmembers():
                _refuse_outside(member)
            # Python before 3.11.4 knows no filters; what they guard against was refused above.
            stream.extraction_filter = getattr(tarfile, "data_filter", None)
            stream.extractall(aside)  # noqa: S202  members were looked at
    except (tarfile.TarError, EOFError) as error:
        raise ScorecardError(
            f"{broken}it is no backup, is cut short, or was changed ({error}). Take another backup."
        ) from error
    listed = aside / LIST_NAME
    try:
        about: dict[str, Any] = json.loads(listed.read_text(encoding="utf-8"))
        files: dict[str, dict[str, Any]] = about["files"]
    except (OSError, ValueError, KeyError) as error:
        raise ScorecardError(
            f"{broken}its list of files is missing, so it is cut short or no backup. Take another "
            "backup."
        ) from error
    listed.unlink()
    if about["format"] != FORMAT:
        raise ScorecardError(
            f"{broken}it is of format {about['format']}, and this program reads {FORMAT}. Restore "
            "it with the version that wrote it."
        )
    wrong = _differences(aside, files)
    if wrong:
        shown = "; ".join(wrong[:5])
        raise ScorecardError(
            f"{broken}{len(wrong)} of its files are not as its list says: {shown}. Take another "
            "backup."
        )
    return about


def _refuse_outside(member: tarfile.TarInfo) -> None:
    """Let files and links pass that stay in the folder they are unpacked to.

    Raises:
        tarfile.TarError: It is neither, or leads elsewhere.
    """
    if not (member.isfile() or member.islnk() or member.issym()):
        raise tarfile.ExtractError(f"{member.name} is neither a file nor a link")
    for place in (PurePosixPath(member.name), PurePosixPath(member.linkname)):
        if place.is_absolute() or ".." in place.parts:
            raise tarfile.ExtractError(f"{member.name} leads out of the folder")


def _differences(folder: Path, files: dict[str, dict[str, Any]]) -> list[str]:
    """Compare what was unpacked with the list, and set each file's rights."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    wrong = [f"{name} is not listed" for name in sorted(found.keys() - files.keys())]
    for name, entry in sorted(files.items()):
        path = found.get(name)
        if path is None:
            wrong.append(f"{name} is missing")
        elif "link" in entry:
            if not path.is_symlink() or str(path.readlink()) != entry["link"]:
                wrong.append(f"{name} leads elsewhere")
        elif path.is_symlink() or hash_file(path) != FileEntry(entry["sha256"], entry["bytes"]):
            wrong.append(f"{name} has other content")
        else:
            path.chmod(entry["mode"])
    return wrong


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _kept(path: Path, about: dict[str, Any]) -> Kept:
    sizes = [entry.get("bytes", 0) for entry in about["files"].values()]
    return Kept(path, about["created_at"], len(sizes), sum(sizes), about["release_id"])


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

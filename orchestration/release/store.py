"""The folder of releases and the link `current`: listing, sealing, swapping, keeping, cleaning.

Belongs here: everything about files and folders of releases that does not depend on what is in
them. Not here: what a release contains (`build`), what its manifest says (`manifest`).

A release becomes visible by one atomic rename of the link `current`, after every file and folder
of it has reached the disk. So whoever resolves `current` finds a whole release, whatever was
killed when.
"""

import hashlib
import logging
import os
import re
import shutil
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.access import ReleaseModes, release_modes
from orchestration.errors import ReleaseError
from orchestration.release.manifest import MANIFEST_NAME, FileEntry, Manifest, read_manifest
from orchestration.settings import Settings

logger = logging.getLogger(__name__)

KEEP_RELEASES = Settings.keep_releases
# Not `scorecard`: DuckDB names a file's catalog after the file, and `scorecard.<mart>` would then
# be ambiguous, catalog or schema (docs/decisions/0018).
DATABASE_NAME = "release.duckdb"
EARLIER_DATABASE_NAME = "scorecard.duckdb"
TEMPORARY_PREFIX = ".tmp-"
LINK_PREFIX = ".current-"
RELEASE_ID = re.compile(r"\d{8}T\d{6}Z-[0-9A-Za-z]+")

_MOMENT = "%Y%m%dT%H%M%SZ"
_SHORT_RUN_ID = 8
_HASH_BLOCK = 1 << 20


@dataclass(frozen=True)
class Release:
    """A published folder and what its manifest says.

    Attributes:
        id: Name of the folder.
        path: The folder itself, not the link to it.
        manifest: Its manifest.
    """

    id: str
    path: Path
    manifest: Manifest

    @property
    def database(self) -> Path:
        """The release's DuckDB file; releases of earlier code have it under another name."""
        earlier = self.path / EARLIER_DATABASE_NAME
        return earlier if earlier.exists() else self.path / DATABASE_NAME


def list_releases(settings: Settings) -> list[Release]:
    """All whole releases in the home, newest first.

    Raises:
        ReleaseError: A release's manifest is missing or unreadable.
    """
    return [
        Release(folder.name, folder, read_manifest(folder)) for folder in release_folders(settings)
    ]


def release_folders(settings: Settings) -> list[Path]:
    """The folders that carry a release id, newest first; their content is not looked at."""
    if not settings.releases.is_dir():
        return []
    folders = [
        path
        for path in settings.releases.iterdir()
        if RELEASE_ID.fullmatch(path.name) and path.is_dir()
    ]
    return sorted(folders, key=lambda path: path.name, reverse=True)


def current_release(settings: Settings) -> Release | None:
    """The release that `current` points to; None before the first release.

    The link is resolved once: what is returned stays one release, even when the link moves on.

    Raises:
        ReleaseError: The link points to nothing, or to a folder that is no release.
    """
    link = settings.current
    if not link.is_symlink():
        if link.exists():
            msg = f"{link} should be a link to a release, but is a file or folder. Move it away"
            raise ReleaseError(msg)
        return None
    target = settings.home / link.readlink()
    if not target.is_dir() or not RELEASE_ID.fullmatch(target.name):
        names = [folder.name for folder in release_folders(settings)]
        newest = f"ln -sfn releases/{names[0]} {link}" if names else f"rm {link}"
        msg = (
            f"{link} points to {link.readlink()}, which is no release folder. "
            f"{len(names)} release(s) exist. Mend the link with `{newest}`"
        )
        raise ReleaseError(msg)
    path = target.resolve()
    return Release(path.name, path, read_manifest(path))


def find_release(settings: Settings, release_id: str | None) -> Release:
    """The release of that id, or the current one when no id is given.

    Raises:
        ReleaseError: There is no such release; the message lists those that exist.
    """
    if release_id is None:
        release = current_release(settings)
        if release is None:
            msg = f"no release in {settings.releases} yet. `scorecard run` builds one"
            raise ReleaseError(msg)
        return release
    for folder in release_folders(settings):
        if folder.name == release_id:
            return Release(folder.name, folder, read_manifest(folder))
    known = ", ".join(folder.name for folder in release_folders(settings)) or "none"
    msg = f"no release {release_id!r} in {settings.releases}. Releases: {known}"
    raise ReleaseError(msg)


def new_release_id(settings: Settings, run_id: str, created_at: datetime) -> str:
    """A release id later than any there is: UTC time to the second and the run's short id.

    Releases are kept and listed by their ids. Where the second is taken already (a run that
    publishes twice), or the clock was set back, the second after the newest is used.
    """
    short = re.sub(r"[^0-9A-Za-z]", "", run_id)[:_SHORT_RUN_ID] or "run"
    moment = created_at.astimezone(UTC).replace(microsecond=0)
    newest = next((folder.name for folder in release_folders(settings)), None)
    if newest is not None:
        after = datetime.strptime(newest.partition("-")[0], _MOMENT).replace(tzinfo=UTC)
        moment = max(moment, after + timedelta(seconds=1))
    return f"{moment.strftime(_MOMENT)}-{short}"


def clean_leftovers(settings: Settings) -> list[str]:
    """Delete what a killed build left: temporary folders and temporary links.

    Call it under the writer lock: a build that is alive would lose its folder.

    Returns:
        The names of what was deleted.
    """
    removed = []
    if settings.releases.is_dir():
        for path in sorted(settings.releases.glob(f"{TEMPORARY_PREFIX}*")):
            shutil.rmtree(path)
            removed.append(path.name)
    for link in sorted(settings.home.glob(f"{LINK_PREFIX}*")):
        link.unlink()
        removed.append(link.name)
    if removed:
        logger.info("deleted what an interrupted build left behind: %s", ", ".join(removed))
    return removed


def hash_file(path: Path) -> FileEntry:
    """SHA-256 and size of a file, read in blocks."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
            size += len(block)
    return FileEntry(sha256=digest.hexdigest(), bytes=size)


def release_files(release_dir: Path) -> list[Path]:
    """All files of a release but its manifest, in order of their path; links count as files."""
    return sorted(
        path
        for path in release_dir.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and path != release_dir / MANIFEST_NAME
    )


def publish(settings: Settings, temporary: Path, release_id: str) -> Path:
    """Seal a finished folder, give it its name, and let `current` point to it.

    Files become read-only, for the owner or for the group that may read releases. Files and
    folders are on the disk before the rename, the rename before the swap, the swap before this
    returns.

    Returns:
        The release's folder.
    """
    _seal(temporary, release_modes(settings))
    target = settings.releases / release_id
    temporary.rename(target)
    try:
        _sync(settings.releases)
        swap_current(settings, release_id)
    except BaseException:
        # A release that was never current must not look like one.
        target.rename(temporary)
        raise
    return target


def swap_current(settings: Settings, release_id: str) -> None:
    """Let `current` point to a release, by one atomic rename of a link.

    Raises:
        ReleaseError: There is no such release.
    """
    if not (settings.releases / release_id / MANIFEST_NAME).is_file():
        msg = f"cannot swap to {release_id!r}: no such release in {settings.releases}"
        raise ReleaseError(msg)
    link = settings.home / f"{LINK_PREFIX}{release_id}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(settings.releases.name) / release_id)
    link.replace(settings.current)
    _sync(settings.home)


def apply_retention(settings: Settings, *, keep: int | None = None) -> list[str]:
    """Delete all but the newest releases; never the current one.

    A folder is first renamed aside, so that a kill in between leaves no half release under its
    name. Files that a newer release shares are hard links: they stay readable there.

    Args:
        settings: The home.
        keep: How many releases stay, at least 1; what the settings say by default.

    Returns:
        The ids that were deleted.
    """
    keep = max(settings.keep_releases if keep is None else keep, 1)
    current = current_release(settings)
    kept_always = {current.id} if current else set()
    doomed = [
        folder for folder in release_folders(settings)[keep:] if folder.name not in kept_always
    ]
    for folder in doomed:
        aside = folder.with_name(f"{TEMPORARY_PREFIX}old-{folder.name}")
        folder.rename(aside)
        shutil.rmtree(aside)
    if doomed:
        logger.info("deleted %d old release(s), %d are kept", len(doomed), keep)
    return [folder.name for folder in doomed]


def _seal(folder: Path, modes: ReleaseModes) -> None:
    folders = [folder]
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            folders.append(path)
        elif stat.S_IMODE(path.stat().st_mode) != modes.file:
            path.chmod(modes.file)
            _sync(path)
    for path in reversed(folders):
        path.chmod(modes.folder)
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Who of the machine's users may read the home: its owner, and a group where one was allowed to.

What belongs here: the modes of files and folders below the home, setting them, and naming what is
wider. What does not: rights inside a database, and what a file holds.

A warehouse, a landing file, a log or a quarantined row may name persons, so everything is for its
owner alone (0600, folders 0700). Releases name nobody. They are what BI tools read, mostly as
another user: with `SCORECARD_GROUP_READABLE=1` the group may read releases (0440, folders 0750)
and pass through the home to them, and nothing else.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orchestration.settings import Settings

GROUP_AND_OTHERS: Final = 0o077
OTHERS: Final = 0o007
PRIVATE_FOLDER: Final = 0o700
PASSABLE_FOLDER: Final = 0o710


@dataclass(frozen=True)
class ReleaseModes:
    """The modes of a published release.

    Attributes:
        file: Of its files, which nobody may write.
        folder: Of its folders.
    """

    file: int
    folder: int


def release_modes(settings: Settings) -> ReleaseModes:
    """Give the modes of what is published: for the owner, or for the group too."""
    if settings.group_readable:
        return ReleaseModes(file=0o440, folder=0o750)
    return ReleaseModes(file=0o400, folder=PRIVATE_FOLDER)


def make_private(settings: Settings) -> None:
    """Close the home to everybody it is not for, and let this process write private files only.

    The home and what stands in it are closed; what lies deeper is out of reach then, whatever its
    own mode. A landing area of the home keeps the rights of the group where the group may read
    releases: somebody puts the files there. What belongs to another user (a volume that was
    mounted) cannot be closed from here; `too_open` names it.

    Args:
        settings: The home, which exists.
    """
    os.umask(GROUP_AND_OTHERS)
    for path, allowed in _allowed(settings):
        with suppress(FileNotFoundError, PermissionError):
            _close(path, allowed, grants=_is_way_to_releases(settings, path))


def too_open(settings: Settings) -> tuple[Path, ...]:
    """Name what other users of the machine may read or write although it is not for them.

    Looks at the home, what stands in it, the folders of releases, and a landing area elsewhere.
    """
    found = [path for path, allowed in _allowed(settings) if _mode(path) & ~allowed]
    if settings.landing.parent != settings.home and settings.landing.is_dir():
        found += [settings.landing] if _mode(settings.landing) & OTHERS else []
    return tuple(found)


def _allowed(settings: Settings) -> Iterator[tuple[Path, int]]:
    """Give the home, what stands in it and each release, with all rights that there may be."""
    yield settings.home, PASSABLE_FOLDER if settings.group_readable else PRIVATE_FOLDER
    for path in sorted(settings.home.iterdir()):
        if path.is_symlink():
            continue
        if path == settings.releases:
            yield path, release_modes(settings).folder
        elif path == settings.landing and settings.group_readable:
            yield path, ~OTHERS
        else:
            yield path, ~GROUP_AND_OTHERS
    if settings.releases.is_dir():
        for path in sorted(settings.releases.iterdir()):
            yield path, release_modes(settings).folder


def _is_way_to_releases(settings: Settings, path: Path) -> bool:
    """Tell whether a reader of releases passes here, so that rights are given, not only taken."""
    return path in (settings.home, settings.releases) or path.parent == settings.releases


def _close(path: Path, allowed: int, *, grants: bool) -> None:
    mode = allowed if grants else _mode(path) & allowed
    if _mode(path) != mode:
        path.chmod(mode)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)

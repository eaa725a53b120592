"""The configurations that runs were made with, kept as they were.

Belongs here: keeping the seeds of a run under their fingerprint, and finding them again. Does not
belong here: what changed in them (`ledger`), whether they are right (`lint`).

A configuration is kept once, however many runs were made with it. Some seeds name people's
identifiers, so the files are for their owner alone and never go into a release.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from orchestration.configuration.seeds import FOLDER
from orchestration.errors import ReleaseError, ScorecardError
from orchestration.fingerprints import CONFIG_SUFFIXES, config_fingerprint
from orchestration.settings import Settings
from orchestration.warehouse import home_errors

PROFILE_FILE: Final = "profile"
_ASIDE: Final = ".tmp-"
_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700


def keep_configuration(settings: Settings, fingerprint: str) -> Path:
    """Keep the seeds of now under their fingerprint, unless they are kept already.

    Args:
        settings: The repository, the home, the profile.
        fingerprint: What `config_fingerprint` gave for them.

    Returns:
        The folder that holds them, in the same place below it as in the repository.

    Raises:
        ScorecardError: The seeds were edited in between.
        HomeNotWritableError: The home cannot be written.
        DiskFullError: There is no room.
    """
    target = settings.configurations / fingerprint
    if target.is_dir():
        return target
    aside = settings.configurations / f"{_ASIDE}{fingerprint}"
    with home_errors(settings):
        # A run that was killed here may have left a part of them.
        shutil.rmtree(aside, ignore_errors=True)
        settings.configurations.mkdir(parents=True, exist_ok=True)
        settings.configurations.chmod(_FOLDER_MODE)
        _copy(settings.root / FOLDER, aside / FOLDER)
        # It picks rows of the seeds, so it is part of the fingerprint.
        _write(aside / PROFILE_FILE, settings.profile.encode())
        if config_fingerprint(aside, settings.profile) != fingerprint:
            shutil.rmtree(aside)
            raise ScorecardError(
                "The seeds were edited while the run began, so nobody could say with which ones "
                "it was made. Run again."
            )
        aside.rename(target)
    return target


def find_configuration(settings: Settings, fingerprint: str) -> Path:
    """Give the folder that holds the seeds of a fingerprint, as they were.

    Args:
        settings: The home.
        fingerprint: The fingerprint.

    Returns:
        The folder, with the seeds in the same place below it as in the repository.

    Raises:
        ReleaseError: They are not kept, or no longer what they were.
    """
    folder = settings.configurations / fingerprint
    try:
        profile = (folder / PROFILE_FILE).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ReleaseError(
            f"The configuration {fingerprint[:12]} is not kept in {settings.configurations}: its "
            "run was made before homes kept them, or in another home."
        ) from error
    if config_fingerprint(folder, profile) != fingerprint:
        raise ReleaseError(
            f"{folder} was changed after it was kept: its seeds do not have the fingerprint that "
            "names the folder. Put it back from a copy of the home."
        )
    return folder


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.suffix in CONFIG_SUFFIXES:
            _write(target / path.relative_to(source), path.read_bytes())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)

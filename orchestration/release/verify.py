"""Checking a release against its own manifest, from the bytes on the disk to the rows.

Belongs here: finding what differs. Not here: mending it.

Two things are recomputed, because each can fail alone: the hash of every file, and the checksum of
every mart from its rows, both in the DuckDB file and in the Parquet files.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data_quality.fingerprint import (
    Fingerprint,
    FingerprintError,
    mart_fingerprint,
    partition_fingerprints,
)
from orchestration.errors import ReleaseError
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.manifest import MANIFEST_NAME, MartEntry
from orchestration.release.marts import PARTITION_COLUMN, WHOLE_MART
from orchestration.release.reading import open_database, quoted
from orchestration.release.store import (
    Release,
    current_release,
    find_release,
    hash_file,
    release_files,
)
from orchestration.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VerifyProblem:
    """One thing that differs from the manifest.

    Attributes:
        path: The file, relative to the release; or the link, or the mart.
        what: What was expected and what was found.
    """

    path: str
    what: str

    def __str__(self) -> str:
        """The problem on one line."""
        return f"{self.path}: {self.what}"


def verify_release(settings: Settings, release_id: str | None = None) -> list[VerifyProblem]:
    """Recompute every hash and checksum of a release.

    Args:
        settings: The home.
        release_id: The release; by default the current one.

    Returns:
        What differs; empty when all is as the manifest says.

    Raises:
        ReleaseError: There is no such release, or no release at all.
    """
    problems = []
    try:
        current_release(settings)
    except ReleaseError as error:
        problems.append(VerifyProblem(settings.current.name, str(error)))
        if release_id is None:
            return problems
    release = find_release(settings, release_id)
    if release.manifest.release_id != release.id:
        what = f"names release {release.manifest.release_id}, the folder is {release.id}"
        problems.append(VerifyProblem(MANIFEST_NAME, what))
    problems += _file_problems(release)
    problems += _table_problems(release)
    problems += _parquet_problems(release)
    logger.info("verified release %s: %d problem(s)", release.id, len(problems))
    return problems


def _file_problems(release: Release) -> list[VerifyProblem]:
    listed = release.manifest.files
    paths = release_files(release.path)
    found = {path.relative_to(release.path).as_posix(): path for path in paths}
    problems = [
        VerifyProblem(path, "is missing, but the manifest lists it")
        for path in sorted(listed.keys() - found.keys())
    ]
    problems += [
        VerifyProblem(path, "is there, but the manifest does not list it")
        for path in sorted(found.keys() - listed.keys())
    ]
    for path in sorted(listed.keys() & found.keys()):
        if found[path].is_symlink():
            problems.append(VerifyProblem(path, "is a link; a release holds only files"))
            continue
        expected, actual = listed[path], hash_file(found[path])
        if expected.bytes != actual.bytes:
            what = f"has {actual.bytes} bytes, the manifest says {expected.bytes}"
            problems.append(VerifyProblem(path, what))
        elif expected.sha256 != actual.sha256:
            what = f"has SHA-256 {actual.sha256}, the manifest says {expected.sha256}"
            problems.append(VerifyProblem(path, what))
    return problems


def _table_problems(release: Release) -> list[VerifyProblem]:
    if not release.database.is_file():
        return []
    name = release.database.name
    try:
        with open_database(release.database) as con:
            found = {mart: _fingerprint(con, mart) for mart in release.manifest.marts}
    except (ReleaseError, duckdb.Error) as error:
        return [VerifyProblem(name, str(error).splitlines()[0])]
    return [
        problem
        for mart, entry in release.manifest.marts.items()
        for problem in _mart_problems(f"{name}, {MARTS_SCHEMA}.{mart}", entry, found[mart])
    ]


def _parquet_problems(release: Release) -> list[VerifyProblem]:
    problems = []
    with duckdb.connect() as con:
        con.execute(f"create schema {MARTS_SCHEMA}")
        for mart, entry in release.manifest.marts.items():
            present = {
                key: release.path / part.path
                for key, part in entry.partitions.items()
                if (release.path / part.path).is_file()
            }
            for key, found in _parquet_fingerprints(con, mart, entry, present).items():
                part = entry.partitions[key]
                expected = Fingerprint(part.rows, part.checksum)
                if isinstance(found, str):
                    problems.append(VerifyProblem(part.path, found))
                elif found != expected:
                    problems.append(VerifyProblem(part.path, _difference(found, expected)))
    return problems


def _parquet_fingerprints(
    con: duckdb.DuckDBPyConnection, mart: str, entry: MartEntry, files: Mapping[str, Path]
) -> dict[str, Fingerprint | str]:
    """Fingerprint a mart's Parquet files in one pass, one by one if any of them is unreadable."""
    if not files:
        return {}
    try:
        return dict(_read_files(con, mart, entry, files))
    except duckdb.Error as error:
        if len(files) == 1:
            what = f"cannot be read as a Parquet file of {mart}: {str(error).splitlines()[0]}"
            return dict.fromkeys(files, what)
    found: dict[str, Fingerprint | str] = {}
    for key, path in files.items():
        found |= _parquet_fingerprints(con, mart, entry, {key: path})
    return found


def _read_files(
    con: duckdb.DuckDBPyConnection, mart: str, entry: MartEntry, files: Mapping[str, Path]
) -> dict[str, Fingerprint]:
    """Read files as the table they stand for, the month from the path put back in its place."""
    paths = ", ".join(quoted(path) for path in files.values())
    columns = ", ".join(
        f'cast("{name}" as {kind}) as "{name}"' for name, kind in entry.columns.items()
    )
    is_whole = WHOLE_MART in files
    con.execute(
        f'create or replace view {MARTS_SCHEMA}."{mart}" as select {columns} from '
        f"read_parquet([{paths}], hive_partitioning = {not is_whole})"
    )
    if is_whole:
        return {WHOLE_MART: mart_fingerprint(con, MARTS_SCHEMA, mart)}
    empty = Fingerprint(0, "no rows")
    found = partition_fingerprints(con, MARTS_SCHEMA, mart, PARTITION_COLUMN)
    return {key: found.get(key, empty) for key in files}


def _mart_problems(where: str, entry: MartEntry, found: Fingerprint | str) -> list[VerifyProblem]:
    if isinstance(found, str):
        return [VerifyProblem(where, found)]
    expected = Fingerprint(entry.rows, entry.checksum)
    return [] if found == expected else [VerifyProblem(where, _difference(found, expected))]


def _difference(found: Fingerprint, expected: Fingerprint) -> str:
    return (
        f"has {found.rows} rows with checksum {found.checksum}, the manifest says "
        f"{expected.rows} rows with checksum {expected.checksum}"
    )


def _fingerprint(con: duckdb.DuckDBPyConnection, mart: str) -> Fingerprint | str:
    try:
        return mart_fingerprint(con, MARTS_SCHEMA, mart)
    except FingerprintError as error:
        return str(error)

"""A release as objects of an S3-compatible store.

Belongs here: copying a release's files, the one object that says which release counts, what is
kept of older ones. Not here: which store (`publish`).

`releases/<release>/` holds the files of a release as they stand in the home, the manifest last;
`current.json` names the release. It is written when all the others are there, and one object is
replaced at once: a reader asks it first, and then reads that release's objects, which never change.
"""

import hashlib
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.release.manifest import MANIFEST_NAME, FileEntry
from orchestration.release.store import KEEP_RELEASES, RELEASE_ID, Release
from orchestration.release.targets.error import TargetError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

LOGGER = logging.getLogger(__name__)

CURRENT = "current.json"
FOLDER = "releases"
BLOCK = 8 << 20
# A store answers a request in tens of milliseconds, whatever its size.
AT_ONCE = 8


def publish_to_store(release: Release, uri: str, *, keep: int = KEEP_RELEASES) -> bool:
    """Copy a release into a store, and let `current.json` name it.

    Args:
        release: The release, in the home.
        uri: `s3://bucket/folder`, with `?endpoint_override=...&scheme=...&region=...` where it is
            not Amazon's. Keys come from the places where Amazon's tools look for them
            (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, a profile, a role).
        keep: How many releases stay in the store, at least 1.

    Returns:
        Whether the store shows another release than before.

    Raises:
        TargetError: The store cannot be reached or written, or a file is not what the manifest
            says.
    """
    store, folder = _open(uri)
    try:
        if read_current(uri) == release.id:
            return False
        _copy(store, folder, release)
        named = {
            "release_id": release.id,
            "path": f"{FOLDER}/{release.id}",
            "created_at": release.manifest.created_at,
            "last_month": release.manifest.last_month,
        }
        _write(store, f"{folder}/{CURRENT}", json.dumps(named, indent=2).encode())
        _forget(store, folder, release.id, keep)
    except OSError as error:
        raise TargetError(
            f"Release {release.id} stands in the home, but not everywhere. The store did not take "
            f"it and shows what it showed before: {_first_words(error)}. Mend that, then run "
            "`scorecard publish`."
        ) from error
    return True


def read_current(uri: str) -> str | None:
    """The release that a store's `current.json` names; None before the first.

    Raises:
        TargetError: The address is none.
        OSError: The store cannot be reached.
    """
    store, folder = _open(uri)
    path = f"{folder}/{CURRENT}"
    if not store.get_file_info(path).is_file:
        return None
    with store.open_input_stream(path) as stream:
        return str(json.loads(stream.read())["release_id"])


def _open(uri: str) -> tuple["FileSystem", str]:
    # 0.2 s to import, and only where a store is named.
    from pyarrow.fs import FileSystem

    if not uri.startswith("s3://"):
        raise TargetError(
            "SCORECARD_S3 is no address of a store; write it as s3://bucket/folder, with "
            "?endpoint_override=host:port&scheme=https where it is not Amazon's."
        )
    try:
        store, folder = FileSystem.from_uri(uri)
    except (OSError, ValueError) as error:
        raise TargetError(
            f"SCORECARD_S3 is no address of a store: {_first_words(error)}."
        ) from error
    return store, folder.rstrip("/")


def _copy(store: "FileSystem", folder: str, release: Release) -> None:
    """Copy what is not there yet; the manifest, last, says that all of it is."""
    target = f"{folder}/{FOLDER}/{release.id}"
    manifest = f"{target}/{MANIFEST_NAME}"
    if store.get_file_info(manifest).is_file:
        return

    def copy(name: str) -> None:
        file = release.path / name
        sent = _send(store, file, f"{target}/{name}") if file.is_file() else None
        if sent != release.manifest.files[name]:
            raise TargetError(
                f"{name} of release {release.id} is not the file that its manifest names, so the "
                f"store does not show this release. `scorecard verify {release.id}` tells more."
            )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(copy, release.manifest.files):
            pass
    _write(store, manifest, (release.path / MANIFEST_NAME).read_bytes())
    LOGGER.info("copied %d files of release %s", len(release.manifest.files), release.id)


def _send(store: "FileSystem", source: Path, place: str) -> FileEntry:
    """Copy one file, and give hash and size of what was sent."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as file, store.open_output_stream(place) as stream:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
            stream.write(block)
    return FileEntry(digest.hexdigest(), size)


def _write(store: "FileSystem", path: str, content: bytes) -> None:
    with store.open_output_stream(path) as stream:
        stream.write(content)


def _forget(store: "FileSystem", folder: str, current: str, keep: int) -> None:
    """Delete older releases, each from its manifest on, so that none looks whole that is not."""
    from pyarrow.fs import FileSelector

    found = store.get_file_info(FileSelector(f"{folder}/{FOLDER}", allow_not_found=True))
    names = sorted((each.base_name for each in found), reverse=True)
    known = [name for name in names if RELEASE_ID.fullmatch(name)]
    for name in known[max(keep, 1) :]:
        if name == current:
            continue
        path = f"{folder}/{FOLDER}/{name}"
        if store.get_file_info(f"{path}/{MANIFEST_NAME}").is_file:
            store.delete_file(f"{path}/{MANIFEST_NAME}")
        store.delete_dir(path)


def _first_words(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__

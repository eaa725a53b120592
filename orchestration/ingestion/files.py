"""The landing area: which files are there, whose they are, and whether they are whole.

What belongs here: walking the landing folders, matching names with contracts, content hashes, and
finding a compressed file that was cut short (the engine would read what is left and say nothing).
What does not: rows and columns.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from orchestration.errors import EmptyLandingError
from orchestration.ingestion.company import COMPANY_FILE
from orchestration.ingestion.contract import TableContract

CHUNK_BYTES = 1 << 20
GLOB_CHARACTERS = "*?[]{}"
FORMATS = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
GZIP_WINDOW_BITS = 31


class RefusedFileError(Exception):
    """A landing file that cannot be loaded; the message says why and what to do."""


@dataclass(frozen=True)
class LandingFile:
    """A file of the landing area that belongs to a contract.

    Attributes:
        contract: The contract it belongs to.
        path: Where it is.
        name: Its path below the landing area, with `/`; what ledger and messages show.
    """

    contract: TableContract
    path: Path
    name: str


@dataclass(frozen=True)
class Discovery:
    """What the landing area holds.

    Attributes:
        files: The files with a contract, ordered by system, table and name.
        unmatched: The names of files that no contract, or more than one, claims.
    """

    files: tuple[LandingFile, ...]
    unmatched: tuple[str, ...]


@dataclass(frozen=True)
class FileFacts:
    """What one pass over a file's bytes tells.

    Attributes:
        sha256: The hash of the file as it lies there.
        size: Its length in bytes.
        content_size: Its length in bytes when decompressed.
        line_count: How many lines its content has, by counting line feeds.
    """

    sha256: str
    size: int
    content_size: int
    line_count: int


def discover(
    landing: Path,
    contracts: Sequence[TableContract],
    *,
    systems: Sequence[str] | None = None,
) -> Discovery:
    """List the landing area's files, each with its contract.

    Hidden files, and files that end in `.part` or `.tmp`, are still being written: they are left
    alone. Folders within a system's folder are walked too; the pattern applies to the file's name.

    Args:
        landing: The landing area.
        contracts: The contracts that may claim files.
        systems: Only these systems; all by default.

    Raises:
        EmptyLandingError: The area is missing, cannot be read, or holds no file at all.
    """
    names = sorted(name for name in _walk(landing) if name != COMPANY_FILE)
    if not names:
        raise EmptyLandingError(
            f"The landing area {landing} holds no file. Expected one folder per source system, for "
            f"instance {landing / contracts[0].system}/{contracts[0].file_pattern}.csv; "
            "docs/landing-contract.md says what each file holds. Put files there, or name another "
            "folder with --landing."
        )
    files: list[LandingFile] = []
    unmatched: list[str] = []
    for name in names:
        system, _, rest = name.partition("/")
        if systems is not None and rest and system not in systems:
            continue
        claims = [
            contract
            for contract in contracts
            if contract.system == system
            and rest
            and fnmatchcase(rest.rsplit("/", 1)[-1], contract.file_pattern)
        ]
        if len(claims) == 1:
            files.append(LandingFile(claims[0], landing / name, name))
        else:
            unmatched.append(name)
    files.sort(key=lambda file: (file.contract.title, file.name))
    return Discovery(tuple(files), tuple(unmatched))


def _walk(landing: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise EmptyLandingError(
            f"The landing area {landing} cannot be read ({error.strerror}: {error.filename}). "
            "Expected a folder with one folder per source system. Create it, give this user the "
            "right to read it, or name another folder with --landing."
        ) from error

    for folder, folders, names in os.walk(landing, onerror=refuse, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and not name.endswith((".part", ".tmp")):
                yield (Path(folder) / name).relative_to(landing).as_posix()


def format_of(path: Path) -> tuple[str, str | None]:
    """Tell a file's format and compression by the end of its name.

    Returns:
        ``csv``, ``jsonl`` or ``parquet``; and ``gzip``, ``zstd`` or ``None``.

    Raises:
        RefusedFileError: The name ends in nothing that ingestion reads, or holds a wildcard.
    """
    if any(character in str(path) for character in GLOB_CHARACTERS):
        raise RefusedFileError(
            f"its path holds one of {' '.join(GLOB_CHARACTERS)}, which the engine takes for a "
            "wildcard. Rename it"
        )
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    if compression:
        suffixes.pop()
    kind = FORMATS.get(suffixes[-1]) if suffixes else None
    if kind is None or (kind == "parquet" and compression):
        raise RefusedFileError(
            "its name ends in no format that is read here. Expected .csv or .jsonl (also .ndjson), "
            "plain or with .gz or .zst, or .parquet. Export it in one of these"
        )
    return kind, compression


def inspect(path: Path, compression: str | None) -> FileFacts:
    """Read a file's bytes once: hash them, and prove that a compressed stream is whole.

    Args:
        path: The file.
        compression: ``gzip``, ``zstd`` or ``None``.

    Raises:
        RefusedFileError: It cannot be read, is empty, or its compressed stream is damaged or cut.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
        if size == 0:
            raise RefusedFileError("it is empty (0 bytes). Export it again, or remove it")
        content_size, feeds, last = 0, 0, b"\n"
        for chunk in _content(path, compression):
            content_size += len(chunk)
            feeds += chunk.count(b"\n")
            last = chunk[-1:] or last
    except OSError as error:
        raise RefusedFileError(
            f"it cannot be read ({error.strerror or error}). Check that it is whole and that this "
            "user may read it, or copy it here again"
        ) from error
    return FileFacts(digest.hexdigest(), size, content_size, feeds + (last != b"\n"))


def _content(path: Path, compression: str | None) -> Iterator[bytes]:
    if compression == "gzip":
        yield from _gzip_content(path)
    elif compression == "zstd":
        import pyarrow as pa  # type: ignore[import-untyped]  # 0.2 s, for this kind only

        with pa.input_stream(str(path), compression="zstd") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    elif path.suffix.lower() != ".parquet":
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk


def _gzip_content(path: Path) -> Iterator[bytes]:
    read = 0
    decompressor = zlib.decompressobj(GZIP_WINDOW_BITS)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            read += len(chunk)
            try:
                while chunk:
                    if decompressor.eof:
                        decompressor = zlib.decompressobj(GZIP_WINDOW_BITS)
                    yield decompressor.decompress(chunk)
                    chunk = decompressor.unused_data
            except zlib.error as error:
                raise RefusedFileError(
                    f"its gzip stream is damaged near byte {read - len(chunk)} ({error}). Copy it "
                    "here again"
                ) from error
    if not decompressor.eof:
        raise RefusedFileError(
            f"its gzip stream is cut short after {read} bytes. Copy it here again, whole"
        )

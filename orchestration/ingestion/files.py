"""The landing area: which files are there, whose they are, and whether they are whole.

What belongs here: walking the landing folders, matching names with contracts, content hashes,
finding a compressed file that was cut short (the engine would read what is left and say nothing),
and turning text in another encoding into UTF-8.
What does not: rows and columns.

Why the engine does not decode by itself: its extension for encodings lacks characters of GB18030
that people use (emoji, rare names), stops in the middle of long files, and under many of its names
(`windows-1252-2000` among them) gives other characters without a word. The standard library's
codecs are complete, and cost half a second for 80 MB.
"""

import codecs
import hashlib
import os
import re
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from orchestration.errors import EmptyLandingError
from orchestration.ingestion.company import COMPANY_FILE
from orchestration.ingestion.contract import ENCODINGS, TableContract
from orchestration.ingestion.delivery import SOURCE_FILE

CHUNK_BYTES = 1 << 20
GLOB_CHARACTERS = "*?[]{}"
FORMATS = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
PACKED_FORMATS = ("parquet", "xlsx")
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
GZIP_WINDOW_BITS = 31
# A compressed file that unpacks to more than both is no export but a bomb: text of real rows is
# packed 5 to 50 times.
BOMB_BYTES = 1 << 26
BOMB_RATIO = 200
TRANSCODED_PREFIX = "transcoded-"
# Control characters that no export writes: text of another encoding, taken for one of these.
ISO_8859_CONTROLS = re.compile("[\x80-\x9f]")


class RefusedFileError(Exception):
    """A file, or a table of a database, that cannot be loaded; the message says why and what to do.

    The message is one clause or more without the file's name and without a full stop at its end.
    """


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
    may_be_empty: bool = False,
) -> Discovery:
    """List the landing area's files, each with its contract.

    Hidden files, and files that end in `.part` or `.tmp`, are still being written: they are left
    alone. Folders within a system's folder are walked too; the pattern applies to the file's name.
    `company.yml` and each system's `source.yml` say something of the files, and are none.

    Args:
        landing: The landing area.
        contracts: The contracts that may claim files.
        systems: Only these systems; all by default.
        may_be_empty: Whether there may be no file, since a database holds facts too.

    Raises:
        EmptyLandingError: The area is missing, cannot be read, or holds no file at all.
    """
    about = {COMPANY_FILE, *(f"{contract.system}/{SOURCE_FILE}" for contract in contracts)}
    names = sorted(name for name in _walk(landing) if name not in about)
    if not names and not may_be_empty:
        raise EmptyLandingError(
            f"The landing area {landing} holds no file. Expected one folder per source system, for "
            f"instance {landing / contracts[0].system}/{contracts[0].file_pattern}.csv; "
            "docs/sources.md says what each file holds. Put files there, or name another "
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
        ``csv``, ``jsonl``, ``parquet`` or ``xlsx``; and ``gzip``, ``zstd`` or ``None``.

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
    if kind is None or (kind in PACKED_FORMATS and compression):
        raise RefusedFileError(
            "its name ends in no format that is read here. Expected .csv or .jsonl (also .ndjson), "
            "plain or with .gz or .zst, or .parquet or .xlsx. Export it in one of these"
        )
    return kind, compression


def inspect(path: Path, compression: str | None) -> FileFacts:
    """Read a file's bytes once: hash them, and prove that a compressed stream is whole.

    Args:
        path: The file.
        compression: ``gzip``, ``zstd`` or ``None``.

    Raises:
        RefusedFileError: It cannot be read, is empty, its compressed stream is damaged or cut, or
            it unpacks to so much that it can only be meant to fill the disk.
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
            refuse_bomb(size, content_size)
    except OSError as error:
        raise RefusedFileError(
            f"it cannot be read ({error.strerror or error}). Check that it is whole and that this "
            "user may read it, or copy it here again"
        ) from error
    return FileFacts(digest.hexdigest(), size, content_size, feeds + (last != b"\n"))


def refuse_bomb(size: int, content_size: int) -> None:
    """Refuse a file that unpacks to far more than any export does.

    Args:
        size: Its length in bytes as it lies there.
        content_size: How much it has unpacked to so far, or says that it will.

    Raises:
        RefusedFileError: It is more than `BOMB_BYTES` and more than `BOMB_RATIO` times its size.
    """
    if content_size > max(BOMB_BYTES, BOMB_RATIO * size):
        raise RefusedFileError(
            f"it unpacks to more than {BOMB_RATIO} times its size ({size:,} bytes), which no "
            "export does. Ask where it comes from; if its content is meant, land it unpacked"
        )


def _content(path: Path, compression: str | None) -> Iterator[bytes]:
    if compression == "gzip":
        yield from _gzip_content(path)
    elif compression == "zstd":
        import pyarrow as pa  # 0.2 s, for this kind only

        with pa.input_stream(str(path), compression="zstd") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    elif FORMATS.get(path.suffix.lower()) not in PACKED_FORMATS:
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
                    # In pieces: a megabyte can unpack to a thousand.
                    yield decompressor.decompress(chunk, CHUNK_BYTES)
                    chunk = decompressor.unconsumed_tail or decompressor.unused_data
            except zlib.error as error:
                raise RefusedFileError(
                    f"its gzip stream is damaged near byte {read - len(chunk)} ({error}). Copy it "
                    "here again"
                ) from error
    if not decompressor.eof:
        raise RefusedFileError(
            f"its gzip stream is cut short after {read} bytes. Copy it here again, whole"
        )


@contextmanager
def in_utf8(
    path: Path, compression: str | None, encoding: str, facts: FileFacts, scratch: Path
) -> Iterator[tuple[Path, FileFacts]]:
    """Give a text file as UTF-8: itself where it is, else a copy that lasts as long as the block.

    Args:
        path: The file.
        compression: ``gzip``, ``zstd`` or ``None``.
        encoding: One of the contract's encodings.
        facts: What is known of the file.
        scratch: The folder for the copy.

    Yields:
        Where the text is, and what is known of it.

    Raises:
        RefusedFileError: It is not in that encoding, with the first line that is not.
        OSError: The copy cannot be written.
    """
    if encoding == "utf-8":
        yield path, facts
        return
    with tempfile.NamedTemporaryFile(
        dir=scratch, prefix=TRANSCODED_PREFIX, suffix=".csv"
    ) as target:
        size, feeds, last = 0, 0, b"\n"
        for chunk in _recoded(_content(path, compression), encoding):
            target.write(chunk)
            size += len(chunk)
            feeds += chunk.count(b"\n")
            last = chunk[-1:] or last
        target.flush()
        content = replace(facts, content_size=size, line_count=feeds + (last != b"\n"))
        yield Path(target.name), content


def _recoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Turn bytes of an encoding into UTF-8, piece by piece; stop at the first that is not."""
    decoder = codecs.getincrementaldecoder(ENCODINGS[encoding])()
    has_controls = encoding.startswith("iso-8859") or encoding == "latin-1"
    bytes_before, lines_before = 0, 0
    while True:
        chunk = next(chunks, b"")
        state = decoder.getstate()
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            pending = len(error.object) - len(chunk)
            decoder.setstate(state)
            good = decoder.decode(chunk[: max(error.start - pending, 0)])
            byte = bytes_before - pending + error.start + 1
            raise wrong_encoding(lines_before + good.count("\n") + 1, byte, encoding) from error
        control = ISO_8859_CONTROLS.search(text) if has_controls else None
        if control:
            lines = lines_before + text.count("\n", 0, control.start())
            raise wrong_encoding(lines + 1, bytes_before + control.start() + 1, encoding)
        yield text.encode()
        if not chunk:
            return
        bytes_before += len(chunk)
        lines_before += text.count("\n")


def wrong_encoding(line: int, byte: int, encoding: str) -> RefusedFileError:
    """Give the refusal of a file whose bytes are not in the declared encoding."""
    return RefusedFileError(
        f"line {line} (near byte {byte}) is not {encoding}, the encoding that is declared for it "
        "(in its contract, or for this company in the system's source.yml). Export it in that "
        "encoding, or declare the one it has"
    )


def remove_leftovers(scratch: Path) -> None:
    """Remove the copies that a process left behind when it was killed; call it as the one writer.

    Args:
        scratch: The folder of the copies.
    """
    for path in scratch.glob(f"{TRANSCODED_PREFIX}*"):
        path.unlink(missing_ok=True)

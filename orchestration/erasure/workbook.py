"""A person's rows in an Excel workbook: taken out of its parts, all else byte for byte as it was.

Belongs here: the parts of the file (sheets, shared texts, comments) and cutting rows out of them.
Does not belong here: which rows are about the person (`landing`), and values (`ingestion.excel`).

A workbook is a zip of XML files. A sheet has its texts in a common list, so that a row is gone only
when the texts that no other row uses are emptied there, too.
"""

import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree
from xml.parsers import expat

from orchestration.ingestion.excel import WORKBOOK_PART

_SHARED_TEXTS: Final = "xl/sharedStrings.xml"
_SHEETS: Final = "xl/worksheets/"
_MARKUP: Final = (".xml", ".rels", ".vml")
# Attributes that hold what somebody wrote: the place a link leads to, a pivot table's values.
_WRITTEN_ATTRIBUTES: Final = ("Target", "display", "tooltip", "v")
# Elements that hold numbers of texts, and formulas, where C1 is a cell and no customer.
_NO_TEXT: Final = ("f", "x")
_CHUNK_BYTES: Final = 1 << 20


def has_formulas(path: Path, sheet: str, rows: Collection[int]) -> bool:
    """Say whether one of the rows holds a formula: others may hang on it, so that it cannot go.

    Args:
        path: The workbook.
        sheet: The sheet's name.
        rows: The rows' numbers as Excel counts them.
    """
    with zipfile.ZipFile(path) as archive:
        return _read_sheet(archive, _part_of(archive, sheet), rows).has_formula


def write_without_rows(source: Path, target: Path, sheet: str, rows: Collection[int]) -> None:
    """Write a workbook again without the rows and without texts that only these used.

    Args:
        source: The workbook.
        target: Where to; an existing file is replaced.
        sheet: The sheet's name.
        rows: The rows' numbers as Excel counts them.
    """
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as written:
        part = _part_of(archive, sheet)
        found = _read_sheet(archive, part, rows)
        orphans = set(found.texts)
        for other in _sheets(archive):
            orphans -= _read_sheet(archive, other, rows if other == part else ()).texts_of_others
        cuts = {part: found.cuts}
        if orphans:
            cuts[_SHARED_TEXTS] = _text_cuts(archive, orphans)
        for info in archive.infolist():
            kept = zipfile.ZipInfo(info.filename, info.date_time)
            kept.compress_type = zipfile.ZIP_DEFLATED
            kept.file_size = info.file_size
            with archive.open(info) as old, written.open(kept, "w") as new:
                for piece in _without(old, cuts.get(info.filename, ())):
                    new.write(piece)


def parts_naming(path: Path, sheet: str, words: Collection[str]) -> list[str]:
    """Give the parts of a workbook besides the sheet's rows that hold one of the words.

    Args:
        path: The workbook.
        sheet: The name of the sheet that was looked through already.
        words: Names, addresses and identifiers; each counts as a whole word alone.
    """
    if not words:
        return []
    listed = "|".join(re.escape(word) for word in sorted(words))
    pattern = re.compile(rf"(?<![^\W_])(?:{listed})(?![^\W_])")
    with zipfile.ZipFile(path) as archive:
        own = {_part_of(archive, sheet), _SHARED_TEXTS}
        texts = {at for at, text in enumerate(_shared_texts(archive)) if pattern.search(text)}
        return [
            name
            for name in archive.namelist()
            if name not in own
            and name.lower().endswith(_MARKUP)
            and _is_named_in(archive, name, pattern, texts)
        ]


@dataclass(frozen=True)
class _Cut:
    """Bytes of a part that go, and what stands there instead."""

    start: int
    end: int
    instead: bytes = b""


class _SheetRows:
    """What one pass over a sheet tells of some of its rows.

    Attributes:
        cuts: Where they stand.
        texts: Numbers of the common texts that they use.
        texts_of_others: Those that other rows use.
        has_formula: Whether one of them holds a formula.
    """

    def __init__(self, stream: IO[bytes], rows: Collection[int]) -> None:
        self.cuts: list[_Cut] = []
        self.texts: set[int] = set()
        self.texts_of_others: set[int] = set()
        self.has_formula = False
        self._rows = rows
        self._row = 0
        self._begun: int | None = None
        self._is_text = False
        self._value = ""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add
        self._parser.ParseFile(stream)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self._end_row()
                self._row = int(attributes.get("r", self._row + 1))
                if self._row in self._rows:
                    self._begun = self._parser.CurrentByteIndex
            case "c":
                self._is_text = attributes.get("t") == "s"
            case "v":
                self._value = ""
            case "f":
                self.has_formula = self.has_formula or self._begun is not None

    def _add(self, data: str) -> None:
        self._value += data

    def _end(self, name: str) -> None:
        match _local(name):
            case "sheetData":
                self._end_row()
            case "v" if self._is_text:
                mine = self._begun is not None
                (self.texts if mine else self.texts_of_others).add(int(self._value))

    def _end_row(self) -> None:
        """A row ends where the next begins, or the rows end."""
        if self._begun is not None:
            self.cuts.append(_Cut(self._begun, self._parser.CurrentByteIndex))
            self._begun = None


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _sheets(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name.startswith(_SHEETS) and "_rels" not in name]


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Find the file in the zip that holds a sheet, by the workbook's list and its relations."""
    folder, name = posixpath.split(WORKBOOK_PART)
    relations = ElementTree.fromstring(archive.read(f"{folder}/_rels/{name}.rels"))  # noqa: S314
    targets = {each.get("Id"): str(each.get("Target")) for each in relations}
    for each in ElementTree.fromstring(archive.read(WORKBOOK_PART)).iter():  # noqa: S314
        if each.tag.endswith("}sheet") and each.get("name") == sheet:
            (key,) = (value for name, value in each.attrib.items() if name.endswith("}id"))
            return posixpath.normpath(posixpath.join("/", folder, targets[key])).lstrip("/")
    raise ValueError(f"the workbook has no sheet {sheet!r}")


def _read_sheet(archive: zipfile.ZipFile, part: str, rows: Collection[int]) -> _SheetRows:
    with archive.open(part) as stream:
        return _SheetRows(stream, rows)


def _text_cuts(archive: zipfile.ZipFile, orphans: Collection[int]) -> list[_Cut]:
    """Find where texts stand in the common list; each leaves an empty one, since they are counted.

    The texts behind it keep their number.
    """
    cuts: list[_Cut] = []
    parser = expat.ParserCreate()
    position, begun, tag = -1, -1, ""

    def end_text() -> None:
        nonlocal begun
        if begun >= 0:
            prefix = tag.removesuffix("si")
            empty = f"<{prefix}si><{prefix}t></{prefix}t></{prefix}si>"
            cuts.append(_Cut(begun, parser.CurrentByteIndex, empty.encode()))
            begun = -1

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal position, begun, tag
        if _local(name) == "si":
            end_text()
            position, tag = position + 1, name
            if position in orphans:
                begun = parser.CurrentByteIndex

    def end(name: str) -> None:
        if _local(name) == "sst":
            end_text()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    with archive.open(_SHARED_TEXTS) as stream:
        parser.ParseFile(stream)
    return cuts


def _without(stream: IO[bytes], cuts: Sequence[_Cut]) -> Iterator[bytes]:
    """Give a part's bytes with what is cut replaced."""
    place = 0
    for cut in cuts:
        yield from _pieces(stream, cut.start - place)
        for _ in _pieces(stream, cut.end - cut.start):
            pass
        yield cut.instead
        place = cut.end
    while piece := stream.read(_CHUNK_BYTES):
        yield piece


def _pieces(stream: IO[bytes], count: int) -> Iterator[bytes]:
    while count and (piece := stream.read(min(count, _CHUNK_BYTES))):
        count -= len(piece)
        yield piece


def _shared_texts(archive: zipfile.ZipFile) -> Iterator[str]:
    if _SHARED_TEXTS not in archive.namelist():
        return
    with archive.open(_SHARED_TEXTS) as stream:
        for _, element in ElementTree.iterparse(stream):  # noqa: S314
            if element.tag.endswith("}si"):
                yield "".join(element.itertext())
                element.clear()


def _is_named_in(
    archive: zipfile.ZipFile, part: str, pattern: re.Pattern[str], texts: Collection[int]
) -> bool:
    is_number = False
    with archive.open(part) as stream:
        for event, element in ElementTree.iterparse(stream, events=("start", "end")):  # noqa: S314
            name = element.tag.rpartition("}")[2]
            if event == "start":
                is_number = element.get("t") == "s" if name == "c" else is_number
                continue
            text = element.text or ""
            if name == "v" and is_number:
                if int(text) in texts:
                    return True
            elif name not in _NO_TEXT:
                written = [text, *(element.get(each, "") for each in _WRITTEN_ATTRIBUTES)]
                if any(pattern.search(each) for each in written):
                    return True
            element.clear()
    return False

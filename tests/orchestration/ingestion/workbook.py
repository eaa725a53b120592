"""Workbooks as Excel writes them, made of a few parts, so that each stored cell is chosen."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Styles by number: 0 general, 1 a day, 2 a day with its time, 3 a time.
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
    '<xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="20" applyNumberFormat="1"/>'
    "</cellXfs></styleSheet>"
)
DAY, MOMENT, TIME = 1, 2, 3


@dataclass(frozen=True)
class Stored:
    """A cell as the file stores it: its value's text, its type, its style."""

    value: str
    kind: str = "n"
    style: int = 0


def day(serial: str) -> Stored:
    return Stored(serial, style=DAY)


def moment(serial: str) -> Stored:
    return Stored(serial, style=MOMENT)


def number(text: str) -> Stored:
    return Stored(text)


Cell = str | Stored | None
Rows = Sequence[Sequence[Cell]]


def workbook(*, is_1904: bool = False, **sheets: Rows) -> bytes:
    """A workbook of these sheets, in this order; text cells stand in the shared strings.

    An empty row is left out of the file, as Excel does.
    """
    names = list(sheets)
    texts: list[str] = []
    parts = {
        f"xl/worksheets/sheet{position}.xml": _sheet(sheets[name], texts)
        for position, name in enumerate(names, 1)
    }
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{position}" r:id="rId{position}"/>'
        for position, name in enumerate(names, 1)
    )
    reckoning = '<workbookPr date1904="1"/>' if is_1904 else "<workbookPr/>"
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{reckoning}'
        f"<sheets>{listed}</sheets></workbook>"
    )
    parts["xl/styles.xml"] = STYLES
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{"".join(texts)}</sst>'
    targets = [f"worksheets/sheet{position}.xml" for position in range(1, len(names) + 1)]
    parts["xl/_rels/workbook.xml.rels"] = _relations(
        [
            *(("worksheet", target) for target in targets),
            ("styles", "styles.xml"),
            ("sharedStrings", "sharedStrings.xml"),
        ]
    )
    parts["_rels/.rels"] = _relations([("officeDocument", "xl/workbook.xml")])
    parts["[Content_Types].xml"] = _types(targets)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return buffer.getvalue()


def _sheet(rows: Rows, texts: list[str]) -> str:
    written = "".join(
        f'<row r="{line}">'
        + "".join(_cell(cell, f"{_letter(at)}{line}", texts) for at, cell in enumerate(cells))
        + "</row>"
        for line, cells in enumerate(rows, 1)
        if cells
    )
    return f'<worksheet xmlns="{MAIN}"><sheetData>{written}</sheetData></worksheet>'


def _letter(at: int) -> str:
    return chr(65 + at) if at < 26 else chr(64 + at // 26) + chr(65 + at % 26)


def _cell(cell: Cell, address: str, texts: list[str]) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        texts.append(f'<si><t xml:space="preserve">{escape(cell)}</t></si>')
        cell = Stored(str(len(texts) - 1), "s")
    return f'<c r="{address}" t="{cell.kind}" s="{cell.style}"><v>{escape(cell.value)}</v></c>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{position}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for position, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


def _types(targets: Sequence[str]) -> str:
    parts = {
        "/xl/workbook.xml": "sheet.main",
        "/xl/styles.xml": "styles",
        "/xl/sharedStrings.xml": "sharedStrings",
        **{f"/xl/{target}": "worksheet" for target in targets},
    }
    listed = "".join(
        f'<Override PartName="{name}" ContentType="{TYPE}.{kind}+xml"/>'
        for name, kind in parts.items()
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )

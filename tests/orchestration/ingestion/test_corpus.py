"""A corpus of bad input: each file is refused, taken apart or loaded exactly as its case says.

The cases are data: `corpus/rows.csv` names a value that one row of an otherwise good file has, and
`corpus/files.yml` whole files. Each case is written as a file of its own; one call loads them all,
so that no file may keep another back.
"""

import csv
import gzip
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from orchestration.ingestion.files import BOMB_BYTES, BOMB_RATIO
from orchestration.ingestion.ingest import FileResult

CORPUS = Path(__file__).parent / "corpus"
HEADER = "line_id,invoice_id,product_id,quantity,unit_price,invoiced_at"
LEAST_FILES = 150
LOADED_AT = datetime.fromisoformat("2012-01-01")
SUFFIXES = {"gzip": ".gz", "zstd": ".zst"}


@dataclass
class Case:
    """A file, and what must become of it."""

    name: str
    path: str
    content: bytes
    refused: tuple[str, ...] = ()
    loaded: tuple[int, int, int] | None = None
    aside: tuple[tuple[Any, ...], ...] = ()
    kept: tuple[str, str] | None = None
    result: FileResult | None = field(default=None, compare=False)


def value_cases() -> list[Case]:
    """Files of three rows, of which the second has one bad value."""
    good = yaml.safe_load((CORPUS / "good_rows.yml").read_text(encoding="utf-8"))
    with (CORPUS / "rows.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    cases = []
    for number, row in enumerate(rows):
        system, _, table = row["table"].partition(".")
        lines = [
            {
                name: str(value).format(key=f"v{number}-{line}")
                for name, value in good[row["table"]].items()
            }
            for line in range(3)
        ]
        lines[1][row["column"]] = row["value"]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        cases.append(
            Case(
                f"{row['table']}.{row['column']}: {row['case']}",
                f"{system}/v{number}/{table}.csv",
                text.getvalue().encode(),
                loaded=(3, 2, 0),
                aside=((3, row["rule"], row["column"]),),
            )
        )
    return cases


def file_cases() -> list[Case]:
    """Whole files."""
    entries = yaml.safe_load((CORPUS / "files.yml").read_text(encoding="utf-8"))
    return [_file_case(number, entry) for number, entry in enumerate(entries)]


def _file_case(number: int, entry: Mapping[str, Any]) -> Case:
    system, _, table = entry.get("table", "billing.invoice_lines").partition(".")
    content, suffix = _content(number, entry)
    name = entry.get("file", f"{table}{suffix}")
    loaded, kept = entry.get("loaded"), entry.get("kept")
    return Case(
        entry["case"],
        f"{system}/f{number:03}/{name}",
        content,
        refused=tuple(str(words) for words in entry.get("refused", ())),
        loaded=tuple(loaded) if loaded else None,
        aside=tuple(tuple(row) for row in entry.get("aside", ())),
        kept=tuple(kept) if kept else None,
    )


def _content(number: int, entry: Mapping[str, Any]) -> tuple[bytes, str]:
    suffix = ".csv"
    if "parquet" in entry:
        values = {
            name: _filled(value, number) if isinstance(value, str) else value
            for name, value in entry["parquet"].items()
        }
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist([values]), sink)
        content, suffix = sink.getvalue().to_pybytes(), ".parquet"
    elif "zip" in entry:
        content = _zip({name: _member(text, number) for name, text in entry["zip"].items()})
    else:
        how = list(entry.get("how", ()))
        encoding = how.pop(0)["encode"] if how and "encode" in how[0] else "utf-8"
        content = _filled(entry["text"], number).encode(encoding)
        entry = {**entry, "how": how}
    for step in entry.get("how", ()):
        ((verb, value),) = step.items()
        content = _changed(content, verb, value, number)
        suffix += SUFFIXES.get(value, "") if verb == "compress" else ""
    return content, suffix


def _filled(text: str, number: int) -> str:
    """Put the case's own keys, and good rows, into a text."""
    for row in range(1, 10):
        text = text.replace(f"<{row}>", f"L<key>{row},I1,P1,1,2.50,2011-05-04 10:00:00")
    text = text.replace("<head>", HEADER).replace("<before>", f"f{number - 1:03}-")
    return text.replace("<key>", f"f{number:03}-")


def _changed(content: bytes, verb: str, value: Any, number: int) -> bytes:
    if verb == "append":
        if "hex" in value:
            return content + bytes.fromhex(value["hex"])
        added = _filled(value["text"], number).encode(value.get("encode", "utf-8"))
        return content + (_compressed(added, value["compress"]) if "compress" in value else added)
    if verb == "repeat":
        row = _filled(value["row"], number)
        return content + "".join(row.replace("{n}", str(n)) for n in range(value["times"])).encode()
    if verb == "compress":
        return _compressed(content, value)
    if verb == "keep":
        return content[: value if isinstance(value, int) else int(len(content) * value)]
    if verb == "zeros":
        start, length = value
        return content[:start] + bytes(length) + content[start + length :]
    assert verb == "bomb", verb
    return _compressed(content + bytes(BOMB_BYTES), value)


def _compressed(content: bytes, kind: str) -> bytes:
    return gzip.compress(content) if kind == "gzip" else pa.compress(content, kind, asbytes=True)


def _member(text: str | None, number: int) -> bytes:
    return bytes(BOMB_BYTES) if text is None else _filled(text, number).encode()


def _zip(members: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


CASES = [*value_cases(), *file_cases()]


@pytest.fixture(scope="module")
def corpus(make, tmp_path_factory):
    """The ground on which all files were loaded by one call."""
    ground = make(tmp_path_factory.mktemp("corpus"))
    for case in CASES:
        ground.write(case.path, case.content)
    report = ground.ingest(LOADED_AT)
    assert report.unmatched == ()
    results = {result.file: result for result in report.files}
    for case in CASES:
        case.result = results.pop(case.path)
    assert not results
    return ground


def test_there_are_enough_files_and_no_two_are_the_same():
    hashes = {hashlib.sha256(case.path.rsplit("/")[-1].encode() + case.content) for case in CASES}
    assert len({each.hexdigest() for each in hashes}) == len(CASES) >= LEAST_FILES
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_file_becomes_what_its_case_says(corpus):
    aside: dict[str, list[tuple[Any, ...]]] = {}
    for file, *row in corpus.rows(
        "select file, line, rule, column_name from quarantine.refused_rows order by file, line"
    ):
        aside.setdefault(file, []).append(tuple(row))
    wrong = {
        case.name: difference
        for case in CASES
        if (difference := _difference(case, aside.get(case.path, [])))
    }
    assert wrong == {}


def _difference(case: Case, aside: list[tuple[Any, ...]]) -> str:
    result = case.result
    assert result is not None
    if case.refused:
        if result.status != "refused":
            return f"{result.status}: {result}"
        lacking = [words for words in case.refused if words not in result.message]
        named = result.message.startswith(f"{case.path} was refused: ")
        return "" if named and not lacking else f"{lacking} not in {result.message}"
    found = (result.rows_read, result.rows_accepted, result.rows_unchanged)
    if (result.status, found, tuple(aside)) == ("loaded", case.loaded, case.aside):
        return ""
    return f"{result.status} {found} {aside} {result.message}"


def test_no_row_is_unaccounted_for(corpus):
    """Counted in the tables, not by ingestion: stored, known already, in the quarantine."""
    stored: dict[str, int] = {}
    tables = {f"raw.{case.path.split('/')[0]}__{_table(case)}" for case in CASES}
    for table in sorted(tables):
        stored |= dict(corpus.rows(f"select _file, count(*) from {table} group by 1"))
    aside = dict(corpus.rows("select file, count(*) from quarantine.refused_rows group by 1"))
    for case in CASES:
        rows, _, unchanged = case.loaded or (0, 0, 0)
        assert stored.get(case.path, 0) + unchanged + aside.get(case.path, 0) == rows, case.name


def _table(case: Case) -> str:
    assert case.result is not None
    return case.result.table_name


def test_values_that_attack_are_kept_as_they_are(corpus):
    for case in CASES:
        if case.kept:
            query, value = case.kept
            escaped = case.path.replace("'", "''")
            assert corpus.rows(query.replace("?", f"'{escaped}'")) == [(value,)], case.name


def test_no_message_is_a_traceback_or_endless_or_names_a_person(corpus):
    messages = [case.result.message for case in CASES if case.result]
    messages += [text for (text,) in corpus.rows("select message from quarantine.refused_rows")]
    for message in messages:
        assert "Traceback" not in message
        assert len(message) < 20_000
        assert "Bright Parts" not in message
        assert "ann@example.org" not in message


def test_nothing_was_written_outside_the_home(corpus):
    outside = corpus.settings.home.parent
    assert {path.name for path in outside.iterdir()} == {"home"}
    assert not list(corpus.settings.home.rglob("pwned"))
    assert not list(corpus.settings.home.rglob("escaped*"))
    assert BOMB_RATIO < 1000

"""The contract of a source table: its dbt source YAML, read once and checked.

What belongs here: reading `models/staging/<system>/_<system>__sources.yml` into frozen values, and
refusing a contract that contradicts itself, with the file and the place named.
What does not: a column, a key or a pattern of any system: those stand in the YAML and nowhere else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from data_quality.contracts import LOADER
from orchestration.errors import ContractError

LoadMode = Literal["append", "upsert", "snapshot"]

LOAD_MODES = ("append", "upsert", "snapshot")
# The name that a contract may declare, and the codec that reads it.
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "gb18030": "gb18030",
    "gbk": "gbk",
    "gb2312": "gb2312",
    "big5": "big5",
    "big5-hkscs": "big5hkscs",
    "windows-950": "cp950",
    "shift_jis": "shift_jis",
    "windows-31j": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "euc_kr",
    "windows-949": "cp949",
    "latin-1": "iso8859-1",
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in range(1, 17) if part != 12},
    **{f"windows-125{page}": f"cp125{page}" for page in range(9)},
    "windows-874": "cp874",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "macintosh": "mac_roman",
    "ibm437": "cp437",
    "ibm850": "cp850",
    "ibm852": "cp852",
    "ibm866": "cp866",
}
PERSONAL_DATA = ("none", "pseudonym", "personal", "sensitive")
PRIVATE = ("personal", "sensitive")
INTEGER_TYPES = ("smallint", "integer", "bigint")
TIME_TYPES = ("date", "timestamp")
PLAIN_TYPES = ("varchar", "double", "boolean", *INTEGER_TYPES, *TIME_TYPES)
DECIMAL_TYPE = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)")
NAME = re.compile(r"[a-z][a-z0-9_]*")

# Keys under `config.meta` that ingestion reads. A key that is not among them is a slip of the pen
# that would silently switch a rule off, so it is refused. `dagster` belongs to the asset graph.
SOURCE_KEYS = {"optional", "quiet_days", "dagster"}
TABLE_KEYS = {
    "file_pattern",
    "load_mode",
    "key",
    "event_time",
    "csv",
    "excel",
    "freshness_days",
    "reference",
    "subject_via",
    "retention",
    "dagster",
}
COLUMN_KEYS = {
    "required",
    "not_null",
    "min",
    "max",
    "accepted_values",
    "earliest",
    "not_before",
    "may_be_future",
    "known_at",
    "static",
    "refers_to",
    "personal_data",
    "identifies",
    "restricted",
}
CSV_KEYS = {"delimiter", "quote", "escape", "header", "encoding", "null_text"}
EXCEL_KEYS = {"sheet", "header_row"}
RETENTION_KEYS = {"months", "from"}


@dataclass(frozen=True)
class CsvDialect:
    """How a system writes its CSV; declared, never guessed.

    Attributes:
        delimiter: What stands between two fields.
        quote: What encloses a field that holds a delimiter, a quote or a new line.
        escape: What stands before a quote inside a quoted field.
        header: Whether the first line names the columns; without it the contract's order holds.
        encoding: One of ``ENCODINGS``.
        null_text: The text that means *no value*.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    encoding: str = "utf-8"
    null_text: str = ""


@dataclass(frozen=True)
class ExcelLayout:
    """Where a system's Excel files hold a table; declared, never guessed.

    Attributes:
        sheet: The sheet's name; ``None`` for the first sheet.
        header_row: The row that names the columns, counted from 1; the data begin below it.
    """

    sheet: str | None = None
    header_row: int = 1


@dataclass(frozen=True)
class Retention:
    """For how long a table's personal and sensitive values are kept.

    Attributes:
        months: The period, in months before the month end as of which `scorecard expire` works.
        since: The column with the date that a row's age is measured from.
    """

    months: int
    since: str


@dataclass(frozen=True)
class Column:
    """One column of a source table and the rules its values must keep.

    Attributes:
        name: The column's name, in the file and in `raw`.
        data_type: Its type in `raw`, lower case without spaces.
        description: What it says.
        is_required: Whether a file without the column is refused.
        is_not_null: Whether a row without a value is refused.
        minimum: The smallest value allowed.
        maximum: The largest value allowed.
        accepted_values: The only values allowed; empty for any.
        earliest: The first day allowed.
        not_before: The column whose time this one's may not lie before.
        may_be_future: Whether a time after the load's own is allowed.
        known_at: The column that says when this value became known.
        is_static: Whether the value never changes once the row is there.
        refers_to: The table of versions (``crm.customers``) whose key the value is; ``None`` for
            none. A record that comes later than a row that names it changes that row's month.
        personal_data: One of ``none``, ``pseudonym``, ``personal``, ``sensitive``.
        is_restricted: Whether it is for entitled persons alone and stays in the warehouse.
        identifies: Of a pseudonym, the table whose key it is (`crm.customers`); empty otherwise.
    """

    name: str
    data_type: str
    description: str
    is_required: bool
    is_not_null: bool
    minimum: Decimal | None
    maximum: Decimal | None
    accepted_values: tuple[str, ...]
    earliest: date | None
    not_before: str | None
    may_be_future: bool
    known_at: str | None
    is_static: bool
    refers_to: str | None
    personal_data: str
    is_restricted: bool
    identifies: str = ""


@dataclass(frozen=True)
class TableContract:
    """One source table: which files hold it, what they hold, and how they are loaded.

    Attributes:
        system: The source system, also the name of its landing folder.
        system_description: What the system is for.
        name: The table's name within the system.
        description: What one row is.
        file_pattern: The pattern of its files' names.
        load_mode: ``append`` (events), ``upsert`` (versions of entities) or ``snapshot`` (full
            dumps).
        key: The columns that identify an event or an entity.
        event_time: The column that says when the event happened or the version began.
        csv: How its CSV files are written.
        excel: Where its Excel files hold it.
        freshness_days: After how many days without a new fact the source counts as stale.
        is_reference: Whether it holds reference data or configuration, whose dates say nothing
            about from when to when the system was measured.
        columns: Its columns, in the contract's order.
        is_optional: Whether the system may be absent.
        quiet_days: For how many days the system may say nothing and still count as complete.
        path: The YAML the contract stands in, relative to the repository.
        subject_via: The table of the same system whose key says, in this table, which row there
            tells the person that a row is about; empty where the row says it itself, or is about
            nobody.
        via_column: The column of that key.
        retention: For how long its personal and sensitive values are kept; ``None`` for good.
        source_names: What the company's own source calls a column, by contract name, where it
            calls it otherwise; from the system's `source.yml`.
    """

    system: str
    system_description: str
    name: str
    description: str
    file_pattern: str
    load_mode: LoadMode
    key: tuple[str, ...]
    event_time: str
    csv: CsvDialect
    excel: ExcelLayout
    freshness_days: int | None
    is_reference: bool
    columns: tuple[Column, ...]
    is_optional: bool
    quiet_days: int
    path: Path
    subject_via: str = ""
    via_column: str = ""
    retention: Retention | None = None
    source_names: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def title(self) -> str:
        """The name people use: ``billing.invoices``."""
        return f"{self.system}.{self.name}"

    @property
    def identifier(self) -> str:
        """The name of the table in schema `raw`."""
        return f"{self.system}__{self.name}"

    @property
    def raw_table(self) -> str:
        """The qualified, quoted name of the table in `raw`."""
        return f'raw."{self.identifier}"'

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the contract's columns, in its order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises:
            KeyError: The contract has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def is_entity(self) -> bool:
        """Whether its key is a pseudonym of its own: a list of customers, contacts, staff."""
        return len(self.key) == 1 and self.column(self.key[0]).identifies == self.title

    @property
    def owner_columns(self) -> tuple[Column, ...]:
        """The columns that say whom a row is about.

        In a list of persons that is the key. Elsewhere it is the first column of each kind of
        identifier; a second one refers to somebody else (who was referred by the customer).
        """
        if self.is_entity:
            return (self.column(self.key[0]),)
        firsts: dict[str, Column] = {}
        for column in self.columns:
            if column.identifies:
                firsts.setdefault(column.identifies, column)
        return tuple(firsts.values())

    @property
    def static_columns(self) -> tuple[Column, ...]:
        """What a row says that no later version changes, but for its key and its time."""
        named = {*self.key, self.event_time}
        return tuple(each for each in self.columns if each.is_static and each.name not in named)

    @property
    def placing_times(self) -> tuple[str, ...]:
        """The columns by which months hold a row: its event time, and times that never change."""
        times = (each.name for each in self.columns if each.data_type in TIME_TYPES)
        static = {each.name for each in self.columns if each.is_static}
        return tuple(name for name in times if name == self.event_time or name in static)

    @property
    def private_columns(self) -> tuple[Column, ...]:
        """The columns of class personal and sensitive: what a period or an erasure empties."""
        return tuple(each for each in self.columns if each.personal_data in PRIVATE)

    @property
    def has_personal_key(self) -> bool:
        """Whether a key's value may stand in no message."""
        return any(self.column(name).personal_data != "none" for name in self.key)


def load_contracts(root: Path) -> tuple[TableContract, ...]:
    """Read every source contract below a folder, ordered by system and table.

    Sources whose schema is not `raw` (control tables, estimator tables) are no landing contracts.

    Args:
        root: The folder with one folder per system.

    Raises:
        ContractError: There is none, or one cannot be read or contradicts itself.
    """
    contracts: list[TableContract] = []
    for path in sorted(root.glob("*/_*__sources.yml")):
        shown = path.relative_to(root.parents[1]) if len(root.parents) > 1 else path
        for source in _read_sources(path, shown):
            if source.get("schema") == "raw":
                contracts.extend(_source_contracts(source, shown))
    if not contracts:
        raise ContractError(
            f"No source contract below {root}: expected <system>/_<system>__sources.yml with a "
            "source whose schema is raw. Is this the root of the repository?"
        )
    titles = [contract.title for contract in contracts]
    for title in titles:
        if titles.count(title) > 1:
            raise ContractError(f"The contract {title} is written twice below {root}; keep one.")
    by_title = {contract.title: contract for contract in contracts}
    contracts = [_with_persons(contract, by_title) for contract in contracts]
    _check_references(contracts)
    return tuple(sorted(contracts, key=lambda contract: contract.title))


def _with_persons(contract: TableContract, contracts: Mapping[str, TableContract]) -> TableContract:
    """Follow the pointers to persons; refuse one that leads nowhere, since it would hide a row."""
    for column in contract.columns:
        named = column.identifies
        if named and (column.personal_data != "pseudonym" or named not in contracts):
            raise ContractError(
                f"{contract.path}: column {contract.title}.{column.name} identifies {named!r}; "
                "expected a table with a contract, and `personal_data: pseudonym`."
            )
    if not contract.subject_via:
        return contract
    parent = contracts.get(f"{contract.system}.{contract.subject_via}")
    if parent is None or len(parent.key) != 1 or parent.key[0] not in contract.column_names:
        raise ContractError(
            f"{contract.path}: subject_via of {contract.title} names {contract.subject_via!r}; "
            "expected a table of the system with a key of one column that stands here, too."
        )
    return replace(contract, via_column=parent.key[0])


def _check_references(contracts: Sequence[TableContract]) -> None:
    """Hold references against the tables of their system, as far as the system is there."""
    tables = {contract.title: contract for contract in contracts}
    systems = {contract.system for contract in contracts}
    for contract in contracts:
        for column in contract.columns:
            if column.refers_to is None or column.refers_to.partition(".")[0] not in systems:
                continue
            there = tables.get(column.refers_to)
            if there is None or there.load_mode == "append" or len(there.key) != 1:
                raise ContractError(
                    f"{contract.path}, column {contract.title}.{column.name}: refers_to names "
                    f"{column.refers_to}, which is no table of versions with one key column."
                )


def _read_sources(path: Path, shown: Path) -> list[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=LOADER)  # noqa: S506 (a safe loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContractError(f"{shown} cannot be read as YAML: {error}") from error
    sources = document.get("sources", []) if isinstance(document, dict) else None
    if not isinstance(sources, list) or not all(isinstance(item, dict) for item in sources):
        raise ContractError(f"{shown}: expected a list `sources:` of sources.")
    return sources


def _source_contracts(source: Mapping[str, Any], path: Path) -> list[TableContract]:
    reader = YamlReader(path, f"source {source.get('name')}")
    system = reader.name(source.get("name"), "name")
    meta = reader.meta(source, SOURCE_KEYS)
    of_system = {
        "system_description": reader.text(source, "description"),
        "is_optional": reader.flag(meta, "optional"),
        "quiet_days": reader.count(meta, "quiet_days", least=0, default=0),
    }
    return [
        _table_contract(table, system=system, of_system=of_system, path=path)
        for table in reader.items(source, "tables")
    ]


def _table_contract(
    table: Mapping[str, Any], *, system: str, of_system: Mapping[str, Any], path: Path
) -> TableContract:
    reader = YamlReader(path, f"table {system}.{table.get('name')}")
    name = reader.name(table.get("name"), "name")
    if table.get("identifier") != f"{system}__{name}":
        raise reader.error(
            f"`identifier` must be {system}__{name}, found {table.get('identifier')}"
        )
    meta = reader.meta(table, TABLE_KEYS)
    columns = tuple(
        _column(column, table=f"{system}.{name}", path=path)
        for column in reader.items(table, "columns")
    )
    load_mode = reader.one_of(meta.get("load_mode"), "load_mode", LOAD_MODES)
    contract = TableContract(
        system=system,
        name=name,
        description=reader.text(table, "description"),
        file_pattern=reader.text(meta, "file_pattern"),
        load_mode=cast(LoadMode, load_mode),
        key=tuple(str(part) for part in reader.sequence(meta, "key")),
        event_time=reader.text(meta, "event_time"),
        csv=read_dialect(meta.get("csv", {}), reader, CsvDialect()),
        excel=read_layout(meta.get("excel", {}), reader, ExcelLayout()),
        freshness_days=meta.get("freshness_days"),
        is_reference=reader.flag(meta, "reference"),
        subject_via=str(meta.get("subject_via", "")),
        retention=_retention(meta, reader),
        columns=columns,
        path=path,
        **of_system,
    )
    _check_table(contract, reader)
    return contract


def _check_table(contract: TableContract, reader: "YamlReader") -> None:
    names = contract.column_names
    for name in names:
        if names.count(name) > 1:
            raise reader.error(f"column {name} is written twice")
    if not contract.key:
        raise reader.error("`key` names no column")
    for part in (*contract.key, contract.event_time):
        if part not in names:
            raise reader.error(f"`key` or `event_time` names {part}, which is no column of it")
        if not contract.column(part).is_not_null or not contract.column(part).is_required:
            raise reader.error(f"column {part} is key or event time: make it required and not_null")
    if contract.column(contract.event_time).data_type not in TIME_TYPES:
        raise reader.error(f"event_time {contract.event_time} must be a date or a timestamp")
    for column in contract.columns:
        if column.known_at is not None and column.known_at not in names:
            raise reader.error(f"known_at of {column.name} names {column.known_at}: no column")
        if column.not_before is not None:
            _check_not_before(contract, column, reader)
    if contract.retention is not None:
        _check_retention(contract, contract.retention, reader)


def _check_not_before(contract: TableContract, column: Column, reader: "YamlReader") -> None:
    other = column.not_before
    if other == column.name or other not in contract.column_names:
        raise reader.error(f"not_before of {column.name} names {other}: no other column")
    for name in (column.name, other):
        if contract.column(name).data_type not in TIME_TYPES:
            raise reader.error(
                f"not_before of {column.name} compares times, and {name} is no date or timestamp"
            )


def _retention(meta: Mapping[str, Any], reader: "YamlReader") -> Retention | None:
    value = meta.get("retention")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise reader.error("`retention` must be a mapping with `months`")
    reader.known_keys(value, RETENTION_KEYS, "retention")
    months = reader.count(value, "months", least=1, default=0)
    return Retention(months, str(value.get("from", meta.get("event_time"))))


def _check_retention(contract: TableContract, retention: Retention, reader: "YamlReader") -> None:
    """Refuse a period that could not be kept, or that would count rows as changed."""
    since = retention.since
    if since not in contract.column_names:
        raise reader.error(f"retention.from names {since}, which is no column of it")
    aged_by = contract.column(since)
    if aged_by.data_type not in TIME_TYPES or not aged_by.is_not_null:
        raise reader.error(
            f"retention.from names {since}: make it a date or a timestamp that is not_null, since "
            "a row without it has no age"
        )
    if not contract.private_columns:
        raise reader.error("`retention` has nothing to empty: no column is personal or sensitive")
    if contract.load_mode == "snapshot":
        raise reader.error(
            "`retention` does not go with load_mode snapshot: a dump that repeats an emptied row "
            "would count as a change of it"
        )
    for column in contract.private_columns:
        if column.name in (*contract.key, contract.event_time, since):
            raise reader.error(
                f"retention would empty {column.name}, which is key or time of a row"
            )
        if column.is_not_null and (column.data_type != "varchar" or column.accepted_values):
            raise reader.error(
                f"retention would empty {column.name}, which is not_null: only a free text can be"
            )


def _column(column: Mapping[str, Any], *, table: str, path: Path) -> Column:
    reader = YamlReader(path, f"column {table}.{column.get('name')}")
    meta = reader.meta(column, COLUMN_KEYS)
    known_at, not_before = meta.get("known_at"), meta.get("not_before")
    refers_to = meta.get("refers_to")
    return Column(
        name=reader.name(column.get("name"), "name"),
        data_type=_data_type(column.get("data_type"), reader),
        description=reader.text(column, "description"),
        is_required=reader.flag(meta, "required"),
        is_not_null=reader.flag(meta, "not_null"),
        minimum=reader.number(meta, "min"),
        maximum=reader.number(meta, "max"),
        accepted_values=tuple(str(value) for value in reader.sequence(meta, "accepted_values")),
        earliest=reader.day(meta, "earliest"),
        not_before=None if not_before is None else str(not_before),
        may_be_future=reader.flag(meta, "may_be_future"),
        known_at=None if known_at is None else str(known_at),
        is_static=reader.flag(meta, "static"),
        refers_to=None if refers_to is None else str(refers_to),
        personal_data=reader.one_of(meta.get("personal_data"), "personal_data", PERSONAL_DATA),
        is_restricted=reader.flag(meta, "restricted"),
        identifies=str(meta.get("identifies", "")),
    )


def _data_type(value: object, reader: "YamlReader") -> str:
    data_type = str(value).lower().replace(" ", "")
    match = DECIMAL_TYPE.fullmatch(data_type)
    if data_type in PLAIN_TYPES or (match and int(match[2]) <= int(match[1]) <= 38):
        return data_type
    raise reader.error(
        f"data_type {value!r} is not known; use one of {', '.join(PLAIN_TYPES)}, decimal(p,s)"
    )


def read_dialect(value: object, reader: "YamlReader", base: CsvDialect) -> CsvDialect:
    """Read the `csv` of a contract or of a source file, over what holds without it.

    Args:
        value: What the YAML says.
        reader: Where it says so.
        base: The dialect whose parts hold where the YAML is silent.

    Raises:
        ContractError: A key is unknown, or a value makes no sense.
    """
    if not isinstance(value, dict):
        raise reader.error("`csv` must be a mapping")
    reader.known_keys(value, CSV_KEYS, "csv")
    dialect = replace(base, **value)
    reader.one_of(dialect.encoding, "csv.encoding", tuple(ENCODINGS))
    reader.flag({"csv.header": dialect.header}, "csv.header")
    if not isinstance(dialect.null_text, str):
        raise reader.error(f"csv.null_text must be text, found {dialect.null_text!r}")
    for name in ("delimiter", "quote", "escape"):
        text = getattr(dialect, name)
        if not isinstance(text, str) or len(text) != 1:
            raise reader.error(f"csv.{name} must be one character, found {text!r}")
    return dialect


def read_layout(value: object, reader: "YamlReader", base: ExcelLayout) -> ExcelLayout:
    """Read the `excel` of a contract or of a source file, over what holds without it.

    Args:
        value: What the YAML says.
        reader: Where it says so.
        base: The layout whose parts hold where the YAML is silent.

    Raises:
        ContractError: A key is unknown, or a value makes no sense.
    """
    if not isinstance(value, dict):
        raise reader.error("`excel` must be a mapping")
    reader.known_keys(value, EXCEL_KEYS, "excel")
    sheet = value.get("sheet", base.sheet)
    if sheet is not None and (not isinstance(sheet, str) or not sheet):
        raise reader.error(f"excel.sheet must be the name of a sheet, found {sheet!r}")
    return ExcelLayout(sheet, reader.count(value, "header_row", least=1, default=base.header_row))


@dataclass(frozen=True)
class YamlReader:
    """Reads values of one place in a YAML and names that place in every complaint.

    Attributes:
        path: The file.
        place: The place in it, in words.
    """

    path: Path
    place: str

    def error(self, message: str) -> ContractError:
        """Give the error that says what is wrong at this place."""
        return ContractError(f"{self.path}, {self.place}: {message}.")

    def meta(self, item: Mapping[str, Any], allowed: set[str]) -> Mapping[str, Any]:
        """Give `config.meta`, whose keys must be among those allowed."""
        config = item.get("config") or {}
        meta = config.get("meta") if isinstance(config, dict) else None
        if meta is None:
            meta = {}
        if not isinstance(meta, dict):
            raise self.error("`config.meta` must be a mapping")
        self.known_keys(meta, allowed, "config.meta")
        return meta

    def known_keys(self, found: Mapping[str, Any], allowed: set[str], where: str) -> None:
        """Refuse the first key that is not allowed."""
        unknown = sorted(str(key) for key in found if key not in allowed)
        if unknown:
            known = ", ".join(sorted(allowed))
            raise self.error(f"{where} has the unknown key {unknown[0]!r}; known keys: {known}")

    def name(self, value: object, key: str) -> str:
        """Read a name: lower case letters, digits and underscores."""
        if not isinstance(value, str) or not NAME.fullmatch(value):
            raise self.error(f"`{key}` must be lower case letters, digits and _, found {value!r}")
        return value

    def text(self, item: Mapping[str, Any], key: str) -> str:
        """Read a text that is not empty, its white space folded."""
        value = item.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"`{key}` is missing")
        return " ".join(value.split())

    def items(self, item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        """Read a list of mappings that is not empty."""
        value = item.get(key)
        if not isinstance(value, list) or not value:
            raise self.error(f"`{key}` must be a list with at least one entry")
        if not all(isinstance(entry, dict) for entry in value):
            raise self.error(f"every entry of `{key}` must be a mapping")
        return value

    def sequence(self, meta: Mapping[str, Any], key: str) -> Sequence[Any]:
        """Read a list; empty where there is none."""
        value = meta.get(key, [])
        if not isinstance(value, list):
            raise self.error(f"`{key}` must be a list, found {value!r}")
        return value

    def flag(self, meta: Mapping[str, Any], key: str) -> bool:
        """Read true or false; false where there is nothing."""
        value = meta.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"`{key}` must be true or false, found {value!r}")
        return value

    def count(self, meta: Mapping[str, Any], key: str, *, least: int, default: int) -> int:
        """Read a whole number that is not too small."""
        value = meta.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.error(f"`{key}` must be a whole number from {least} on, found {value!r}")
        return value

    def one_of(self, value: object, key: str, allowed: Sequence[str]) -> str:
        """Refuse a value that is not allowed."""
        if value not in allowed:
            raise self.error(f"`{key}` must be one of {', '.join(allowed)}, found {value!r}")
        return str(value)

    def number(self, meta: Mapping[str, Any], key: str) -> Decimal | None:
        """Read a number; None where there is none."""
        value = meta.get(key)
        if value is None:
            return None
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise self.error(f"`{key}` must be a number, found {value!r}")
        return number

    def day(self, meta: Mapping[str, Any], key: str) -> date | None:
        """Read a day; None where there is none."""
        value = meta.get(key)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise self.error(f"`{key}` must be a day (YYYY-MM-DD), found {value!r}") from error

"""`scorecard diff`: what changed from one release to another, and why.

Belongs here: choosing the two releases, which marts and months differ, and the evidence for why:
facts, configuration, estimators, code. Not here: comparing two tables (`compare`), showing it.

A cause is told by evidence, never by guess: what both manifests say they were made with. Where
only one thing changed that a mart is computed from, it is the cause; where several did, all are
named, since rows do not say which of them moved a number.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import duckdb

from orchestration.dbt import MANIFEST_NAME, is_of_estimators, models_behind, read_manifest
from orchestration.errors import ReleaseError, UsageError
from orchestration.release.compare import (
    FIRST,
    SECOND,
    PartDifference,
    attach_both,
    compare_mart,
    differing_parts,
    mart_keys,
)
from orchestration.release.manifest import Manifest
from orchestration.release.marts import WHOLE_MART
from orchestration.release.store import Release, current_release, find_release, release_folders
from orchestration.settings import Settings

CURRENT, PREVIOUS = "current", "previous"
NEW_FACTS: Final = "new facts"
LATE_FACTS: Final = "late facts"
CONFIGURATION: Final = "configuration"
MODEL: Final = "model"
CODE: Final = "code"
FACTS_TAKEN_OUT: Final = "facts taken out"
UNKNOWN: Final = "not told"
CHANGED, NEW, GONE = "changed", "new", "gone"
_VERSIONS_MART: Final = "config_versions"


@dataclass(frozen=True)
class Load:
    """One load that only the second release knows.

    Attributes:
        load_id: Its number.
        source: The source table, `<system>.<table>`.
        file: The file below the landing area.
        rows: Rows it brought.
        first_day: First day that it speaks of; empty where there is none, or nobody said.
        last_day: Last day with a fact in it.
        is_late: Whether it speaks of months that the first release had published.
    """

    load_id: int
    source: str
    file: str
    rows: int
    first_day: str
    last_day: str
    is_late: bool

    @property
    def first_month(self) -> str:
        """Month of its first fact, `YYYY-MM`; empty where it has none."""
        return self.first_day[:7]


@dataclass(frozen=True)
class Setting:
    """One change of the configuration that only the second release was made with.

    Attributes:
        seed: The seed.
        row: What names the row.
        change: `added`, `edited`, `changed`, `removed`, ...
        column: The column; `*` for the whole row.
        before: Its value before.
        after: Its value after.
        reason: The reason that the row gives.
    """

    seed: str
    row: str
    change: str
    column: str
    before: str | None
    after: str | None
    reason: str | None


@dataclass(frozen=True)
class Evidence:
    """What the two releases were made with, where it differs.

    Attributes:
        loads: Loads that only the second knows.
        loads_taken_out: How many loads only the first knows.
        settings: Changes of the configuration, as `config_versions` lists them.
        is_configuration_changed: Whether the fingerprints of the configuration differ.
        estimators: Versions that came (`+`) and went (`-`).
        is_code_changed: Whether the fingerprints of the code differ.
        commits: The commits, empty where unknown.
        months: Last months of the two runs, `YYYY-MM-DD`.
        notes: What makes the comparison less than it could be.
    """

    loads: tuple[Load, ...]
    loads_taken_out: int
    settings: tuple[Setting, ...]
    is_configuration_changed: bool
    estimators: tuple[str, ...]
    is_code_changed: bool
    commits: tuple[str, str]
    months: tuple[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartChange:
    """What became of one month of a mart.

    Attributes:
        kind: `changed`, `new` or `gone`.
        difference: How it differs.
        causes: What may be behind it.
    """

    kind: str
    difference: PartDifference
    causes: tuple[str, ...]


@dataclass(frozen=True)
class MartChange:
    """What became of one mart.

    Attributes:
        mart: The mart.
        product: The data product.
        kind: `changed`, `new` (only in the second) or `gone` (only in the first).
        parts: The months that differ.
        causes: What may be behind any of them.
    """

    mart: str
    product: str
    kind: str
    parts: tuple[PartChange, ...]
    causes: tuple[str, ...]


@dataclass(frozen=True)
class ReleaseDiff:
    """What changed from one release to another.

    Attributes:
        first: Id of the first release.
        second: Id of the second.
        evidence: What they were made with, where it differs.
        equal: Marts with the same rows in both.
        changes: The other marts.
        held: Products of the second that stand there as an older release had them, with that
            release; an empty text for one that is absent.
    """

    first: str
    second: str
    evidence: Evidence
    equal: tuple[str, ...]
    changes: tuple[MartChange, ...]
    held: Mapping[str, str]


def name_release(settings: Settings, name: str) -> Release:
    """Find a release by its id, or by the words `current` and `previous`.

    Raises:
        UsageError: There is no release before the current one.
        ReleaseError: There is no such release.
    """
    if name == CURRENT:
        return find_release(settings, None)
    if name != PREVIOUS:
        return find_release(settings, name)
    current = current_release(settings)
    older = [
        folder.name
        for folder in release_folders(settings)
        if current is not None and folder.name < current.id
    ]
    if not older:
        raise UsageError("There is no release before the current one.")
    return find_release(settings, older[0])


def diff_releases(settings: Settings, first: Release, second: Release) -> ReleaseDiff:
    """Compare two releases, mart by mart and month by month.

    Args:
        settings: The home: limits of the engine, and what each mart is computed from.
        first: The one, mostly the older.
        second: The other.

    Raises:
        UsageError: Both are the same release.
        ReleaseError: A file of a release cannot be read.
    """
    if first.id == second.id:
        raise UsageError(f"{first.id} cannot be compared with itself.")
    one, other = first.manifest, second.manifest
    keys = mart_keys(settings.root)
    behind = _behind(settings)
    config: dict[str, Any] = {
        "memory_limit": settings.memory_limit,
        "threads": settings.threads,
        "temp_directory": str(settings.temporary),
    }
    changes: list[MartChange] = []
    try:
        with duckdb.connect(config=config) as con:
            attach_both(con, first.database, second.database)
            evidence = _evidence(con, one, other)
            for mart in sorted(one.marts.keys() | other.marts.keys()):
                found = _mart_change(con, mart, one, other, keys.get(mart, ()))
                if found is not None:
                    changes.append(_explained(found, evidence, behind.get(mart)))
    except duckdb.IOException as error:
        raise ReleaseError(str(error).splitlines()[0]) from error
    differing = {change.mart for change in changes}
    return ReleaseDiff(
        first=first.id,
        second=second.id,
        evidence=evidence,
        equal=tuple(mart for mart in sorted(other.marts) if mart not in differing),
        changes=tuple(changes),
        held={
            name: entry.from_release or ""
            for name, entry in other.products.items()
            if entry.decision != "pass"
        },
    )


def _behind(settings: Settings) -> dict[str, frozenset[str]]:
    """What each mart is computed from, as dbt last parsed it; empty where it never did."""
    path = settings.dbt_target / MANIFEST_NAME
    return models_behind(read_manifest(path)) if path.is_file() else {}


def _mart_change(
    con: duckdb.DuckDBPyConnection,
    mart: str,
    one: Manifest,
    other: Manifest,
    key: Sequence[str],
) -> MartChange | None:
    first, second = one.marts.get(mart), other.marts.get(mart)
    product = (second or first).product  # type: ignore[union-attr]  # it is in one of them
    if first is None or second is None:
        entry = first or second
        kind = NEW if first is None else GONE
        parts = [
            PartChange(kind, _alone(mart, part, kind, found.rows), ())
            for part, found in (entry.partitions.items() if entry else ())
        ]
        return MartChange(mart, product, kind, tuple(parts), ())
    before, after = first.partitions, second.partitions
    is_same_engine = one.engines.get("duckdb") == other.engines.get("duckdb")
    if is_same_engine:
        unlike = differing_parts(_sums(before), _sums(after))
    else:
        unlike = sorted(before.keys() | after.keys())
    shared = [part for part in unlike if part in before and part in after]
    parts = [
        PartChange(CHANGED, found, ())
        for found in compare_mart(con, mart, shared, key)
        if found.changed or any(found.only) or found.shape
    ]
    parts += [
        PartChange(GONE, _alone(mart, part, GONE, before[part].rows), ())
        for part in unlike
        if part not in after
    ]
    parts += [
        PartChange(NEW, _alone(mart, part, NEW, after[part].rows), ())
        for part in unlike
        if part not in before
    ]
    if not parts:
        return None
    parts.sort(key=lambda each: each.difference.part)
    return MartChange(mart, product, CHANGED, tuple(parts), ())


def _sums(partitions: Mapping[str, Any]) -> dict[str, Any]:
    return {part: (found.rows, found.checksum) for part, found in partitions.items()}


def _alone(mart: str, part: str, kind: str, rows: int) -> PartDifference:
    pair = (0, rows) if kind == NEW else (rows, 0)
    return PartDifference(mart, part, pair, pair, 0, None)


def _evidence(con: duckdb.DuckDBPyConnection, one: Manifest, other: Manifest) -> Evidence:
    known = {load["load_id"]: load["sha256"] for load in one.loads}
    notes = []
    mixed = [
        load["load_id"]
        for load in other.loads
        if load["load_id"] in known and known[load["load_id"]] != load["sha256"]
    ]
    if mixed:
        notes.append("The releases are of different warehouses: their loads have other contents.")
    if one.engines.get("duckdb") != other.engines.get("duckdb"):
        notes.append("They were made by different versions of DuckDB: all rows were compared.")
    versions = [
        {str(each["estimator_version"]) for each in manifest.estimators}
        for manifest in (one, other)
    ]
    last = date.fromisoformat(one.last_month)
    there = {load["load_id"] for load in other.loads}
    return Evidence(
        loads=tuple(_load(load, last) for load in other.loads if load["load_id"] not in known),
        loads_taken_out=sum(load_id not in there for load_id in known),
        settings=_settings(con, one, other),
        is_configuration_changed=one.config_fingerprint != other.config_fingerprint,
        estimators=(
            *(f"- {version}" for version in sorted(versions[0] - versions[1])),
            *(f"+ {version}" for version in sorted(versions[1] - versions[0])),
        ),
        is_code_changed=one.code_fingerprint != other.code_fingerprint,
        commits=(_commit(one), _commit(other)),
        months=(one.last_month, other.last_month),
        notes=tuple(notes),
    )


def _load(load: Mapping[str, Any], last_month: date) -> Load:
    first, last = (str(load.get(f"{end}_fact_date") or "") for end in ("earliest", "latest"))
    # A record may say of itself that it began in an earlier month than that of its own time.
    month = str(load.get("earliest_month") or "")
    if month and first and month[:7] < first[:7]:
        first = f"{month[:7]}-01"
    return Load(
        load_id=int(load["load_id"]),
        source=f"{load['system']}.{load['table_name']}",
        file=str(load["file"]),
        rows=int(load["rows_accepted"]),
        first_day=first,
        last_day=last,
        is_late=bool(first) and date.fromisoformat(first) <= last_month,
    )


def _commit(manifest: Manifest) -> str:
    commit = str(manifest.code.get("commit") or "")[:12]
    return f"{commit} with changes" if commit and manifest.code.get("is_modified") else commit


def _settings(
    con: duckdb.DuckDBPyConnection, one: Manifest, other: Manifest
) -> tuple[Setting, ...]:
    """The changes that only the second release's history of the configuration lists."""
    if any(_VERSIONS_MART not in manifest.marts for manifest in (one, other)):
        return ()
    columns = "seed, row_key, change, column_name, value_before, value_after, reason"
    rows = con.execute(
        f"select {columns} from {SECOND}.scorecard.{_VERSIONS_MART} where revision > ("
        f"select coalesce(max(revision), 1) from {FIRST}.scorecard.{_VERSIONS_MART}) "
        "order by revision, seed, row_key, column_name"
    ).fetchall()
    return tuple(Setting(*row) for row in rows)


def _explained(change: MartChange, evidence: Evidence, behind: frozenset[str] | None) -> MartChange:
    parts = tuple(
        replace(part, causes=_causes(part, change, evidence, behind)) for part in change.parts
    )
    causes = dict.fromkeys(cause for part in parts for cause in part.causes)
    return replace(change, parts=parts, causes=tuple(causes))


def _causes(
    part: PartChange, change: MartChange, evidence: Evidence, behind: frozenset[str] | None
) -> tuple[str, ...]:
    month = part.difference.part
    if change.kind != CHANGED:
        return (CODE,) if evidence.is_code_changed else (UNKNOWN,)
    if part.kind == NEW and month > evidence.months[0]:
        return (NEW_FACTS,)
    if part.kind == GONE and month > evidence.months[1]:
        return (FACTS_TAKEN_OUT,)
    loads = [load for load in evidence.loads if _reads(behind, f"raw.{_table(load)}")]
    until = evidence.months[0] if month == WHOLE_MART else month
    found = []
    if any(load.first_day and load.first_month <= until[:7] for load in loads):
        found.append(LATE_FACTS)
    if evidence.loads_taken_out:
        found.append(FACTS_TAKEN_OUT)
    if evidence.is_configuration_changed and _touches(evidence, behind):
        found.append(CONFIGURATION)
    if evidence.estimators and (behind is None or any(map(is_of_estimators, behind))):
        found.append(MODEL)
    if evidence.is_code_changed:
        found.append(CODE)
    # What speaks of no month, or looks ahead of its own, changes with what came afterwards.
    if loads and (month == WHOLE_MART or not found):
        found.append(NEW_FACTS)
    return tuple(found) or (UNKNOWN,)


def _table(load: Load) -> str:
    return load.source.replace(".", "__")


def _reads(behind: frozenset[str] | None, table: str) -> bool:
    return behind is None or table in behind


def _touches(evidence: Evidence, behind: frozenset[str] | None) -> bool:
    """Whether a seed that changed is behind a mart; all are where nobody lists what changed."""
    if behind is None or not evidence.settings:
        return True
    return any(each.seed in behind for each in evidence.settings)


def diff_json(diff: ReleaseDiff) -> str:
    """Write what changed as JSON."""
    return json.dumps(asdict(diff), indent=2)

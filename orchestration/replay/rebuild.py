"""`scorecard rebuild`: a published release computed once more, and compared row by row.

Belongs here: the order of the steps of a run without ingestion, training and gates, in a home as it
stood then (`scratch`), and what the comparison with the release says. Does not belong here: how a
step works, how two marts are compared (`release.compare`).

Computing anew is the proof that nothing was lost: raw facts, configuration and estimators of then
must give the published rows again, to the last one. The code is that of now; where it is another
than that of then, the result says so, and a difference may come from it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from data_quality.fingerprint import (
    Fingerprint,
    FingerprintError,
    mart_fingerprint,
    partition_fingerprints,
)
from orchestration.association import associate_measures
from orchestration.dbt import run_dbt
from orchestration.errors import ReleaseError
from orchestration.fingerprints import code_fingerprint
from orchestration.prediction import KINDS, ensure_ml_tables, recall, score
from orchestration.progress import stage
from orchestration.release.build import code_version
from orchestration.release.compare import (
    PartDifference,
    attach_both,
    compare_mart,
    differing_parts,
    mart_keys,
)
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.diff_words import columns_told
from orchestration.release.manifest import Manifest, MartEntry
from orchestration.release.marts import WHOLE_MART
from orchestration.release.reading import open_database
from orchestration.release.store import Release, find_release
from orchestration.replay.erased import equal_but_for_erased
from orchestration.replay.scratch import fill_scratch, scratch_folder
from orchestration.runs import RunMonths, begin, utc_now
from orchestration.settings import Settings
from orchestration.text import score_items
from orchestration.warehouse import connect
from orchestration.weighting import check_judgements, weigh
from orchestration.window import parse_month

_MODELS: Final = ("test", "unit_test")


@dataclass(frozen=True)
class Carried:
    """A product of the release that its run did not let through: its rows are of an older release.

    Attributes:
        product: The product.
        from_release: The release whose rows stand there.
        is_same: Whether they are the rows of that release; None where it is no longer kept.
    """

    product: str
    from_release: str
    is_same: bool | None


@dataclass(frozen=True)
class RebuildResult:
    """What came of computing a release again.

    Attributes:
        release_id: The release.
        equal: Marts that came out the same.
        differences: What differs, by mart and month.
        lost: Marts of the release that the code of now does not compute.
        carried: Products whose rows are of an older release; they are not computed again.
        absent: Products that the release does not have.
        notes: What is not as it was then: code, engine.
        erased: Marts that, in some months or all, came out the same but for rows of persons who
            were erased since, with how many of these rows were published.
    """

    release_id: str
    equal: tuple[str, ...]
    differences: tuple[PartDifference, ...]
    lost: tuple[str, ...]
    carried: tuple[Carried, ...]
    absent: tuple[str, ...]
    notes: tuple[str, ...]
    erased: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        """Whether all that was computed is what was published, but for persons erased since."""
        carried_damaged = any(each.is_same is False for each in self.carried)
        return not (self.differences or self.lost or carried_damaged)


def rebuild_release(settings: Settings, release_id: str | None = None) -> RebuildResult:
    """Compute a release again from the raw facts, the configuration and the estimators of then.

    The home that goes on is only read: everything is computed in a folder of its own, which is
    deleted at the end.

    Args:
        settings: The home.
        release_id: The release; by default the current one.

    Raises:
        ReleaseError: There is no such release, or something that it was made with is not kept.
        ScorecardError: A step failed.
    """
    release = find_release(settings, release_id)
    with scratch_folder(settings) as folder:
        with stage("Go back to the release's load") as current:
            made = fill_scratch(settings, release, folder)
            current.describe(f"load {release.manifest.known_load_id}")
        compute(made, release.manifest)
        with stage("Compare with the release") as current:
            result = _compare(settings, made, release)
            count = len(result.differences) + len(result.lost)
            current.describe(f"{len(result.equal)} marts equal, {count} differences")
    return result


def compute(settings: Settings, manifest: Manifest) -> None:
    """Build every model and score every month in a home that `fill_scratch` made.

    Args:
        settings: The home.
        manifest: The release whose months are computed, from the beginning of the history on.

    Raises:
        ScorecardError: A step failed.
    """
    # Their import costs 1.2 s.
    from orchestration.defs.transform import (
        AFTER_ESTIMATORS,
        AFTER_WEIGHTS,
        BEFORE_ESTIMATORS,
        BEFORE_TEXTS,
        DbtPart,
    )

    def build(part: DbtPart) -> None:
        with stage(part.title) as current:
            outcome = run_dbt(
                settings,
                "build",
                select=part.select.split(),
                exclude=part.exclude.split(),
                exclude_types=_MODELS,
                stage=current,
            )
            current.describe(f"{len(outcome.nodes)} tables and views")

    months = RunMonths(
        run_id=manifest.run_id,
        from_month=None,
        to_month=parse_month(manifest.last_month[:7]),
        may_go_back=True,
    )
    begin(settings, months, now=utc_now(), is_whole=True)
    with connect(settings) as con:
        ensure_ml_tables(con)
    check_judgements(settings)
    build(BEFORE_TEXTS)
    with stage("Score the texts") as current:
        score_items(settings, stage=current)
    build(BEFORE_ESTIMATORS)
    with stage("Score the customers by the estimators of then") as current:
        for kind in KINDS:
            recall(settings, kind)
            score(settings, kind, stage=current, is_replay=True)
    with stage("Associate the measures"):
        associate_measures(settings)
    build(AFTER_ESTIMATORS)
    with stage("Weigh the measures") as current:
        weigh(settings, stage=current)
    build(AFTER_WEIGHTS)


def _compare(settings: Settings, made: Settings, release: Release) -> RebuildResult:
    manifest = release.manifest
    fresh = [
        mart
        for entry in manifest.products.values()
        if not entry.stale and not entry.is_absent
        for mart in entry.marts
    ]
    with connect(made, read_only=True) as con:
        found = {mart: _parts(con, mart, manifest.marts[mart]) for mart in fresh}
    expected = {mart: _published(release, mart) for mart in fresh}
    lost = [mart for mart in fresh if found[mart] is None]
    unlike = {
        mart: differing_parts(expected[mart], found[mart] or {})
        for mart in fresh
        if mart not in lost
    }
    erased = _erased(settings, made, release, unlike)
    unexplained = {
        mart: [part for part in parts if part not in erased.get(mart, {})]
        for mart, parts in unlike.items()
    }
    return RebuildResult(
        release_id=release.id,
        equal=tuple(mart for mart, parts in unlike.items() if not parts),
        differences=tuple(_differences(settings, made, release, unexplained)),
        lost=tuple(lost),
        carried=tuple(_carried(settings, release)),
        absent=tuple(name for name, entry in manifest.products.items() if entry.is_absent),
        notes=tuple(_notes(settings, manifest)),
        erased={mart: sum(rows.values()) for mart, rows in erased.items()},
    )


def _erased(
    settings: Settings, made: Settings, release: Release, unlike: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, int]]:
    if not any(unlike.values()):
        return {}
    with duckdb.connect(config=_engine(settings, made)) as con:
        return equal_but_for_erased(
            con,
            unlike,
            published=release.database,
            computed=made.warehouse,
            warehouse=settings.warehouse,
        )


def _engine(settings: Settings, made: Settings) -> dict[str, Any]:
    return {
        "memory_limit": settings.memory_limit,
        "threads": settings.threads,
        "temp_directory": str(made.temporary),
    }


def _parts(
    con: duckdb.DuckDBPyConnection, mart: str, entry: MartEntry
) -> dict[str, Fingerprint] | None:
    """Fingerprint a mart as the release has it: by month, or whole; None where it is not there."""
    try:
        if WHOLE_MART in entry.partitions:
            return {WHOLE_MART: mart_fingerprint(con, MARTS_SCHEMA, mart)}
        found = partition_fingerprints(con, MARTS_SCHEMA, mart, "as_of_date")
    except (FingerprintError, duckdb.BinderException):
        return None
    return found


def _published(release: Release, mart: str) -> dict[str, Fingerprint]:
    """Give the fingerprints of a published mart, as the engine of now counts them."""
    entry = release.manifest.marts[mart]
    if release.manifest.engines.get("duckdb") == duckdb.__version__:
        return {
            key: Fingerprint(part.rows, part.checksum) for key, part in entry.partitions.items()
        }
    with open_database(release.database) as con:
        found = _parts(con, mart, entry)
    if found is None:
        raise ReleaseError(f"{mart} cannot be read in release {release.id}: `scorecard verify`")
    return found


def _differences(
    settings: Settings, made: Settings, release: Release, unlike: Mapping[str, Sequence[str]]
) -> list[PartDifference]:
    if not any(unlike.values()):
        return []
    keys = mart_keys(settings.root)
    with duckdb.connect(config=_engine(settings, made)) as con:
        attach_both(con, release.database, made.warehouse)
        return [
            part
            for mart, parts in unlike.items()
            for part in compare_mart(con, mart, parts, keys.get(mart, ()))
        ]


def _carried(settings: Settings, release: Release) -> list[Carried]:
    found = []
    for name, entry in release.manifest.products.items():
        if not entry.stale or entry.from_release is None:
            continue
        is_same: bool | None = None
        if (settings.releases / entry.from_release).is_dir():
            origin = find_release(settings, entry.from_release).manifest
            is_same = all(
                origin.marts[mart].checksum == release.manifest.marts[mart].checksum
                for mart in entry.marts
            )
        found.append(Carried(name, entry.from_release, is_same))
    return found


def _notes(settings: Settings, manifest: Manifest) -> list[str]:
    notes = []
    now = code_version(settings.root)
    then_commit, now_commit = (str(code.get("commit") or "")[:12] for code in (manifest.code, now))
    if manifest.code_fingerprint != code_fingerprint(settings.root):
        notes.append(
            f"It was computed by other code of the dbt project ({then_commit or 'no commit'}); "
            f"this is {now_commit or 'no commit'}. A difference may come from that: check out the "
            "commit of then to leave it out."
        )
    elif then_commit != now_commit:
        notes.append(
            f"The dbt project is that of then; other code may differ: the release is of commit "
            f"{then_commit or 'unknown'}, this is {now_commit or 'unknown'}."
        )
    engine = manifest.engines.get("duckdb")
    if engine != duckdb.__version__:
        notes.append(
            f"It was computed by DuckDB {engine}, this is {duckdb.__version__}: checksums of the "
            "published rows were counted anew."
        )
    return notes


def rebuild_json(result: RebuildResult) -> str:
    """Write the result as JSON."""
    return json.dumps({**asdict(result), "is_equal": result.is_equal}, indent=2)


def render_rebuild(result: RebuildResult) -> RenderableType:
    """Show the result in a terminal."""
    parts: list[RenderableType] = [Text(note, style="yellow") for note in result.notes]
    for each in result.carried:
        said = {
            True: "whose rows these are",
            False: "but these are not its rows: the release is damaged",
            None: "which is no longer kept",
        }[each.is_same]
        parts.append(
            Text(f"{each.product} was held: it stands there as of {each.from_release}, {said}.")
        )
    if result.absent:
        parts.append(Text(f"Not in the release: {', '.join(result.absent)}."))
    if result.lost:
        parts.append(Text(f"No longer computed: {', '.join(result.lost)}.", style="red"))
    if result.erased:
        rows = sum(result.erased.values())
        parts.append(
            Text(
                f"Equal but for {rows:,} rows of persons who were erased since: "
                f"{', '.join(result.erased)}."
            )
        )
    if result.is_equal:
        parts.append(
            Text(
                f"Release {result.release_id} was computed again from its raw facts: all "
                f"{'other ' if result.erased else ''}{len(result.equal)} marts have the published "
                "checksums.",
                style="green",
            )
        )
    else:
        parts.append(
            Text(
                f"Release {result.release_id} came out otherwise: {len(result.equal)} marts are "
                "equal, these differ:",
                style="red",
            )
        )
        parts.append(_differences_table(result.differences))
    return Group(*parts)


def _differences_table(differences: Sequence[PartDifference]) -> Table:
    table = Table()
    for name in ("Mart", "Month"):
        table.add_column(name)
    for name in ("Only published", "Only now", "Changed", "Customers"):
        table.add_column(name, justify="right")
    table.add_column("Columns (rows)", overflow="fold")
    for each in differences:
        table.add_row(
            each.mart,
            each.part,
            f"{each.only[0]:,}",
            f"{each.only[1]:,}",
            f"{each.changed:,}",
            "" if each.customers is None else f"{each.customers:,}",
            columns_told(each.columns, each.shape),
        )
    return table

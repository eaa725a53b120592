"""Building a release from the marts that passed their gates.

Belongs here: the order of the steps from evidence to a published folder. Not here: each step
itself (`decisions`, `marts`, `report`, `store`).
"""

import logging
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from data_quality.evidence import GateEvidence
from data_quality.fingerprint import Fingerprint, mart_fingerprint
from data_quality.products import Product, load_products
from data_quality.report import PageContext, write_quality_page
from orchestration.dbt import MANIFEST_NAME as DBT_MANIFEST_NAME
from orchestration.errors import GateRefusedError, ReleaseError
from orchestration.ingestion.company import Company
from orchestration.release import marts as release_marts
from orchestration.release import store
from orchestration.release.cards import ESTIMATORS_MART, missing_cards, write_cards
from orchestration.release.decisions import (
    MARTS_SCHEMA,
    Decision,
    current_fingerprints,
    decide_products,
)
from orchestration.release.erased import count_erased
from orchestration.release.history import (
    record_releases,
    write_releases,
    write_restatements,
)
from orchestration.release.info import create_info_table, write_quality_results
from orchestration.release.lineage import write_lineage
from orchestration.release.manifest import (
    MANIFEST_NAME,
    Manifest,
    MartEntry,
    ProductEntry,
    read_manifest,
)
from orchestration.release.reading import open_database, quoted
from orchestration.release.report import write_report
from orchestration.release.store import Release
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home, warehouse_errors, writer_lock

logger = logging.getLogger(__name__)

QUALITY_FOLDER = "quality"
EVIDENCE_FOLDER = "evidence"
_ALIAS = "release"


@dataclass(frozen=True)
class RunSummary:
    """What the run that asks for a release says about itself.

    Attributes:
        run_id: The run; its evidence is the only evidence that counts.
        first_month: First month end that the run computed.
        last_month: Last month end that the run computed.
        known_load_id: The newest load that the run knew.
        loads: The loads behind it.
        code_fingerprint: Fingerprint of the code that computes.
        config_fingerprint: Fingerprint of the configuration seeds.
        estimators: The trained estimators used.
        profile: The scorecard profile.
        company: Whose figures these are, and whether they are simulated.
        approvals: How far the log of decisions on estimators goes.
    """

    run_id: str
    first_month: date
    last_month: date
    known_load_id: int
    code_fingerprint: str
    config_fingerprint: str
    profile: str
    loads: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    estimators: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    company: Company = field(default_factory=Company)
    approvals: Mapping[str, Any] = field(default_factory=dict)


def build_release(
    settings: Settings,
    *,
    run: RunSummary,
    evidence: Sequence[GateEvidence],
    created_at: datetime | None = None,
    keep: int | None = None,
) -> Release:
    """Publish the products whose evidence holds, and the last good version of the others.

    The release is written aside and becomes visible at once, or not at all. `current` is untouched
    whenever this raises.

    Args:
        settings: The home.
        run: What the run says about itself.
        evidence: What the gates of the run said.
        created_at: The moment that gives the release its id; now by default.
        keep: How many releases are kept; what the settings say by default.

    Returns:
        The published release; `manifest.held_products` names what was held.

    Raises:
        GateRefusedError: No product passed; nothing was published.
        ReleaseError: The current release, whose last good rows are needed, is damaged.
        DiskFullError: There is no room; what was written was deleted.
        HomeNotWritableError: The home cannot be written.
    """
    prepare_home(settings)
    with writer_lock(settings, purpose="release"), warehouse_errors(settings):
        store.clean_leftovers(settings)
        previous = store.current_release(settings)
        products = load_products()
        with connect(settings) as con:
            record_releases(con, settings)
        with connect(settings, read_only=True) as con:
            found = current_fingerprints(con, products)
            objections = {ESTIMATORS_MART: missing_cards(settings, con)}
        decisions = decide_products(
            products, evidence, run_id=run.run_id, found=found, objections=objections
        )
        _refuse_if_none_passed(decisions)
        moment = (created_at or datetime.now(UTC)).astimezone(UTC)
        release_id = store.new_release_id(settings, run.run_id, moment)
        with _written_aside(settings, release_id) as folder:
            checksums = {
                mart: now.checksum for mart, now in found.items() if isinstance(now, Fingerprint)
            }
            draft = _Draft(
                settings=settings,
                folder=folder,
                release_id=release_id,
                created_at=moment,
                run=run,
                evidence=tuple(evidence),
                previous=previous,
                entries=_product_entries(products, decisions, run, release_id, previous),
                checksums=checksums,
            )
            _write_content(draft)
            path = store.publish(settings, folder, release_id)
        release = Release(release_id, path, read_manifest(path))
        store.apply_retention(settings, keep=keep)
    held = ", ".join(release.manifest.held_products) or "none"
    logger.info("published release %s; products held: %s", release_id, held)
    return release


@dataclass(frozen=True)
class _Draft:
    """A release on its way: where it is written and what goes in."""

    settings: Settings
    folder: Path
    release_id: str
    created_at: datetime
    run: RunSummary
    evidence: tuple[GateEvidence, ...]
    previous: Release | None
    entries: Mapping[str, ProductEntry]
    checksums: Mapping[str, str]

    @property
    def database(self) -> Path:
        return self.folder / store.DATABASE_NAME

    def marts(self, *, stale: bool) -> dict[str, str]:
        """Mart to product: the marts judged now, or those kept from the previous release."""
        return {
            mart: name
            for name, entry in self.entries.items()
            if entry.stale == stale and not entry.is_absent
            for mart in entry.marts
        }


def _refuse_if_none_passed(decisions: Mapping[str, Decision]) -> None:
    if any(decision.is_pass for decision in decisions.values()):
        return
    reasons = "\n".join(f"  {name}: {decision.reason}" for name, decision in decisions.items())
    msg = (
        "No data product passed its gate, so no release was built and `current` is unchanged:\n"
        f"{reasons}\nMend what the gates found, then run again"
    )
    raise GateRefusedError(msg)


@contextmanager
def _written_aside(settings: Settings, release_id: str) -> Iterator[Path]:
    folder = settings.releases / f"{store.TEMPORARY_PREFIX}{release_id}"
    folder.mkdir()
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _product_entries(
    products: Mapping[str, Product],
    decisions: Mapping[str, Decision],
    run: RunSummary,
    release_id: str,
    previous: Release | None,
) -> dict[str, ProductEntry]:
    entries = {}
    for name, decision in decisions.items():
        marts = tuple(products[name].marts)
        if decision.is_pass:
            entry = _passed_entry(decision, marts, run, release_id)
        else:
            entry = _held_entry(decision, marts, previous)
        entries[name] = replace(entry, readers=products[name].readers)
    return entries


def _passed_entry(
    decision: Decision, marts: tuple[str, ...], run: RunSummary, release_id: str
) -> ProductEntry:
    results = decision.evidence.results if decision.evidence else ()
    return ProductEntry(
        decision="pass",
        stale=False,
        reason="",
        from_release=release_id,
        last_month=run.last_month.isoformat(),
        run_id=run.run_id,
        rules=len(results),
        warnings=tuple(result.description for result in results if not result.is_passed),
        marts=marts,
    )


def _held_entry(
    decision: Decision, marts: tuple[str, ...], previous: Release | None
) -> ProductEntry:
    earlier = previous.manifest.products.get(decision.product) if previous else None
    if earlier is None or earlier.is_absent:
        return ProductEntry(
            decision="hold",
            stale=False,
            reason=f"{decision.reason.rstrip('.')}. No earlier version exists, so it is absent",
            from_release=None,
            last_month=None,
            run_id=None,
            rules=0,
            warnings=(),
            marts=marts,
        )
    return replace(earlier, decision="hold", stale=True, reason=decision.reason)


def _write_content(draft: _Draft) -> None:
    erased = _write_database(draft)
    with _opened_release(draft) as con:
        marts = _described(draft, con, erased)
        shared = release_marts.write_parquet(
            con, marts, folder=draft.folder, previous=draft.previous
        )
    logger.info("%d Parquet file(s) shared with the previous release", shared)
    manifest = _manifest(draft, marts)
    _write_history(draft, manifest)
    _write_manifest(draft.folder, manifest)
    _write_evidence(draft)
    _write_quality(draft)
    write_lineage(draft.folder, manifest, draft.settings.dbt_target / DBT_MANIFEST_NAME)
    earlier = draft.previous.path if draft.previous else None
    write_cards(draft.settings, draft.folder, manifest, previous=earlier)
    write_report(draft.folder)
    files = {
        path.relative_to(draft.folder).as_posix(): store.hash_file(path)
        for path in store.release_files(draft.folder)
    }
    _write_manifest(draft.folder, replace(manifest, files=files))


def _write_database(draft: _Draft) -> dict[str, int]:
    """Copy the marts; give how many rows of erased persons were left out of those carried over."""
    erased: dict[str, int] = {}
    with connect(draft.settings, read_only=True) as con:
        warehouse = str(con.execute("select current_database()").fetchone()[0])  # type: ignore[index]
        con.execute(f"attach {quoted(draft.database)} as {_ALIAS} (read_write)")
        release_marts.copy_tables(con, draft.marts(stale=False), source=warehouse, target=_ALIAS)
        kept = draft.marts(stale=True)
        if kept and draft.previous is not None:
            con.execute(f"attach {quoted(draft.previous.database)} as previous (read_only)")
            erased = release_marts.copy_tables(
                con,
                kept,
                source="previous",
                target=_ALIAS,
                without_erased=count_erased(con) > 0,
            )
        _write_info_tables(con, draft)
        con.execute(f"detach {_ALIAS}")
    return erased


def _write_info_tables(con: duckdb.DuckDBPyConnection, draft: _Draft) -> None:
    run = draft.run
    table = create_info_table(con, "release_info", target=_ALIAS)
    con.execute(
        f"insert into {table} values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            draft.release_id,
            run.run_id,
            run.profile,
            run.first_month,
            run.last_month,
            run.known_load_id,
            run.code_fingerprint,
            run.config_fingerprint,
            draft.created_at.replace(tzinfo=None, microsecond=0),
            run.company.name,
            run.company.is_simulated,
            count_erased(con),
        ],
    )
    table = create_info_table(con, "release_products", target=_ALIAS)
    con.executemany(
        f"insert into {table} values (?, ?, ?, ?, ?, ?, ?)",
        [
            [
                name,
                entry.decision,
                entry.stale,
                entry.is_absent,
                entry.reason,
                entry.from_release,
                entry.last_month,
            ]
            for name, entry in draft.entries.items()
        ],
    )
    write_quality_results(con, target=_ALIAS)


def _write_history(draft: _Draft, manifest: Manifest) -> None:
    """Add what the release says of those before it, once its own marts are known."""
    kept = [folder.name for folder in store.release_folders(draft.settings)]
    with connect(draft.settings, read_only=True) as con:
        con.execute(f"attach {quoted(draft.database)} as {_ALIAS} (read_write)")
        write_releases(con, manifest, kept, target=_ALIAS)
        write_restatements(con, manifest, draft.previous, target=_ALIAS)
        con.execute(f"detach {_ALIAS}")


def _opened_release(draft: _Draft) -> duckdb.DuckDBPyConnection:
    return open_database(
        draft.database,
        config={
            "memory_limit": draft.settings.memory_limit,
            "threads": draft.settings.threads,
            "temp_directory": str(draft.settings.temporary),
        },
    )


def _described(
    draft: _Draft, con: duckdb.DuckDBPyConnection, erased: Mapping[str, int]
) -> dict[str, MartEntry]:
    fresh, kept = draft.marts(stale=False), draft.marts(stale=True)
    entries = {
        mart: release_marts.describe_mart(con, mart, product=product)
        for mart, product in {**fresh, **kept}.items()
    }
    expected = {mart: draft.checksums[mart] for mart in fresh}
    if draft.previous is not None:
        expected |= {
            mart: draft.previous.manifest.marts[mart].checksum
            for mart in kept
            if mart not in erased
        }
        _check_filtered(draft.previous, entries, erased)
    for mart, checksum in expected.items():
        if entries[mart].checksum != checksum:
            where = "the current release" if mart in kept else "the warehouse"
            msg = (
                f"{MARTS_SCHEMA}.{mart} copied from {where} has checksum "
                f"{entries[mart].checksum}, expected {checksum}. Nothing was published. "
                "`scorecard verify` says whether the current release is damaged"
            )
            raise ReleaseError(msg)
    return dict(sorted(entries.items()))


def _check_filtered(
    previous: Release, entries: Mapping[str, MartEntry], erased: Mapping[str, int]
) -> None:
    """Prove that what was filtered was whole, and that only rows of erased persons are missing."""
    with open_database(previous.database) as con:
        for mart, left_out in erased.items():
            known = previous.manifest.marts[mart]
            found = mart_fingerprint(con, MARTS_SCHEMA, mart)
            if (found.checksum, entries[mart].rows) != (known.checksum, known.rows - left_out):
                msg = (
                    f"{MARTS_SCHEMA}.{mart} of the current release is not what its manifest says, "
                    "so that rows of erased persons could not be left out of it. Nothing was "
                    "published. `scorecard verify` says what is damaged"
                )
                raise ReleaseError(msg)


def _manifest(draft: _Draft, marts: Mapping[str, MartEntry]) -> Manifest:
    run = draft.run
    return Manifest(
        release_id=draft.release_id,
        created_at=draft.created_at.isoformat(timespec="seconds"),
        run_id=run.run_id,
        profile=run.profile,
        first_month=run.first_month.isoformat(),
        last_month=run.last_month.isoformat(),
        known_load_id=run.known_load_id,
        loads=tuple(dict(load) for load in run.loads),
        config_fingerprint=run.config_fingerprint,
        code_fingerprint=run.code_fingerprint,
        code=code_version(draft.settings.root),
        estimators=tuple(dict(estimator) for estimator in run.estimators),
        engines={
            "duckdb": duckdb.__version__,
            "python": platform.python_version(),
            "dbt": version("dbt-core"),
        },
        products=draft.entries,
        marts=marts,
        company=run.company.name,
        is_simulated=run.company.is_simulated,
        approvals=dict(run.approvals),
    )


def code_version(root: Path) -> dict[str, Any]:
    """The commit of the repository and whether files differ from it; nulls outside git."""
    git = shutil.which("git")
    unknown: dict[str, Any] = {"commit": None, "is_modified": None}
    if git is None or not (root / ".git").exists():
        return unknown
    commands = ([git, "rev-parse", "HEAD"], [git, "status", "--porcelain", "-uno"])
    done = [
        subprocess.run(  # noqa: S603 - fixed arguments, no shell
            command, cwd=root, capture_output=True, text=True, check=False
        )
        for command in commands
    ]
    if any(result.returncode for result in done):
        logger.warning(
            "the commit is unknown: %s", done[0].stderr.strip() or done[1].stderr.strip()
        )
        return unknown
    return {"commit": done[0].stdout.strip(), "is_modified": bool(done[1].stdout.strip())}


def _write_evidence(draft: _Draft) -> None:
    """Keep, per product, the evidence that let its rows in, and what held it this time."""
    folder = draft.folder / EVIDENCE_FOLDER
    folder.mkdir()
    for item in draft.evidence:
        entry = draft.entries.get(item.product)
        held = entry is not None and entry.decision != "pass"
        name = f"{item.product}.held.json" if held else f"{item.product}.json"
        (folder / name).write_text(item.to_json(), encoding="utf-8")
    for name, entry in draft.entries.items():
        if entry.stale and draft.previous is not None:
            earlier = draft.previous.path / EVIDENCE_FOLDER / f"{name}.json"
            shutil.copyfile(earlier, folder / f"{name}.json")


def _write_quality(draft: _Draft) -> None:
    """Put the run's quality page beside the report: the run's own, else one from the evidence."""
    page = draft.settings.evidence / draft.run.run_id / QUALITY_FOLDER
    target = draft.folder / QUALITY_FOLDER
    if page.is_dir():
        shutil.copytree(page, target)
    else:
        context = PageContext(run_id=draft.run.run_id, notice=draft.run.company.notice)
        write_quality_page(draft.evidence, target, context=context)


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")

"""A home as it stood when a release was made, beside the home that goes on.

Belongs here: cutting raw facts, ledgers, configuration and estimators at a release's load and run,
into a folder of its own. Does not belong here: computing in it (`rebuild`), comparing.

The home that goes on is only read. What was written after the release's run is left out, table by
table; what is computed from facts is not copied at all.
"""

import csv
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from ml.approvals import cut_approvals
from orchestration import window
from orchestration.champions import registry_errors
from orchestration.configuration.seeds import FOLDER
from orchestration.configuration.store import find_configuration
from orchestration.dbt import PARSED_NAME
from orchestration.errors import ReleaseError
from orchestration.fingerprints import config_fingerprint
from orchestration.ingestion.company import Company, store_company
from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.prediction import ensure_ml_tables
from orchestration.release.reading import open_database, quoted
from orchestration.release.store import Release
from orchestration.settings import Settings
from orchestration.warehouse import connect, home_errors, prepare_home, transaction, writer_lock

PREFIX: Final = "rebuild-"
DECISIONS: Final = f"{FOLDER}/identity_decisions.csv"
# What was published first stays as it was: rows with the release that said so.
PUBLISHED: Final = ("ml.published_predictions", "ml.recorded_outcomes")
_DECIDED: Final = ("source_system", "source_id", "decision", "other_system", "other_id")
_LIVE: Final = "live"
# What dbt, the contracts and the fingerprints read below the repository's root.
_CODE: Final = ("dbt_project.yml", "models", "dbt_project", "ml/text/data")


@dataclass(frozen=True)
class Cut:
    """Where the home that goes on is cut.

    Attributes:
        release: The release.
        record: The record of the run that made it.
        runs: The records of the runs before that one, in order.
    """

    release: Release
    record: window.RunRecord
    runs: tuple[window.RunRecord, ...]

    @property
    def load_id(self) -> int:
        """The newest load that the release knows."""
        return self.release.manifest.known_load_id

    @property
    def releases_before(self) -> list[str]:
        """The releases that were made before."""
        return [run.release_id for run in self.runs if run.release_id]

    @property
    def completed_before(self) -> window.RunRecord | None:
        """The completed run before, with which identity is compared."""
        done = [run for run in self.runs if run.status in window.COMPLETED]
        return done[-1] if done else None


def find_cut(con: duckdb.DuckDBPyConnection, release: Release) -> Cut:
    """Find in the warehouse's record of runs where a release was made.

    Raises:
        ReleaseError: The warehouse knows no such run: it is another one, or was made anew.
    """
    runs = window.read_runs(con)
    for place, run in enumerate(runs):
        if run.release_id == release.id:
            return Cut(release, run, tuple(runs[:place]))
    raise ReleaseError(
        f"The warehouse has no record of the run that made release {release.id}: it was made anew "
        "since, or is of another home. A release can be rebuilt where its raw facts are."
    )


@contextmanager
def scratch_folder(settings: Settings) -> Iterator[Path]:
    """Give a folder in the home for one rebuild, deleted at its end; delete what killed ones left.

    Raises:
        HomeNotWritableError: The home cannot be written.
        DiskFullError: There is no room.
    """
    prepare_home(settings)
    with home_errors(settings):
        for left in sorted(settings.temporary.glob(f"{PREFIX}*")):
            _delete_unless_held(left)
        folder = settings.temporary / f"{PREFIX}{os.getpid()}"
        folder.mkdir(mode=0o700)
        with (folder / "held").open("w", encoding="utf-8") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def _delete_unless_held(folder: Path) -> None:
    """Delete the folder of a process that died; the kernel freed its lock."""
    try:
        with (folder / "held").open("a", encoding="utf-8") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return


def fill_scratch(settings: Settings, release: Release, folder: Path) -> Settings:
    """Make a home as it stood when the run of a release began to compute.

    Args:
        settings: The home that goes on. Its writer lock is taken while it is read.
        release: The release.
        folder: The home to make.

    Returns:
        The settings of the home that was made, with the release's profile and configuration.

    Raises:
        ReleaseError: Something that the release was made with is not kept.
        ScorecardError: The warehouse or the log of decisions cannot be read.
    """
    profile, wanted = release.manifest.profile, release.manifest.config_fingerprint
    kept = find_configuration(settings, wanted)
    root = settings.root
    if config_fingerprint(root, profile) != wanted:
        root = _root_with(settings, kept, folder / "code")
    made = replace(settings, home=folder, landing=folder / "landing", root=root, profile=profile)
    prepare_home(made)
    with writer_lock(settings, purpose="scorecard rebuild"):
        with connect(settings, read_only=True) as con:
            cut = find_cut(con, release)
        _copy_tables(settings, made, cut)
    _link_estimators(settings, made, release)
    parsed = settings.dbt_target / PARSED_NAME
    if parsed.is_file():  # dbt then parses only what differs
        shutil.copyfile(parsed, made.dbt_target / PARSED_NAME)
    return made


def _root_with(settings: Settings, kept: Path, root: Path) -> Path:
    """Put the code of now and the seeds of then into one project."""
    for name in _CODE:
        source, target = settings.root / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    shutil.rmtree(root / FOLDER)
    shutil.copytree(kept / FOLDER, root / FOLDER)
    return root


def _link_estimators(settings: Settings, made: Settings, release: Release) -> None:
    """Lend the stored estimators, and cut the log of decisions where the release's run left it."""
    seal = release.manifest.approvals
    if not seal:
        raise ReleaseError(
            f"The manifest of release {release.id} does not say how far the log of decisions on "
            "estimators went: a version that did not note it made the release. It cannot be "
            "rebuilt."
        )
    for path in sorted(settings.estimators.iterdir()):
        if path.is_dir():
            (made.estimators / path.name).symlink_to(path)
    with registry_errors():
        cut_approvals(settings.estimators, seal, made.estimators)


def _copy_tables(settings: Settings, made: Settings, cut: Cut) -> None:
    with connect(made) as con:
        con.execute(CONTROL_TABLES)
        window.ensure_control_tables(con)
        ensure_ml_tables(con)
        _write_company(con, cut)
        con.execute(f"attach {quoted(settings.warehouse)} as {_LIVE} (read_only)")
        try:
            with transaction(con):
                _copy_raw(con, cut)
                _copy_runs(con, cut)
                _copy_configuration(con, cut)
                _copy_published(con, cut)
        finally:
            con.execute(f"detach {_LIVE}")
        _write_decisions(con, settings, cut)


def _copy_raw(con: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    tables = con.execute(
        "select table_name from duckdb_tables() "
        f"where database_name = '{_LIVE}' and schema_name = 'raw' order by table_name"
    ).fetchall()
    for (table,) in tables:
        con.execute(
            f'create table raw."{table}" as select * from {_LIVE}.raw."{table}" '
            "where _load_id <= ?",
            [cut.load_id],
        )
    for table in ("loads", "load_months"):
        if _is_live(con, "control", table):  # an older home does not count by month
            con.execute(
                f"insert into control.{table} by name select * from {_LIVE}.control.{table} "
                "where load_id <= ?",
                [cut.load_id],
            )
    # What stood in a refused row is nobody's business here: no model reads it.
    con.execute(
        "insert into quarantine.refused_rows by name select * exclude (raw_text, message) "
        f"from {_LIVE}.quarantine.refused_rows where load_id <= ?",
        [cut.load_id],
    )
    _copy_decisions(con, cut)
    # What was erased since is nobody's in every state of knowledge: raw says so, too.
    for table in ("erased_links", "erased_text_scores"):
        if _is_live(con, "control", table):
            con.execute(f"insert into control.{table} by name from {_LIVE}.control.{table}")
    con.execute(f"insert into control.contracts by name from {_LIVE}.control.contracts")


def _is_live(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = con.execute(
        f"select 1 from duckdb_tables() where database_name = '{_LIVE}' "
        "and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return found is not None


def _copy_decisions(con: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    """Copy what a person had decided on refused rows by the load; an older home has none."""
    if not _is_live(con, "quarantine", "decisions"):
        return
    known = "decision_load_id <= ?"
    con.execute(
        f"insert into quarantine.decisions by name from {_LIVE}.quarantine.decisions where {known}",
        [cut.load_id],
    )
    con.execute(
        f"insert into quarantine.decided_rows by name from {_LIVE}.quarantine.decided_rows "
        f"where decision_id in (select decision_id from {_LIVE}.quarantine.decisions "
        f"where {known})",
        [cut.load_id],
    )


def _copy_runs(con: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    con.execute(
        f"insert into control.runs by name select * from {_LIVE}.control.runs "
        "where run_id in (select unnest(?))",
        [[run.run_id for run in cut.runs]],
    )


def _copy_configuration(con: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    """Copy the ledger of the configuration, as far as the release's own run wrote it."""
    known = [run.run_id for run in (*cut.runs, cut.record)]
    con.execute(
        "insert into control.config_revisions by name "
        f"select * from {_LIVE}.control.config_revisions where run_id in (select unnest(?))",
        [known],
    )
    newest = "(select max(revision) from control.config_revisions)"
    con.execute(
        "insert into control.config_cells by name select * replace ("
        f"case when until_revision <= {newest} then until_revision end as until_revision) "
        f"from {_LIVE}.control.config_cells where from_revision <= {newest}"
    )


def _copy_published(con: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    """Copy what had been published first before the release."""
    for table in PUBLISHED:
        con.execute(
            f"insert into {table} by name select * from {_LIVE}.{table} "
            "where release_id in (select unnest(?))",
            [cut.releases_before],
        )


def _write_company(con: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    """Whose figures these were then, as the release itself says."""
    manifest = cut.release.manifest
    note = None
    if "company" in manifest.marts:
        with open_database(cut.release.database) as release:
            row = release.execute("select note from scorecard.company").fetchone()
            note = row[0] if row else None
    store_company(con, Company(manifest.company, manifest.is_simulated, note))


def _write_decisions(con: duckdb.DuckDBPyConnection, settings: Settings, cut: Cut) -> None:
    """Write the decisions by hand on who is who that the completed run before was made with."""
    before = cut.completed_before
    if before is None:
        return
    kept = find_configuration(settings, before.config_fingerprint)
    with (kept / DECISIONS).open(encoding="utf-8-sig", newline="") as stream:
        rows = [[row[name] or None for name in _DECIDED] for row in csv.DictReader(stream)]
    if rows:
        con.executemany("insert into control.identity_decisions values (?, ?, ?, ?, ?)", rows)

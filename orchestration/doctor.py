"""What a run needs, examined one by one: the answers of `scorecard doctor`.

What belongs here: checks that change nothing but what every command prepares (the home's folders,
dbt's manifest), each with what to do when it fails.
What does not: mending.
"""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.errors import ScorecardError, WarehouseLockedError
from orchestration.ingestion.company import COMPANY_FILE
from orchestration.ingestion.delivery import SOURCE_FILE
from orchestration.settings import Settings

Level = Literal["ok", "note", "failed"]
PACKAGE = "customer-scorecard"
MAX_SHOWN = 3
MIN_FREE_BYTES = 2 * 1024**3
PYTHON_RANGE = ((3, 11), (3, 13))
STYLES: dict[Level, str] = {"ok": "green", "note": "yellow", "failed": "red"}


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        check: What was looked at.
        level: `ok`; `note` where a run works but somebody should know; `failed` where it does not.
        text: What was found, and what to do.
    """

    check: str
    level: Level
    text: str

    @property
    def is_failed(self) -> bool:
        """Whether a run would stop here."""
        return self.level == "failed"


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Make every check, each by itself, so that one problem hides no other."""
    checks: Sequence[tuple[str, Callable[[], Finding]]] = (
        ("Python", _python),
        ("Packages", _packages),
        ("Home", lambda: _home(settings)),
        ("Access", lambda: _access(settings)),
        ("Disk", lambda: _disk(settings)),
        ("Clock", lambda: _clock(settings)),
        ("Writer", lambda: _writer(settings)),
        ("Landing", lambda: _landing(settings)),
        ("Contracts", lambda: _contracts(settings)),
        ("Configuration", lambda: _configuration(settings)),
        ("Databases", lambda: _databases(settings)),
        ("Warehouse", lambda: _warehouse(settings)),
        ("dbt project", lambda: _dbt_project(settings)),
        ("Estimators", lambda: _estimators(settings)),
        ("Release", lambda: _release(settings)),
        ("Places", lambda: _places(settings)),
        ("Exports", lambda: _exports(settings)),
        ("Periods", lambda: _periods(settings)),
    )
    return tuple(_made(name, check) for name, check in checks)


def _made(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except ScorecardError as error:
        return Finding(name, "failed", str(error))


def _python() -> Finding:
    low, high = PYTHON_RANGE
    text = f"{platform.python_version()} at {sys.executable}"
    if low <= sys.version_info[:2] <= high:
        return Finding("Python", "ok", text)
    wanted = f"{low[0]}.{low[1]} to {high[0]}.{high[1]}"
    return Finding("Python", "failed", f"{text}; {wanted} is needed: make PYTHON=python3.12 setup")


def _packages() -> Finding:
    wrong = list(_wrong_packages())
    if wrong:
        listed = "; ".join(wrong)
        return Finding("Packages", "failed", f"{listed}. Run `make setup`, which follows the lock.")
    shown = ", ".join(f"{name} {version(name)}" for name in ("dagster", "dbt-core", "duckdb"))
    return Finding("Packages", "ok", shown)


def _wrong_packages() -> Iterator[str]:
    from packaging.requirements import Requirement

    for text in requires(PACKAGE) or []:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield f"{requirement.name} is missing"
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} is {found}, wanted {requirement.specifier}"


def _home(settings: Settings) -> Finding:
    from orchestration.warehouse import prepare_home

    prepare_home(settings)
    return Finding("Home", "ok", f"{settings.home} can be written")


def _access(settings: Settings) -> Finding:
    from orchestration.access import too_open

    found = too_open(settings)
    if found:
        shown = ", ".join(str(path) for path in found[:MAX_SHOWN])
        more = f" and {len(found) - MAX_SHOWN} more" if len(found) > MAX_SHOWN else ""
        return Finding(
            "Access",
            "note",
            f"other users of this machine may read or write {shown}{more}: take their rights away "
            "(chmod -R go-rwx), or for releases set SCORECARD_GROUP_READABLE=1",
        )
    readers = "the owner's group reads releases" if settings.group_readable else "the owner alone"
    return Finding("Access", "ok", f"{settings.home} is for {readers}")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(_existing(settings.home)).free
    text = f"{free / 1024**3:.1f} GB free at {settings.home}"
    if free < MIN_FREE_BYTES:
        least = MIN_FREE_BYTES / 1024**3
        return Finding(
            "Disk", "note", f"{text}; keep {least:.0f} GB free, or move the home (SCORECARD_HOME)"
        )
    return Finding("Disk", "ok", text)


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _clock(settings: Settings) -> Finding:
    """Hold the clock against the newest release, whose time needs no warehouse to be opened."""
    from orchestration.ingestion.rules import FUTURE_TOLERANCE
    from orchestration.release.store import current_release

    now = datetime.now(UTC)
    release = current_release(settings)
    text = f"{now:%Y-%m-%d %H:%M} UTC"
    made = None if release is None else datetime.fromisoformat(release.manifest.created_at)
    if made is None or now >= made:
        return Finding("Clock", "ok", text)
    return Finding(
        "Clock",
        "failed" if now < made - FUTURE_TOLERANCE else "note",
        f"{text}, and the current release was made at {made:%Y-%m-%d %H:%M}: the clock was set "
        "back, or was wrong then. Set it; a run refuses a clock that is more than a day behind",
    )


def _writer(settings: Settings) -> Finding:
    from orchestration.warehouse import read_lock_holder, writer_lock

    try:
        with writer_lock(settings, purpose="scorecard doctor"):
            return Finding("Writer", "ok", "nobody is writing")
    except WarehouseLockedError:
        holder = read_lock_holder(settings.lock_file) or "another process"
        return Finding("Writer", "note", f"{holder} is writing; a run must wait for it")


def _landing(settings: Settings) -> Finding:
    if not settings.landing.is_dir():
        return Finding(
            "Landing",
            "failed",
            f"{settings.landing} is missing. Create it with one folder per system, or choose "
            "another with --landing or SCORECARD_LANDING.",
        )
    about = (COMPANY_FILE, SOURCE_FILE)
    found = (path for path in settings.landing.rglob("*") if path.is_file())
    files = [path for path in found if path.name not in about]
    if not files:
        return Finding(
            "Landing",
            "note",
            f"{settings.landing} holds no file; docs/sources.md says what goes there",
        )
    systems = sorted({path.relative_to(settings.landing).parts[0] for path in files})
    return Finding("Landing", "ok", f"{len(files)} files of {', '.join(systems)}")


def _contracts(settings: Settings) -> Finding:
    from orchestration.ingestion.contract import load_contracts

    contracts = load_contracts(settings.contracts_root)
    systems = sorted({contract.system for contract in contracts})
    return Finding("Contracts", "ok", f"{len(contracts)} tables of {', '.join(systems)}")


def _databases(settings: Settings) -> Finding:
    import duckdb

    from orchestration.ingestion.contract import load_contracts
    from orchestration.ingestion.database import open_database
    from orchestration.ingestion.delivery import read_deliveries
    from orchestration.ingestion.files import RefusedFileError

    contracts = load_contracts(settings.contracts_root)
    databases = read_deliveries(settings.landing, contracts).databases
    if not databases:
        return Finding("Databases", "ok", "no system is read from a database")
    reached, lost = [], []
    for database in databases:
        with duckdb.connect() as con:
            try:
                with open_database(con, database, os.environ):
                    reached.append(f"{database.system} ({len(database.tables)} tables)")
            except RefusedFileError as refusal:
                lost.append(str(refusal))
    if lost:
        return Finding("Databases", "note", f"{'; '.join(lost)}. A run goes on without it")
    return Finding("Databases", "ok", f"reached: {', '.join(reached)}")


def _warehouse(settings: Settings) -> Finding:
    from orchestration.warehouse import connect

    if not settings.warehouse.exists():
        return Finding("Warehouse", "note", "not there yet; the first run makes it")
    try:
        with connect(settings, read_only=True) as con:
            row = con.execute("select count(*) from duckdb_tables()").fetchone()
    except WarehouseLockedError as error:
        return Finding("Warehouse", "note", str(error))
    size = settings.warehouse.stat().st_size / 1024**2
    return Finding("Warehouse", "ok", f"{row[0] if row else 0} tables, {size:.0f} MB")


def _configuration(settings: Settings) -> Finding:
    from orchestration.configuration.lint import refuse_mistakes, render_report

    return Finding("Configuration", "ok", render_report(refuse_mistakes(settings)))


def _dbt_project(settings: Settings) -> Finding:
    from orchestration.dbt import prepare_manifest, read_manifest

    manifest = read_manifest(prepare_manifest(settings))
    models = sum(node["resource_type"] == "model" for node in manifest["nodes"].values())
    tests = sum(node["resource_type"] == "test" for node in manifest["nodes"].values())
    return Finding("dbt project", "ok", f"parses: {models} models, {tests} tests")


def _estimators(settings: Settings) -> Finding:
    from orchestration.estimators import list_estimators, read_pins

    found = list_estimators(settings)
    damaged = [each.version for each in found if each.status == "cannot be read"]
    if damaged:
        return Finding(
            "Estimators",
            "failed",
            f"the cards of {', '.join(damaged)} were changed or cannot be read: move these "
            f"folders out of {settings.estimators}",
        )
    pinned = [f"{pin.champion} ({pin.reason})" for pin in read_pins(settings)]
    if pinned:
        return Finding(
            "Estimators",
            "note",
            f"pinned by a person: {'; '.join(pinned)}. `scorecard estimators unpin` leaves the "
            "choice to the gate again",
        )
    return Finding("Estimators", "ok", f"{len(found)} stored, none pinned")


def _release(settings: Settings) -> Finding:
    from orchestration.release.store import current_release
    from orchestration.release.verify import verify_release

    release = current_release(settings)
    if release is None:
        return Finding("Release", "note", "none yet; `scorecard run` makes one")
    problems = verify_release(settings, release.id)
    if problems:
        return Finding(
            "Release",
            "failed",
            f"{release.id} differs from its manifest in {len(problems)} places: `scorecard verify`",
        )
    held = ", ".join(release.manifest.held_products)
    if held:
        return Finding("Release", "note", f"{release.id} is as its manifest says; held: {held}")
    return Finding("Release", "ok", f"{release.id} is as its manifest says")


def _places(settings: Settings) -> Finding:
    from orchestration.release.store import current_release
    from orchestration.release.targets.publish import read_places

    release = current_release(settings)
    places = read_places()
    if not places:
        return Finding("Places", "ok", "no place outside the home shows the releases")
    said, is_behind = [], False
    for place in places:
        if place.trouble:
            said.append(f"{place.name} is not reached: {place.trouble}")
        else:
            said.append(f"{place.name} shows {place.release_id or 'none'}")
        is_behind |= bool(place.trouble) or place.release_id != (release and release.id)
    if is_behind:
        said.append("`scorecard publish` takes the current release there")
    return Finding("Places", "note" if is_behind else "ok", "; ".join(said))


def _exports(settings: Settings) -> Finding:
    from orchestration.exports import read_exports

    found = read_exports(settings)
    if not found:
        return Finding("Exports", "ok", "nothing about single customers was exported")
    newest = found[-1]
    return Finding(
        "Exports",
        "ok",
        f"{len(found)} logged, the newest of {newest.exported_at} by {newest.author}: "
        f"{newest.what} to {newest.destination}",
    )


def _periods(settings: Settings) -> Finding:
    """Say what is past the period of its contract, as of the last completed month."""
    import duckdb

    from orchestration.erasure.expire import find_overdue
    from orchestration.ingestion.contract import load_contracts
    from orchestration.ingestion.retention import check_periods
    from orchestration.window import format_month

    contracts = load_contracts(settings.contracts_root)
    check_periods(contracts)
    count = sum(contract.retention is not None for contract in contracts)
    if not count and settings.landing_months is None:
        return Finding("Periods", "ok", "no table has one: everything is kept")
    named = f"{count} tables have one"
    if not settings.warehouse.exists():
        return Finding("Periods", "ok", f"{named}; nothing is stored yet")
    try:
        overdue = find_overdue(settings, contracts)
    except WarehouseLockedError as error:
        return Finding("Periods", "note", str(error))
    except duckdb.Error:
        return Finding(
            "Periods", "note", "the warehouse is of an older version; the next run mends"
        )
    if overdue.until is None:
        return Finding("Periods", "ok", f"{named}; they count from the first completed month")
    as_of = f"as of {format_month(overdue.until)}"
    past = [f"{rows:,} rows of {place}" for place, rows in overdue.row_counts.items()]
    past += [f"{len(overdue.files):,} landing files"] if overdue.files else []
    if not past:
        return Finding("Periods", "ok", f"{named}; nothing is past it {as_of}")
    return Finding(
        "Periods",
        "note",
        f"past their period {as_of}: {'; '.join(past)}. `scorecard expire` lists them, and empties "
        "or deletes them with --yes",
    )


def render_findings(findings: Sequence[Finding]) -> RenderableType:
    """Show the findings in a terminal."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(
            Text(finding.level, style=STYLES[finding.level]), finding.check, Text(finding.text)
        )
    return table

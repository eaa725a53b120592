"""What is loaded, what ran, what is published: the answers of `scorecard status` and `releases`.

What belongs here: reading that from the home without changing it, and showing it.
What does not: checking whether it is right (`verify`, `doctor`).

A run that is under way has the warehouse to itself; then only what lies beside it is told.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.errors import WarehouseLockedError
from orchestration.ingestion.company import Company, stored_company
from orchestration.settings import Settings
from orchestration.terminal import render_notice
from orchestration.warehouse import connect, read_lock_holder
from orchestration.window import RunRecord, format_month, read_runs

if TYPE_CHECKING:
    from orchestration.release.store import Release

RUNS_SHOWN = 5


@dataclass(frozen=True)
class SourceStatus:
    """What is known of one source table.

    Attributes:
        system: The source system.
        table: Its table.
        files_loaded: Files loaded so far.
        files_refused: Files refused so far.
        rows_accepted: Rows stored so far.
        rows_quarantined: Rows refused so far.
        latest_fact: The newest day with a fact, as ISO text; empty when there is none.
    """

    system: str
    table: str
    files_loaded: int
    files_refused: int
    rows_accepted: int
    rows_quarantined: int
    latest_fact: str


@dataclass(frozen=True)
class RunStatus:
    """One run, as it is shown."""

    run_id: str
    started_at: str
    status: str
    months: str
    release_id: str
    message: str


@dataclass(frozen=True)
class CoverageStatus:
    """How many indicators were measured in the newest month of the release, and why not.

    Attributes:
        status: measured, partly measured or not measured.
        why_not: The reason that these have in common; empty where none is known or needed.
        indicators: How many they are.
    """

    status: str
    why_not: str
    indicators: int


@dataclass(frozen=True)
class ReleaseStatus:
    """One release, as it is shown.

    Attributes:
        release_id: The release.
        created_at: When it was made (UTC).
        months: The months that its run computed.
        passed: Products that passed.
        held: Products that were held back.
        is_current: Whether `current` points to it.
        company: Whose figures it holds; None where nobody said.
        is_simulated: Whether they are made up.
    """

    release_id: str
    created_at: str
    months: str
    passed: tuple[str, ...]
    held: tuple[str, ...]
    is_current: bool
    company: str | None
    is_simulated: bool


@dataclass(frozen=True)
class Status:
    """All of it.

    Attributes:
        home: The home.
        writer: Who is writing to the warehouse; empty when nobody is.
        has_warehouse: Whether anything was ever loaded.
        sources: What is loaded, by table.
        runs: The newest runs, newest first.
        release: The current release, if there is one.
        coverage: What its newest month measured; empty where the release does not say.
        company: Whose figures the home holds; None where nobody said.
        is_simulated: Whether they are made up.
        pins: Estimators that a person chose, each with kind and reason.
    """

    home: str
    writer: str
    has_warehouse: bool
    sources: tuple[SourceStatus, ...]
    runs: tuple[RunStatus, ...]
    release: ReleaseStatus | None
    coverage: tuple[CoverageStatus, ...]
    company: str | None
    is_simulated: bool
    pins: tuple[str, ...] = ()


def read_status(settings: Settings) -> Status:
    """Read what there is to say; nothing is changed.

    Raises:
        ReleaseError: The link to the current release is broken.
        ScorecardError: The warehouse cannot be read.
    """
    current = [release for release in read_releases(settings) if release.is_current]
    sources: tuple[SourceStatus, ...] = ()
    runs: tuple[RunStatus, ...] = ()
    # Where a run has the warehouse, or it does not say, the release tells.
    company = Company(current[0].company, current[0].is_simulated) if current else Company()
    writer = read_lock_holder(settings.lock_file)
    if settings.warehouse.exists():
        try:
            with connect(settings, read_only=True) as con:
                sources, runs = _read_sources(con), _read_runs(con)
                stored = stored_company(con)
                company = company if stored == Company() else stored
        except WarehouseLockedError:
            writer = writer or "another process"
    return Status(
        home=str(settings.home),
        writer=writer,
        has_warehouse=settings.warehouse.exists(),
        sources=sources,
        runs=runs,
        release=current[0] if current else None,
        coverage=_read_coverage(settings),
        company=company.name,
        is_simulated=company.is_simulated,
        pins=_pins(settings),
    )


def _pins(settings: Settings) -> tuple[str, ...]:
    from orchestration.estimators import read_pins

    return tuple(f"{pin.kind}: {pin.champion} ({pin.reason})" for pin in read_pins(settings))


def _read_sources(con: duckdb.DuckDBPyConnection) -> tuple[SourceStatus, ...]:
    if not _has_table(con, "loads"):
        return ()
    rows = con.execute(
        """
        select
            system, table_name, count(*) filter (status = 'loaded'),
            count(*) filter (status = 'refused'),
            coalesce(sum(rows_accepted) filter (status = 'loaded'), 0)::bigint,
            coalesce(sum(rows_quarantined) filter (status = 'loaded'), 0)::bigint,
            coalesce(max(latest_fact_date)::varchar, '')
        from control.loads group by all order by all
        """
    ).fetchall()
    return tuple(SourceStatus(*row) for row in rows)


def _read_coverage(settings: Settings) -> tuple[CoverageStatus, ...]:
    from orchestration.release.reading import open_database
    from orchestration.release.store import current_release

    release = current_release(settings)
    if release is None:
        return ()
    with open_database(release.database) as con:
        # A release that was made before the mart was has none.
        if not _has_table(con, "indicator_coverage", schema="scorecard"):
            return ()
        rows = con.execute(
            """
            select status, coalesce(why_not, '') as reason, count(*) as indicators
            from scorecard.indicator_coverage
            where as_of_date = (select max(as_of_date) from scorecard.indicator_coverage)
            group by all order by status, indicators desc, reason
            """
        ).fetchall()
    return tuple(CoverageStatus(*row) for row in rows)


def _read_runs(con: duckdb.DuckDBPyConnection) -> tuple[RunStatus, ...]:
    if not _has_table(con, "runs"):
        return ()
    return tuple(_run_status(run) for run in reversed(read_runs(con)[-RUNS_SHOWN:]))


def _has_table(con: duckdb.DuckDBPyConnection, name: str, *, schema: str = "control") -> bool:
    row = con.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?",
        [schema, name],
    ).fetchone()
    return bool(row and row[0])


def _run_status(run: RunRecord) -> RunStatus:
    return RunStatus(
        run_id=run.run_id,
        started_at=_minute(run.started_at),
        status=run.status,
        months=_months(format_month(run.first_month), format_month(run.last_month)),
        release_id=run.release_id or "",
        message=(run.message or "").splitlines()[0] if run.message else "",
    )


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _months(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def read_releases(settings: Settings) -> tuple[ReleaseStatus, ...]:
    """Read the releases of the home, newest first.

    Raises:
        ReleaseError: The link to the current release is broken, or a manifest cannot be read.
    """
    from orchestration.release.store import current_release, list_releases

    current = current_release(settings)
    return tuple(
        _release_status(release, is_current=current is not None and current.id == release.id)
        for release in list_releases(settings)
    )


def _release_status(release: "Release", *, is_current: bool) -> ReleaseStatus:
    manifest = release.manifest
    return ReleaseStatus(
        release_id=release.id,
        created_at=manifest.created_at,
        months=_months(manifest.first_month[:7], manifest.last_month[:7]),
        passed=tuple(n for n, entry in manifest.products.items() if entry.decision == "pass"),
        held=tuple(n for n, entry in manifest.products.items() if entry.decision != "pass"),
        is_current=is_current,
        company=manifest.company,
        is_simulated=manifest.is_simulated,
    )


def status_json(status: Status) -> str:
    """Write the status as JSON."""
    return json.dumps(asdict(status), indent=2)


def releases_json(releases: Sequence[ReleaseStatus]) -> str:
    """Write releases as JSON."""
    return json.dumps([asdict(release) for release in releases], indent=2)


def render_status(status: Status) -> RenderableType:
    """Show the status in a terminal."""
    parts = render_notice(Company(status.company, status.is_simulated).notice)
    parts.append(Text(f"Home: {status.home}"))
    if status.writer:
        parts.append(Text(f"Being written by {status.writer}", style="yellow"))
    if not status.has_warehouse:
        parts.append(Text("Nothing was loaded yet. Start with `scorecard run`."))
        return Group(*parts)
    if status.sources:
        parts.append(_source_table(status.sources))
    if status.runs:
        parts.append(_run_table(status.runs))
    parts.append(_release_line(status.release))
    parts.extend(Text(f"Estimator pinned: {pin}", style="yellow") for pin in status.pins)
    if status.coverage:
        parts.append(_coverage_table(status.coverage))
    return Group(*parts)


def _release_line(release: ReleaseStatus | None) -> Text:
    if release is None:
        return Text("Nothing is released yet.")
    held = f"; held: {', '.join(release.held)}" if release.held else ""
    return Text(
        f"Current release: {release.release_id}, months {release.months}, "
        f"passed: {', '.join(release.passed) or 'none'}{held}"
    )


def _source_table(sources: Sequence[SourceStatus]) -> Table:
    table = Table(title="Loaded", title_justify="left")
    for name in ("System", "Table"):
        table.add_column(name)
    for name in ("Files", "Refused files", "Rows", "Quarantined rows"):
        table.add_column(name, justify="right")
    table.add_column("Newest fact")
    for source in sources:
        table.add_row(
            source.system,
            source.table,
            f"{source.files_loaded:,}",
            f"{source.files_refused:,}",
            f"{source.rows_accepted:,}",
            f"{source.rows_quarantined:,}",
            source.latest_fact or "none",
        )
    return table


def _coverage_table(coverage: Sequence[CoverageStatus]) -> Table:
    table = Table(
        title="Indicators in the newest month (mart indicator_coverage)", title_justify="left"
    )
    for name in ("Of the active customers", "Why not of all"):
        table.add_column(name, overflow="fold")
    table.add_column("Indicators", justify="right")
    for each in coverage:
        table.add_row(each.status, each.why_not, f"{each.indicators:,}")
    return table


def _run_table(runs: Sequence[RunStatus]) -> Table:
    table = Table(title="Newest runs (UTC)", title_justify="left")
    for name in ("Started", "Status", "Months", "Release or reason"):
        table.add_column(name, overflow="fold")
    for run in runs:
        words = " ".join(part for part in (run.release_id, run.message) if part)
        table.add_row(run.started_at, run.status, run.months, words)
    return table


def render_releases(releases: Sequence[ReleaseStatus]) -> RenderableType:
    """Show the releases in a terminal."""
    if not releases:
        return Text("Nothing is released yet. Start with `scorecard run`.")
    table = Table()
    for name in ("", "Release", "Made (UTC)", "Months", "Passed", "Held"):
        table.add_column(name, overflow="fold")
    for release in releases:
        table.add_row(
            "current" if release.is_current else "",
            release.release_id,
            release.created_at[:16].replace("T", " "),
            release.months,
            ", ".join(release.passed),
            ", ".join(release.held),
        )
    notices = (Company(each.company, each.is_simulated).notice for each in releases)
    said = dict.fromkeys(notice for notice in notices if notice)
    return Group(*(part for notice in said for part in render_notice(notice)), table)

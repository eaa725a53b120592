"""How a run looks on a terminal: its stages while it works, its summary when it has ended.

What belongs here: rich. What does not: what the stages are (whoever works says that).
"""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from orchestration.settings import Settings
from orchestration.window import format_month

if TYPE_CHECKING:
    from orchestration.launch import RunOutcome
    from orchestration.release.store import Release

NAME_WIDTH = 38


class PlainProgress:
    """Stages as lines, for logs and pipes: one when a stage begins, one when it has ended."""

    def __init__(self, out: Console) -> None:
        self._out = out

    def stage_started(self, name: str) -> None:
        """Print the stage's name."""
        self._print(f"{name} ...")

    def stage_advanced(self, name: str, done: int, total: int, detail: str) -> None:
        """Print nothing: a line per part would drown the rest."""

    def stage_finished(self, name: str, seconds: float, detail: str, *, is_failed: bool) -> None:
        """Print the stage's seconds and what it says of itself."""
        self._print(_stage_line(name, seconds, detail, is_failed=is_failed))

    def _print(self, line: str) -> None:
        self._out.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveProgress:
    """Stages as lines that stay, and a bar for the one under way."""

    def __init__(self, out: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=out,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Start to draw."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop to draw, and leave the lines."""
        self._progress.stop()

    def stage_started(self, name: str) -> None:
        """Show a bar without an end."""
        self._tasks[name] = self._progress.add_task(name, total=None, detail="")

    def stage_advanced(self, name: str, done: int, total: int, detail: str) -> None:
        """Move the bar."""
        self._progress.update(
            self._tasks[name],
            completed=done,
            total=total or None,
            detail=f"{done}/{total} {detail}"[:48],
        )

    def stage_finished(self, name: str, seconds: float, detail: str, *, is_failed: bool) -> None:
        """Replace the bar by a line."""
        self._progress.remove_task(self._tasks.pop(name))
        mark = Text("x ", style="red") if is_failed else Text("✓ ", style="green")
        line = _stage_line(name, seconds, detail, is_failed=is_failed)
        self._progress.console.print(mark + Text(line), highlight=False)


def _stage_line(name: str, seconds: float, detail: str, *, is_failed: bool) -> str:
    words = "failed" if is_failed else detail
    return f"{name:<{NAME_WIDTH}} {seconds:6.1f} s  {words}".rstrip()


def render_summary(
    settings: Settings, outcome: "RunOutcome", release: "Release | None", seconds: float
) -> RenderableType:
    """Show what a run did, and where to look.

    Args:
        settings: The home.
        outcome: What the run did.
        release: The current release.
        seconds: How long the run took.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("Files", describe_files(outcome.ingested))
    first, last = format_month(outcome.months.first_month), format_month(outcome.months.last_month)
    months = first if first == last else f"{first} to {last}"
    table.add_row("Months", f"{months} ({outcome.months.reason})")
    held = _add_products(table, release)
    table.add_row("Release", outcome.record.release_id or "none")
    table.add_row("Report", str(settings.current / "report" / "index.html"))
    table.add_row("Quality", str(settings.current / "quality" / "index.html"))
    table.add_row("Took", f"{seconds:.0f} s")
    title = "Released; some products held back" if held else "Released"
    parts: list[RenderableType] = [
        *render_notice(release.manifest.notice if release else ""),
        Panel(table, title=title, title_align="left", border_style="yellow" if held else "green"),
    ]
    notes = str(outcome.ingested.get("notes") or "")
    if notes:
        parts.append(Text(f"Files that need a look:\n{notes}"))
    return Group(*parts)


def render_notice(notice: str) -> list[RenderableType]:
    """Show what must be said before any figure, in a line of its own; nothing where it is empty."""
    return [Text(notice, style="bold yellow")] if notice else []


def _add_products(table: Table, release: "Release | None") -> bool:
    """Add a line for the products that passed, and one for each that was held."""
    products = release.manifest.products if release else {}
    passed = [name for name, entry in products.items() if entry.decision == "pass"]
    table.add_row("Passed", ", ".join(passed) or "none")
    for name, entry in products.items():
        if entry.decision != "pass":
            shown = "absent" if entry.is_absent else f"still shows {entry.last_month}"
            table.add_row(Text("Held", style="yellow"), f"{name} ({shown}): {entry.reason}")
    return len(passed) < len(products)


def describe_files(ingested: Mapping[str, Any]) -> str:
    """Say in one line what became of the landing files."""
    count = {name: int(value) for name, value in ingested.items() if name != "notes"}
    if not count:
        return "none"
    if not count["files_loaded"] and not count["files_refused"]:
        return f"nothing new to load ({count['files_known']} files known)"
    line = (
        f"{count['files_loaded']} loaded, {count['files_known']} known, "
        f"{count['files_refused']} refused; {count['rows_accepted']:,} rows accepted, "
        f"{count['rows_unchanged']:,} unchanged, {count['rows_quarantined']:,} quarantined"
    )
    unclaimed = count["files_without_contract"]
    return f"{line}; {unclaimed} without a contract" if unclaimed else line

"""What `scorecard erase` and `scorecard expire` say: what goes, what stands, what is left to do.

Belongs here: rendering. Does not belong here: erasing and emptying.
"""

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.erasure.erase import ErasureOutcome
from orchestration.erasure.expire import ExpiryOutcome
from orchestration.window import format_month

MAX_FILES: Final = 20


def render_erasure(outcome: ErasureOutcome) -> RenderableType:
    """Show an erasure, or what it would take out, in a terminal; names no person."""
    parts: list[RenderableType] = [_headline(outcome), _table(outcome)]
    left = [each for each in outcome.files if not each.is_clean]
    if left:
        parts.append(Text("Files that hold the person; mend or remove them by hand:", "yellow"))
        parts += [Text(f"  {each.file}: {each.rows} rows ({each.why_not})") for each in left]
    if outcome.seeds:
        parts.append(
            Text(f"Configuration that names the person: {', '.join(outcome.seeds)}", "yellow")
        )
    if outcome.releases:
        parts.append(
            Text(
                f"{len(outcome.releases)} releases stand as they were published, with rows of the "
                f"old key: {', '.join(outcome.releases)}. Remove their folders once a run has "
                "published a new one (docs/privacy.md); the same holds for places outside the "
                "home and for copies of the home."
            )
        )
    parts.append(
        Text("Run `scorecard run` now: it computes all months anew and publishes without the key.")
        if outcome.is_done
        else Text("Nothing was changed. The same command with --yes erases.", "bold")
    )
    return Group(*parts)


def _headline(outcome: ErasureOutcome) -> Text:
    records = ", ".join(f"{count} of {kind}" for kind, count in outcome.records.items())
    if outcome.erasure is not None:
        return Text(
            f"Erasure {outcome.erasure.erasure_id} is done and recorded (control.erasures). "
            f"Identifiers: {records}.",
            "green",
        )
    return Text(f"{outcome.customer_id} has identifiers in: {records}.")


def _table(outcome: ErasureOutcome) -> Table:
    table = Table()
    table.add_column("Place")
    table.add_column("Rows", justify="right")
    for place, count in outcome.row_counts.items():
        table.add_row(place, f"{count:,}")
    for each in outcome.files:
        if each.is_clean:
            table.add_row(f"landing/{each.file}", f"{each.rows:,}")
    return table


def render_expiry(outcome: ExpiryOutcome) -> RenderableType:
    """Show what was emptied since its period is over, or would be, in a terminal."""
    until = format_month(outcome.until)
    parts: list[RenderableType] = [Text(f"Periods count back from the end of {until}.")]
    if outcome.expiry is not None:
        parts[0] = Text(
            f"Expiry {outcome.expiry.expiry_id} as of the end of {until} is done and recorded "
            "(control.expiries).",
            "green",
        )
    periods = Table()
    for heading in ("Table", "Emptied up to", "By", "Columns"):
        periods.add_column(heading)
    for title, cutoff in outcome.cutoffs.items():
        periods.add_row(title, str(cutoff.through), cutoff.since, ", ".join(cutoff.columns))
    parts.append(periods)
    if outcome.row_counts:
        places = Table()
        places.add_column("Place")
        places.add_column("Rows", justify="right")
        for place, count in outcome.row_counts.items():
            places.add_row(place, f"{count:,}")
        parts.append(places)
    else:
        parts.append(Text("No row is past its period."))
    parts += _old_files(outcome)
    parts.append(
        Text("Keys, amounts, dates and counts stay. Later deliveries of these rows are emptied.")
        if outcome.is_done
        else Text("Nothing was changed. The same command with --yes empties them.", "bold")
    )
    return Group(*parts)


def _old_files(outcome: ExpiryOutcome) -> list[RenderableType]:
    """Name the landing files that go and those that stay, as many as a person reads."""
    parts: list[RenderableType] = []
    gone = [each for each in outcome.files if not each.why_not]
    left = [each for each in outcome.files if each.why_not]
    if gone:
        verb = "were deleted" if outcome.is_done else "would be deleted"
        parts.append(Text(f"Landing files that were loaded whole and {verb}: {len(gone):,}"))
        parts += [Text(f"  {each.file} (to {each.newest})") for each in gone[:MAX_FILES]]
    if left:
        parts.append(Text(f"Landing files past their period that stay: {len(left):,}", "yellow"))
        parts += [Text(f"  {each.file} ({each.why_not})") for each in left[:MAX_FILES]]
    if max(len(gone), len(left)) > MAX_FILES:
        parts.append(Text(f"  (the first {MAX_FILES} of each are named)"))
    return parts

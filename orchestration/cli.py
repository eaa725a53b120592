"""The command line `scorecard`: the thin door for people.

What belongs here: arguments, help, exit codes, progress and summaries on the terminal.
What does not: work. Each command calls one function of the room that does it.

Exit codes: 0 released (or the question is answered), 1 failed, 2 wrong usage or configuration, 3 a
gate held a data product back. A user's problem is printed without a traceback; any other goes to
the log file.

What a command needs is imported inside it, so that `--help` takes 0.4 s instead of 4 s (Dagster
1.2 s, dagster-dbt 2 s, DuckDB 0.2 s).
"""

import logging
import logging.handlers
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from orchestration.errors import HomeNotWritableError, ScorecardError, UsageError
from orchestration.settings import Settings

if TYPE_CHECKING:
    from ml.approvals import Approval
    from orchestration.launch import RunOutcome
    from orchestration.progress import ProgressListener

LOGGER = logging.getLogger(__name__)
LOG_NAME = "scorecard.log"
LOG_BYTES = 5_000_000
STOPPED = 1
HELD = 3
DIFFERS = 3
PAGE_WIDTH = 120

app = typer.Typer(
    name="scorecard",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "From raw customer, billing and support facts to an audited, explainable scorecard.\n\n"
        "Start with `scorecard doctor`, put files into the landing folder, then `scorecard run`. "
        "Everything a run writes is in the home, `.scorecard/` (SCORECARD_HOME moves it).\n\n"
        "**Exit codes:** 0 released, 1 failed, 2 wrong usage or configuration, 3 a gate held a "
        "data product back."
    ),
)

estimators_app = typer.Typer(
    name="estimators",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "The trained estimators: what is stored, which one speaks, and who said so.\n\n"
        "Each run trains on the newest outcomes; the estimator that speaks (the champion) is "
        "replaced only by one that is better on outcomes that neither has seen. A person can pin "
        "another one; docs/estimators.md says when that is wise."
    ),
)
app.add_typer(estimators_app)

quarantine_app = typer.Typer(
    name="quarantine",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "The rows that ingestion refused: what lies there, and the way back.\n\n"
        "Nothing leaves the quarantine by itself. A person releases rows, or dismisses them, with "
        "name and reason; both are recorded for good and never rewritten. A row that is wrong at "
        "its source is better corrected there and sent again."
    ),
)
app.add_typer(quarantine_app)

LandingOption = Annotated[
    Path | None,
    typer.Option(
        "--landing",
        metavar="DIR",
        help="Folder with one folder per system (crm, billing, ...). Default: `landing/` in the "
        "home.",
        show_default=False,
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="YYYY-MM",
        help="Start at this month at the latest. A run starts by itself at the earliest month "
        "that new files, code or configuration touch; this only widens it.",
        show_default=False,
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="YYYY-MM",
        help="Last month to compute. Default: the last month that billing covers to its last day.",
        show_default=False,
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Scorecard profile, one of those in `dbt_project/seeds/scorecard_nodes.csv`.",
        show_default=False,
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="TARGET",
        help="dbt target, one of those in `dbt_project/profiles/profiles.yml`.",
        show_default=False,
    ),
]
ReasonOption = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="TEXT",
        help="Why. It is published with the model card: name no person.",
        show_default=False,
    ),
]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="NAME",
        help="Who decides; kept in the home, never published. Default: your user name.",
        show_default=False,
    ),
]
RowsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ROW]...",
        help="Loads (14) or rows as LOAD:LINE (14:1225). Default: all.",
        show_default=False,
    ),
]
FileOption = Annotated[
    str, typer.Option("--file", metavar="FILE", help="Rows of this file only.", show_default=False)
]
TableOption = Annotated[
    str,
    typer.Option(
        "--table", metavar="SYSTEM.TABLE", help="Rows of this table only.", show_default=False
    ),
]
RuleOption = Annotated[
    str,
    typer.Option(
        "--rule", metavar="RULE", help="Rows that this rule refused only.", show_default=False
    ),
]
WhyOption = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="TEXT",
        help="Why. It is kept for good and published: name no person.",
        show_default=False,
    ),
]
AuthorOption = Annotated[
    str | None,
    typer.Option(
        "--author",
        metavar="NAME",
        help="Who decides; kept in the warehouse, never published. Default: your user name.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON instead of a table, for other programs.")
]


@app.command()
def run(
    landing: LandingOption = None,
    from_month: FromOption = None,
    to_month: ToOption = None,
    profile: ProfileOption = None,
    target: TargetOption = None,
) -> None:
    """Load what is new, compute, judge and release the scorecard.

    A second run finds nothing new, computes the last month again and publishes the same. Whatever
    stops a run, run it again: nothing is lost and nothing is done twice. A configuration with
    mistakes (`scorecard lint-config`) is refused before anything is read.

    **Examples**

    `scorecard run` loads the landing folder of the home.

    `scorecard run --landing /data/landing --to 2011-06` computes as of June 2011.

    `scorecard run --from 2010-01` computes every month from January 2010 on again.
    """
    out = _console()
    started = time.perf_counter()
    with _answering(write_log=True) as settings:
        from orchestration.choices import check_profile, check_target
        from orchestration.configuration.lint import refuse_mistakes
        from orchestration.window import parse_month

        settings = _with_options(settings, landing=landing, profile=profile, target=target)
        refuse_mistakes(settings)
        check_profile(settings)
        check_target(settings)
        first = parse_month(from_month) if from_month else None
        last = parse_month(to_month) if to_month else None
        outcome = _run(settings, out, first, last)
        _print_summary(settings, out, outcome, time.perf_counter() - started)
        code = HELD if outcome.record.status == "held" else 0
    raise typer.Exit(code)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Say what is loaded, what ran last, and what is published.

    Works while a run is under way, and says so.
    """
    with _answering() as settings:
        from orchestration.status import read_status, render_status, status_json

        found = read_status(settings)
        _print(status_json(found) if as_json else render_status(found), is_json=as_json)


@app.command()
def explain(
    customer: Annotated[
        str, typer.Argument(help="The scorecard's customer_id, or the CRM's own id.")
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="YYYY-MM",
            help="A published month. Default: the newest.",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="One of the release's scorecards. Default: the one it was made with.",
            show_default=False,
        ),
    ] = None,
    change: Annotated[
        bool,
        typer.Option("--change", help="Take the change since last month apart by measure too."),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            dir_okay=False,
            help="Write a page that needs no other file, instead of showing it here.",
            show_default=False,
        ),
    ] = None,
    lang: Annotated[
        str, typer.Option("--lang", metavar="en|zh", help="Language of the page.")
    ] = "en",
) -> None:
    """Show where one customer's score comes from, down to counts of source rows.

    Reads the current release, so that it says what the readers of the release see. Why a customer
    may leave is listed there for customers at risk and of tier A; of others it is computed now.

    **Examples**

    `scorecard explain 12347`

    `scorecard explain 12347 --as-of 2011-06 --profile health --change`

    `scorecard explain 12347 --html 12347.html --lang zh`
    """
    with _answering() as settings:
        from orchestration.explain import (
            explain_customer,
            render_explanation,
            with_reasons,
        )
        from orchestration.exports import OUTPUT, log_export
        from orchestration.release.languages import LANGUAGES
        from orchestration.release.store import find_release
        from orchestration.score_story import write_page
        from orchestration.window import parse_month

        if lang not in LANGUAGES:
            raise UsageError(f"There is no language {lang!r}: give one of {', '.join(LANGUAGES)}.")
        if lang != "en" and html is None:
            raise UsageError("The terminal is in English; `--lang` is for `--html FILE`.")
        if html is not None and not html.parent.is_dir():
            raise UsageError(f"There is no folder {html.parent} to write the page into.")
        month = parse_month(as_of) if as_of else None
        release = find_release(settings, None)
        explanation = explain_customer(release.database, customer, month, profile)
        log_export(
            settings,
            command="explain",
            what=f"customer {explanation.customer_id} in {explanation.as_of_date:%Y-%m}, "
            f"release {release.id}",
            destination=str(html.absolute()) if html else OUTPUT,
            row_count=1,
        )
        if html is not None:
            report = release.database.parent / "report"
            _print(f"Written: {write_page(explanation, html, lang, report=report)}")
            return
        shown = with_reasons(explanation, settings)
        _print(render_explanation(shown, with_causes=change))


@app.command()
def releases(as_json: JsonOption = False) -> None:
    """List the releases in the home, newest first; the current one is marked."""
    with _answering() as settings:
        from orchestration.status import read_releases, releases_json, render_releases

        found = read_releases(settings)
        _print(releases_json(found) if as_json else render_releases(found), is_json=as_json)


@app.command()
def verify(
    release: Annotated[
        str | None,
        typer.Argument(help="Id of a release. Default: the current one.", show_default=False),
    ] = None,
) -> None:
    """Recompute every hash and checksum of a release, and name what differs.

    Exit code 0: all is as the manifest says. 1: something differs.
    """
    with _answering() as settings:
        from orchestration.release.store import find_release
        from orchestration.release.verify import verify_release

        found = find_release(settings, release)
        problems = verify_release(settings, found.id)
        marts = len(found.manifest.marts)
        if problems:
            listed = "\n".join(f"  {problem.path}: {problem.what}" for problem in problems)
            raise ScorecardError(
                f"Release {found.id} is not what its manifest says:\n{listed}\nDo not use it. "
                "`scorecard releases` lists the others; `scorecard run` makes a new one."
            )
        _print(f"Release {found.id} is what its manifest says: {marts} marts and all files.")


@app.command()
def publish(
    release: Annotated[
        str | None,
        typer.Argument(help="Id of a release. Default: the current one.", show_default=False),
    ] = None,
) -> None:
    """Show a release in the places outside the home: a Postgres database, an object store.

    A run does this with its release by itself, wherever the environment names a place:
    `SCORECARD_POSTGRES` a database (`postgresql://user:password@host:5432/database`),
    `SCORECARD_POSTGRES_READER` a role that may read there, `SCORECARD_S3` a store
    (`s3://bucket/folder`). This repeats it, or goes back to an older release. Readers see the old
    release or the new one, never parts of both (docs/bi.md).

    **Examples**

    `scorecard publish`

    `scorecard publish 20261122T024454Z-3f2a9c1e`
    """
    with _answering(write_log=True) as settings:
        from orchestration.progress import listen
        from orchestration.release.store import find_release
        from orchestration.release.targets.publish import (
            POSTGRES_VARIABLE,
            STORE_VARIABLE,
            publish_everywhere,
        )
        from orchestration.warehouse import writer_lock

        with (
            writer_lock(settings, purpose="scorecard publish"),
            _progress(_console()) as listener,
            listen(listener),
        ):
            found = find_release(settings, release)
            shown = publish_everywhere(settings, found)
        if not shown:
            raise UsageError(
                f"No place is named: set {POSTGRES_VARIABLE} or {STORE_VARIABLE} (`scorecard "
                "publish --help`)."
            )
        _print(f"Release {found.id} is shown in: {', '.join(shown)}.")


@app.command()
def backup(
    file: Annotated[
        Path, typer.Argument(help="The file to write, outside the home; it must not exist.")
    ],
) -> None:
    """Write what cannot be made again into one file: warehouse, estimators, releases, decisions.

    It waits for nobody: while a run is under way it stops and says so. The file holds personal
    data, as the warehouse does; only its owner can read it. The landing area is not in it.

    **Example**

    `scorecard backup /backup/scorecard-2026-11.tar`
    """
    with _answering() as settings:
        from orchestration.backup import back_up
        from orchestration.exports import log_export

        kept = back_up(settings, file.absolute())
        log_export(
            settings,
            command="backup",
            what="all that the home holds but the landing area",
            destination=str(kept.path),
            row_count=kept.files,
        )
        _print(
            f"Written: {kept.path}, {kept.files:,} files, {kept.bytes / 1e6:,.0f} MB, release "
            f"{kept.release_id or 'none'}."
        )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `scorecard backup` wrote.")],
) -> None:
    """Put a backup into an empty home, after every file in it was proved.

    A run on it then does what it would have done on the home that was backed up.

    **Example**

    `SCORECARD_HOME=/new/home scorecard restore /backup/scorecard-2026-11.tar`
    """
    with _answering() as settings:
        from orchestration.backup import restore as put_back

        kept = put_back(settings, file.absolute())
        _print(
            f"Restored into {settings.home}: {kept.files:,} files of {kept.created_at}, release "
            f"{kept.release_id or 'none'}. `scorecard run` goes on from there."
        )


@app.command()
def diff(
    first: Annotated[
        str, typer.Argument(help="Id of a release, or `previous`, or `current`.")
    ] = "previous",
    second: Annotated[
        str, typer.Argument(help="Id of another release, mostly a later one.")
    ] = "current",
    as_json: JsonOption = False,
) -> None:
    """Say which marts, months, customers and columns changed between two releases, and why.

    The reasons are what the two were made with: new facts, late facts, configuration, estimators,
    code. Where several changed that a mart is computed from, all are named.

    **Examples**

    `scorecard diff` compares the release before the current one with it.

    `scorecard diff 20261122T024454Z-3f2a9c1e current --json`
    """
    with _answering() as settings:
        from orchestration.release.changes import diff_json, diff_releases, name_release
        from orchestration.release.diff_words import render_diff

        found = diff_releases(
            settings, name_release(settings, first), name_release(settings, second)
        )
        _print(diff_json(found) if as_json else render_diff(found), is_json=as_json)


@app.command()
def rebuild(
    release: Annotated[
        str | None,
        typer.Option(
            "--release",
            metavar="ID",
            help="Id of a release. Default: the current one.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute a release again from its raw facts, and say what differs from what was published.

    Takes the facts up to the release's load, its configuration and its estimators, in a folder of
    its own that is deleted at the end: the home stays as it is. Needs the room of a second
    warehouse, and about the time of a run over all months without training.

    Exit code 0: every mart has the published checksums. 3: the list says what differs.

    **Example**

    `scorecard rebuild --release 20261122T024454Z-3f2a9c1e`
    """
    out = _console()
    with _answering(write_log=True) as settings:
        from orchestration.progress import listen
        from orchestration.replay.rebuild import rebuild_json, rebuild_release, render_rebuild

        if as_json:
            result = rebuild_release(settings, release)
        else:
            with _progress(out) as listener, listen(listener):
                result = rebuild_release(settings, release)
        _print(rebuild_json(result) if as_json else render_rebuild(result), is_json=as_json)
    raise typer.Exit(0 if result.is_equal else DIFFERS)


@estimators_app.command("list")
def list_estimators(as_json: JsonOption = False) -> None:
    """List the stored estimators: kind, role, status, training window, approval."""
    with _answering() as settings:
        from orchestration import estimators

        found = estimators.list_estimators(settings)
        shown = estimators.estimators_json if as_json else estimators.render_estimators
        _print(shown(found), is_json=as_json)


@estimators_app.command("show")
def show_estimator(
    version: Annotated[str, typer.Argument(help="A version, or how it begins.")],
    as_json: JsonOption = False,
) -> None:
    """Show one estimator: what it learnt from, its measures and checks, what was decided.

    **Example**

    `scorecard estimators show churn-9ece96bbd52a`
    """
    with _answering() as settings:
        from orchestration import estimators

        details = estimators.show_estimator(settings, version)
        shown = estimators.details_json if as_json else estimators.render_details
        _print(shown(details), is_json=as_json)


@estimators_app.command("promote")
def promote_estimator(
    version: Annotated[str, typer.Argument(help="A version, or how it begins.")],
    reason: ReasonOption,
    by: ByOption = None,
) -> None:
    """Pin an estimator: from the next run on it speaks, until `unpin`.

    The gate's refusal of an estimator stays: one that was not published speaks through its rule.

    **Example**

    `scorecard estimators promote churn-9ece96bbd52a --reason "the newest year is not typical"`
    """
    with _answering() as settings:
        from orchestration import estimators
        from orchestration.runs import utc_now

        _print_pin(estimators.promote(settings, version, reason=reason, who=by, now=utc_now()))


@estimators_app.command("rollback")
def rollback_estimator(
    kind: Annotated[str, typer.Argument(help="churn, clv, ...: what it estimates.")],
    reason: ReasonOption,
    by: ByOption = None,
) -> None:
    """Pin the estimator that spoke before the present one.

    **Example**

    `scorecard estimators rollback churn --reason "the new one was trained on wrong invoices"`
    """
    with _answering() as settings:
        from orchestration import estimators
        from orchestration.runs import utc_now

        _print_pin(estimators.rollback(settings, kind, reason=reason, who=by, now=utc_now()))


@estimators_app.command("unpin")
def unpin_estimator(
    kind: Annotated[str, typer.Argument(help="churn, clv, ...: what it estimates.")],
    reason: ReasonOption,
    by: ByOption = None,
) -> None:
    """Leave the choice to the gate again.

    **Example**

    `scorecard estimators unpin churn --reason "the wrong invoices are mended"`
    """
    with _answering() as settings:
        from orchestration import estimators
        from orchestration.runs import utc_now

        entry = estimators.unpin(settings, kind, reason=reason, who=by, now=utc_now())
        _print(
            f"{entry.champion} is pinned no more: from the next run on the gate decides which "
            f"{entry.kind} estimator speaks."
        )


@quarantine_app.command("list")
def list_quarantine(
    rows: RowsArgument = None,
    file: FileOption = "",
    table: TableOption = "",
    rule: RuleOption = "",
    show_all: Annotated[
        bool, typer.Option("--all", help="Also those that were all decided on.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Count the rows in quarantine by load, rule and column: open, released, dismissed.

    **Example**

    `scorecard quarantine list --table billing.payments`
    """
    with _answering() as settings:
        from orchestration import quarantine
        from orchestration.ingestion.quarantine import Selection
        from orchestration.ingestion.quarantine import list_quarantine as groups_of

        selection = Selection.parse(rows or (), file=file, table=table, rule=rule)
        groups = groups_of(settings, selection, with_decided=show_all)
        shown = quarantine.groups_json if as_json else quarantine.render_groups
        _print(shown(groups), is_json=as_json)


@quarantine_app.command("show")
def show_quarantine(
    rows: RowsArgument = None,
    file: FileOption = "",
    table: TableOption = "",
    rule: RuleOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many rows at most.")] = 50,
    with_text: Annotated[
        bool, typer.Option("--text", help="Also each row as it came, which may name persons.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List rows in quarantine: what is wrong with each, and what was decided, by whom and why.

    **Example**

    `scorecard quarantine show 14:1225 --text`
    """
    with _answering() as settings:
        from orchestration import quarantine
        from orchestration.ingestion.quarantine import Selection, show_rows

        selection = Selection.parse(rows or (), file=file, table=table, rule=rule)
        found, total = show_rows(settings, selection, limit=limit)
        if with_text:
            from orchestration.exports import OUTPUT, log_export

            log_export(
                settings,
                command="quarantine show",
                what=f"texts of refused rows: {selection}",
                destination=OUTPUT,
                row_count=len(found),
            )
        _print(
            quarantine.rows_json(found, with_text=with_text)
            if as_json
            else quarantine.render_rows(found, total, with_text=with_text),
            is_json=as_json,
        )


@quarantine_app.command("release")
def release_quarantine(
    reason: WhyOption,
    rows: RowsArgument = None,
    file: FileOption = "",
    table: TableOption = "",
    rule: Annotated[
        str,
        typer.Option(
            "--rule",
            metavar="RULE",
            help="Rows that this rule refused only; it is waived for them, for the column it "
            "refused. Without it the contract as it stands now judges.",
            show_default=False,
        ),
    ] = "",
    author: AuthorOption = None,
) -> None:
    """Load rows of the quarantine, by a load of their own.

    They are read again from their own text and judged by the contract, but for the one rule that
    is named; a row that breaks another rule stays. Exit code 1: no row could be released.

    **Examples**

    `scorecard quarantine release 37 --rule accepted_values --reason "fax was a channel in 2023"`

    `scorecard quarantine release --table crm.customers --reason "the contract is mended"`
    """
    with _answering() as settings:
        from orchestration import quarantine
        from orchestration.ingestion.quarantine import Selection, release_rows
        from orchestration.runs import utc_now

        selection = Selection.parse(rows or (), file=file, table=table, rule=rule)
        who = quarantine.whoever(author)
        outcome = release_rows(settings, selection, author=who, reason=reason, now=utc_now())
        _print(quarantine.render_release(outcome))
    raise typer.Exit(0 if outcome.load_ids else STOPPED)


@quarantine_app.command("dismiss")
def dismiss_quarantine(
    reason: WhyOption,
    rows: RowsArgument = None,
    file: FileOption = "",
    table: TableOption = "",
    rule: RuleOption = "",
    author: AuthorOption = None,
) -> None:
    """Say of rows in quarantine that they stay out: they wait for nobody any more.

    **Example**

    `scorecard quarantine dismiss 34 --reason "the customer was entered twice, the first is right"`
    """
    with _answering() as settings:
        from orchestration import quarantine
        from orchestration.ingestion.quarantine import Selection, dismiss_rows
        from orchestration.runs import utc_now

        selection = Selection.parse(rows or (), file=file, table=table, rule=rule)
        who = quarantine.whoever(author)
        outcome = dismiss_rows(settings, selection, author=who, reason=reason, now=utc_now())
        _print(quarantine.render_dismissal(outcome))


def _print_pin(entry: "Approval") -> None:
    _print(
        f"{entry.champion} is pinned: it speaks for {entry.kind} from the next `scorecard run` on, "
        f"for the months from {entry.as_of_date:%Y-%m}, until "
        f"`scorecard estimators unpin {entry.kind}`."
    )


@app.command()
def erase(
    customer: Annotated[
        str, typer.Argument(help="The scorecard's customer_id, or the CRM's own id.")
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="TEXT",
            help="Why. It is kept for good: name no person.",
            show_default=False,
        ),
    ],
    author: AuthorOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase. Without it everything is only listed.")
    ] = False,
) -> None:
    """Erase a person: from raw facts, quarantine, landing files, training rows, later releases.

    Takes every record that was linked to the customer. Identifiers become random tokens, names,
    addresses and texts are emptied; facts stay as nobody's, so that sums stay as they were. Later
    loads leave the person's rows out. Nothing brings the person back: without `--yes` the command
    only lists what it would take out (docs/privacy.md).

    **Example**

    `scorecard erase C0000123 --reason "request 2026-14" --yes`
    """
    with _answering(write_log=True) as settings:
        from orchestration.erasure.erase import erase as erase_person
        from orchestration.erasure.words import render_erasure
        from orchestration.quarantine import whoever
        from orchestration.runs import utc_now

        outcome = erase_person(
            settings,
            customer,
            author=whoever(author),
            reason=reason,
            now=utc_now(),
            is_rehearsal=not yes,
        )
        _print(render_erasure(outcome))


@app.command()
def expire(
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="TEXT",
            help="Why. It is kept for good: name no person.",
            show_default=False,
        ),
    ],
    author: AuthorOption = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="YYYY-MM",
            help="Month from whose end periods count back. Default: the last month computed.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Empty them. Without it everything is only listed.")
    ] = False,
) -> None:
    """Empty personal values that are past the period of their table: nothing expires by itself.

    A contract names the period (`retention` in models/staging). Personal and sensitive columns of
    raw facts and the texts of refused rows become empty; keys, amounts, dates and counts stay, and
    later deliveries of the same rows lose the values on the way in. With SCORECARD_LANDING_MONTHS,
    old landing files that were loaded whole are deleted. Without `--yes` the command only lists
    what it would do (docs/privacy.md).

    **Example**

    `scorecard expire --reason "yearly clean-up" --yes`
    """
    with _answering(write_log=True) as settings:
        from orchestration.erasure.expire import expire as expire_values
        from orchestration.erasure.words import render_expiry
        from orchestration.quarantine import whoever
        from orchestration.runs import utc_now
        from orchestration.window import parse_month

        outcome = expire_values(
            settings,
            until=parse_month(until) if until else None,
            author=whoever(author),
            reason=reason,
            now=utc_now(),
            is_rehearsal=not yes,
        )
        _print(render_expiry(outcome))


@app.command()
def simulate(
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="Where `landing/` and `truth/` go.", show_default=False
        ),
    ],
    customers: Annotated[
        int, typer.Option("--customers", metavar="N", help="Customers, new ones included.")
    ] = 2000,
    months: Annotated[
        int, typer.Option("--months", metavar="M", help="Months of history, to December 2025.")
    ] = 36,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="Another seed is another company.")
    ] = 1,
    file_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="`mixed` (CSV, JSON lines, Parquet, Excel, as in real life) or `parquet`.",
        ),
    ] = "mixed",
) -> None:
    """Write a simulated company: landing files of all systems, and the truth about it.

    The same options give the same bytes. `docs/demo-company.md` says how the company comes about
    and how the truth is read. The pipeline never reads the truth.

    **Examples**

    `scorecard simulate --out demo` writes 2,000 customers over 36 months.

    `scorecard simulate --customers 100000 --months 24 --format parquet --out large`

    `scorecard run --landing demo/landing` runs on it.
    """
    started = time.perf_counter()
    with _answering():
        from examples.demo_company.design import SimulationError
        from examples.demo_company.simulate import simulate as simulate_company

        try:
            written = simulate_company(
                out.absolute(),
                customers=customers,
                months=months,
                seed=seed,
                file_format=file_format,
            )
        except SimulationError as refusal:
            raise UsageError(str(refusal)) from refusal
        _print(
            f"A simulated company of {written.customers:,} customers over {written.months} "
            f"months: {written.files:,} files with {written.rows:,} rows in {written.landing}, the "
            f"truth in {written.truth}, in {time.perf_counter() - started:.0f} s."
        )


@app.command("lint-config")
def lint_config() -> None:
    """Tell every mistake of the configuration at once: file, line, column, and what to do.

    Looks at the seeds of the scorecards alone (profiles, weights, targets, bands, exceptions,
    overrides, strategies), so that a change can be tried before a run. A run does the same first.

    Exit code 0: no mistake. 2: there are mistakes, and a run would be refused.
    """
    with _answering() as settings:
        from orchestration.configuration.lint import refuse_mistakes, render_report

        _print(render_report(refuse_mistakes(settings)))


@app.command()
def doctor() -> None:
    """Check what a run needs: versions, home, disk, clock, lock, landing, contracts, dbt, release.

    Exit code 1 when something would stop a run; the line says what to do.
    """
    with _answering() as settings:
        from orchestration.doctor import examine, render_findings

        findings = examine(settings)
        _print(render_findings(findings))
        failed = sum(finding.is_failed for finding in findings)
    raise typer.Exit(1 if failed else 0)


def _run(settings: Settings, out: Console, first: date | None, last: date | None) -> "RunOutcome":
    from orchestration.progress import listen, stage
    from orchestration.warehouse import prepare_home, writer_lock

    prepare_home(settings)
    with (
        writer_lock(settings, purpose="scorecard run"),
        _progress(out) as listener,
        listen(listener),
    ):
        with stage("Start the engine"):
            from orchestration.launch import load_definitions, run_scorecard

            definitions = load_definitions()
        return run_scorecard(settings, definitions, from_month=first, to_month=last)


@contextmanager
def _progress(out: Console) -> Iterator["ProgressListener"]:
    from orchestration.terminal import LiveProgress, PlainProgress

    if not out.is_terminal:
        yield PlainProgress(out)
        return
    with LiveProgress(out) as live:
        yield live


def _print_summary(settings: Settings, out: Console, outcome: "RunOutcome", seconds: float) -> None:
    from orchestration.release.store import current_release
    from orchestration.terminal import render_summary

    out.print(render_summary(settings, outcome, current_release(settings), seconds))


def _with_options(
    settings: Settings, *, landing: Path | None, profile: str | None, target: str | None
) -> Settings:
    return Settings.from_environment(
        root=settings.root, home=settings.home, landing=landing, profile=profile, target=target
    )


def _print(what: object, *, is_json: bool = False) -> None:
    console = _console()
    if is_json:
        console.file.write(f"{what}\n")
    else:
        console.print(what)


def _console() -> Console:
    """Give the terminal; where there is none, a page wide enough for the tables."""
    console = Console()
    return console if console.is_terminal else Console(width=PAGE_WIDTH)


@contextmanager
def _answering(*, write_log: bool = False) -> Iterator[Settings]:
    """Run a command's body; say what went wrong in one way, with the right exit code.

    Args:
        write_log: Whether the command keeps a log in the home.
    """
    errors = Console(stderr=True, soft_wrap=True)
    settings = None
    try:
        settings = Settings.from_environment()
        if write_log:
            _log_to_file(settings)
        yield settings
    except ScorecardError as error:
        errors.print(str(error), style="red", markup=False, highlight=False)
        if write_log:
            # Without a log, logging would repeat the message on the terminal.
            LOGGER.error("%s", error)
        raise typer.Exit(error.exit_code) from error
    except (typer.Exit, typer.Abort):
        raise
    except BaseException as error:
        if _is_interruption(error):
            errors.print("Stopped. Nothing half-done was published; run again to go on.")
            raise typer.Exit(STOPPED) from error
        if not isinstance(error, Exception):
            raise
        said = _no_room(settings, error) or _unexpected(settings, error)
        errors.print(said, style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error


def _is_interruption(error: BaseException) -> bool:
    # Dagster turns Ctrl-C into an exception of its own, whose import would cost 1.2 s.
    return (
        isinstance(error, KeyboardInterrupt)
        or type(error).__name__ == "DagsterExecutionInterruptedError"
    )


def _no_room(settings: Settings | None, error: Exception) -> str:
    """Say that the disk is full where that is behind an error that nobody translated."""
    from orchestration.warehouse import full_disk

    if settings is None or not settings.home.is_dir():
        return ""
    return str(full_disk(settings, str(error)) or "")


def _unexpected(settings: Settings | None, error: Exception) -> str:
    """Keep the traceback in the log, and say where it is."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    said = f"Something unexpected went wrong: {type(error).__name__}: {first}"
    if settings is None:
        return said
    try:
        path = _log_to_file(settings)
    except HomeNotWritableError as trouble:
        # Whichever library noticed it: this is the reason, and nothing unexpected.
        return f"{trouble}\nThe command stopped there ({type(error).__name__}: {first})."
    except ScorecardError as trouble:
        return f"{said}\nThe traceback could not be kept: {trouble}"
    LOGGER.error("unexpected error", exc_info=error)
    return f"{said}\nThe traceback is in {path}. Please report it with that part of the file."


class _LogFile(logging.handlers.RotatingFileHandler):
    """The log in the home; what it cannot write it leaves out, so that a full disk is told once."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        """Keep the traceback of a failed write off the terminal."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def _log_to_file(settings: Settings) -> Path:
    """Send all logging to a file in the home, warnings of libraries included."""
    from orchestration.warehouse import home_errors, prepare_home

    prepare_home(settings)
    path = settings.logs / LOG_NAME
    root = logging.getLogger()
    for handler in root.handlers:
        if getattr(handler, "baseFilename", None) == str(path):
            return path
    with home_errors(settings):
        handler = _LogFile(path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    return path


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()

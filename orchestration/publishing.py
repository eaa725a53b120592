"""The last step of a run: release what its evidence allows, and close its record.

What belongs here: putting run, evidence and release together.
What does not: the release itself (`orchestration.release`), the gates (`data_quality`).
"""

from dataclasses import dataclass
from pathlib import Path

from orchestration import window
from orchestration.errors import GateRefusedError, ReleaseError
from orchestration.gating import run_evidence
from orchestration.ledger import PRODUCTS, record_published
from orchestration.notify import notify_held
from orchestration.progress import stage
from orchestration.runs import fingerprints, read_current, summarise, utc_now
from orchestration.settings import Settings
from orchestration.warehouse import connect

REPORT = Path("report") / "index.html"


@dataclass(frozen=True)
class PublishOutcome:
    """What was published.

    Attributes:
        release_id: The release.
        status: `released`, or `held` when a product was held back.
        held_products: The products that keep their last good version, or are absent.
        report: The page to look at.
    """

    release_id: str
    status: str
    held_products: tuple[str, ...]
    report: Path


def publish(settings: Settings) -> PublishOutcome:
    """Build the release of the run that is under way, and close the run's record.

    Raises:
        GateRefusedError: No product passed: nothing was published, the run counts as held.
        ReleaseError: The release could not be built or trusted.
    """
    # Its charts cost 1 s to import.
    from orchestration.release.build import build_release

    record = read_current(settings)
    _refuse_if_changed(settings, record)
    with stage("Release") as current:
        try:
            release = build_release(
                settings,
                run=summarise(settings, record),
                evidence=run_evidence(settings, record.run_id),
            )
        except GateRefusedError as error:
            _close(settings, record, status="held", release_id=None, message=str(error))
            held_all = {"every product": str(error)}
            notify_held(run_id=record.run_id, release_id=None, held=held_all)
            raise
        held = tuple(release.manifest.held_products)
        current.describe(release.id)
    if PRODUCTS.isdisjoint(held):
        with connect(settings) as con:
            record_published(con, release_id=release.id)
    status = "held" if held else "released"
    message = f"held: {', '.join(held)}" if held else None
    _close(settings, record, status=status, release_id=release.id, message=message)
    if held:
        reasons = {name: release.manifest.products[name].reason for name in held}
        notify_held(run_id=record.run_id, release_id=release.id, held=reasons)
    return PublishOutcome(release.id, status, held, settings.current / REPORT)


def _refuse_if_changed(settings: Settings, record: window.RunRecord) -> None:
    """Refuse a release whose code or configuration was edited while it was computed."""
    now = fingerprints(settings)
    if (now.code, now.config) != record.fingerprints:
        raise ReleaseError(
            "Files of the dbt project changed while the run was computing, so nobody could say "
            f"which code made its rows. Nothing was published by run {record.run_id}. Run again; "
            "the next run builds every month anew."
        )


def _close(
    settings: Settings,
    record: window.RunRecord,
    *,
    status: str,
    release_id: str | None,
    message: str | None,
) -> None:
    with connect(settings) as con:
        window.finish_run(
            con,
            run_id=record.run_id,
            status=status,
            now=utc_now(),
            release_id=release_id,
            message=message,
        )

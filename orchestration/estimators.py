"""The stored estimators as a person sees and chooses them: `scorecard estimators`.

What belongs here: listing and showing them, pinning one, rolling back, taking a pin away.
What does not: training and scoring (`prediction`), the gate's own decisions (`champions`), the card
that is released (`release.cards`).

A person chooses among estimators; nobody can make the gate's refusal undone here: one that was not
published goes on speaking through its rule. What was chosen holds from the next run on.

`ml.registry` costs 2.3 s to import (scikit-learn) and is imported where it is used.
"""

import getpass
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ml.approvals import (
    GATE,
    PERSON,
    PINNED,
    UNPINNED,
    Approval,
    Decision,
    append_approval,
    approval_of,
    decided,
    read_approvals,
)
from ml.errors import EstimatorError
from orchestration.champions import registry_errors
from orchestration.errors import UsageError
from orchestration.prediction import KINDS
from orchestration.settings import Settings
from orchestration.warehouse import prepare_home, writer_lock

METRICS_SHOWN = (
    *("auc", "pr_auc", "top_decile_lift", "brier_skill", "ece", "calibration_slope"),
    *("ks", "gini", "mean_absolute_error", "total_bias", "spearman", "normalised_gini"),
    "interval_coverage",
)


@dataclass(frozen=True)
class StoredEstimator:
    """One stored estimator, as it is listed.

    Attributes:
        kind: `churn`, `clv` or `credit`.
        version: Its name.
        role: `champion`, `challenger`, `former` or `never chosen`.
        is_pinned: Whether a person chose it.
        status: `published`, or what speaks instead; `cannot be read` where its card is damaged.
        grade: Its grade, where it has one.
        candidate: What was chosen in training.
        trained_from: First as-of date of its training rows.
        trained_to: Last one.
        approval: By whom, for which month and why it speaks or spoke; empty if never.
    """

    kind: str
    version: str
    role: str
    is_pinned: bool
    status: str
    grade: str
    candidate: str
    trained_from: str
    trained_to: str
    approval: str


def list_estimators(settings: Settings) -> tuple[StoredEstimator, ...]:
    """List what is stored, by kind, the newest training first.

    Raises:
        ScorecardError: The log of decisions was changed after it was written.
    """
    from ml.registry import read_card

    with registry_errors():
        log = read_approvals(settings.estimators)
        found = []
        for folder in _folders(settings):
            try:
                card = read_card(folder)
            except EstimatorError:
                card = {"kind": folder.name.split("-")[0], "status": "cannot be read"}
            found.append(_listed(folder.name, card, log))
    return tuple(
        sorted(
            sorted(found, key=lambda each: (each.trained_to, each.version), reverse=True),
            key=lambda each: each.kind,
        )
    )


def _listed(version: str, card: dict[str, Any], log: Sequence[Approval]) -> StoredEstimator:
    kind = str(card["kind"])
    evidence = (card.get("evidence") or {}).get("estimators") or [{}]
    return StoredEstimator(
        kind=kind,
        version=version,
        role=_role(log, kind, version),
        is_pinned=any(pin.champion == version for pin in pins(log)),
        status=str(card["status"]),
        grade=str(evidence[0].get("grade") or ""),
        candidate=str(card.get("candidate", "")),
        trained_from=str(card.get("trained_from", "")),
        trained_to=str(card.get("trained_to", "")),
        approval=describe_approval(approval_of(log, version)),
    )


def _role(log: Sequence[Approval], kind: str, version: str) -> str:
    newest = _newest(log, kind)
    if newest is not None and newest.champion == version:
        return "champion"
    if newest is not None and newest.challenger == version:
        return "challenger"
    return "former" if approval_of(log, version) else "never chosen"


def _newest(log: Sequence[Approval], kind: str) -> Approval | None:
    """The gate's decision of the newest month."""
    decisions = decided(log, kind, date.max)
    return decisions[-1] if decisions else None


def pins(log: Sequence[Approval]) -> tuple[Approval, ...]:
    """The persons' decisions that hold now, one per kind at most."""
    last = {entry.kind: entry for entry in log if entry.by == PERSON}
    return tuple(entry for _, entry in sorted(last.items()) if entry.action == PINNED)


def read_pins(settings: Settings) -> tuple[Approval, ...]:
    """The pins of a home.

    Raises:
        ScorecardError: The log of decisions was changed after it was written.
    """
    with registry_errors():
        return pins(read_approvals(settings.estimators))


def describe_approval(approval: Approval | None) -> str:
    """Say in a line who chose an estimator, for which month, and why."""
    if approval is None:
        return ""
    who = "the gate" if approval.by == GATE else "a person"
    return f"{who}, {approval.as_of_date:%Y-%m}: {approval.reason}"


def promote(
    settings: Settings, version: str, *, reason: str, who: str | None = None, now: datetime
) -> Approval:
    """Pin an estimator: from the next run on it speaks, until the pin is taken away.

    Args:
        settings: The home.
        version: Its name.
        reason: Why; it is published with the model card.
        who: Who decides; kept in the home, never published. The user's name by default.
        now: The moment, UTC without a zone.

    Raises:
        UsageError: There is no such estimator, or no reason.
        ScorecardError: It cannot be used, or somebody is writing.
    """
    from ml.registry import load_estimator, read_card

    path = _found(settings, version)
    with _writing(settings, reason), registry_errors():
        card = read_card(path)
        load_estimator(path)
        return _pin(settings, card["kind"], path.name, card["labels_to"], reason, who, now)


def rollback(
    settings: Settings, kind: str, *, reason: str, who: str | None = None, now: datetime
) -> Approval:
    """Pin the estimator that spoke before the one that speaks now.

    Raises:
        UsageError: There is no such kind, nothing to go back to, or no reason.
        ScorecardError: It cannot be used, or somebody is writing.
    """
    from ml.registry import load_estimator, read_card

    _check_kind(kind)
    with _writing(settings, reason), registry_errors():
        log = read_approvals(settings.estimators)
        before = _champion_before(log, kind)
        if before is None:
            raise UsageError(
                f"No {kind} estimator spoke before the present one, so there is nothing to go "
                "back to. `scorecard estimators list` shows what is stored."
            )
        path = _found(settings, before)
        card = read_card(path)
        load_estimator(path)
        return _pin(settings, kind, before, card["labels_to"], reason, who, now)


def _champion_before(log: Sequence[Approval], kind: str) -> str | None:
    spoke = [entry.champion for entry in log if entry.kind == kind]
    others = [version for version in spoke if version != spoke[-1]]
    return others[-1] if others else None


def unpin(
    settings: Settings, kind: str, *, reason: str, who: str | None = None, now: datetime
) -> Approval:
    """Leave the choice to the gate again: the pinned estimator is the champion to be beaten.

    Raises:
        UsageError: There is no such kind, nothing is pinned, or no reason.
        ScorecardError: Somebody is writing.
    """
    _check_kind(kind)
    with _writing(settings, reason), registry_errors():
        own = [pin for pin in pins(read_approvals(settings.estimators)) if pin.kind == kind]
        if not own:
            raise UsageError(f"No {kind} estimator is pinned: the gate decides already.")
        return append_approval(
            settings.estimators,
            Decision(
                kind=kind,
                by=PERSON,
                action=UNPINNED,
                as_of_date=own[0].as_of_date,
                champion=own[0].champion,
                speaks_from=own[0].speaks_from,
                reason=reason.strip(),
                who=who or getpass.getuser(),
                decided_at=_text(now),
            ),
        )


def _pin(
    settings: Settings,
    kind: str,
    version: str,
    labels_to: str,
    reason: str,
    who: str | None,
    now: datetime,
) -> Approval:
    log = read_approvals(settings.estimators)
    if any(pin.champion == version for pin in pins(log)):
        raise UsageError(f"{version} is pinned already.")
    newest = _newest(log, kind)
    if newest is None:
        raise UsageError(f"No run has chosen a {kind} estimator yet. Start with `scorecard run`.")
    return append_approval(
        settings.estimators,
        Decision(
            kind=kind,
            by=PERSON,
            action=PINNED,
            as_of_date=newest.as_of_date,
            champion=version,
            speaks_from=date.fromisoformat(labels_to) if labels_to else newest.as_of_date,
            former=newest.champion,
            reason=reason.strip(),
            who=who or getpass.getuser(),
            decided_at=_text(now),
        ),
    )


def _text(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='seconds')}Z"


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise UsageError(f"There is no kind {kind!r}. Kinds: {', '.join(KINDS)}.")


@contextmanager
def _writing(settings: Settings, reason: str) -> Iterator[None]:
    if not reason.strip():
        raise UsageError("A reason is needed: an auditor will ask for it. Give it with --reason.")
    prepare_home(settings)
    with writer_lock(settings, purpose="scorecard estimators"):
        yield


def _folders(settings: Settings) -> list[Path]:
    if not settings.estimators.is_dir():
        return []
    return sorted(
        path
        for path in settings.estimators.iterdir()
        if path.is_dir() and not path.name.startswith(".")
    )


def _found(settings: Settings, version: str) -> Path:
    """The folder of a version, or of the only one that begins so."""
    names = [path.name for path in _folders(settings)]
    fitting = [name for name in names if name == version] or [
        name for name in names if version and name.startswith(version)
    ]
    if len(fitting) != 1:
        how = "no estimator" if not fitting else "more than one estimator"
        raise UsageError(
            f"There is {how} {version!r} in {settings.estimators}. "
            f"Stored: {', '.join(fitting or names) or 'none'}."
        )
    return settings.estimators / fitting[0]


@dataclass(frozen=True)
class EstimatorDetails:
    """One stored estimator, as it is shown: its line, its card, what was decided about it."""

    line: StoredEstimator
    card: dict[str, Any]
    history: tuple[Approval, ...]


def show_estimator(settings: Settings, version: str) -> EstimatorDetails:
    """Read one estimator's card and everything that was decided about it.

    Raises:
        UsageError: There is no such estimator.
        ScorecardError: Its card, or the log of decisions, was changed.
    """
    from ml.registry import read_card

    path = _found(settings, version)
    with registry_errors():
        log = read_approvals(settings.estimators)
        card = read_card(path)
    about = [e for e in log if path.name in (e.champion, e.challenger, e.former)]
    return EstimatorDetails(_listed(path.name, card, log), card, tuple(about))


def estimators_json(found: Sequence[StoredEstimator]) -> str:
    """Write the list as JSON."""
    return json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False)


def details_json(details: EstimatorDetails) -> str:
    """Write one estimator as JSON: its line, its card and the decisions, without names."""
    history = [
        {key: value for key, value in asdict(entry).items() if key != "who"}
        for entry in details.history
    ]
    whole = asdict(details.line) | {"card": details.card, "decisions": history}
    return json.dumps(whole, indent=2, ensure_ascii=False, default=str)


def render_estimators(found: Sequence[StoredEstimator]) -> RenderableType:
    """Show the list in a terminal."""
    if not found:
        return Text("No estimator is stored yet. `scorecard run` trains them.")
    table = Table()
    for name in ("Kind", "Version", "Role", "Status", "Grade", "Trained", "Approved by"):
        table.add_column(name, overflow="fold", no_wrap=name in ("Kind", "Version"))
    for each in found:
        trained = f"{each.trained_from[:7]} to {each.trained_to[:7]}" if each.trained_to else ""
        role = f"{each.role}, pinned" if each.is_pinned else each.role
        table.add_row(
            each.kind, each.version, role, each.status, each.grade, trained, each.approval
        )
    return table


def render_details(details: EstimatorDetails) -> RenderableType:
    """Show one estimator in a terminal."""
    line, card = details.line, details.card
    about = Table.grid(padding=(0, 2))
    about.add_column(style="bold")
    about.add_column(overflow="fold")
    facts = {
        "Role": f"{line.role}, pinned by a person" if line.is_pinned else line.role,
        "Status": line.status,
        "Why": card["reason"] or "it passed every check",
        "Grade": line.grade or "none",
        "Chosen in training": card["candidate"],
        "Trained on": f"{card['trained_from']} to {card['trained_to']}, outcomes to "
        f"{card['labels_to'] or 'none'}",
        "Features": f"{len(card['features'])}: {', '.join(card['features'])}",
        "Approved by": line.approval or "nobody",
        "Code": card["code_version"],
        "Libraries": ", ".join(f"{k} {v}" for k, v in sorted(card["libraries"].items())),
        "Content hash": card["content_hash"],
    }
    for name, value in facts.items():
        about.add_row(name, Text(str(value)))
    parts: list[RenderableType] = [Text(line.version, style="bold"), about]
    evidence = card.get("evidence") or {}
    if evidence.get("metrics"):
        parts.append(_metric_table(evidence["metrics"], card["candidate"]))
    if evidence.get("checks"):
        parts.append(_check_table(evidence["checks"]))
    if details.history:
        parts.append(_history_table(details.history))
    return Group(*parts)


def _metric_table(rows: Sequence[dict[str, Any]], candidate: str) -> Table:
    table = Table(title="Measured on months that it had not seen", title_justify="left")
    table.add_column("Measure")
    for name in ("Value", "95 % interval", "Rows"):
        table.add_column(name, justify="right")
    for row in rows:
        if row["candidate"] != candidate or row["metric"] not in METRICS_SHOWN:
            continue
        if row["value"] is None:
            continue
        low, high = row["value_low"], row["value_high"]
        interval = "" if low is None or high is None else f"{low:.4g} to {high:.4g}"
        table.add_row(row["metric"], f"{row['value']:.4g}", interval, f"{row['n'] or 0:,}")
    return table


def _check_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Checks", title_justify="left")
    for name in ("Check", "Passed", "Found", "Asked"):
        table.add_column(name, overflow="fold")
    for row in rows:
        found = "not computable" if row["value"] is None else f"{row['value']:.4g}"
        passed = Text("yes", style="green") if row["is_passed"] else Text("no", style="red")
        table.add_row(row["check_name"], passed, found, row["threshold"])
    return table


def _history_table(history: Sequence[Approval]) -> Table:
    table = Table(title="Decisions about it", title_justify="left")
    for name in ("Line", "Month", "By", "Decision", "Who speaks", "Why"):
        table.add_column(name, overflow="fold")
    for entry in history:
        by = entry.by if entry.by == GATE else f"{entry.who}, {entry.decided_at}"
        table.add_row(
            str(entry.number),
            f"{entry.as_of_date:%Y-%m}",
            by,
            entry.action,
            entry.champion,
            entry.reason,
        )
    return table

"""Which stored estimator speaks in a run, and which spoke in the months before it.

What belongs here: putting the rule of champion and challenger (`ml.champion`) to the registry and
its log of decisions (`ml.approvals`), and reading back which version scores which month.
What does not: training and scoring (`orchestration.prediction`), what a person asks for
(`orchestration.estimators`).

The champion of a run is that of the newest decided month before the run's last month, so that a
run that is repeated decides the same, however often it was repeated. `ml.churn` costs 2.3 s to
import (scikit-learn) and is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ml.approvals import (
    CHOSEN,
    GATE,
    PINNED,
    Approval,
    Decision,
    append_approval,
    approval_of,
    decided,
    pin_of,
    read_approvals,
)
from ml.canonical import code_version, content_hash, library_versions
from ml.errors import EstimatorError
from orchestration import window
from orchestration.errors import ScorecardError
from orchestration.settings import Settings

# Kinds of which a new training must prove itself against the estimator that speaks. Lifetime value
# is fitted on the latest histories, which is no claim about outcomes; credit has too few outcomes
# for a year after its first.
CONTESTED = ("churn",)
BEFORE_THE_LOG = "it scored before decisions were recorded"


@dataclass(frozen=True)
class Challenge:
    """A newly trained (or found) estimator that asks to speak.

    Attributes:
        kind: `churn`, `clv` or `credit`.
        last_month: Last month of the run.
        path: Its folder.
        key: What its training depended on.
        config: Settings of the training.
        columns: Columns that a frame to score has.
        frame: Gives the frame it was trained on; asked only where there is a contest.
    """

    kind: str
    last_month: date
    path: Path
    key: str
    config: Any
    columns: Collection[str]
    frame: Callable[[], Any]


@contextmanager
def registry_errors() -> Iterator[None]:
    """Tell what the registry or a training refuses as a problem that the user can mend."""
    try:
        yield
    except EstimatorError as error:
        raise ScorecardError(str(error)) from error


def settle(settings: Settings, challenge: Challenge) -> Approval:
    """Decide which estimator speaks for the run's last month, and write it down.

    Raises:
        RegistryError: The log of decisions was changed after it was written, or the challenger
            is not what was stored.
    """
    log = read_approvals(settings.estimators)
    month = challenge.last_month
    earlier = decided(log, challenge.kind, window.add_months(month, -1))
    former = earlier[-1].champion if earlier else ""
    pin = pin_of(log, challenge.kind, month)
    objections = {
        version: objection(settings, version, challenge, is_pinned=pin is not None)
        for version in {former, pin.champion if pin else ""} - {"", challenge.path.name}
    }
    inputs = content_hash(
        {
            "former": former,
            "challenger": challenge.path.name,
            "key": challenge.key,
            "pin": pin.line_hash if pin else "",
            "objections": objections,
        }
    )
    own = [entry for entry in decided(log, challenge.kind, month) if entry.as_of_date == month]
    if own and own[-1].inputs == inputs:
        return own[-1]
    if pin is not None and not objections.get(pin.champion):
        decision = _pinned(challenge, pin, former)
    else:
        decision = _judged(settings, challenge, former, objections)
        if pin is not None:
            lost = f"{pin.champion} is pinned, but cannot be used: {objections[pin.champion]}; "
            decision = _with(decision, reason=lost + decision.reason)
    return append_approval(settings.estimators, _with(decision, inputs=inputs))


def _with(decision: Decision, **changes: Any) -> Decision:
    return Decision(**{**vars(decision), **changes})


def _pinned(challenge: Challenge, pin: Approval, former: str) -> Decision:
    return Decision(
        kind=challenge.kind,
        by=GATE,
        action="pinned",
        as_of_date=challenge.last_month,
        champion=pin.champion,
        speaks_from=challenge.last_month,
        challenger=challenge.path.name,
        former=former,
        reason=f"pinned by a person: {pin.reason}",
    )


def _judged(
    settings: Settings, challenge: Challenge, former: str, objections: dict[str, str]
) -> Decision:
    from ml.champion import Standing, judge
    from ml.registry import load_estimator, read_card

    challenger = load_estimator(challenge.path)
    standing = Standing(challenger.version, challenger.status, challenger.reason)
    champion, contest = None, None
    against = objections.get(former, "")
    if former:
        if against or former == challenger.version:
            champion = Standing(former, "", objection=against)
        else:
            card = read_card(settings.estimators / former)
            champion = Standing(former, card["status"], card["reason"])
            contest = _contest(settings, challenge, former)
    verdict = judge(champion, standing, has_contest=challenge.kind in CONTESTED, contest=contest)
    is_chosen = verdict.action == CHOSEN
    return Decision(
        kind=challenge.kind,
        by=GATE,
        action=verdict.action,
        as_of_date=challenge.last_month,
        champion=challenger.version if is_chosen else former,
        speaks_from=(
            challenger.labels_to or challenge.last_month if is_chosen else challenge.last_month
        ),
        challenger=challenger.version,
        former=former,
        reason=verdict.reason,
        evidence=contest.figures() if contest else {},
    )


def _contest(settings: Settings, challenge: Challenge, former: str) -> Any:
    """Let a published champion compete; None where this kind or this estimator does not."""
    from ml.champion import PUBLISHED
    from ml.churn.challenge import contest_churn
    from ml.churn.estimator import ChurnEstimator
    from ml.registry import load_estimator

    champion = load_estimator(settings.estimators / former)
    challenger = load_estimator(challenge.path)
    if not isinstance(champion, ChurnEstimator) or not isinstance(challenger, ChurnEstimator):
        return None
    if champion.status != PUBLISHED:
        return None
    return contest_churn(challenge.frame(), champion, challenger, challenge.config)


def objection(settings: Settings, version: str, challenge: Challenge, *, is_pinned: bool) -> str:
    """Say why a stored estimator can no longer be used; empty where it can.

    One that a person pinned may be of older code or settings: that is what pins are for.
    """
    from ml.registry import load_training, read_card

    path = settings.estimators / version
    try:
        card = read_card(path)
        if not is_pinned:
            changed = _changed(card, challenge)
            if changed:
                return changed
        load_training(path)
    except EstimatorError as error:
        return str(error).rstrip(".")
    lacking = sorted(set(card["features"]) - set(challenge.columns))
    return f"the features have no {', '.join(lacking)} any more" if lacking else ""


def _changed(card: dict[str, Any], challenge: Challenge) -> str:
    if card["code_version"] != code_version():
        return "the code of `ml` changed since it was trained"
    if card["libraries"] != library_versions():
        return "the libraries changed since it was trained"
    if content_hash(card["config"]) != content_hash(asdict(challenge.config)):
        return "the settings of the training changed"
    return ""


def speaking(settings: Settings, kind: str, last_month: date) -> Approval | None:
    """The decision of a run's last month; None where nothing was decided for it."""
    own = decided(read_approvals(settings.estimators), kind, last_month)
    return own[-1] if own and own[-1].as_of_date == last_month else None


def champion_of(decisions: Sequence[Approval], month: date) -> str | None:
    """The version that scores a month, of decisions in order; None before the first.

    An estimator that was chosen scores from the end of its labels on, also months before the run
    that trained it; one that was kept or pinned, from the month of that decision on.
    """
    known = [entry.champion for entry in decisions if entry.speaks_from <= month]
    return known[-1] if known else None


def approvals_by_version(settings: Settings, kind: str) -> dict[str, Approval]:
    """The decision by which each estimator of a kind speaks, or last began to speak."""
    log = [entry for entry in read_approvals(settings.estimators) if entry.kind == kind]
    versions = {entry.champion for entry in log if entry.action in (CHOSEN, PINNED)}
    found = {version: approval_of(log, version) for version in sorted(versions)}
    return {version: entry for version, entry in found.items() if entry is not None}

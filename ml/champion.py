"""Whether a newly trained estimator takes the place of the one that speaks.

Belongs here: the rule of champion and challenger, what a contest between two measures, the words
of its outcome.
Does not belong here: scoring both (`ml.churn.challenge`), the record of it (`ml.approvals`).

The rule (handbook C25): a challenger replaces the champion only where it ranks better out of time
by at least 0.02 of PR-AUC, or equally well with probabilities that keep their word better. Both
are judged on the same rows, the newest outcomes, of which neither has seen any. So a champion is
challenged first when outcomes have come that it did not learn from; until then it goes on as long
as what is trained like it passes the gate. *Better* means more than chance: the 95 % interval of
the difference, by resampling customers, excludes zero; *equal* means that it does not.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from ml.approvals import CHOSEN, KEPT, Action
from ml.gate import number_text

PUBLISHED: Final = "published"
MIN_GAIN: Final = 0.02


@dataclass(frozen=True)
class Contest:
    """Champion and challenger on the same rows, which neither learnt from.

    Attributes:
        row_count: Rows judged.
        customer_count: Customers among them.
        first_date: First as-of date.
        last_date: Last as-of date.
        champion_pr_auc: PR-AUC of the champion.
        challenger_pr_auc: PR-AUC of the challenger.
        gain_low: Lower end of the 95 % interval of the second less the first.
        gain_high: Its upper end.
        champion_ece: Calibration error of the champion, as counted (noise not deducted).
        challenger_ece: The same of the challenger.
        ece_gain_low: Lower end of the 95 % interval of the first less the second.
        objection: The checks of the gate that the champion fails on these rows; empty if none.
    """

    row_count: int
    customer_count: int
    first_date: date
    last_date: date
    champion_pr_auc: float
    challenger_pr_auc: float
    gain_low: float
    gain_high: float
    champion_ece: float
    challenger_ece: float
    ece_gain_low: float
    objection: str = ""

    @property
    def gain(self) -> float:
        """PR-AUC of the challenger less that of the champion."""
        return self.challenger_pr_auc - self.champion_pr_auc

    @property
    def ranks_better(self) -> bool:
        """Whether the challenger ranks better by what the rule asks, and by more than chance."""
        return self.gain >= MIN_GAIN and self.gain_low > 0

    @property
    def ranks_alike(self) -> bool:
        """Whether the difference of PR-AUC may be chance."""
        return self.gain_low <= 0 <= self.gain_high

    @property
    def is_better_calibrated(self) -> bool:
        """Whether the challenger's calibration error is smaller, by more than chance."""
        return self.ece_gain_low > 0

    def figures(self) -> dict[str, float]:
        """The numbers, for the record."""
        found = {k: v for k, v in asdict(self).items() if isinstance(v, int | float)}
        return {**found, "gain": self.gain}


@dataclass(frozen=True)
class Standing:
    """What the rule must know of one estimator.

    Attributes:
        version: Its name.
        status: `published`, or what speaks instead.
        reason: Why it is not published.
        objection: Why it can no longer be used; empty if it can.
    """

    version: str
    status: str
    reason: str = ""
    objection: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the rule says, and why."""

    action: Action
    reason: str


def judge(
    champion: Standing | None,
    challenger: Standing,
    *,
    has_contest: bool,
    contest: Contest | None = None,
) -> Verdict:
    """Say whether the challenger takes over.

    Args:
        champion: The estimator that speaks; None where there is none.
        challenger: The one that was trained now.
        has_contest: Whether estimators of this kind compete at all; those that do not are
            replaced by each new training.
        contest: Both on outcomes that neither has seen; None where there are none yet.
    """
    if champion is None:
        return Verdict(CHOSEN, "the first estimator of its kind")
    if champion.version == challenger.version:
        return Verdict(KEPT, "the training came to the same estimator")
    if champion.objection:
        return Verdict(CHOSEN, f"{champion.version} can no longer be used: {champion.objection}")
    if not has_contest:
        return Verdict(CHOSEN, "the newest training speaks: this kind has no contest")
    if champion.status != PUBLISHED:
        return Verdict(CHOSEN, f"{champion.version} was not published, so it has nothing to defend")
    if contest is None:
        return _without_contest(champion, challenger)
    return _by_contest(champion, challenger, contest)


def _without_contest(champion: Standing, challenger: Standing) -> Verdict:
    if challenger.status == PUBLISHED:
        return Verdict(
            KEPT,
            f"no outcomes are known yet that {champion.version} did not learn from; what is "
            "trained like it passes the gate on the newest ones",
        )
    return Verdict(
        CHOSEN,
        f"what is trained like {champion.version} fails the gate on the newest outcomes "
        f"({challenger.reason}), and none are known that it did not learn from",
    )


def _by_contest(champion: Standing, challenger: Standing, contest: Contest) -> Verdict:
    measured = _measured(contest)
    if contest.objection:
        return Verdict(
            CHOSEN,
            f"{champion.version} fails the gate on the newest outcomes: {contest.objection}",
        )
    if challenger.status != PUBLISHED:
        return Verdict(KEPT, f"the challenger was refused by the gate: {challenger.reason}")
    if contest.ranks_better:
        return Verdict(CHOSEN, f"the challenger ranks better: {measured}")
    if contest.ranks_alike and contest.is_better_calibrated:
        return Verdict(CHOSEN, f"it ranks as well and is better calibrated: {measured}")
    return Verdict(KEPT, f"the challenger is not better by what is asked: {measured}")


def _measured(contest: Contest) -> str:
    def text(*values: float) -> Sequence[str]:
        return [number_text(value) for value in values]

    after, before, low, high, error, error_before = text(
        contest.challenger_pr_auc,
        contest.champion_pr_auc,
        contest.gain_low,
        contest.gain_high,
        contest.challenger_ece,
        contest.champion_ece,
    )
    return (
        f"PR-AUC {after} against {before} (difference {low} to {high}), calibration error "
        f"{error} against {error_before}, on {contest.row_count:,} rows of "
        f"{contest.customer_count:,} customers"
    )

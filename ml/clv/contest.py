"""Which estimator of purchases is taken, by what later months said.

Belongs here: fitting the candidates on a past as-of date, measuring them on the months after, and
the rules of choice.
Does not belong here: contracts (`ml.clv.contract_contest`), the estimators, the measures, the final
fit.

Judged are buyers without a contract; purchases beside a contract are learnt from, too.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.clv import gamma_gamma, two_part
from ml.clv.config import ClvConfig
from ml.clv.counts import BG, FITS, MBG, PARETO, expected_purchases
from ml.clv.estimator import TWO_PART, is_mature
from ml.clv.evaluation import (
    ValueEvaluation,
    clearness,
    evaluate_values,
    naive_value,
    poisson_deviances,
)
from ml.clv.futures import Futures, outcome_places
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.panel import Outcomes, ValuePanel
from ml.clv.possible import PLAIN, Levels, calibrate, is_inside
from ml.clv.summary import WEEKS_PER_MONTH
from ml.clv.two_part import Expected, TwoPartParameters
from ml.frames import customer_hash

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

NAIVE: Final = "naive_spend"
TEST: Final = "test"
CROSS_FITTED: Final = "cross_fitted"
_GROUPS: Final = 5
_NAMES: Final = {MBG: "the modified BG/NBD", BG: "the plain BG/NBD", PARETO: "Pareto/NBD"}


@dataclass(frozen=True)
class Slice:
    """Customers at one as-of date with what came in the months after."""

    panel: ValuePanel
    outcomes: Outcomes

    @property
    def value(self) -> Float:
        """Value that came."""
        return self.outcomes.value

    def take(self, rows: Bool) -> "Slice":
        """Keep the rows where the mask is true."""
        return Slice(self.panel.take(rows), self.outcomes.take(rows))


@dataclass(frozen=True)
class Foreseen:
    """What one candidate said of the customers judged.

    Attributes:
        expected: Expected value, not discounted.
        places: Where the outcomes lie among what it held possible.
        levels: Places of an earlier as-of date between which its intervals run.
    """

    expected: Float
    places: Float
    levels: Levels = PLAIN


@dataclass(frozen=True)
class Contest:
    """What the later months said.

    Attributes:
        day: As-of date of the histories.
        evaluations: Candidate or baseline -> its measures.
        slices: Candidate -> the slice it was judged on, where that is not `test`.
        clearness: Estimator of counts -> how much closer to later purchases than the modified
            BG/NBD it came, in standard errors.
        two_part_clearness: Estimator of counts -> how much closer to later value than it with
            Gamma-Gamma the two-part regression came, in standard errors.
        two_part: The two-part regression of these outcomes, for scoring; None with too few.
        judged: The customers, in the order of the arrays of `foreseen`.
        foreseen: Candidate -> what it said of them.
    """

    day: date
    evaluations: Mapping[str, ValueEvaluation]
    slices: Mapping[str, str]
    clearness: Mapping[str, float]
    two_part_clearness: Mapping[str, float]
    two_part: TwoPartParameters | None
    judged: Slice
    foreseen: Mapping[str, Foreseen]


@dataclass(frozen=True)
class Choice:
    """A candidate and why."""

    candidate: str
    reason: str


def is_enough_to_fit(panel: ValuePanel, config: ClvConfig) -> bool:
    """Whether there are customers enough, and enough who came again."""
    return (
        len(panel) >= config.min_customers
        and int(panel.has_amount.sum()) >= config.min_repeat_customers
    )


def sample(panel: ValuePanel, config: ClvConfig) -> ValuePanel:
    """At most so many customers, those of the lowest hash."""
    return panel.take(_sampled(panel, config))


def _sampled(panel: ValuePanel, config: ClvConfig) -> Bool:
    if len(panel) <= config.max_training_customers:
        return np.ones(len(panel), dtype=np.bool_)
    hashes = customer_hash(panel.key["customer_id"], seed=config.seed)
    return np.asarray(hashes <= np.sort(hashes)[config.max_training_customers - 1])


def fit_spend(panel: ValuePanel) -> SpendParameters:
    """Gamma-Gamma on the customers whose repeat purchases have an amount."""
    known = panel.has_amount
    return gamma_gamma.fit(panel.repeats[known], panel.amount[known])


def hold_contest(
    panel: ValuePanel, outcomes: Mapping[int, Outcomes], config: ClvConfig
) -> Contest | None:
    """Fit on the last complete as-of date and compare with what came after it.

    Args:
        panel: Customers with a purchase, at several as-of dates.
        outcomes: Months -> what came in them after each row.
        config: Settings.

    Returns:
        None where no outcome is complete, or there are too few customers.
    """
    actual = outcomes[config.outcome_months]
    if not actual.is_complete.any():
        return None
    day = panel.date[actual.is_complete].max()
    past = panel.take(panel.date == day)
    if not is_enough_to_fit(past, config):
        return None
    known = actual.is_complete & is_mature(panel, config.min_tenure_days) & ~panel.has_contract
    everything = Slice(panel, actual)
    judged = everything.take(known & (panel.date == day))
    if not len(judged.panel):
        return None
    levels = earlier_levels(panel, outcomes, day, config)
    evaluations, gains, foreseen = _judge_counts(sample(past, config), judged, levels, config)
    naive = naive_value(past, months=config.outcome_months)[known[panel.date == day]]
    evaluations[NAIVE] = evaluate_values(purchases=None, value=(judged.value, naive), config=config)
    contest = Contest(day.item(), evaluations, {}, gains, {}, None, judged, foreseen)
    return _with_two_part(contest, everything.take(known), config)


def origins(
    dates: npt.NDArray[np.datetime64], until: np.datetime64, config: ClvConfig
) -> list[tuple[np.datetime64, int]]:
    """As-of dates whose months after were over by `until`, with these months; the best first."""
    month = until.astype("datetime64[M]")
    wanted = (config.outcome_months, config.calibration_months)
    there = {day.astype("datetime64[M]"): day for day in np.unique(dates)}
    return [(there[month - back], back) for back in wanted if month - back in there]


def earlier_levels(
    panel: ValuePanel,
    outcomes: Mapping[int, Outcomes],
    until: np.datetime64,
    config: ClvConfig,
    names: Collection[str] = tuple(FITS),
) -> dict[str, Levels]:
    """Between which places outcomes known by `until` lay, per estimator of counts.

    Outcomes of two as-of dates together, a long one and a shorter, so that one odd year does not
    decide.
    """
    found: dict[str, list[Float]] = {name: [] for name in names}
    for day, months in origins(panel.date, until, config):
        past = panel.take(panel.date == day)
        actual = outcomes[months].take(panel.date == day)
        if not is_enough_to_fit(past, config):
            continue
        known = actual.is_complete & is_mature(past, config.min_tenure_days) & ~past.has_contract
        learnt = sample(past, config)
        spend, histories = fit_spend(learnt), learnt.summary()
        rows, value = past.take(known), actual.value[known]
        weeks = months * WEEKS_PER_MONTH
        for name in names:
            fitted = FITS[name](histories)
            futures = Futures(fitted, spend, weeks, config.interval_draws, config.seed)
            found[name].append(outcome_places(futures, rows, value, seed=config.seed))
    return {
        name: calibrate(np.concatenate([*places, np.empty(0)]), least=config.min_customers)
        for name, places in found.items()
    }


def _judge_counts(
    learnt: ValuePanel, judged: Slice, levels: Mapping[str, Levels], config: ClvConfig
) -> tuple[dict[str, ValueEvaluation], dict[str, float], dict[str, Foreseen]]:
    """Measures of the three estimators of counts with Gamma-Gamma, how clear, what they said."""
    rows, spend, histories = judged.panel, fit_spend(learnt), learnt.summary()
    weeks = np.full(len(rows), config.outcome_months * WEEKS_PER_MONTH)
    amount = gamma_gamma.expected_spend(spend, rows.amount_count, rows.amount) * rows.value_ratio
    purchases = judged.outcomes.purchases
    evaluations, deviances, foreseen = {}, {}, {}
    for name, fit in FITS.items():
        fitted = fit(histories)
        count = expected_purchases(fitted, rows.repeats, rows.recency, rows.age, weeks)
        deviances[name] = poisson_deviances(purchases, count)
        futures = Futures(fitted, spend, float(weeks[0]), config.interval_draws, config.seed)
        places = outcome_places(futures, rows, judged.value, seed=config.seed)
        own = Foreseen(count * amount, places, levels.get(name, PLAIN))
        foreseen[name] = own
        evaluations[name] = evaluate_values(
            purchases=(purchases, count),
            value=(judged.value, own.expected),
            is_inside=is_inside(places, own.levels),
            config=config,
        )
    gains = {name: clearness(deviances[MBG] - found) for name, found in deviances.items()}
    return evaluations, gains, foreseen


def _with_two_part(contest: Contest, known: Slice, config: ClvConfig) -> Contest:
    """Add the two-part regression, where twelve months later enough did and did not bring value.

    It is judged out of time where an as-of date before has outcomes that were complete by then;
    else every customer is foreseen by a fit on the others.
    """
    least, judged = config.min_repeat_customers, contest.judged
    if config.outcome_months != two_part.MONTHS or not two_part.is_enough(
        judged.value, least=least
    ):
        return contest
    # Outcomes that were over on the day, not those that reach into the months judged.
    month = known.panel.date.astype("datetime64[M]")
    over = np.datetime64(contest.day, "M") - config.outcome_months
    earlier = known.take(np.asarray(month <= over, dtype=np.bool_))
    if two_part.is_enough(earlier.value, least=least):
        learnt = earlier.take(earlier.panel.date == earlier.panel.date.max())
        slices: dict[str, str] = {}
    else:
        learnt, slices = judged, {TWO_PART: CROSS_FITTED}
    own = foreseen_unseen(learnt, judged, config)
    found = evaluate_values(
        purchases=None,
        value=(judged.value, own.expected),
        is_inside=is_inside(own.places, own.levels),
        config=config,
    )
    error = np.abs(own.expected - judged.value)
    return replace(
        contest,
        evaluations={**contest.evaluations, TWO_PART: found},
        slices=slices,
        two_part_clearness={
            name: clearness(np.abs(rival.expected - judged.value) - error)
            for name, rival in contest.foreseen.items()
        },
        two_part=_fit_sample(judged, config),
        foreseen={**contest.foreseen, TWO_PART: own},
    )


def _fit_sample(learnt: Slice, config: ClvConfig) -> TwoPartParameters:
    part = learnt.take(_sampled(learnt.panel, config))
    return two_part.fit(part.panel, part.value)


def foreseen_unseen(learnt: Slice, judged: Slice, config: ClvConfig) -> Foreseen:
    """What a regression that has not learnt from the customer says of each of the judged.

    Args:
        learnt: Customers with an outcome that was known; the same as `judged`, or earlier.
        judged: Customers to be foreseen; where too few others taught, 0 is.
        config: Settings.
    """
    group, of_learnt = (
        customer_hash(each.panel.key["customer_id"], seed=config.seed) % _GROUPS
        for each in (judged, learnt)
    )
    found = Foreseen(np.zeros(len(group)), np.zeros(len(group)))
    for number in range(_GROUPS):
        rows = np.asarray(group == number)
        others = learnt.take(np.asarray(of_learnt != number))
        if rows.any() and two_part.is_enough(others.value, least=1):
            part = _foreseen(others, judged.take(rows), config)
            found.expected[rows], found.places[rows] = part.expected, part.places
    return found


def _foreseen(learnt: Slice, judged: Slice, config: ClvConfig) -> Foreseen:
    """Expected value of the judged, and where their outcomes lie."""
    fitted = _fit_sample(learnt, config)
    expected: Expected = two_part.expect(fitted, judged.panel)
    places = two_part.outcome_places(fitted, expected, judged.value, seed=config.seed)
    return Foreseen(expected.value, places)


def choose_counts(latest: ValuePanel, contest: Contest | None, config: ClvConfig) -> Choice:
    """The estimator of purchase counts: the modified BG/NBD unless another was clearly better."""
    one_time = float((latest.repeats == 0).mean())
    rivals = [PARETO] if one_time > config.max_one_time_share else [PARETO, BG]
    about_plain = (
        ""
        if BG in rivals
        else f"; {100 * one_time:.0f} % bought only once, more than the "
        f"{100 * config.max_one_time_share:.0f} % up to which the plain BG/NBD, for which they "
        "are alive for ever, may be considered"
    )
    if contest is None:
        return Choice(MBG, f"no complete outcome to compare estimators on{about_plain}")
    errors = {
        name: contest.evaluations[name].measures["purchases_deviance"] for name in (MBG, *rivals)
    }
    best = min(rivals, key=lambda name: errors[name])
    found = ", ".join(f"{error:.4f} with {_NAMES[name]}" for name, error in errors.items())
    reason = (
        f"mean Poisson deviance of later purchases {found}; another than the modified one must be "
        f"{100 * config.min_improvement:g} % and {config.min_clearness:g} standard errors better"
        f"{about_plain}"
    )
    is_better = (
        errors[best] < errors[MBG] * (1 - config.min_improvement)
        and contest.clearness[best] > config.min_clearness
    )
    return Choice(best if is_better else MBG, reason)


def choose_amounts(
    counts: Choice, contest: Contest | None, correlation: float, config: ClvConfig
) -> Choice:
    """Gamma-Gamma, or the two-part regression where the rules or later months speak for it.

    Only months that it had not seen count: from other customers of the same months it would know
    how good a year they were, which nobody knows of the year to come.
    """
    if contest is None or contest.two_part is None:
        return counts
    if not abs(correlation) < config.max_correlation:
        why = (
            f"rank correlation of frequency and amount {correlation:.2f}, from "
            f"{config.max_correlation:g} on Gamma-Gamma is not valid"
        )
        return Choice(TWO_PART, f"{why}; {counts.reason}")
    own, rival = (contest.evaluations[name].measures for name in (counts.candidate, TWO_PART))
    clear = contest.two_part_clearness[counts.candidate]
    is_out_of_time = contest.slices.get(TWO_PART, TEST) == TEST
    is_better = (
        is_out_of_time
        and rival["value_mae"] < own["value_mae"] * (1 - config.min_improvement)
        and clear > config.min_clearness
        and rival["value_gini"] > own["value_gini"] - config.max_gini_loss
        and abs(rival["value_bias_pct"]) <= 100 * config.max_bias
    )
    why = (
        f"two-part regression: mean error {rival['value_mae']:.2f} against "
        f"{own['value_mae']:.2f} ({clear:.1f} standard errors better), normalised Gini "
        f"{rival['value_gini']:.3f} against {own['value_gini']:.3f}"
    )
    if not is_out_of_time:
        why += ", but it knew other customers of the same months, which does not count"
    return Choice(TWO_PART if is_better else counts.candidate, f"{why}; {counts.reason}")

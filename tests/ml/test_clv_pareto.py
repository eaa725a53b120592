"""Pareto/NBD against the published fit, both published forms and first principles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1
from scipy.stats import gamma

from ml.clv import pareto_nbd
from ml.clv.pareto_nbd import ParetoParameters, _leaving, _log_paths, _objective
from ml.clv.summary import Summary, summarise
from ml.errors import FitError

PUBLISHED = ParetoParameters(0.553, 10.578, 0.606, 11.669)


def one(repeats: float, recency: float, age: float) -> Summary:
    return Summary(*(np.array([value]) for value in (repeats, recency, age, 1.0)))


def published_form(values: tuple[float, ...], x: float, t_x: float, age: float) -> float:
    """Log-likelihood of one history by hypergeometric functions, in the form for its branch."""
    r, alpha, s, beta = values
    total, second = r + s + x, s + 1 if alpha >= beta else r + x
    most, gap = max(alpha, beta), abs(alpha - beta)

    def at(t: float) -> float:
        z = gap / (most + t)
        return float(hyp2f1(total, second, total + 1, z) / (most + t) ** total)

    alive = (alpha + age) ** -(r + x) * (beta + age) ** -s
    left = s / total * (at(t_x) - at(age))
    factor = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return float(factor + np.log(alive + left))


def test_pareto_nbd_reproduces_the_published_parameters(cdnow):
    fitted = pareto_nbd.fit(summarise(cdnow.repeats, cdnow.recency, cdnow.age))
    assert round(fitted.r, 3) == 0.553
    assert fitted.alpha == pytest.approx(10.58, abs=0.005)
    assert round(fitted.s, 3) == 0.606
    assert fitted.beta == pytest.approx(11.66, abs=0.015)  # two sources: 11.656 and 11.669
    assert fitted.log_likelihood == pytest.approx(-9594.976, abs=0.01)
    assert fitted.is_converged
    assert not fitted.is_at_bound


@pytest.mark.parametrize("values", [(0.553, 10.578, 0.606, 11.669), (0.8, 20.0, 0.3, 4.0)])
@pytest.mark.parametrize("history", [(0, 0, 38.86), (2, 30.43, 38.86), (26, 30.86, 31.0)])
def test_the_integral_is_what_both_published_forms_stand_for(values, history):
    found = pareto_nbd.log_likelihood(ParetoParameters(*values), one(*history))
    assert found == pytest.approx(published_form(values, *history), rel=1e-10)


@pytest.mark.parametrize("values", [(0.553, 10.578, 0.606, 11.669), (1.4, 3.0, 2.0, 60.0)])
def test_many_purchases_and_long_histories_do_not_overflow(values):
    """600 purchases in ten years: the published form is 0/0 there."""
    history = one(600.0, 519.0, 521.0)
    found = pareto_nbd.log_likelihood(ParetoParameters(*values), history)
    assert np.isfinite(found)
    r, alpha, s, beta = values

    def integrand(u: float) -> float:
        start = 519.0
        return float(
            np.exp(
                -(r + 600) * np.log((alpha + u) / (alpha + start))
                - (s + 1) * np.log((beta + u) / (beta + start))
            )
        )

    scale = -(r + 600) * np.log(alpha + 519.0) - (s + 1) * np.log(beta + 519.0)
    expected = scale + np.log(quad(integrand, 519.0, 521.0, epsabs=0)[0])
    assert _leaving(np.array(values), history).log_integral[0] == pytest.approx(expected, rel=1e-12)


positive = st.floats(min_value=-2.5, max_value=2.5).map(lambda v: float(np.exp(v)))
histories = st.tuples(st.integers(0, 60), st.floats(0.05, 1.0), st.floats(0.5, 200.0)).map(
    lambda h: one(float(h[0]), h[1] * h[2] if h[0] else 0.0, h[2])
)


@settings(max_examples=60, deadline=None)
@given(st.tuples(positive, positive, positive, positive), histories)
def test_the_gradient_is_that_of_the_likelihood(values, history):
    point = np.array(values) * np.array([1.0, 5.0, 1.0, 5.0])
    gradient = _objective(point, history)[1]
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-5 * point[place]
        slope = _objective(point + step, history)[0] - _objective(point - step, history)[0]
        assert gradient[place] * 2 * step[place] == pytest.approx(slope, rel=1e-4, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.tuples(positive, positive, positive, positive), histories)
def test_being_alive_is_a_probability_and_silence_lowers_it(values, history):
    parameters = ParetoParameters(*values)
    x, recency, age = history.repeats, history.recency, history.age
    now = pareto_nbd.alive_probability(parameters, x, recency, age)
    later = pareto_nbd.alive_probability(parameters, x, recency, age + 10)
    assert 0 <= later[0] <= now[0] <= 1


def test_who_bought_on_the_last_day_is_alive():
    assert pareto_nbd.alive_probability(PUBLISHED, *(np.array([v]) for v in (3.0, 9.0, 9.0))) == 1.0


@pytest.mark.parametrize("s", [0.606, 1.0, 1 + 1e-13, 2.5])
def test_expected_purchases_equal_the_integral_over_customers(s):
    parameters = ParetoParameters(0.553, 10.578, s, 11.669)
    x, age, weeks = 4.0, 30.0, 52.0
    rate = gamma(s, scale=1 / (parameters.beta + age))

    def staying(u: float) -> float:
        mu = max(rate.ppf(u), 1e-15)
        return float(-np.expm1(-mu * weeks) / mu)

    integral = quad(staying, 0, 1, limit=400)[0] * (parameters.r + x) / (parameters.alpha + age)
    found = pareto_nbd.purchases_if_alive(parameters, *(np.array([v]) for v in (x, age, weeks)))
    assert found[0] == pytest.approx(integral, rel=1e-6)


def test_it_recovers_the_parameters_of_a_simulation():
    rng = np.random.default_rng(4)
    customers, r, alpha, s, beta = 6_000, 0.8, 6.0, 1.2, 40.0
    rate, leaving = rng.gamma(r, 1 / alpha, customers), rng.gamma(s, 1 / beta, customers)
    age = rng.integers(20, 105, customers).astype(float)
    alive = np.minimum(rng.exponential(1 / leaving), age)
    repeats = rng.poisson(rate * alive).astype(float)
    recency = np.where(
        repeats > 0, alive * rng.random(customers) ** (1 / np.maximum(repeats, 1)), 0
    )
    fitted = pareto_nbd.fit(summarise(repeats, recency, age))
    assert fitted.values == pytest.approx([r, alpha, s, beta], rel=0.15)


def test_without_any_repeat_there_is_nothing_to_fit():
    with pytest.raises(FitError, match="No customer bought twice"):
        pareto_nbd.fit(summarise(np.zeros(5), np.zeros(5), np.full(5, 10.0)))


def test_the_two_ways_of_an_ending_share_all_probability():
    """No purchase yet: alive and left add up to the chance of none, (alpha / (alpha + u))^r."""
    values, history = PUBLISHED.values, one(0.0, 0.0, 50.0)
    alive, left = _log_paths(values, history, _leaving(values, history))
    r, alpha, s, beta = values

    def silent(u: float) -> float:
        density = s * beta**s / (beta + u) ** (s + 1)
        return float(density * (alpha / (alpha + u)) ** r)

    factor = r * np.log(alpha) + s * np.log(beta)
    assert np.exp(left[0] + factor) == pytest.approx(quad(silent, 0, 50)[0], rel=1e-8)
    assert np.exp(alive[0] + factor) == pytest.approx(
        (alpha / (alpha + 50)) ** r * (beta / (beta + 50)) ** s
    )

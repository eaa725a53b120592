"""Purchase counts and amounts against published figures and against first principles."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from ml.clv import bg_nbd, gamma_gamma, mbg_nbd
from ml.clv.evaluation import poisson_deviance, rank_correlation
from ml.clv.gamma_gamma import SpendParameters
from ml.clv.likelihood import maximise
from ml.clv.purchases import PurchaseParameters, purchases_if_alive
from ml.clv.summary import Summary, summarise
from ml.clv.value import discount_factors
from ml.errors import FitError

PUBLISHED_BG = bg_nbd.parameters(0.2425982, 4.4136842, 0.7929899, 2.4261667)


@pytest.fixture(scope="module")
def histories(cdnow) -> Summary:
    return summarise(cdnow.repeats, cdnow.recency, cdnow.age)


@pytest.fixture(scope="module")
def fitted_bg(histories) -> PurchaseParameters:
    return bg_nbd.fit(histories)


def test_bg_nbd_reproduces_the_published_parameters(fitted_bg):
    assert round(fitted_bg.r, 3) == 0.243
    assert fitted_bg.alpha == pytest.approx(4.414, abs=0.0006)
    assert round(fitted_bg.a, 3) == 0.793
    assert round(fitted_bg.b, 3) == 2.426
    assert round(fitted_bg.log_likelihood, 2) == -9582.43
    assert fitted_bg.is_converged
    assert not fitted_bg.is_at_bound


def test_mbg_nbd_reproduces_the_published_parameters(histories):
    fitted = mbg_nbd.fit(histories)
    assert round(fitted.r, 3) == 0.525
    assert round(fitted.alpha, 3) == 6.183
    assert round(fitted.a, 3) == 0.891
    assert round(fitted.b, 3) == 1.614


def test_distinct_histories_have_the_likelihood_of_all_customers(cdnow, histories):
    weight = np.ones_like(cdnow.age)
    everyone = Summary(cdnow.repeats, cdnow.recency, cdnow.age, weight)
    assert len(histories.repeats) < len(cdnow.repeats)
    assert histories.customers == len(cdnow.repeats)
    assert bg_nbd.log_likelihood(PUBLISHED_BG, histories) == pytest.approx(
        bg_nbd.log_likelihood(PUBLISHED_BG, everyone), rel=1e-12
    )


def test_a_fit_does_not_depend_on_the_order_of_customers(cdnow, fitted_bg):
    order = np.random.default_rng(1).permutation(len(cdnow.repeats))
    again = bg_nbd.fit(summarise(cdnow.repeats[order], cdnow.recency[order], cdnow.age[order]))
    assert again == fitted_bg


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [(0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437), (78, 1.8576)],
)
def test_expected_purchases_of_a_new_customer(weeks, expected):
    found = bg_nbd.expected_purchases_of_new(PUBLISHED_BG, np.array([float(weeks)]))
    assert found[0] == pytest.approx(expected, abs=4e-4)


def test_expected_purchases_of_the_customer_of_the_paper():
    found = bg_nbd.expected_purchases(
        PUBLISHED_BG, *(np.array([v]) for v in (2.0, 30.43, 38.86, 39.0))
    )
    assert found[0] == pytest.approx(1.226, abs=5e-4)


def test_hold_out_total_as_recomputed_from_the_paper(cdnow, fitted_bg):
    weeks = np.full_like(cdnow.age, 39.0)
    found = bg_nbd.expected_purchases(fitted_bg, cdnow.repeats, cdnow.recency, cdnow.age, weeks)
    assert found.sum() == pytest.approx(1653.41, abs=0.1)


def test_total_of_all_weeks_as_recomputed_from_the_paper(cdnow, fitted_bg):
    found = bg_nbd.expected_purchases_of_new(fitted_bg, cdnow.age + 39.0)
    assert found.sum() == pytest.approx(4160.61, abs=0.5)


@pytest.mark.parametrize("a", [0.4, 0.999999, 1.0, 1.000001, 1.7])
@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("repeats", [0.0, 3.0, 400.0])
def test_expected_purchases_equal_the_integral_over_customers(a, extra, repeats):
    r, alpha, b, age, weeks = 0.6, 8.0, 2.5, 60.0, 52.0
    parameters = PurchaseParameters(r, alpha, a, b, extra)

    def purchases(leave: float) -> float:
        base = 1 + leave * weeks / (alpha + age)
        return (1 - base ** -(r + repeats)) / leave

    share = beta_distribution(a, b + repeats + extra)
    integral = quad(lambda u: purchases(max(share.ppf(u), 1e-12)), 0, 1, limit=400)[0]
    found = purchases_if_alive(parameters, np.array([repeats]), np.array([age]), np.array([weeks]))
    assert found[0] == pytest.approx(integral, rel=2e-4)


@pytest.mark.parametrize("values", [(0.6, 8.0, 5e3, 2.5), (1e4, 1.6e5, 0.1, 1e-5)])
@pytest.mark.parametrize("repeats", [0.0, 400.0])
def test_parameters_at_an_edge_still_give_the_integral(values, repeats):
    parameters = PurchaseParameters(*values, extra=1)
    r, alpha, a, b = values
    age, weeks = np.array([5.0, 300.0]), np.array([156.0, 4.0])
    found = purchases_if_alive(parameters, np.full(2, repeats), age, weeks)
    share = beta_distribution(a, b + repeats + 1).ppf((np.arange(20_000) + 0.5) / 20_000)
    leave = np.maximum(share, 1e-300)[:, None]
    direct = -np.expm1(-(r + repeats) * np.log1p(leave * weeks / (alpha + age))) / leave
    assert found == pytest.approx(direct.mean(axis=0), rel=1e-3)


def test_trap_one_time_buyers_alive_for_ever():
    values = (0.25, 4.4, 0.8, 2.4)
    none, long_ago = np.zeros(1), np.array([500.0])
    plain = bg_nbd.alive_probability(bg_nbd.parameters(*values), none, none, long_ago)
    modified = mbg_nbd.alive_probability(mbg_nbd.parameters(*values), none, none, long_ago)
    assert plain[0] == 1.0
    assert modified[0] < 0.6


@pytest.mark.parametrize("module", [bg_nbd, mbg_nbd])
def test_silence_lowers_the_probability_of_being_alive(module):
    ages = np.array([20.0, 40.0, 80.0, 160.0])
    found = module.alive_probability(
        module.parameters(0.25, 4.4, 0.8, 2.4), np.full(4, 5.0), np.full(4, 19.0), ages
    )
    assert (np.diff(found) < 0).all()
    assert ((found > 0) & (found <= 1)).all()


@pytest.mark.parametrize("module", [bg_nbd, mbg_nbd])
def test_the_gradient_is_that_of_the_likelihood(module, histories):
    from ml.clv.purchases import _objective

    point = np.array([0.4, 6.0, 0.9, 2.0])
    gradient = _objective(point, module.EXTRA, histories)[1]
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-5
        above = _objective(point + step, module.EXTRA, histories)[0]
        below = _objective(point - step, module.EXTRA, histories)[0]
        assert gradient[place] == pytest.approx((above - below) / 2e-5, rel=1e-4)


@pytest.mark.parametrize(
    "history", [(1.0, 5.0, 4.0), (0.0, 1.0, 4.0), (-1.0, 0.0, 4.0), (1.0, np.nan, 4.0)]
)
def test_a_history_that_contradicts_itself_is_refused(history):
    with pytest.raises(FitError, match="1 of 1 purchase histories contradict"):
        summarise(*(np.array([value]) for value in history))


def test_without_any_repeat_there_is_nothing_to_fit():
    with pytest.raises(FitError, match="No customer bought twice"):
        mbg_nbd.fit(summarise(np.zeros(5), np.zeros(5), np.full(5, 10.0)))


def test_a_likelihood_that_is_never_finite_is_an_error():
    with pytest.raises(FitError, match="not finite"):
        maximise(lambda v: (float("nan"), np.full_like(v, np.nan)), [(1.0,)], scale=1)


def test_a_parameter_that_runs_away_is_reported():
    found = maximise(lambda v: (float(np.log(v[0])), 1 / v), [(1.0,)], scale=1)
    assert found.is_at_bound


def simulated_spend(
    customers: int = 4000, p: float = 6.25, q: float = 3.74, v: float = 15.44
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    count = 1.0 + rng.poisson(2, customers)
    return count, rng.gamma(p * count) / (rng.gamma(q, size=customers) / v) / count


def test_gamma_gamma_recovers_the_parameters_of_a_simulation():
    fitted = gamma_gamma.fit(*simulated_spend())
    assert fitted.p == pytest.approx(6.25, rel=0.1)
    assert fitted.q == pytest.approx(3.74, rel=0.1)
    assert fitted.v == pytest.approx(15.44, rel=0.15)
    assert fitted.is_converged
    count, mean = simulated_spend()
    assert fitted.log_likelihood == pytest.approx(gamma_gamma.log_likelihood(fitted, count, mean))


def test_gamma_gamma_is_indifferent_to_the_currency():
    count, mean = simulated_spend(800)
    one, other = gamma_gamma.fit(count, mean), gamma_gamma.fit(count, 1000 * mean)
    assert other.v == pytest.approx(1000 * one.v, rel=1e-4)
    assert other.p == pytest.approx(one.p, rel=1e-4)


def test_gamma_gamma_mean_of_an_unknown_customer_is_that_of_the_paper():
    fitted = SpendParameters(6.2488, 3.7446, 15.4477)
    found = gamma_gamma.expected_spend(fitted, np.array([0.0]), np.array([np.nan]))
    assert found[0] == pytest.approx(35.17, abs=0.01)
    assert fitted.population_mean == pytest.approx(35.171, abs=0.01)


def test_more_purchases_draw_the_expected_amount_to_the_customers_own():
    fitted = SpendParameters(6.25, 3.74, 15.44)
    found = gamma_gamma.expected_spend(fitted, np.array([1.0, 5.0, 500.0]), np.full(3, 100.0))
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(100, abs=1)


def test_amounts_without_a_mean_are_held_at_one_and_reported():
    rng = np.random.default_rng(2)
    count = np.ones(2000)
    mean = rng.gamma(1.0, size=2000) / rng.gamma(0.6, size=2000)
    fitted = gamma_gamma.fit(count, mean)
    assert fitted.is_at_bound
    assert np.isfinite(fitted.population_mean)


@pytest.mark.parametrize(("count", "mean"), [([], []), ([1.0], [0.0]), ([0.0], [5.0])])
def test_gamma_gamma_takes_positive_amounts_only(count, mean):
    with pytest.raises(FitError, match="positive amounts"):
        gamma_gamma.fit(np.array(count), np.array(mean))


def test_value_of_a_hundred_a_month():
    assert np.full(12, 100.0) @ discount_factors(12, 0.10) == pytest.approx(1140.05, abs=0.005)


def test_value_of_a_hundred_a_month_while_alive():
    alive = 0.98 ** np.arange(1, 13)
    assert 100 * alive @ discount_factors(12, 0.10) == pytest.approx(1004.10, abs=0.005)


def test_rank_correlation_of_constants_is_unknown():
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5.0)))
    assert rank_correlation(np.arange(5.0), np.arange(5.0) ** 2) == pytest.approx(1.0)


def test_deviance_is_least_for_the_true_mean():
    actual = np.random.default_rng(1).poisson(2.0, 5000).astype(float)
    errors = [poisson_deviance(actual, np.full(5000, mean)) for mean in (1.5, 2.0, 2.5)]
    assert errors[1] == min(errors)

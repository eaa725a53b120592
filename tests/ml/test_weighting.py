"""Weights with proof: the published matrices, the worked examples, and what never may be."""

from datetime import date
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from ml.errors import EstimatorError, FrameError
from ml.weighting.ahp import MatrixError, priorities, worst_triad
from ml.weighting.entropy import combine, entropy_weights
from ml.weighting.in_force import WeightingError, tree_at, weights_in_force
from ml.weighting.judgements import JudgementsError, describe_matrices, judge
from ml.weighting.sensitivity import (
    Scores,
    SensitivityConfig,
    compare_with_topsis,
    try_weights,
)
from ml.weighting.topsis import closeness, compare_ranks
from ml.weighting.tree import Node, Tree, roll_up

LAST = date(2024, 12, 31)
# The matrices of the literature, as their sources print them; the table of the random index is part
# of a published consistency ratio.
DRINKS = """
1 9 5 2 1 1 1/2 | 1/9 1 1/3 1/9 1/9 1/9 1/9 | 1/5 3 1 1/3 1/4 1/3 1/9 | 1/2 9 3 1 1/2 1 1/3
1 9 4 2 1 2 1/2 | 1 9 3 1 1/2 1 1/3 | 2 9 9 3 2 3 1
"""
HOUSE = """
1 5 3 7 6 6 1/3 1/4 | 1/5 1 1/3 5 3 3 1/5 1/7 | 1/3 3 1 6 3 4 6 1/5 | 1/7 1/5 1/6 1 1/3 1/4 1/7 1/8
1/6 1/3 1/3 3 1 1/2 1/5 1/6 | 1/6 1/3 1/4 4 2 1 1/5 1/6 | 3 5 1/6 7 5 5 1 1/2 | 4 7 5 8 6 6 2 1
"""
LEADER = "1 4 3 7 | 1/4 1 1/3 3 | 1/3 3 1 5 | 1/7 1/3 1/5 1"
HOUSE_NAMES = (
    "size", "transport", "neighbourhood", "age", "yard", "facilities", "condition", "financing"
)  # fmt: skip


def matrix_of(text: str) -> np.ndarray:
    """Read a matrix whose rows are told apart by a bar or a new line."""
    rows = [row.split() for row in text.strip().replace("\n", "|").split("|")]
    fraction = {f"1/{n}": 1 / n for n in range(2, 10)}
    return np.array([[fraction.get(cell) or float(cell) for cell in row] for row in rows])


def names_of(matrix: np.ndarray) -> list[str]:
    return [f"c{number}" for number in range(len(matrix))]


def judgements_of(
    matrix: np.ndarray,
    names: tuple[str, ...],
    *,
    matrix_id: str = "value",
    assessor: str = "E1",
    day: str = "2024-01-20",
) -> pd.DataFrame:
    """The upper triangle of a matrix as one person would hand it in."""
    return pd.DataFrame(
        [
            (matrix_id, names[i], names[j], round(matrix[i, j], 6), assessor, pd.Timestamp(day))
            for i in range(len(names))
            for j in range(i + 1, len(names))
        ],
        columns=[
            "matrix_id",
            "row_criterion",
            "column_criterion",
            "preference",
            "assessor_id",
            "judged_on",
        ],
    )


class TestThePublishedMatrices:
    def test_the_worked_example_of_the_handbook(self):
        found = priorities(matrix_of("1 2 3 | 1/2 1 2 | 1/3 1/2 1"), names_of(np.eye(3)))
        assert found.weights == pytest.approx([0.5396, 0.2970, 0.1634], abs=5e-5)
        assert found.lambda_max == pytest.approx(3.0092, abs=5e-5)
        assert found.consistency_ratio == pytest.approx(0.0079, abs=5e-5)
        assert found.is_consistent

    def test_judgements_in_a_circle_are_refused(self):
        found = priorities(matrix_of("1 3 1/5 | 1/3 1 3 | 5 1/3 1"), ["a", "b", "c"])
        assert found.consistency_ratio == pytest.approx(1.58, abs=5e-3)
        assert not found.is_consistent
        assert found.worst_triad is not None
        assert found.worst_triad.words() == (
            "a against b is 3 and b against c is 3, so that a against c should be 9, but it is 1/5"
        )

    @pytest.mark.parametrize(
        ("text", "weights", "index", "ratio", "places"),
        [
            (DRINKS, [0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327], "saaty_2005", 0.022, 3),
            (LEADER, [0.548, 0.127, 0.270, 0.056], "saaty_2005", 0.044, 3),
            (
                HOUSE,
                [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333],
                "saaty_1980",
                0.169,
                3,
            ),
        ],
    )
    def test_figures_as_printed(self, text, weights, index, ratio, places):
        matrix = matrix_of(text)
        found = priorities(matrix, names_of(matrix), random_index=index)
        assert [round(each, places) for each in found.weights] == weights
        assert round(found.consistency_ratio, places) == ratio

    @pytest.mark.parametrize(
        ("text", "lambda_max", "consistency_index", "ratios"),
        [
            (DRINKS, 7.176629, 0.029438, (0.0223, 0.02181, 0.02351)),
            (HOUSE, 9.668887, 0.238412, (0.16909, 0.17029, 0.18101)),
            (LEADER, 4.118418, 0.039473, (0.04386, 0.04435, 0.04764)),
        ],
    )
    def test_the_ratio_hangs_on_the_named_table(self, text, lambda_max, consistency_index, ratios):
        matrix = matrix_of(text)
        tables = ("saaty_1980", "saaty_2005", "donegan_dodd_1991")
        found = [priorities(matrix, names_of(matrix), random_index=name) for name in tables]
        assert found[0].lambda_max == pytest.approx(lambda_max, abs=5e-7)
        assert found[0].consistency_index == pytest.approx(consistency_index, abs=5e-7)
        assert [each.consistency_ratio for each in found] == pytest.approx(ratios, abs=5e-6)
        assert [each.random_index for each in found] == list(tables)

    def test_the_house_is_refused_with_its_triad(self):
        rows = judgements_of(matrix_of(HOUSE), HOUSE_NAMES, matrix_id="house")
        with pytest.raises(JudgementsError) as refused:
            judge(rows, last_month=LAST)
        assert "matrix house: the consistency ratio is 0.169 (random index saaty_1980)" in str(
            refused.value
        )
        assert (
            "condition against size is 3 and size against neighbourhood is 3, so that condition "
            "against neighbourhood should be 9, but it is 1/6"
        ) in str(refused.value)

    def test_what_is_no_matrix(self):
        broken = matrix_of("1 2 3 | 2 1 2 | 1/3 1/2 1")
        broken[2, 2] = 4
        broken[0, 2] = -3
        with pytest.raises(MatrixError) as refused:
            priorities(broken, ["a", "b", "c"], random_index="mine")
        for part in ("a against b is 2", "c against itself is 4", "holds -3", "'mine' is unknown"):
            assert part in str(refused.value)
        with pytest.raises(MatrixError, match="11 criteria are compared; more than 10"):
            priorities(np.ones((11, 11)), names_of(np.eye(11)))
        with pytest.raises(MatrixError, match="cells for 3 criteria"):
            priorities(np.ones((2, 2)), ["a", "b", "c"])
        missing = np.ones((3, 3))
        missing[0, 1] = np.nan
        with pytest.raises(MatrixError, match="a against b is missing"):
            priorities(missing, ["a", "b", "c"])

    @pytest.mark.parametrize("preference", [1.0, 9.0, 1 / 9])
    def test_of_two_criteria_nothing_contradicts(self, preference):
        found = priorities(np.array([[1, preference], [1 / preference, 1]]), ["a", "b"])
        assert found.consistency_ratio == 0
        assert found.worst_triad is None
        share = preference / (1 + preference)
        assert found.weights == pytest.approx([share, 1 - share])


weights_strategy = st.lists(st.floats(0.05, 1.0), min_size=1, max_size=10)
cells = st.sampled_from([1 / 9, 1 / 5, 1 / 3, 1 / 2, 1, 2, 3, 5, 9])


@given(weights_strategy)
def test_a_consistent_matrix_gives_its_weights_back(weights):
    given_weights = np.array(weights)
    found = priorities(given_weights[:, None] / given_weights, names_of(np.eye(len(weights))))
    assert found.weights == pytest.approx(given_weights / given_weights.sum(), rel=1e-9)
    assert found.consistency_ratio == pytest.approx(0, abs=1e-9)


@st.composite
def reciprocal_matrices(draw):
    count = draw(st.integers(3, 7))
    matrix = np.ones((count, count))
    for i in range(count):
        for j in range(i + 1, count):
            matrix[i, j] = draw(cells)
            matrix[j, i] = 1 / matrix[i, j]
    return matrix


@given(reciprocal_matrices(), st.randoms(use_true_random=False))
def test_the_order_of_the_criteria_does_not_matter(matrix, random):
    order = list(range(len(matrix)))
    random.shuffle(order)
    one = priorities(matrix, names_of(matrix))
    other = priorities(matrix[np.ix_(order, order)], [f"c{number}" for number in order])
    assert one.weights.sum() == pytest.approx(1, abs=1e-11)
    assert (one.weights > 0).all()
    assert other.weights == pytest.approx(one.weights[order], rel=1e-7)
    assert one.weights.tolist() == [round(weight, 12) for weight in one.weights]
    assert other.consistency_ratio == pytest.approx(one.consistency_ratio, abs=1e-9)


def test_weights_have_no_last_bits_that_another_run_would_not_have():
    # The judgements of the simulated company: solved in any order, as any library does.
    matrix = np.array(
        [[1, 4, 2, 5], [1 / 4, 1, 1 / 2, 1], [1 / 2, 2, 1, 3], [1 / 5, 1, 1 / 3, 1]], dtype=float
    )
    found = set()
    for order in permutations(range(4)):
        weights = priorities(matrix[np.ix_(order, order)], names_of(matrix)).weights
        found.add(tuple(weights[np.argsort(order)].tolist()))
    assert len(found) == 1


@given(reciprocal_matrices())
def test_the_worst_triad_is_the_worst(matrix):
    triad = worst_triad(matrix, names_of(matrix))
    assert triad is not None
    logs = np.log(matrix)
    sizes = [
        abs(logs[i, j] + logs[j, k] - logs[i, k])
        for i in range(len(matrix))
        for j in range(i)
        for k in range(j)
    ]
    assert abs(np.log(triad.implied / triad.first_to_third)) == pytest.approx(max(sizes), abs=1e-8)
    assert triad.first_to_second >= 1 - 1e-9
    assert triad.second_to_third >= 1 - 1e-9


class TestJudgements:
    NAMES = ("current", "potential", "relationship")

    def test_a_group_is_its_geometric_mean(self):
        rows = pd.concat(
            [
                judgements_of(matrix_of(text), self.NAMES, assessor=f"E{number}")
                for number, text in enumerate(
                    ("1 2 3 | 1 1 2 | 1 1 1", "1 3 3 | 1 1 1 | 1 1 1", "1 1 2 | 1 1 2 | 1 1 1")
                )
            ]
        )
        (found,) = judge(rows.sample(frac=1, random_state=3), last_month=LAST).matrices
        assert found.matrix[0, 1] == pytest.approx(6 ** (1 / 3))
        assert found.matrix[0, 2] == pytest.approx(18 ** (1 / 3))
        assert found.matrix[2, 1] == pytest.approx(4 ** (-1 / 3))
        assert (found.lowest[0, 1], found.highest[0, 1]) == pytest.approx((1, 3))
        assert (found.in_force_from, found.assessor_count) == (date(2024, 1, 31), 3)
        # Of three criteria the eigenvector is the geometric mean of the rows (108, 2/3 and 1/72).
        rows_by_hand = np.array([108, 2 / 3, 1 / 72]) ** (1 / 9)
        assert list(found.weights) == list(self.NAMES)
        assert list(found.weights.values()) == pytest.approx(rows_by_hand / rows_by_hand.sum())
        table = describe_matrices([found])
        assert len(table) == 3
        assert "assessor_id" not in table
        assert set(table["random_index"]) == {"saaty_1980"}

    def test_either_direction_may_be_given(self):
        rows = judgements_of(matrix_of("1 2 3 | 1 1 2 | 1 1 1"), self.NAMES)
        turned = rows.assign(
            row_criterion=rows["column_criterion"],
            column_criterion=rows["row_criterion"],
            preference=(1 / rows["preference"]).round(6),
        )
        (one,) = judge(rows, last_month=LAST).matrices
        (other,) = judge(turned, last_month=LAST).matrices
        assert other.weights == pytest.approx(one.weights, abs=1e-6)
        # Both directions that agree to the six decimals of the source are no contradiction.
        (both,) = judge(pd.concat([rows, turned]), last_month=LAST).matrices
        assert both.weights == pytest.approx(one.weights, abs=1e-6)

    def test_all_mistakes_of_all_matrices_at_once(self):
        rows = judgements_of(matrix_of("1 2 3 | 1 1 2 | 1 1 1"), self.NAMES)
        second = judgements_of(matrix_of("1 2 3 | 1 1 2 | 1 1 1"), self.NAMES, assessor="E2")
        lines = [
            *rows.iloc[1:].to_dict("records"),  # current against potential is missing
            *second.to_dict("records"),
            {
                **second.iloc[0].to_dict(),
                "row_criterion": "potential",
                "column_criterion": "current",
            },
            {**second.iloc[0].to_dict(), "column_criterion": "current", "preference": 2},
            *judgements_of(
                matrix_of("1 12 0 | 1 1 2 | 1 1 1"), ("a", "b", "c"), matrix_id="other"
            ).to_dict("records"),
        ]
        with pytest.raises(JudgementsError) as refused:
            judge(pd.DataFrame(lines), last_month=LAST)
        assert str(refused.value).splitlines() == [
            "matrix other: assessor E1: a against b is 12, not between 1/9 and 9",
            "matrix other: assessor E1: a against c is 0, not between 1/9 and 9",
            "matrix value: assessor E1: current against potential is missing",
            "matrix value: assessor E2: current against itself is 2, not 1",
            "matrix value: assessor E2: current against potential was judged twice on 2024-01-20: "
            "2 and 1/2 (the two directions of a pair must be each other's reciprocal)",
        ]

    def test_too_many_criteria(self):
        names = tuple(f"n{number:02d}" for number in range(11))
        with pytest.raises(JudgementsError, match="11 criteria are compared; more than 10"):
            judge(judgements_of(np.ones((11, 11)), names), last_month=LAST)

    def test_a_later_judgement_of_the_same_person_replaces_the_earlier(self):
        rows = judgements_of(matrix_of("1 2 3 | 1 1 2 | 1 1 1"), self.NAMES)
        again = rows.iloc[:1].assign(preference=1.0, judged_on=pd.Timestamp("2024-06-30"))
        both = pd.concat([rows, again])
        first, second = judge(both, last_month=LAST).matrices
        assert (first.in_force_from, second.in_force_from) == (date(2024, 1, 31), date(2024, 6, 30))
        assert (first.matrix[0, 1], second.matrix[0, 1]) == pytest.approx((2, 1))
        assert first.assessor_count == second.assessor_count == 1
        # What is judged after the run's last month is not known.
        (known,) = judge(both, last_month=date(2024, 5, 31)).matrices
        assert known.weights == first.weights

    def test_a_contradiction_that_was_mended_never_took_force(self):
        circle = judgements_of(matrix_of("1 3 1/5 | 1 1 3 | 1 1 1"), self.NAMES)
        mended = circle.iloc[1:2].assign(preference=9.0, judged_on=pd.Timestamp("2024-03-05"))
        with pytest.raises(JudgementsError, match="consistency ratio"):
            judge(pd.concat([circle, mended]), last_month=date(2024, 2, 29))
        (found,) = judge(pd.concat([circle, mended]), last_month=LAST).matrices
        assert found.in_force_from == date(2024, 3, 31)
        assert found.priorities.consistency_ratio == pytest.approx(0)

    def test_a_matrix_that_nobody_needs_stops_nothing(self):
        good = judgements_of(matrix_of("1 2 3 | 1 1 2 | 1 1 1"), self.NAMES)
        circle = judgements_of(matrix_of("1 3 1/5 | 1 1 3 | 1 1 1"), self.NAMES, matrix_id="old")
        found = judge(pd.concat([good, circle]), last_month=LAST, needed={"value"})
        assert [each.matrix_id for each in found.matrices] == ["value"]
        assert len(found.set_aside) == 1
        assert found.set_aside[0].startswith("matrix old: the consistency ratio is 1.58")
        with pytest.raises(JudgementsError, match="matrix old"):
            judge(pd.concat([good, circle]), last_month=LAST, needed={"value", "old"})

    def test_no_judgements_no_matrix(self):
        rows = judgements_of(matrix_of("1 2 | 1 1"), ("a", "b"))
        assert judge(rows.iloc[:0], last_month=LAST).matrices == ()
        with pytest.raises(FrameError, match="assessor_id"):
            judge(rows.drop(columns="assessor_id"), last_month=LAST)


class TestEntropy:
    ROWS = np.array([[0.9, 0.2, 0.5], [0.4, 0.8, 0.5], [0.1, 0.6, 0.5]])

    def test_the_worked_example_of_the_handbook(self):
        found = entropy_weights(self.ROWS, rescale=False)
        assert found.entropy == pytest.approx([0.7559, 0.8869, 1], abs=5e-5)
        assert found.weights == pytest.approx([0.6833, 0.3167, 0], abs=5e-5)
        assert found.customers == 3

    def test_the_order_of_customers_changes_no_bit(self):
        rows = np.random.default_rng(3).uniform(0, 100, size=(1_999, 3))
        found = entropy_weights(rows).weights
        for seed in range(20):
            shuffled = np.random.default_rng(seed).permutation(rows)
            assert (entropy_weights(shuffled).weights == found).all()

    def test_a_constant_column_weighs_nothing_also_rescaled(self):
        assert entropy_weights(self.ROWS).weights[2] == 0

    def test_rows_with_a_gap_are_left_out(self):
        gaps = np.vstack([self.ROWS, [[np.nan, 1, 0], [1, np.nan, np.nan]]])
        found = entropy_weights(gaps)
        assert found.customers == 3
        assert found.weights == pytest.approx(entropy_weights(self.ROWS).weights)

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            (np.array([[1.0, 2.0]]), "two customers"),
            (np.ones((5, 2)), "constant"),
            (np.empty((4, 0)), "at least one criterion"),
        ],
    )
    def test_what_tells_nobody_apart_is_refused(self, rows, words):
        with pytest.raises(EstimatorError, match=words):
            entropy_weights(rows)
        with pytest.raises(EstimatorError, match="negative"):
            entropy_weights(-self.ROWS, rescale=False)

    @given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-20, 20))
    def test_a_linear_change_of_scale_changes_nothing(self, seed, factor, shift):
        rows = np.random.default_rng(seed).random((40, 3))
        one = entropy_weights(rows).weights
        assert one.sum() == pytest.approx(1, abs=1e-12)
        assert (one >= 0).all()
        assert entropy_weights(rows * factor + shift).weights == pytest.approx(one, abs=1e-6)

    def test_experts_and_entropy_are_added(self):
        expert, entropy = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.4, 0.0])
        assert combine(expert, entropy) == pytest.approx([0.4, 0.35, 0.25])
        assert combine(expert, entropy, beta=1) == pytest.approx(expert)
        assert combine(expert, entropy, beta=0) == pytest.approx(entropy)
        # A product would have wiped out what is constant at the moment.
        assert combine(expert, entropy)[2] > 0

    @pytest.mark.parametrize(
        ("expert", "entropy", "beta", "words"),
        [
            ([0.5, 0.5], [1.0], 0.5, "2 expert weights"),
            ([0.5, 0.6], [0.5, 0.5], 0.5, "sum to 1"),
            ([0.5, 0.5], [1.5, -0.5], 0.5, "entropy weights must"),
            ([0.5, 0.5], [0.5, 0.5], 1.5, "beta"),
        ],
    )
    def test_what_cannot_be_combined(self, expert, entropy, beta, words):
        with pytest.raises(EstimatorError, match=words):
            combine(np.array(expert), np.array(entropy), beta=beta)


class TestTopsis:
    def test_the_worked_example_of_the_handbook(self):
        found = closeness(TestEntropy.ROWS, np.array([0.5, 0.3, 0.2]))
        assert found == pytest.approx([0.6960, 0.4795, 0.2237], abs=5e-5)

    def test_customers_who_are_all_alike_stand_in_the_middle(self):
        assert closeness(np.ones((3, 2)), np.array([0.5, 0.5])) == pytest.approx([0.5] * 3)
        assert closeness(np.zeros((2, 2)), np.array([0.5, 0.5])) == pytest.approx([0.5] * 2)
        assert len(closeness(np.empty((0, 2)), np.array([0.5, 0.5]))) == 0

    def test_what_does_not_fit_is_refused(self):
        with pytest.raises(EstimatorError, match="complete rows"):
            closeness(np.array([[1.0, np.nan]]), np.array([0.5, 0.5]))
        with pytest.raises(EstimatorError, match="do not fit"):
            closeness(np.ones((2, 3)), np.array([0.5, 0.5]))

    @given(st.integers(0, 10_000), st.floats(0.01, 100))
    def test_the_unit_of_a_column_does_not_matter(self, seed, factor):
        rows = np.random.default_rng(seed).random((30, 3))
        weights = np.array([0.5, 0.3, 0.2])
        one = closeness(rows, weights)
        assert ((one >= 0) & (one <= 1)).all()
        assert closeness(rows * [factor, 1, 1], weights) == pytest.approx(one, abs=1e-9)

    def test_rankings_are_compared_as_the_library_does(self):
        rng = np.random.default_rng(4)
        one, other = rng.integers(0, 20, 300).astype(float), rng.random(300)
        found = compare_ranks(one, other)
        assert found.spearman == pytest.approx(spearmanr(one, other).statistic)
        assert found.kendall == pytest.approx(kendalltau(one, other).statistic)
        assert compare_ranks(other, other * 3 + 1).decile_changed == 0
        assert compare_ranks(other, -other).decile_changed == 300
        assert np.isnan(compare_ranks(one, np.ones(300)).spearman)


def small_tree() -> Tree:
    return Tree(
        (
            Node("value", None, 1.0),
            Node("current", "value", 0.6),
            Node("loyalty", "value", 0.4, "loyalty"),
            Node("money", "current", 0.7, "money"),
            Node("payment", "current", 0.3, "payment"),
        )
    )


class TestTheTree:
    def test_scores_coverage_and_what_is_carried_by_hand(self):
        nan = np.nan
        scores = {
            "money": np.array([80.0, 80, nan, nan, 80]),
            "payment": np.array([60.0, nan, nan, 40, 60]),
            "loyalty": np.array([50.0, 50, 50, nan, 50]),
        }
        found = roll_up(small_tree(), scores, {"payment": np.array([1, 1, 1, 1, 0.5])})
        # 0.6 x (0.7 x 80 + 0.3 x 60) + 0.4 x 50 = 64.4; half the evidence of payment: 0.15.
        carried = 0.6 * (0.7 * 80 + 0.15 * 60) / 0.85 + 0.4 * 50
        assert found["value"].score == pytest.approx([64.4, 68, 50, 40, carried])
        assert found["value"].coverage == pytest.approx([1, 0.82, 0.4, 0.18, 0.91])
        assert found["current"].coverage == pytest.approx([1, 0.7, 0, 0.3, 0.85])
        assert np.isnan(found["current"].score[2])

    def test_nothing_measured_is_no_score_and_never_zero(self):
        found = roll_up(small_tree(), {"money": np.array([np.nan])}, {})
        assert np.isnan(found["value"].score[0])
        assert found["value"].coverage[0] == 0
        zero = {name: np.zeros(1) for name in ("money", "payment", "loyalty")}
        assert roll_up(small_tree(), zero, {})["value"].score[0] == 0

    def test_the_share_of_the_weight_that_anybody_has(self):
        scores = {"money": np.array([np.nan, 5.0]), "loyalty": np.array([np.nan, np.nan])}
        assert small_tree().measured_weight(scores) == pytest.approx(0.42)
        assert small_tree().measured_weight({}) == 0

    @pytest.mark.parametrize(
        ("nodes", "words"),
        [
            ((Node("a", None, 1), Node("b", None, 1)), "one root"),
            ((Node("a", None, 1), Node("a", "a", 1)), "twice"),
            ((Node("a", None, 1), Node("b", "c", 1), Node("c", "b", 1)), "b, c"),
            ((Node("a", None, 1), Node("b", "z", 1)), "do not lead"),
        ],
    )
    def test_what_is_no_tree_is_refused(self, nodes, words):
        with pytest.raises(EstimatorError, match=words):
            Tree(nodes)


def customers_of(rows: int, seed: int = 1, gaps: float = 0.2) -> Scores:
    rng = np.random.default_rng(seed)
    scores = {}
    for name in ("money", "payment", "loyalty"):
        values = rng.random(rows) * 100
        values[rng.random(rows) < gaps] = np.nan
        scores[name] = values
    evidence = {"payment": np.where(rng.random(rows) < 0.3, 0.25, 1.0)}
    return Scores(pd.Series([f"k{n:05d}" for n in range(rows)]), scores, evidence)


class TestSensitivity:
    BANDS = (0.0, 50.0, 75.0)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 10_000), st.integers(5, 40))
    def test_a_trial_is_the_score_with_that_weight(self, seed, batch):
        tree, customers = small_tree(), customers_of(60, seed)
        config = SensitivityConfig(batch_rows=batch)
        trials = try_weights(tree, customers, self.BANDS, config=config)
        assert {each.node_id for each in trials} == {"current", "loyalty", "money", "payment"}
        base = roll_up(tree, customers.scores, customers.evidence)["value"]
        published = np.round(base.coverage, 6) >= 0.6
        for each in trials:
            # The changed tree, scored from the beginning: its siblings renormalise.
            changed = roll_up(
                tree.weighted({each.node_id: _weight(tree, each.node_id) * each.factor}),
                customers.scores,
                customers.evidence,
            )["value"].score
            moved = np.abs(changed - base.score)[published]
            bands = [
                np.searchsorted(self.BANDS, np.round(score[published], 6), side="right")
                for score in (base.score, changed)
            ]
            assert each.customers == published.sum()
            assert each.mean_change == pytest.approx(moved.mean(), abs=1e-6)
            assert each.largest_change == pytest.approx(moved.max(), abs=1e-6)
            assert each.band_changed == (bands[0] != bands[1]).sum()
            expected = spearmanr(base.score[published], changed[published]).statistic
            assert each.rank_correlation == pytest.approx(expected, abs=1e-6)

    def test_weights_after_the_change_are_renormalised(self):
        trials = try_weights(small_tree(), customers_of(50), self.BANDS)
        up = next(each for each in trials if each.node_id == "money" and each.factor > 1)
        assert up.weight == pytest.approx(0.7)
        assert up.changed_weight == pytest.approx(0.84 / 1.14)

    def test_what_has_no_sibling_is_not_tried(self):
        tree = Tree((Node("value", None, 1.0), Node("loyalty", "value", 1.0, "loyalty")))
        assert try_weights(tree, customers_of(10), self.BANDS) == ()
        assert compare_with_topsis(tree, customers_of(10)) is None

    def test_nobody_published_is_told_as_nobody(self):
        none = customers_of(10, gaps=1.1)
        trials = try_weights(small_tree(), none, self.BANDS)
        assert {each.customers for each in trials} == {0}
        assert all(np.isnan(each.mean_change) for each in trials)
        found = compare_with_topsis(small_tree(), none)
        assert found is not None
        assert (found.customers, found.decile_changed) == (0, 0)

    def test_rankings_of_many_customers_are_compared_on_a_sample(self):
        config = SensitivityConfig(max_ranked=40)
        trials = try_weights(small_tree(), customers_of(200, gaps=0.0), self.BANDS, config=config)
        assert {each.ranked for each in trials} == {40}
        assert {each.customers for each in trials} == {200}

    def test_topsis_ranks_beside_the_weighted_sum(self):
        customers = customers_of(200, gaps=0.0)
        found = compare_with_topsis(small_tree(), customers)
        assert found is not None
        nodes = roll_up(small_tree(), customers.scores, customers.evidence)
        table = np.column_stack([nodes["current"].score, nodes["loyalty"].score])
        near = closeness(table, np.array([0.6, 0.4]))
        assert found.customers == 200
        assert found.spearman == pytest.approx(
            spearmanr(nodes["value"].score, near).statistic, abs=1e-9
        )
        assert 0.9 < found.spearman < 1


def _weight(tree: Tree, name: str) -> float:
    return next(node.weight for node in tree.nodes if node.node_id == name)


def nodes_of(**changes: object) -> pd.DataFrame:
    """The small tree as configuration: the root judged and measured, its part by entropy."""
    rows = [
        ("generic", "value", None, None, 1.0, "combined", "value", None),
        ("generic", "current", "value", None, 0.6, "entropy", None, None),
        ("generic", "loyalty", "value", "loyalty", 0.4, None, None, "piecewise"),
        ("generic", "money", "current", "money", 0.7, None, None, "piecewise"),
        ("generic", "payment", "current", "payment", 0.3, None, None, "piecewise"),
    ]
    columns = [
        "profile",
        "node_id",
        "parent_id",
        "indicator_id",
        "weight",
        "weighting",
        "matrix_id",
        "scoring",
    ]
    frame = pd.DataFrame(rows, columns=columns).assign(valid_from="2009-01-01", valid_until=None)
    return frame.assign(**changes)


def read_small(review: date, measures: object) -> Scores:
    customers = customers_of(120, seed=review.year)
    return Scores(
        customers.customer_id,
        {f"{name}__piecewise": values for name, values in customers.scores.items()},
        {},
    )


class TestInForce:
    REVIEW = date(2023, 12, 31)

    def matrix(self, day: str = "2024-03-10") -> pd.DataFrame:
        return judgements_of(np.array([[1, 3], [1 / 3, 1]]), ("current", "loyalty"), day=day)

    def weigh(self, rows: pd.DataFrame | None = None, **more):
        judged = judge(self.matrix() if rows is None else rows, last_month=LAST).matrices
        given = {"reviews": [self.REVIEW], "last_month": LAST, **more}
        nodes = given.pop("nodes", nodes_of())
        return weights_in_force(
            nodes,
            {"generic": given.pop("beta", {date(2009, 1, 1): 0.5})},
            judged,
            given.pop("reviews"),
            read_small,
            **given,
        )

    def test_each_source_takes_force_when_it_is_known(self):
        found = self.weigh()
        root = found[found["node_id"] == "current"].set_index("in_force_from")
        assert list(root["method"]) == ["fallback_fixed", "combined", "combined"]
        assert [str(day.date()) for day in root.index] == ["2009-01-31", "2024-01-31", "2024-03-31"]
        assert [str(day.date()) for day in root["in_force_until"][:2]] == [
            "2024-01-31",
            "2024-03-31",
        ]
        assert pd.isna(root["in_force_until"].iloc[2])
        assert root["weight"].iloc[0] == 0.6
        # Before the judgements the configured weight is the expert's.
        before, after = root.iloc[1], root.iloc[2]
        assert pd.isna(before["ahp_weight"])
        assert before["weight"] == pytest.approx(0.5 * 0.6 + 0.5 * before["entropy_weight"])
        assert after["ahp_weight"] == pytest.approx(0.75)
        assert after["weight"] == pytest.approx(0.5 * 0.75 + 0.5 * after["entropy_weight"])
        assert (after["random_index"], after["assessor_count"]) == ("saaty_1980", 1)
        assert after["n_customers"] < 120  # customers with a gap are left out

    def test_another_share_of_the_experts_counts_from_its_day_on(self):
        found = self.weigh(beta={date(2009, 1, 1): 0.5, date(2024, 5, 15): 1.0})
        root = found[found["node_id"] == "current"].set_index("in_force_from")
        assert [str(day.date()) for day in root.index[-2:]] == ["2024-03-31", "2024-05-31"]
        assert list(root["beta"].iloc[-2:]) == [0.5, 1.0]
        assert root["weight"].iloc[-1] == pytest.approx(0.75)
        # What held before the change is what it was.
        before = self.weigh()
        kept = before[before["node_id"] == "current"]["weight"]
        assert list(root["weight"].iloc[:-1]) == list(kept)

    def test_review_and_judgements_of_one_month_take_force_together(self):
        found = self.weigh(self.matrix("2024-01-05"))
        root = found[found["node_id"] == "current"]
        assert [str(day.date()) for day in root["in_force_from"]] == ["2009-01-31", "2024-01-31"]
        keys = ["profile", "node_id", "in_force_from"]
        assert not found.duplicated(keys).any()

    def test_siblings_sum_to_one_at_every_date(self):
        found = self.weigh()
        sums = found.groupby(["profile", "parent_node_id", "in_force_from"])["weight"].sum()
        assert sums.to_numpy() == pytest.approx(1, abs=1e-12)

    def test_the_node_below_is_weighed_before_the_node_above(self):
        found = self.weigh().set_index(["node_id", "in_force_from"])
        day = pd.Timestamp("2024-01-31")
        below = {name: found.loc[(name, day), "weight"] for name in ("money", "payment")}
        customers = read_small(self.REVIEW, ())
        tree = tree_at(nodes_of(), "generic", LAST).weighted(below)
        nodes = roll_up(tree, customers.scores, {})
        table = np.column_stack([nodes["current"].score, nodes["loyalty"].score])
        expected = entropy_weights(table).weights
        assert found.loc[("current", day), "entropy_weight"] == pytest.approx(expected[0])

    def test_without_judgements_and_reviews_the_configuration_stands(self):
        found = self.weigh(self.matrix().iloc[:0], reviews=[])
        assert set(found["method"]) == {"fallback_fixed"}
        assert (found["weight"] == found["seed_weight"]).all()
        assert set(found["note"].dropna()) == {"no yearly review yet"}

    def test_a_measure_that_nobody_has_leaves_the_experts_alone(self):
        nodes = nodes_of()
        nodes.loc[nodes["node_id"] == "payment", "indicator_id"] = None
        found = self.weigh(nodes=nodes)
        below = found[found["parent_node_id"] == "current"]
        assert set(below["method"]) == {"fallback_fixed"}
        assert any("measured of 0 customers only" in str(note) for note in below["note"])

    def test_a_matrix_of_other_criteria_stops(self):
        rows = judgements_of(np.ones((2, 2)), ("current", "tenure"))
        with pytest.raises(WeightingError) as refused:
            self.weigh(rows)
        assert str(refused.value) == (
            "profile generic, node value: matrix value compares current, tenure, but the node's "
            "children are current, loyalty"
        )

    def test_nothing_that_is_known_later_takes_force(self):
        early = date(2024, 2, 29)
        judged = judge(self.matrix(), last_month=early).matrices
        found = weights_in_force(
            nodes_of(),
            {"generic": {date(2009, 1, 1): 0.5}},
            judged,
            [self.REVIEW],
            read_small,
            last_month=early,
        )
        later = self.weigh()
        same = later[later["in_force_from"] <= pd.Timestamp(early)]
        assert list(found["weight"]) == list(same["weight"])

    def test_a_scorecard_of_fixed_weights_needs_no_row(self):
        assert not len(self.weigh(nodes=nodes_of(weighting="fixed")))

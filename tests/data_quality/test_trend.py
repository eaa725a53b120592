"""How quality went over the runs."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from data_quality.trend import HEIGHT, WIDTH, ProductTrend, RunQuality, product_trends, run_totals


def a_run(
    day: int, product: str, *, passed: int, failed: int = 0, held: bool = False
) -> RunQuality:
    began = datetime(2024, 1, day)  # noqa: DTZ001 - the control tables hold UTC without a zone
    return RunQuality(f"run-{day}", began, product, 4, passed, failed, held)


def test_runs_are_summed_over_their_products_the_newest_first() -> None:
    totals = run_totals(
        [
            a_run(2, "billing", passed=3, failed=7, held=True),
            a_run(1, "billing", passed=4),
            a_run(2, "source", passed=4),
        ]
    )

    assert [(each.run_id, each.rules, each.rows_failed, each.held) for each in totals] == [
        ("run-2", 8, 7, ("billing",)),
        ("run-1", 4, 0, ()),
    ]
    assert [each.pass_share for each in totals] == [7 / 8, 1]


def test_a_product_is_followed_from_its_oldest_run_to_its_newest() -> None:
    trend = [
        a_run(3, "billing", passed=2, failed=9, held=True),
        a_run(1, "billing", passed=4),
        a_run(2, "customers", passed=4),
    ]

    found = product_trends(trend, ["source", "billing"])

    assert found == [ProductTrend("billing", (1, 0.5), (0, 9), (False, True))]


def test_the_newest_run_is_drawn_at_the_right_and_the_best_share_at_the_top() -> None:
    points = ProductTrend("billing", (0.5, 1.0), (0, 0), (False, False)).share_points

    assert points[0][0] < points[1][0] <= WIDTH
    assert points[0][1] > points[1][1]


def test_no_failed_row_is_drawn_at_the_foot_and_all_rules_that_hold_at_the_top() -> None:
    trend = ProductTrend("billing", (1.0, 1.0), (0, 0), (False, False))

    assert {y for _, y in trend.share_points} == {4}
    assert {y for _, y in trend.failed_points} == {HEIGHT - 4}


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_every_point_lies_in_the_chart(counts: list[int]) -> None:
    trend = ProductTrend("x", (1.0,) * len(counts), tuple(counts), (False,) * len(counts))

    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in trend.failed_points)

"""The churn estimators on a public table, against what was published of it."""

from dataclasses import replace

import numpy as np
import pytest

from examples.telco.study import CONFIG, describe, read_customers
from ml.churn.candidates import LOGISTIC
from ml.churn.cross_section import judge_cross_section
from ml.errors import FrameError
from ml.gate import is_publishable, refusal_reason

QUICK = replace(CONFIG, bootstrap_draws=20, noise_draws=50, folds=3)


@pytest.fixture(scope="module")
def customers():
    return read_customers()


def judge_quickly(frame, features):
    (found,) = judge_cross_section(frame, QUICK, features=features, candidates=[LOGISTIC])
    return found


def test_the_table_is_read_whole(customers):
    frame, features = customers
    assert (len(frame), int(frame["is_churned"].sum())) == (7043, 1869)
    # Never billed: not the same as billed nothing.
    assert list(frame.loc[frame["TotalCharges"].isna(), "tenure"]) == [0] * 11
    assert len(features) == 4 + 41
    assert not {"Churn", "customerID"} & set(features)


def test_both_candidates_reach_the_published_figures_and_no_more(customers):
    frame, features = customers
    config = replace(CONFIG, bootstrap_draws=20)
    found = judge_cross_section(frame, config, features=features)
    for each in found:
        measures = each.evaluation.measures
        assert 0.83 <= measures["auc"] <= 0.865
        assert 2.75 <= measures["top_decile_lift"] <= 3.1
        assert abs(measures["ece"]) < 0.03
        assert is_publishable(each.checks), refusal_reason(each.checks)
    assert describe(found).count("every check passed") == 2


def test_a_feature_that_knows_the_outcome_raises_the_alarm(customers):
    frame, features = customers
    rng = np.random.default_rng(4)
    hint = frame["is_churned"] + rng.normal(scale=1.0, size=len(frame))
    found = judge_quickly(frame.assign(hint=hint), (*features, "hint"))
    assert found.evaluation.measures["auc"] > 0.865
    assert [
        check.check_name for check in found.checks if check.is_blocking and not check.is_passed
    ] == ["suspicion_auc"]


def test_shuffled_outcomes_teach_nothing(customers):
    frame, features = customers
    shuffled = np.random.default_rng(4).permutation(frame["is_churned"])
    found = judge_quickly(frame.assign(is_churned=shuffled), features)
    # The standard error of an AUC of one half at these sizes is 0.008.
    assert abs(found.evaluation.measures["auc"] - 0.5) < 0.024
    assert not is_publishable(found.checks)


def test_a_history_is_no_cross_section(customers):
    frame, features = customers
    later = frame.iloc[:5].assign(as_of_date=frame["as_of_date"].iloc[0] + np.timedelta64(31, "D"))
    twice = frame.iloc[:50].merge(later, how="outer")
    with pytest.raises(FrameError, match="more than one row"):
        judge_cross_section(twice, QUICK, features=features)

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skops.io
from pandas.testing import assert_frame_equal
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from ml.canonical import code_version, content_hash, training_key
from ml.churn.candidates import BOOSTING, fit_candidate
from ml.churn.config import ChurnConfig
from ml.churn.panel import read_panel
from ml.churn.training import ChurnTraining, score_churn, train_churn
from ml.clv.config import ClvConfig
from ml.clv.training import ClvTraining, train_clv
from ml.credit.training import score_credit
from ml.errors import EstimatorError, RegistryError
from ml.registry import (
    CARD_FILE,
    ESTIMATOR_FILE,
    TRUSTED_TYPES,
    find_estimator,
    latest,
    load_estimator,
    load_training,
    read_card,
    save_estimator,
)


@pytest.fixture(scope="module")
def churn(churn_frame, quick) -> ChurnTraining:
    return train_churn(churn_frame, quick)


@pytest.fixture(scope="module")
def clv(value_frames) -> ClvTraining:
    return train_clv(*value_frames, ClvConfig(bootstrap_draws=20))


@pytest.mark.parametrize("kind", ["churn", "clv", "credit_training"])
def test_a_training_comes_back_as_it_was(kind, request, tmp_path):
    training = request.getfixturevalue(kind)
    path = save_estimator(training, tmp_path, training_key="k1")
    again = load_training(path)
    assert path.name == again.estimator.version == training.estimator.version
    for name in ("estimators", "metrics", "checks"):
        assert_frame_equal(getattr(again, name), getattr(training, name))


def test_a_loaded_estimator_scores_the_same(churn, churn_frame, tmp_path):
    again = load_estimator(save_estimator(churn.estimator, tmp_path))
    assert_frame_equal(score_churn(churn_frame, again), score_churn(churn_frame, churn.estimator))


def test_a_loaded_rating_gives_the_same_points(credit_training, credit_frame, tmp_path):
    again = load_estimator(save_estimator(credit_training.estimator, tmp_path))
    rows = credit_frame.head(50)
    expected = score_credit(rows, credit_training.estimator)
    assert expected["credit_points"].notna().all()
    assert_frame_equal(score_credit(rows, again), expected)


def test_boosting_is_stored_with_the_types_allowed(churn, churn_frame, quick, tmp_path):
    panel = read_panel(churn_frame, seed=1, is_labelled=True, name="frame")
    boosted = replace(churn.estimator, fitted=fit_candidate(BOOSTING, panel, None, quick))
    again = load_estimator(save_estimator(boosted, tmp_path))
    assert again.content_hash == boosted.content_hash
    assert_frame_equal(score_churn(churn_frame, again), score_churn(churn_frame, boosted))


def test_a_refused_estimator_can_be_stored_too(churn, tmp_path):
    refused = replace(churn.estimator, status="not_published", fitted=None, reason="why")
    assert load_estimator(save_estimator(refused, tmp_path)).reason == "why"


def test_it_is_found_by_what_its_training_depended_on(churn, clv, tmp_path):
    path = save_estimator(churn, tmp_path, training_key="k1")
    save_estimator(clv, tmp_path, training_key="k2")
    assert find_estimator(tmp_path, "churn", "k1") == path
    assert find_estimator(tmp_path, "churn", "k2") is None
    assert find_estimator(tmp_path / "nowhere", "churn", "k1") is None


def test_storing_it_again_adds_the_key_and_keeps_the_file(churn, tmp_path):
    path = save_estimator(churn, tmp_path, training_key="k1")
    before = (path / ESTIMATOR_FILE).read_bytes()
    save_estimator(churn.estimator, tmp_path, training_key="k0")
    assert read_card(path)["training_keys"] == ["k0", "k1"]
    assert (path / ESTIMATOR_FILE).read_bytes() == before
    assert load_training(path).metrics.equals(churn.metrics)


def test_latest_is_the_one_stored_last(churn, tmp_path):
    assert latest(tmp_path, "churn") is None
    save_estimator(churn, tmp_path)
    later = save_estimator(replace(churn.estimator, reason="later"), tmp_path)
    assert latest(tmp_path, "churn") == later
    assert latest(tmp_path, "clv") is None


def test_nothing_is_left_behind_but_whole_estimators(churn, tmp_path):
    path = save_estimator(churn, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert sorted(entry.name for entry in path.iterdir()) == [CARD_FILE, ESTIMATOR_FILE]


def test_the_card_says_what_it_was_made_of(churn, tmp_path):
    card = read_card(save_estimator(churn, tmp_path, config={"seed": 20}))
    assert card["code_version"] == code_version()
    assert card["features"] == list(churn.estimator.features)
    assert card["config"] == {"seed": 20}
    assert "scikit-learn" in card["libraries"]
    assert card["trained_to"] == "2024-03-31"


def tamper_file(path: Path) -> None:
    file = path / ESTIMATOR_FILE
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def tamper_card(path: Path) -> None:
    card = json.loads((path / CARD_FILE).read_text())
    (path / CARD_FILE).write_text(json.dumps(card | {"status": "published!"}))


def cut_card(path: Path) -> None:
    text = (path / CARD_FILE).read_text()
    (path / CARD_FILE).write_text(text[: len(text) // 2])


def reseal(path: Path) -> None:
    """A forger who knows the card: file and card hashes agree, the content does not."""
    from ml.registry import _Files, _sha256, _write_card

    files = _Files(path)
    _write_card(files, read_card(path) | {"file_sha256": _sha256(files.estimator)})


def change_content(path: Path) -> None:
    stored = skops.io.load(path / ESTIMATOR_FILE, trusted=list(TRUSTED_TYPES))
    stored["state"]["rates"]["overall"] = 0.123
    skops.io.dump(stored, path / ESTIMATOR_FILE)
    reseal(path)


def smuggle_type(path: Path) -> None:
    skops.io.dump({"kind": "churn", "state": Path("x")}, path / ESTIMATOR_FILE)
    reseal(path)


def lose_state(path: Path) -> None:
    skops.io.dump({"kind": "churn", "state": {"status": "published"}}, path / ESTIMATOR_FILE)
    reseal(path)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (tamper_file, "was changed: its SHA-256"),
        (tamper_card, "was changed after it was written"),
        (cut_card, "cannot be read"),
        (change_content, "holds an estimator with content hash"),
        (smuggle_type, "types that are not allowed: .*Path"),
        (lose_state, "does not hold an estimator"),
        (lambda p: (p / ESTIMATOR_FILE).unlink(), "is missing"),
        (lambda p: (p / CARD_FILE).unlink(), "card.json is missing"),
    ],
)
def test_an_estimator_that_was_changed_is_not_loaded(churn, tmp_path, harm, message):
    path = save_estimator(churn.estimator, tmp_path)
    harm(path)
    with pytest.raises(RegistryError, match=message):
        load_estimator(path)


def test_an_estimator_under_another_name_is_not_loaded(churn, tmp_path):
    path = save_estimator(churn.estimator, tmp_path)
    other = path.rename(tmp_path / "churn-000000000000")
    with pytest.raises(RegistryError, match="content hash"):
        load_estimator(other)


def test_a_training_stored_without_its_metrics_says_so(churn, tmp_path):
    path = save_estimator(churn.estimator, tmp_path)
    with pytest.raises(RegistryError, match="without metrics and checks"):
        load_training(path)


def test_the_training_key_depends_on_data_settings_and_kind():
    key = training_key("churn", "abc", ChurnConfig())
    assert key == training_key("churn", "abc", ChurnConfig())
    others = [
        training_key("churn", "abd", ChurnConfig()),
        training_key("churn", "abc", ChurnConfig(seed=21)),
        training_key("clv", "abc", ChurnConfig()),
    ]
    assert len({key, *others}) == 4


def boosted(threads: int) -> HistGradientBoostingClassifier:
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 3))
    with threadpool_limits(limits=threads):
        return HistGradientBoostingClassifier(max_iter=4, random_state=1, early_stopping=False).fit(
            features, features[:, 0] > 0
        )


def test_content_does_not_depend_on_the_number_of_threads():
    assert content_hash(boosted(1)) == content_hash(boosted(2))


def test_content_changes_with_any_parameter():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(50, 2))
    fitted = LogisticRegression().fit(features, features[:, 0] > 0)
    before = content_hash(fitted)
    fitted.coef_ = fitted.coef_ + 1e-15
    assert content_hash(fitted) != before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        ("1", 1),
        ([1, 2], [12]),
        ({"a": None}, {}),
        (np.zeros(4), np.zeros((2, 2))),
    ],
)
def test_different_values_have_different_content(one, other):
    assert content_hash(one) != content_hash(other)


def test_an_object_without_state_cannot_be_hashed():
    with pytest.raises(EstimatorError, match="shows no state"):
        content_hash(object())

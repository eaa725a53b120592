"""Dagster definitions of the scores of texts, the estimators and their predictions.

What belongs here: assets around `orchestration.text` and `orchestration.prediction`. What does not:
statistics (`ml`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from orchestration.dagster_home import ScorecardHome, reported
from orchestration.prediction import (
    KINDS,
    REASONS,
    Kind,
    MonthScore,
    TrainingSummary,
    describe_challengers,
    describe_predictions,
    score,
    train,
)
from orchestration.progress import stage
from orchestration.settings import Settings
from orchestration.text import TEXT_MODELS, TEXT_SCORES, TextSummary, score_items
from orchestration.window import format_month

GROUP = "ml"
OWNERS = ["team:data-science"]
ESTIMATORS: dict[Kind, dg.AssetKey] = {
    "churn": dg.AssetKey(["ml", "churn_estimator"]),
    "clv": dg.AssetKey(["ml", "clv_estimator"]),
    "credit": dg.AssetKey(["ml", "credit_estimator"]),
    "upsell": dg.AssetKey(["ml", "upsell_estimator"]),
    "segments": dg.AssetKey(["ml", "segments_estimator"]),
}
PREDICTIONS: dict[Kind, dg.AssetKey] = {
    "churn": dg.AssetKey(["ml", "churn_predictions"]),
    "clv": dg.AssetKey(["ml", "clv_predictions"]),
    "credit": dg.AssetKey(["ml", "credit_predictions"]),
    "upsell": dg.AssetKey(["ml", "upsell_predictions"]),
    "segments": dg.AssetKey(["ml", "customer_clusters"]),
}
RESCORED = dg.AssetKey(["ml", "clv_rescored"])
FEATURES: dict[Kind, tuple[str, ...]] = {
    "churn": ("ftr_churn", "ftr_churn_labels", "ftr_customer_groups"),
    "clv": ("ftr_value", "ftr_value_outcomes", "ftr_contract_changes"),
    "credit": ("ftr_credit", "ftr_credit_labels"),
    "upsell": ("ftr_churn", "ftr_upsell", "ftr_upsell_labels"),
    "segments": ("ftr_churn",),
}
TITLES: dict[Kind, str] = {
    "churn": "churn",
    "clv": "lifetime value",
    "credit": "credit rating",
    "upsell": "upsell",
    "segments": "groups of customers",
}
DESCRIPTION_TABLES = {
    "estimators": "One row per estimator that a prediction comes from, with its verdict.",
    "estimator_metrics": "One row per estimator, candidate, slice and metric, with its interval.",
    "estimator_checks": "One row per check that an estimator had to pass, with its result.",
    "estimator_surrogates": "One row per node of the tree that outlines a churn estimator.",
    "credit_bins": "One row per bin of a learnt credit rating, with its evidence and points.",
    "cluster_profiles": "One row per yearly review, group of customers and feature.",
}
REASONS_KEY = dg.AssetKey(["ml", REASONS])
DRIFT = dg.AssetKey(["ml", "drift_counts"])
LEDGER = {
    dg.AssetKey(["ml", "published_predictions"]): (
        "One row per kind of prediction, subject, customer and month with the probability as it "
        "was first published, as the releases before this run left it; the run's own release adds "
        "to it."
    ),
    dg.AssetKey(["ml", "recorded_outcomes"]): (
        "One row per published probability whose outcome is over, as it was first published, as "
        "the releases before this run left it; the run's own release adds to it."
    ),
}
TRAIN = "train_estimators"
CHALLENGER = dg.AssetKey(["ml", "churn_challenger"])
TEXTS = dg.AssetKey(["ml", TEXT_SCORES])


class TrainConfig(dg.Config):
    """What a run may say about training.

    Attributes:
        force: Train even where a stored estimator has the same rows, configuration and code.
    """

    force: bool = False


@dg.definitions
def prediction() -> dg.Definitions:
    """Build the definitions of scoring texts, training and scoring customers."""
    return dg.Definitions(assets=[_texts(), _training(), _scoring()])


def _texts() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="score_texts",
        specs=[
            dg.AssetSpec(
                TEXTS,
                deps=[dg.AssetKey(["staging", model]) for model in TEXT_MODELS],
                description=(
                    "One row per text that a customer wrote: language, sentiment, topic and "
                    "severity by the lexicon of `ml/text`, without the text. Only new texts are "
                    "scored; a changed lexicon scores all anew."
                ),
                group_name=GROUP,
                kinds={"python", "duckdb"},
                owners=OWNERS,
            )
        ],
    )
    def score_all_texts(scorecard_home: ScorecardHome) -> Iterator[dg.MaterializeResult[Any]]:
        with reported(scorecard_home) as settings, stage("Score the texts") as current:
            summary = score_items(settings, stage=current)
            current.describe(describe_texts(summary))
        yield dg.MaterializeResult(
            asset_key=TEXTS,
            metadata={
                "dagster/row_count": summary.items,
                "scored": summary.new_items,
                "distinct_texts": summary.texts,
                "removed": summary.removed,
                "not_measured": summary.unread,
                "model_version": summary.version,
            },
        )

    return score_all_texts


def describe_texts(summary: TextSummary) -> str:
    """Say in one line how many texts were scored."""
    return f"{summary.new_items:,} of {summary.items:,} texts"


def _features(kind: Kind) -> list[dg.AssetKey]:
    return [dg.AssetKey(["features", name]) for name in FEATURES[kind]]


def _training() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=TRAIN,
        specs=[
            *(_estimator_spec(kind) for kind in KINDS),
            *(_table_spec(name, text) for name, text in DESCRIPTION_TABLES.items()),
        ],
    )
    def train_estimators(
        config: TrainConfig, scorecard_home: ScorecardHome
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with reported(scorecard_home) as settings:
            for kind in KINDS:
                with stage(f"Train the estimators: {TITLES[kind]}") as current:
                    summary = train(settings, kind, force=config.force)
                    current.describe(describe_training(summary))
                yield dg.MaterializeResult(
                    asset_key=ESTIMATORS[kind], metadata=_training_metadata(summary)
                )
        for name in DESCRIPTION_TABLES:
            yield dg.MaterializeResult(asset_key=dg.AssetKey(["ml", name]))

    return train_estimators


def describe_training(summary: TrainingSummary) -> str:
    """Say in one line what became of an estimator."""
    how = "trained" if summary.is_new else "stored one taken"
    said = f"{how}, {summary.status.replace('_', ' ')}"
    if summary.version == summary.challenger:
        return said
    return f"{said}; champion {summary.decision}"


def _training_metadata(summary: TrainingSummary) -> dict[str, str | int | float | bool]:
    return {
        "version": summary.version,
        "status": summary.status,
        "reason": summary.reason,
        "is_new": summary.is_new,
        "labels_to": str(summary.labels_to or ""),
        "rows": summary.row_count,
        "challenger": summary.challenger,
        "decision": summary.decision,
        "decision_reason": summary.decision_reason,
        **{f"metric/{name}": value for name, value in sorted(summary.metrics.items())},
    }


def _estimator_spec(kind: Kind) -> dg.AssetSpec:
    return dg.AssetSpec(
        ESTIMATORS[kind],
        deps=_features(kind),
        description=(
            f"The trained estimator of {TITLES[kind]}: trained on labels complete by the run's "
            "last month, judged on later months than it learnt from, stored without pickle under "
            "the hash of its content. Trained anew only when rows, configuration or code changed; "
            "it speaks only where the rule of champion and challenger, or a person, says so."
        ),
        group_name=GROUP,
        kinds={"python", "scipy"} if kind == "clv" else {"python", "scikitlearn"},
        owners=OWNERS,
    )


def _table_spec(name: str, text: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        dg.AssetKey(["ml", name]),
        deps=[key for kind in KINDS for key in _features(kind)],
        description=text,
        group_name=GROUP,
        kinds={"python", "duckdb"},
        owners=OWNERS,
    )


def _scoring() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="score_customers",
        specs=[
            *(_prediction_spec(kind) for kind in KINDS),
            _rescored_spec(),
            _challenger_spec(),
            _reasons_spec(),
            _drift_spec(),
            *_ledger_specs(),
        ],
    )
    def score_customers(scorecard_home: ScorecardHome) -> Iterator[dg.MaterializeResult[Any]]:
        with reported(scorecard_home) as settings:
            for kind in KINDS:
                with stage(f"Score the customers: {TITLES[kind]}") as current:
                    scores = score(settings, kind, stage=current)
                    rows = sum(each.rows for each in scores)
                    current.describe(f"{rows:,} rows")
                yield dg.MaterializeResult(
                    asset_key=PREDICTIONS[kind],
                    metadata={
                        "dagster/row_count": rows,
                        "months": describe_scores(scores),
                        **_prediction_metadata(settings, kind),
                    },
                )
            yield dg.MaterializeResult(asset_key=RESCORED)
            yield dg.MaterializeResult(
                asset_key=CHALLENGER, metadata=dict(describe_challengers(settings))
            )
        yield dg.MaterializeResult(asset_key=REASONS_KEY)

        for key in (DRIFT, *LEDGER):
            yield dg.MaterializeResult(asset_key=key)

    return score_customers


def _reasons_spec() -> dg.AssetSpec:
    return dg.AssetSpec(
        REASONS_KEY,
        deps=[ESTIMATORS["churn"], *_features("churn")],
        description=(
            "Up to five reasons each way why a churn probability is what it is, of customers on "
            "the watch list and above and of key accounts. They add up to the estimator's score."
        ),
        group_name=GROUP,
        kinds={"python", "duckdb"},
        owners=OWNERS,
    )


def _prediction_metadata(settings: Settings, kind: Kind) -> dict[str, float]:
    """What the predictions of the newest month come to, as far as it was scored."""
    found = describe_predictions(settings, kind)
    return {f"newest_month/{name}": value for name, value in found.items()}


def describe_scores(scores: Sequence[MonthScore]) -> str:
    """Say which estimator scored which months."""
    return (
        "; ".join(
            f"{format_month(each.first_month)} to {format_month(each.last_month)}: {each.version}"
            for each in scores
        )
        or "none"
    )


def _ledger_specs() -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            key, description=text, group_name=GROUP, kinds={"python", "duckdb"}, owners=OWNERS
        )
        for key, text in LEDGER.items()
    ]


def _drift_spec() -> dg.AssetSpec:
    return dg.AssetSpec(
        DRIFT,
        deps=[ESTIMATORS["churn"], *_features("churn")],
        description=(
            "One row per estimator version, scored month, feature or score, and bin: how many rows "
            "of the training and of the month fell into it. The bins were fixed at training."
        ),
        group_name=GROUP,
        kinds={"python", "duckdb"},
        owners=OWNERS,
    )


def _challenger_spec() -> dg.AssetSpec:
    return dg.AssetSpec(
        CHALLENGER,
        deps=[ESTIMATORS["churn"], *_features("churn")],
        description=(
            "One row per customer of the run's last month, scored by the churn estimator that "
            "does not speak: a challenger that was not taken, or the champion that was replaced. "
            "Not released; it is there so that both can be compared when the outcomes are known."
        ),
        group_name=GROUP,
        kinds={"python", "duckdb"},
        owners=OWNERS,
    )


def _prediction_spec(kind: Kind) -> dg.AssetSpec:
    return dg.AssetSpec(
        PREDICTIONS[kind],
        deps=[ESTIMATORS[kind], *_features(kind)],
        description=(
            f"One row per customer and month with the prediction of {TITLES[kind]}. A month is "
            "scored by the champion of its time; months before the labels of the first one have "
            "none."
        ),
        group_name=GROUP,
        kinds={"python", "duckdb"},
        owners=OWNERS,
    )


def _rescored_spec() -> dg.AssetSpec:
    return dg.AssetSpec(
        RESCORED,
        deps=[ESTIMATORS["clv"], *_features("clv")],
        description=(
            "One row per customer, in months whose lifetime value comes from another estimator "
            "than that of the month before: what the one before would have said. It tells a change "
            "of the estimator from one of the customers."
        ),
        group_name=GROUP,
        kinds={"python", "duckdb"},
        owners=OWNERS,
    )

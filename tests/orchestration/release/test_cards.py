"""Model cards: what they say, that every estimator has one, and that they are the same again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ml.approvals import LOG_FILE
from orchestration.release import card_charts, cards
from orchestration.release.card_words import LONG_BASES
from orchestration.release.cards import (
    KINDS,
    METRICS,
    describe_features,
    missing_cards,
    read_model_card,
    render_card,
    write_cards,
)
from orchestration.release.report import write_report
from orchestration.release.store import Release
from orchestration.release.verify import verify_release
from orchestration.settings import Settings

Publish = Callable[..., Release]
CHURN, CLV = "churn-1a2b3c4d", "clv-9f8e7d6c"
TABLES = """
alter table scorecard.estimator_metrics alter column value type double;
alter table scorecard.estimator_metrics alter column value_low type double;
alter table scorecard.estimator_metrics alter column value_high type double;
insert into scorecard.estimator_metrics by name
select 'churn' as estimator, 'churn-1a2b3c4d' as estimator_version, 'logistic' as candidate, *
from (
    values ('test', 'reliability_01_predicted', 0.1, null, null, 100),
        ('test', 'reliability_01_observed', 0.12, null, null, 100),
        ('test', 'reliability_02_predicted', 0.5, null, null, 100),
        ('test', 'reliability_02_observed', 0.45, null, null, 100),
        ('test', 'gains_10', 0.3, 0.25, 0.36, 200),
        ('test', 'gains_50', 0.8, 0.75, 0.86, 200),
        ('tier=A', 'customers', 400, null, null, 900),
        ('tier=A', 'selection_rate', 0.2, null, null, 900),
        ('tier=A', 'selection_ratio', 0.5, null, null, 900),
        ('tier=B', 'customers', 60, null, null, 90),
        ('label_kind=contractual', 'base_rate', 0.1, null, null, 500)
) as rows(slice, metric, value, value_low, value_high, n)
"""

LONG = """
alter table scorecard.estimator_metrics alter column value type double;
insert into scorecard.estimator_metrics by name
select 'clv' as estimator, 'clv-9f8e7d6c' as estimator_version, 'taken' as candidate,
    date '2022-12-31' as as_of_date, *
from (
    values ('36_months', 'value_mae', 800.0, 900),
        ('36_months', 'interval_coverage', 0.93, 900),
        ('36_months_contracts', 'value_mae', 900.0, 500),
        ('purchases', 'interval_36m_is_judged', 0.0, 900),
        ('contracts', 'interval_36m_is_judged', 1.0, 900)
) as rows(slice, metric, value, n)
"""


@pytest.fixture
def told(settings: Settings, whole: Any) -> dict[str, Any]:
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.warehouse}' as w; use w")
        con.execute(TABLES)
        return read_model_card(settings, con, whole.manifest(), CHURN)


def test_a_card_says_what_an_auditor_asks(told: dict[str, Any]) -> None:
    for part in ("purpose", "uses", "misuses", "eligibility", "label", "limits", "owner"):
        assert told[part]
    assert (told["version"], told["content_hash"], told["code_version"]) == (CHURN, "aa11", "bb22")
    assert (told["trained_from"], told["trained_to"]) == ("2010-12-31", "2011-01-31")
    assert told["features"][0]["known_at"]
    assert told["features"][0]["description"] == "Days since the last purchase."
    assert {check["check_name"] for check in told["checks"]} >= {"auc", "auc_above_baseline"}
    assert told["config"] == {"seed": 20}


def test_the_approval_is_told_without_a_name(told: dict[str, Any], whole: Any) -> None:
    assert told["approval"]["by"] == "person"
    assert told["approval"]["reason"] == "the newest year is not typical"
    assert len(told["approval"]["line_hash"]) == 64
    page = render_card(told, whole.manifest())
    assert "the newest year is not typical" in page
    assert "Ann Example" not in json.dumps(told, default=str) + page


def test_tables_of_metrics_become_plots_and_groups(told: dict[str, Any]) -> None:
    first = told["calibration"][0]
    assert (first["predicted"], first["observed"], first["n"]) == (0.1, 0.12, 100)
    # Wilson's interval of 12 of 100.
    assert (first["low"], first["high"]) == (0.069994, 0.198121)
    assert [(point["share"], point["found"]) for point in told["gains"]] == [(0.1, 0.3), (0.5, 0.8)]
    assert [(line["kind"], line["group"]) for line in told["groups"]] == [
        ("tier", "A"),
        ("tier", "B"),
    ]


def test_the_outline_is_shown_as_a_picture_and_in_words(told: dict[str, Any], whole: Any) -> None:
    page = render_card(told, whole.manifest())
    assert "<svg" in page.split("The estimator in three questions")[1].split("<details")[0]
    words = page.split('<pre class="words">')[1].split("</pre>")[0].splitlines()
    assert "80 %" in words[0]
    assert "5,684" in words[0]
    assert words[2].strip().startswith("days since the last purchase at most 31 days: 10")


def test_drift_is_that_of_the_newest_month(settings: Settings, whole: Any) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.warehouse}' as w; use w")
        con.execute(
            """
            create or replace table scorecard.estimator_drift as
            select 'churn' as estimator, 'churn-1a2b3c4d' as estimator_version, * from (values
                (date '2011-12-31', 'feature', 'mrr', 300, 0.05, 'stable'),
                (date '2011-12-31', 'feature', 'sentiment', 12, null, null),
                (date '2011-12-31', 'score', 'churn_probability', 300, 0.31, 'act'),
                (date '2011-11-30', 'feature', 'tenure_days', 300, 0.9, 'act')
            ) as t(as_of_date, subject_kind, subject, case_count, stability_index, drift_level)
            """
        )
        card = read_model_card(settings, con, whole.manifest(), CHURN)
    subjects = [line["subject"] for line in card["drift"]]
    assert subjects == ["churn_probability", "mrr", "sentiment"]
    page = render_card(card, whole.manifest())
    assert "2 of 3 are stable or rest on too few" in page
    assert "Tenure days" not in page.split('id="features"')[0]


def test_the_page_shows_them_and_fetches_nothing(told: dict[str, Any], whole: Any) -> None:
    page = render_card(told, whole.manifest())
    assert page.count("<svg") == 3
    assert "The estimator in three questions" in page
    assert "flagged" in page
    assert "not assessable" in page
    assert "Why it is not published" in page
    assert "http" not in page
    assert "<script" not in page


def test_the_charts_are_the_same_again() -> None:
    bins = [
        {"bin": n, "predicted": n / 10, "observed": n / 11, "low": 0.0, "high": 1.0}
        for n in range(1, 6)
    ]
    for chart in (card_charts.calibration, card_charts.tenths):
        assert chart(bins) == chart(bins)
    points = [{"share": 0.1, "found": 0.4, "low": None, "high": None}]
    assert card_charts.gains(points) == card_charts.gains(points)


def test_every_kind_has_its_words_and_every_feature_a_meaning() -> None:
    from ml.churn.features import FEATURES as CHURN_FEATURES
    from ml.credit.features import FEATURE_DEFINITIONS as CREDIT
    from orchestration.prediction import KINDS as TRAINED

    assert set(TRAINED) <= set(KINDS)
    for kind, names in (("churn", CHURN_FEATURES), ("credit", [f.name for f in CREDIT])):
        assert all(feature["description"] for feature in describe_features(kind, names))
    assert describe_features("clv", ["nobody_knows"])[0]["description"] == ""
    assert len(set(METRICS)) == len(METRICS)


@pytest.mark.usefixtures("plain_build")
class TestARelease:
    def test_it_holds_a_card_of_every_estimator(self, settings: Settings, publish: Publish) -> None:
        release = publish(settings, "run1")
        names = {path.name for path in (release.path / "cards").iterdir()}
        assert names == {
            "index.html",
            *(f"{version}.{ending}" for version in (CHURN, CLV) for ending in ("html", "json")),
        }
        assert "cards/index.html" in release.manifest.files
        assert verify_release(settings) == []

    def test_the_same_rows_give_the_same_cards(self, settings: Settings, publish: Publish) -> None:
        first = publish(settings, "run1")
        second = publish(settings, "run2")
        for name in (f"{CHURN}.json", f"{CHURN}.html", f"{CLV}.json"):
            path = f"cards/{name}"
            assert first.manifest.files[path] == second.manifest.files[path]

    @pytest.mark.parametrize("damage", ["gone", "changed", "another", "log"])
    def test_an_estimator_without_a_card_holds_the_product(
        self, settings: Settings, publish: Publish, damage: str
    ) -> None:
        before = publish(settings, "run1")
        folder = settings.estimators / CHURN
        if damage == "gone":
            shutil.rmtree(folder)
        elif damage == "changed":
            text = (folder / "card.json").read_text()
            (folder / "card.json").write_text(text.replace("tenure_days", "age"))
        elif damage == "another":
            with duckdb.connect(str(settings.warehouse)) as con:
                con.execute("update scorecard.estimators set content_hash = 'ffff'")
        else:
            (settings.estimators / LOG_FILE).write_text("nothing\n")
        after = publish(settings, "run2")
        entry = after.manifest.products["predictions"]
        assert (entry.decision, entry.stale) == ("hold", True)
        assert "no model card" in entry.reason
        for name in (f"{CHURN}.json", f"{CHURN}.html"):
            path = f"cards/{name}"
            assert after.manifest.files[path] == before.manifest.files[path]


def test_the_report_links_to_the_cards_that_are_there(whole: Any, tmp_path: Path) -> None:
    for name in ("release.duckdb",):
        shutil.copyfile(whole.folder / name, tmp_path / name)
    (tmp_path / "manifest.json").write_text(whole.manifest().to_json(), encoding="utf-8")
    assert "cards/" not in write_report(tmp_path).read_text(encoding="utf-8")
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / f"{CHURN}.html").write_text("", encoding="utf-8")
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert f"../cards/{CHURN}.html" in page
    assert f"../cards/{CLV}.html" not in page


def test_a_warehouse_without_estimators_needs_no_cards(settings: Settings, whole: Any) -> None:
    with duckdb.connect() as con:
        assert missing_cards(settings, con) == ""
    manifest = whole.manifest()
    without = {name: entry for name, entry in manifest.marts.items() if name != "estimators"}
    bare = manifest.__class__(**{**vars(manifest), "marts": without})
    assert write_cards(settings, settings.home, bare, previous=None) == []


def test_amounts_stand_beside_the_simple_rule_and_groups_by_review() -> None:
    def row(candidate: str, part: str, metric: str, value: float, day: str = "") -> dict[str, Any]:
        found = {"candidate": candidate, "slice": part, "metric": metric, "value": value}
        return found | ({"as_of_date": day} if day else {})

    upsell = {
        "candidate": "boosting",
        "metrics": [
            row("boosting_log_regression", "test", "upsell_gini", 0.7),
            row("base_rate_tier_tier_mean", "test", "upsell_gini", 0.6),
            row("boosting_log_regression", "label_kind=contractual", "upsell_gini", 0.5),
        ],
    }
    (line,) = cards._amounts(upsell)
    shown = [(cell["part"], cell["own"]["value"], cell["rule"]) for cell in line["cells"]]
    assert shown == [("All", 0.7, upsell["metrics"][1]), ("Subscribers", 0.5, None)]
    assert cards._reviews(upsell)["lines"] == []
    groups = {
        "metrics": [
            row("k_means_10", "review", "stability", 0.8, "2024-12-31"),
            row("k_means_3", "review", "stability", 0.9, "2024-12-31"),
            row("k_means_3", "review", "silhouette", 0.4, "2025-12-31"),
        ]
    }
    found = cards._reviews(groups)
    assert found["days"] == ["2024-12-31", "2025-12-31"]
    assert [each["groups"] for each in found["lines"]] == [3, 10]
    assert found["lines"][0]["cells"][0]["stability"]["value"] == 0.9
    assert found["lines"][0]["cells"][1]["stability"] is None
    assert cards._amounts(groups | {"candidate": "k_means"}) == []


def test_three_years_of_value_are_told_apart_and_what_their_interval_rests_on(
    settings: Settings, whole: Any
) -> None:
    manifest = whole.manifest()
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.warehouse}' as w; use w")
        con.execute(LONG)
        card, other = (read_model_card(settings, con, manifest, each) for each in (CLV, CHURN))
    found = cards._three_years(card)
    assert (found["day"], found["parts"]) == ("2022-12-31", ["All", "Contracts"])
    shown = {
        line["name"]: [cell and cell["value"] for cell in line["cells"]] for line in found["lines"]
    }
    assert shown[METRICS["interval_coverage"]] == [0.93, None]
    assert found["bases"] == [LONG_BASES["contracts"][True], LONG_BASES["purchases"][False]][::-1]
    page = render_card(card, manifest)
    assert "36 months after Dec 2022" in page
    assert all(line in page for line in found["bases"])
    assert cards._three_years(other) == {"day": None, "parts": [], "lines": [], "bases": []}
    assert "36 months" not in render_card(other, manifest)

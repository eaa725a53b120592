"""Which estimator speaks in a run: kept, replaced, pinned, and the same whenever it is repeated."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ml.approvals import LOG_FILE, Approval, read_approvals
from ml.churn.training import train_churn
from ml.registry import ESTIMATOR_FILE
from ml.training_rows import Training
from orchestration import champions, estimators, prediction
from orchestration.doctor import examine
from orchestration.errors import ScorecardError, UsageError
from orchestration.prediction import score, train
from orchestration.settings import Settings
from orchestration.status import read_status
from orchestration.warehouse import connect
from tests.orchestration.test_prediction import begin, company, rows

__all__ = ["company", "rows"]

AUGUST, SEPTEMBER, OCTOBER = date(2011, 8, 31), date(2011, 9, 30), date(2011, 10, 31)
NOVEMBER = date(2011, 11, 30)
NOW = datetime(2012, 1, 1)  # noqa: DTZ001 - UTC without a zone, as the control tables hold it


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every churn training passes its gate: sixty customers are too few to pass it by merit."""

    def trained(kind: str, frames: Sequence[Any], config: Any) -> Training[Any]:
        found = train_churn(frames[0], config)
        estimator = replace(found.estimator, status="published", reason="")
        named = {"estimator_version": estimator.version}
        return Training(
            estimator,
            found.estimators.assign(**named, status="published", reason=""),
            found.metrics.assign(**named),
            found.checks.assign(**named),
        )

    monkeypatch.setattr(prediction, "_train", trained)


def run(settings: Settings, month: date, *, first: date | None = None) -> str:
    begin(settings, first=first or month, last=month, run_id=f"{month}")
    version = train(settings, "churn").version
    score(settings, "churn")
    return version


def log(settings: Settings) -> list[Approval]:
    return list(read_approvals(settings.estimators))


def scored_by(rows: Any) -> dict[date, str]:
    return dict(
        rows("select as_of_date, any_value(estimator_version) from ml.churn_predictions group by 1")
    )


@pytest.mark.usefixtures("passing")
class TestTheGate:
    def test_a_champion_goes_on_and_the_challenger_scores_beside_it(
        self, company: Settings, rows: Any
    ) -> None:
        champion = run(company, AUGUST)
        assert run(company, SEPTEMBER) == champion
        assert scored_by(rows) == {AUGUST: champion, SEPTEMBER: champion}
        first, second = log(company)
        assert (first.action, second.action) == ("chosen", "kept")
        assert second.challenger != champion
        assert "no outcomes are known yet" in second.reason
        beside = rows(
            "select estimator_version, role, as_of_date, count(*), count(churn_probability) "
            "from ml.churn_challenger group by all"
        )
        assert beside == [(second.challenger, "challenger", SEPTEMBER, 60, 54)]
        described = rows("select estimator_version, role, approved_by from ml.estimators")
        assert described == [(champion, "champion", "gate")]

    def test_a_run_that_is_repeated_decides_the_same_and_writes_no_line(
        self, company: Settings
    ) -> None:
        run(company, AUGUST)
        run(company, SEPTEMBER)
        before = log(company)
        run(company, SEPTEMBER)
        run(company, SEPTEMBER, first=AUGUST)
        assert log(company) == before

    def test_a_better_challenger_takes_over_and_the_champion_scores_one_more_cycle(
        self, company: Settings, rows: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from tests.ml.test_champion import ALIKE

        champion = run(company, AUGUST)
        better = replace(ALIKE, challenger_pr_auc=0.5, gain_low=0.05, gain_high=0.15)
        monkeypatch.setattr(champions, "_contest", lambda *_: better)
        challenger = run(company, SEPTEMBER)
        assert challenger != champion
        entry = log(company)[-1]
        assert (entry.action, entry.former, entry.champion) == ("chosen", champion, challenger)
        assert entry.evidence["gain"] == pytest.approx(0.1)
        found = rows("select distinct role, estimator_version from ml.churn_challenger")
        assert found == [("former_champion", champion)]
        roles = rows("select role, estimator_version from ml.estimators order by role")
        assert roles == [("champion", challenger), ("former", champion)]

    @pytest.mark.parametrize("damage", ["file", "gone", "code", "settings"])
    def test_a_champion_that_cannot_be_used_any_more_is_replaced_with_the_reason(
        self, company: Settings, monkeypatch: pytest.MonkeyPatch, damage: str
    ) -> None:
        champion = run(company, AUGUST)
        stored = company.estimators / champion
        if damage == "file":
            (stored / ESTIMATOR_FILE).write_bytes(b"nothing")
        elif damage == "gone":
            stored.rename(company.home / "moved")
        elif damage == "code":
            monkeypatch.setattr(champions, "code_version", lambda: "other")
        else:
            monkeypatch.setattr(champions, "asdict", lambda config: asdict(config) | {"seed": 1})
        begin(company, first=SEPTEMBER, last=SEPTEMBER, run_id="later")
        summary = train(company, "churn")
        assert (summary.decision, summary.version == champion) == ("chosen", False)
        assert f"{champion} can no longer be used" in summary.decision_reason
        assert [each.version for each in score(company, "churn")] == [summary.version]

    def test_a_column_that_is_gone_is_an_objection(self, company: Settings) -> None:
        champion = run(company, AUGUST)
        challenge = champions.Challenge(
            "churn", SEPTEMBER, company.estimators / champion, "key", None, ["tier"], dict
        )
        found = champions.objection(company, champion, challenge, is_pinned=True)
        assert "the features have no " in found
        assert "tenure_days" in found

    def test_an_earlier_last_month_knows_nothing_of_later_decisions(
        self, company: Settings, rows: Any
    ) -> None:
        of_november = run(company, NOVEMBER)
        of_august = run(company, AUGUST)
        assert of_august != of_november
        assert scored_by(rows) == {AUGUST: of_august}

    def test_past_months_are_scored_by_the_champions_of_their_time_in_a_new_warehouse(
        self, company: Settings, rows: Any
    ) -> None:
        champion = run(company, AUGUST)
        run(company, SEPTEMBER)
        with connect(company) as con:
            con.execute("drop schema ml cascade")
        run(company, OCTOBER, first=date(2011, 7, 31))
        assert scored_by(rows) == dict.fromkeys((AUGUST, SEPTEMBER, OCTOBER), champion)

    def test_a_changed_log_stops_the_run(self, company: Settings) -> None:
        run(company, AUGUST)
        file = company.estimators / LOG_FILE
        file.write_text(file.read_text().replace("the first", "the best"))
        begin(company, first=SEPTEMBER, last=SEPTEMBER, run_id="later")
        with pytest.raises(ScorecardError, match=LOG_FILE):
            train(company, "churn")


@pytest.mark.usefixtures("passing")
class TestAPerson:
    def promote(self, settings: Settings, version: str) -> Approval:
        return estimators.promote(settings, version, reason=" calm ", who="ann", now=NOW)

    def test_a_promoted_estimator_speaks_from_the_next_run_on(
        self, company: Settings, rows: Any
    ) -> None:
        champion = run(company, AUGUST)
        run(company, SEPTEMBER)
        challenger = log(company)[-1].challenger
        entry = self.promote(company, challenger)
        assert (entry.by, entry.reason, entry.decided_at) == (
            "person",
            "calm",
            "2012-01-01T00:00:00Z",
        )
        assert run(company, OCTOBER) == challenger
        assert run(company, NOVEMBER) == challenger
        assert scored_by(rows) == {
            AUGUST: champion,
            SEPTEMBER: champion,
            OCTOBER: challenger,
            NOVEMBER: challenger,
        }
        described = rows(
            "select approved_by, approval_reason from ml.estimators where role = 'champion'"
        )
        assert described == [("person", "calm")]

    def test_a_pin_is_seen_and_can_be_taken_away(self, company: Settings) -> None:
        run(company, AUGUST)
        run(company, SEPTEMBER)
        challenger = log(company)[-1].challenger
        self.promote(company, challenger)
        assert read_status(company).pins == (f"churn: {challenger} (calm)",)
        assert challenger in pinned_finding(company)
        listed = {each.version: each for each in estimators.list_estimators(company)}
        assert listed[challenger].is_pinned
        assert listed[challenger].approval == "a person, 2011-09: calm"
        estimators.unpin(company, "churn", reason="over", now=NOW)
        assert read_status(company).pins == ()
        assert run(company, OCTOBER) == log(company)[-1].champion
        assert log(company)[-1].by == "gate"

    def test_rolling_back_brings_back_who_spoke_before(
        self, company: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = run(company, AUGUST)
        with monkeypatch.context() as patch:
            patch.setattr(champions, "code_version", lambda: "other")
            second = run(company, SEPTEMBER)
        assert second != first
        entry = estimators.rollback(company, "churn", reason="wrong invoices", now=NOW)
        assert entry.champion == first
        assert run(company, SEPTEMBER) == first
        assert run(company, OCTOBER) == first
        back = estimators.rollback(company, "churn", reason="they were right", now=NOW)
        assert back.champion == second

    def test_a_pinned_estimator_that_was_changed_speaks_no_more(self, company: Settings) -> None:
        run(company, AUGUST)
        run(company, SEPTEMBER)
        pinned = log(company)[-1].challenger
        self.promote(company, pinned)
        (company.estimators / pinned / ESTIMATOR_FILE).write_bytes(b"nothing")
        begin(company, first=OCTOBER, last=OCTOBER, run_id="later")
        summary = train(company, "churn")
        assert summary.version != pinned
        assert f"{pinned} is pinned, but cannot be used" in summary.decision_reason

    def test_what_cannot_be_meant_is_refused_with_what_exists(self, company: Settings) -> None:
        with pytest.raises(UsageError, match="Stored: none"):
            self.promote(company, "churn-1")
        champion = run(company, AUGUST)
        with pytest.raises(UsageError, match=champion):
            self.promote(company, "churn-nothing")
        with pytest.raises(UsageError, match="reason"):
            estimators.promote(company, champion, reason=" ", now=NOW)
        with pytest.raises(UsageError, match="nothing to go back to"):
            estimators.rollback(company, "churn", reason="x", now=NOW)
        with pytest.raises(UsageError, match="churn, clv"):
            estimators.rollback(company, "weather", reason="x", now=NOW)
        with pytest.raises(UsageError, match="No churn estimator is pinned"):
            estimators.unpin(company, "churn", reason="x", now=NOW)
        self.promote(company, champion[:9])
        with pytest.raises(UsageError, match="pinned already"):
            self.promote(company, champion)
        assert len(log(company)) == 2

    def test_one_is_shown_without_the_name_of_who_decided_in_json(self, company: Settings) -> None:
        champion = run(company, AUGUST)
        self.promote(company, champion)
        details = estimators.show_estimator(company, champion)
        assert [entry.action for entry in details.history] == ["chosen", "pinned"]
        text = estimators.details_json(details)
        assert '"calm"' in text
        assert "ann" not in text


def pinned_finding(settings: Settings) -> str:
    return next(found.text for found in examine(settings) if found.check == "Estimators")


def test_the_folder_of_the_registry_may_be_missing(settings: Settings, tmp_path: Path) -> None:
    assert estimators.list_estimators(settings) == ()
    assert estimators.read_pins(replace(settings, home=tmp_path / "nowhere")) == ()

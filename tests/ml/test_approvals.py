"""The log of decisions: nothing is rewritten, and whoever rewrites it is found out."""

import json
from datetime import date

import pytest

from ml.approvals import (
    CHOSEN,
    GATE,
    KEPT,
    LOG_FILE,
    PERSON,
    PINNED,
    UNPINNED,
    Decision,
    append_approval,
    approval_of,
    cut_approvals,
    decided,
    ever_chosen,
    pin_of,
    read_approvals,
    seal_of,
)
from ml.errors import RegistryError

JUNE, JULY, AUGUST = date(2025, 6, 30), date(2025, 7, 31), date(2025, 8, 31)


def decision(champion="churn-1", *, month=JUNE, by=GATE, action=CHOSEN, **more) -> Decision:
    return Decision(
        kind="churn",
        by=by,
        action=action,
        as_of_date=month,
        champion=champion,
        speaks_from=more.pop("speaks_from", month),
        **more,
    )


@pytest.fixture
def log(tmp_path):
    for each in (
        decision(),
        decision(month=JULY, action=KEPT, challenger="churn-2"),
        decision("churn-3", month=AUGUST, former="churn-1", evidence={"gain": 0.03}),
    ):
        append_approval(tmp_path, each)
    return tmp_path


def test_what_is_written_is_read(log):
    entries = read_approvals(log)
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert [entry.champion for entry in entries] == ["churn-1", "churn-1", "churn-3"]
    assert entries[2].evidence == {"gain": 0.03}
    assert entries[1].previous == entries[0].line_hash
    assert read_approvals(log / "nowhere") == ()


def changed(lines):
    return [lines[0], lines[1].replace("churn-1", "churn-9"), lines[2]]


def removed(lines):
    return [lines[0], lines[2]]


def swapped(lines):
    return [lines[1], lines[0], lines[2]]


def cut(lines):
    return [lines[0], lines[1], lines[2][:40]]


def resealed(lines):
    """A forger who hashes his line anew: the next line tells."""
    from ml.canonical import content_hash

    raw = json.loads(lines[1])
    raw.pop("line_hash")
    raw["champion"] = "churn-9"
    return [lines[0], json.dumps({**raw, "line_hash": content_hash(raw)}), lines[2]]


@pytest.mark.parametrize("tamper", [changed, removed, swapped, cut, resealed])
def test_a_changed_log_is_refused_and_nothing_is_added(log, tamper):
    file = log / LOG_FILE
    file.write_text("\n".join(tamper(file.read_text().splitlines())) + "\n")
    with pytest.raises(RegistryError, match=LOG_FILE):
        read_approvals(log)
    before = file.read_text()
    with pytest.raises(RegistryError):
        append_approval(log, decision())
    assert file.read_text() == before


def test_the_last_line_of_a_month_holds_and_later_months_are_not_seen(log):
    append_approval(log, decision("churn-4", month=JULY))
    entries = read_approvals(log)
    assert [e.champion for e in decided(entries, "churn", JULY)] == ["churn-1", "churn-4"]
    assert [e.champion for e in decided(entries, "churn", AUGUST)][-1] == "churn-3"
    assert decided(entries, "clv", AUGUST) == ()


def test_one_that_was_replaced_within_its_month_has_spoken(log):
    append_approval(log, decision("churn-4", month=JULY))
    append_approval(log, decision("churn-5", month=JULY))
    entries = read_approvals(log)
    assert [e.champion for e in decided(entries, "churn", JULY)] == ["churn-1", "churn-5"]
    assert ever_chosen(entries, "churn", JULY) == {"churn-1", "churn-4", "churn-5"}
    assert ever_chosen(entries, "clv", AUGUST) == set()


def test_a_pin_binds_later_months_until_it_is_taken_away(log):
    pin = decision("churn-2", month=JULY, by=PERSON, action=PINNED, speaks_from=JUNE)
    append_approval(log, pin)
    entries = read_approvals(log)
    assert pin_of(entries, "churn", JUNE) is None
    assert pin_of(entries, "churn", JULY).champion == "churn-2"
    assert pin_of(entries, "credit", AUGUST) is None
    append_approval(log, decision("churn-2", month=JULY, by=PERSON, action=UNPINNED))
    assert pin_of(read_approvals(log), "churn", AUGUST) is None


def test_a_pin_never_binds_months_whose_outcomes_its_estimator_has_seen(log):
    pin = decision("churn-2", month=JUNE, by=PERSON, action=PINNED, speaks_from=AUGUST)
    append_approval(log, pin)
    entries = read_approvals(log)
    assert pin_of(entries, "churn", JULY) is None
    assert pin_of(entries, "churn", AUGUST).champion == "churn-2"


def test_the_approval_of_a_version_is_the_newest_that_chose_it(log):
    echo = decision("churn-1", month=AUGUST, action=PINNED, reason="pinned by a person: calm")
    pin = decision("churn-1", month=AUGUST, by=PERSON, action=PINNED, reason="calm", who="ann")
    append_approval(log, pin)
    append_approval(log, echo)
    entries = read_approvals(log)
    assert approval_of(entries, "churn-1").reason == "calm"
    assert approval_of(entries, "churn-3").by == GATE
    assert approval_of(entries, "churn-2") is None


def test_the_log_is_cut_where_it_was_sealed(tmp_path):
    log, cut = tmp_path / "log", tmp_path / "cut"
    log.mkdir()
    cut.mkdir()
    append_approval(log, decision("churn-1"))
    seal = seal_of(log)
    append_approval(log, decision("churn-2", month=JULY))
    cut_approvals(log, seal, cut)
    assert [entry.champion for entry in read_approvals(cut)] == ["churn-1"]
    assert seal_of(cut) == seal


def test_nothing_is_cut_from_a_log_that_is_not_the_sealed_one(tmp_path):
    for name, champion in (("log", "churn-1"), ("other", "churn-9")):
        (tmp_path / name).mkdir()
        append_approval(tmp_path / name, decision(champion))
    with pytest.raises(RegistryError, match="is not the log that was sealed"):
        cut_approvals(tmp_path / "other", seal_of(tmp_path / "log"), tmp_path)
    with pytest.raises(RegistryError, match="is not the log that was sealed"):
        cut_approvals(tmp_path / "log", {"lines": 5, "line_hash": "x"}, tmp_path)


def test_an_empty_log_is_cut_to_an_empty_one(tmp_path):
    (tmp_path / "cut").mkdir()
    cut_approvals(tmp_path, seal_of(tmp_path), tmp_path / "cut")
    assert read_approvals(tmp_path / "cut") == ()

"""Settings are read once, from the environment and from what is given, in that order."""

from pathlib import Path

import pytest

from orchestration.errors import GateRefusedError, ScorecardError, UsageError
from orchestration.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_defaults_stand_below_the_repository():
    settings = Settings.from_environment({})
    assert settings.root == ROOT
    assert settings.home == ROOT / ".scorecard"
    assert settings.landing == settings.home / "landing"
    assert settings.warehouse == settings.home / "warehouse.duckdb"
    assert settings.contracts_root == ROOT / "models" / "staging"
    assert (settings.profile, settings.target) == ("retail_billing", "duckdb")


def test_the_environment_moves_the_home_and_all_that_is_in_it(tmp_path):
    settings = Settings.from_environment({"SCORECARD_HOME": str(tmp_path)})
    assert {path.parent for path in (settings.releases, settings.current, settings.lock_file)} == {
        tmp_path
    }
    assert settings.landing == tmp_path / "landing"


def test_what_is_given_goes_before_the_environment(tmp_path):
    environment = {"SCORECARD_PROFILE": "telecom", "SCORECARD_MEMORY_LIMIT": "1GB"}
    settings = Settings.from_environment(environment, profile="bank", landing=tmp_path)
    assert (settings.profile, settings.memory_limit) == ("bank", "1GB")
    assert settings.landing == tmp_path


def test_an_empty_variable_and_a_missing_option_leave_the_default():
    settings = Settings.from_environment({"SCORECARD_HOME": ""}, profile=None)
    assert (settings.home, settings.profile) == (ROOT / ".scorecard", "retail_billing")


def test_relative_paths_are_fixed_when_they_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({"SCORECARD_HOME": "here"})
    monkeypatch.chdir("/")
    assert settings.home == tmp_path / "here"


def test_the_process_environment_is_read_when_asked_not_at_import(tmp_path, monkeypatch):
    monkeypatch.setenv("SCORECARD_HOME", str(tmp_path / "late"))
    assert Settings.from_environment().home == tmp_path / "late"


def test_the_environment_says_how_many_threads():
    assert Settings.from_environment({"SCORECARD_THREADS": "8"}).threads == 8
    assert Settings.from_environment({}).threads == 2


def test_a_group_reads_releases_only_where_the_switch_is_on():
    assert Settings.from_environment({}).group_readable is False
    assert Settings.from_environment({"SCORECARD_GROUP_READABLE": "1"}).group_readable is True
    assert Settings.from_environment({"SCORECARD_GROUP_READABLE": "0"}).group_readable is False
    with pytest.raises(UsageError, match="SCORECARD_GROUP_READABLE is 'yes'"):
        Settings.from_environment({"SCORECARD_GROUP_READABLE": "yes"})


@pytest.mark.parametrize("threads", ["0", "-1", "two", "1.5", "²"])
def test_a_number_of_threads_that_is_none_is_wrong_usage(threads):
    with pytest.raises(UsageError, match="SCORECARD_THREADS"):
        Settings.from_environment({"SCORECARD_THREADS": threads})


def test_an_unknown_setting_is_wrong_usage():
    with pytest.raises(UsageError, match="'hom'"):
        Settings.from_environment({}, hom="x")


def test_exit_codes_are_those_of_the_command_line():
    assert (ScorecardError.exit_code, UsageError.exit_code, GateRefusedError.exit_code) == (1, 2, 3)


def test_how_many_releases_stay_is_a_number_from_one():
    assert Settings.from_environment({}).keep_releases == 12
    assert Settings.from_environment({"SCORECARD_KEEP_RELEASES": "3"}).keep_releases == 3
    with pytest.raises(UsageError, match="SCORECARD_KEEP_RELEASES is '0'"):
        Settings.from_environment({"SCORECARD_KEEP_RELEASES": "0"})


def test_landing_files_have_no_period_unless_one_is_set() -> None:
    assert Settings.from_environment({}).landing_months is None
    assert Settings.from_environment({"SCORECARD_LANDING_MONTHS": "24"}).landing_months == 24
    with pytest.raises(UsageError, match="SCORECARD_LANDING_MONTHS is 'two'"):
        Settings.from_environment({"SCORECARD_LANDING_MONTHS": "two"})

"""The configuration of a run is kept as it was, once, and a kept one that was edited is refused."""

import stat
from pathlib import Path

import pytest

from orchestration.configuration.store import find_configuration, keep_configuration
from orchestration.errors import ReleaseError, ScorecardError
from orchestration.fingerprints import config_fingerprint
from orchestration.settings import Settings

SEED = Path("dbt_project", "seeds", "bands.csv")


@pytest.fixture
def settings(tmp_path) -> Settings:
    path = tmp_path / "root" / SEED
    path.parent.mkdir(parents=True)
    path.write_text("band,lower_bound\ngreen,70\n", encoding="utf-8")
    return Settings(root=tmp_path / "root", home=tmp_path / "home", landing=tmp_path)


def kept(settings: Settings) -> str:
    fingerprint = config_fingerprint(settings.root, settings.profile)
    keep_configuration(settings, fingerprint)
    return fingerprint


def test_what_a_run_was_made_with_is_found_after_an_edit(settings):
    before = kept(settings)
    (settings.root / SEED).write_text("band,lower_bound\ngreen,80\n", encoding="utf-8")
    after = kept(settings)
    assert before != after
    assert "green,70" in (find_configuration(settings, before) / SEED).read_text(encoding="utf-8")
    assert "green,80" in (find_configuration(settings, after) / SEED).read_text(encoding="utf-8")


def test_the_same_configuration_is_kept_once_and_for_its_owner_alone(settings):
    fingerprint = kept(settings)
    assert kept(settings) == fingerprint
    assert [path.name for path in settings.configurations.iterdir()] == [fingerprint]
    file = settings.configurations / fingerprint / SEED
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.configurations.stat().st_mode) == 0o700


def test_a_kept_configuration_that_was_edited_is_refused(settings):
    fingerprint = kept(settings)
    file = settings.configurations / fingerprint / SEED
    file.write_text("band,lower_bound\ngreen,60\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match="was changed after it was kept"):
        find_configuration(settings, fingerprint)


def test_one_that_was_never_kept_is_said_to_be_missing(settings):
    with pytest.raises(ReleaseError, match="is not kept"):
        find_configuration(settings, "0" * 64)


def test_seeds_that_are_edited_while_they_are_kept_stop_the_run(settings):
    with pytest.raises(ScorecardError, match="edited while the run began"):
        keep_configuration(settings, "0" * 64)
    assert not any(settings.configurations.iterdir())


def test_what_a_killed_run_left_is_no_obstacle(settings):
    fingerprint = config_fingerprint(settings.root, settings.profile)
    left = settings.configurations / f".tmp-{fingerprint}"
    left.mkdir(parents=True)
    (left / "half").touch()
    assert kept(settings) == fingerprint
    assert not left.exists()

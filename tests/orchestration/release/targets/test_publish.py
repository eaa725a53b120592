"""Every place that the environment names gets the release; one that fails hinders no other."""

import pytest

from orchestration import doctor
from orchestration.exports import read_exports
from orchestration.release import store
from orchestration.release.store import Release
from orchestration.release.targets.error import TargetError
from orchestration.release.targets.publish import (
    POSTGRES_VARIABLE,
    STORE_VARIABLE,
    publish_everywhere,
    read_places,
)
from orchestration.settings import Settings

NOBODY = "postgresql://someone:hunter2@127.0.0.1:1/scores"


def test_where_no_place_is_named_nothing_is_done(
    settings: Settings, two_releases: tuple[Release, Release]
) -> None:
    assert publish_everywhere(settings, two_releases[0], {POSTGRES_VARIABLE: " "}) == ()
    assert read_places({}) == ()


def test_a_place_that_fails_hinders_no_other(
    settings: Settings, two_releases: tuple[Release, Release], store_uri: str
) -> None:
    named = {POSTGRES_VARIABLE: NOBODY, STORE_VARIABLE: store_uri}

    with pytest.raises(TargetError, match="Postgres did not get it: no server answers there"):
        publish_everywhere(settings, two_releases[1], named)

    postgres, bucket = read_places(named)
    assert (postgres.release_id, postgres.trouble) == (None, "no server answers there")
    assert (bucket.release_id, bucket.trouble) == (two_releases[1].id, "")
    # What did not get there was not exported.
    logged = read_exports(settings)[-1]
    assert (logged.what, logged.destination) == (f"release {two_releases[1].id}", "object store")


def test_the_doctor_tells_a_place_that_is_behind(
    settings: Settings,
    two_releases: tuple[Release, Release],
    store_uri: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = two_releases
    monkeypatch.setattr(store, "current_release", lambda _: second)
    monkeypatch.setenv(STORE_VARIABLE, store_uri)
    publish_everywhere(settings, first)
    behind = doctor._places(settings)
    publish_everywhere(settings, second)
    up_to_date = doctor._places(settings)

    assert behind.level == "note"
    assert f"object store shows {first.id}" in behind.text
    assert (up_to_date.level, up_to_date.text) == ("ok", f"object store shows {second.id}")

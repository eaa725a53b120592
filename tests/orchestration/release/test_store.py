"""Folders and links of releases, without what is in them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.errors import ReleaseError
from orchestration.release.manifest import Manifest
from orchestration.release.store import (
    apply_retention,
    clean_leftovers,
    current_release,
    find_release,
    list_releases,
    new_release_id,
    swap_current,
)
from orchestration.settings import Settings

IDS = [f"2026010{day}T000000Z-run{day}" for day in range(1, 6)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(root=tmp_path, home=tmp_path, landing=tmp_path)
    for release_id in IDS:
        folder = settings.releases / release_id
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(manifest(release_id).to_json(), encoding="utf-8")
    return settings


def manifest(release_id: str) -> Manifest:
    return Manifest(
        release_id=release_id,
        created_at="2026-01-01T00:00:00+00:00",
        run_id="run",
        profile="retail_billing",
        first_month="2011-01-31",
        last_month="2011-12-31",
        known_load_id=1,
        loads=({"load_id": 1},),
        config_fingerprint="c",
        code_fingerprint="d",
        code={"commit": None, "is_modified": None},
        estimators=(),
        engines={"duckdb": "1.5.5"},
        products={},
        marts={},
    )


def test_a_release_of_earlier_code_has_its_file_under_the_earlier_name(settings: Settings) -> None:
    earlier = settings.releases / IDS[0] / "scorecard.duckdb"
    earlier.write_bytes(b"marts")

    assert find_release(settings, IDS[0]).database == earlier
    assert find_release(settings, IDS[1]).database.name == "release.duckdb"


def test_releases_are_listed_newest_first(settings: Settings) -> None:
    (settings.releases / ".tmp-20270101T000000Z-x").mkdir()
    (settings.releases / "notes").mkdir()

    assert [release.id for release in list_releases(settings)] == IDS[::-1]


def test_a_home_without_releases_has_none(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, home=tmp_path, landing=tmp_path)

    assert list_releases(settings) == []
    assert current_release(settings) is None


def test_a_swap_moves_current_and_back(settings: Settings) -> None:
    swap_current(settings, IDS[4])
    swap_current(settings, IDS[1])

    found = current_release(settings)
    assert found is not None
    assert found.id == IDS[1]
    assert settings.current.readlink() == Path("releases") / IDS[1]


def test_a_swap_to_nothing_is_refused(settings: Settings) -> None:
    swap_current(settings, IDS[0])

    with pytest.raises(ReleaseError, match="no such release"):
        swap_current(settings, "20260101T000000Z-none")

    assert settings.current.readlink().name == IDS[0]


def test_a_folder_in_place_of_the_link_is_a_clear_error(settings: Settings) -> None:
    settings.current.mkdir()

    with pytest.raises(ReleaseError, match="should be a link"):
        current_release(settings)


def test_retention_keeps_the_newest_and_the_current(settings: Settings) -> None:
    swap_current(settings, IDS[0])

    deleted = apply_retention(settings, keep=2)

    assert sorted(deleted) == IDS[1:3]
    assert [release.id for release in list_releases(settings)] == [IDS[4], IDS[3], IDS[0]]


def test_the_settings_say_how_many_stay(settings: Settings) -> None:
    swap_current(settings, IDS[4])

    apply_retention(replace(settings, keep_releases=2))

    assert [release.id for release in list_releases(settings)] == [IDS[4], IDS[3]]


def test_retention_never_deletes_all(settings: Settings) -> None:
    swap_current(settings, IDS[4])

    apply_retention(settings, keep=0)

    assert [release.id for release in list_releases(settings)] == [IDS[4]]


def test_a_file_that_two_releases_share_outlives_the_older_one(settings: Settings) -> None:
    swap_current(settings, IDS[4])
    shared = settings.releases / IDS[4] / "part-0.parquet"
    older = settings.releases / IDS[0] / "part-0.parquet"
    older.write_bytes(b"rows")
    shared.hardlink_to(older)

    apply_retention(settings, keep=1)

    assert not older.exists()
    assert shared.read_bytes() == b"rows"


def test_leftovers_are_deleted_and_releases_are_not(settings: Settings) -> None:
    half = settings.releases / ".tmp-20270101T000000Z-x"
    half.mkdir()
    (half / "release.duckdb").write_bytes(b"half")
    link = settings.home / ".current-20270101T000000Z-x"
    link.symlink_to("releases/nowhere")

    removed = clean_leftovers(settings)

    assert removed == [half.name, link.name]
    assert len(list_releases(settings)) == len(IDS)


def test_an_id_holds_the_utc_second_and_the_short_run_id(settings: Settings) -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)

    assert new_release_id(settings, "3f2a9c1e-77b0-4c", moment) == "20260304T050607Z-3f2a9c1e"


def test_a_release_is_found_by_id_and_by_default(settings: Settings) -> None:
    swap_current(settings, IDS[2])

    assert find_release(settings, IDS[1]).id == IDS[1]
    assert find_release(settings, None).id == IDS[2]


def test_a_manifest_reads_back_as_it_was_written() -> None:
    written = manifest(IDS[0])

    assert Manifest.from_json(written.to_json()) == written


def test_a_manifest_of_another_schema_is_refused() -> None:
    text = manifest(IDS[0]).to_json().replace('"schema_version": 1', '"schema_version": 2')

    with pytest.raises(ValueError, match="expected schema_version 1, found 2"):
        Manifest.from_json(text)


def test_an_id_is_later_than_any_there_is_though_the_clock_was_set_back(settings: Settings) -> None:
    made = new_release_id(settings, "run9", datetime(2020, 1, 1, tzinfo=UTC))
    assert made == "20260105T000001Z-run9"
    assert sorted([*IDS, made])[-1] == made

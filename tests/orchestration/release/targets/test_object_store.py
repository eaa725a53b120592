"""A release in an object store: whole before it is named, and readable by the engine."""

import json
from dataclasses import replace

import duckdb
import pyarrow.fs
import pytest

from orchestration.ingestion.extensions import load_extension
from orchestration.release.manifest import FileEntry
from orchestration.release.store import Release
from orchestration.release.targets.error import TargetError
from orchestration.release.targets.object_store import publish_to_store, read_current

PAGE = "report/index.html"


def objects(uri: str) -> dict[str, bytes]:
    """Every object below the address, by its path there."""
    store, folder = pyarrow.fs.FileSystem.from_uri(uri)
    found = store.get_file_info(
        pyarrow.fs.FileSelector(folder, recursive=True, allow_not_found=True)
    )
    return {
        each.path.removeprefix(f"{folder}/"): store.open_input_stream(each.path).read()
        for each in found
        if each.is_file
    }


def test_a_release_arrives_whole_and_is_named_last(
    store_uri: str, two_releases: tuple[Release, Release]
) -> None:
    release = two_releases[0]

    assert publish_to_store(release, store_uri)

    found = objects(store_uri)
    named = json.loads(found.pop("current.json"))
    assert (named["release_id"], named["last_month"]) == (release.id, "2011-12-31")
    assert set(found) == {
        f"{named['path']}/{name}" for name in (*release.manifest.files, "manifest.json")
    }
    assert found[f"{named['path']}/{PAGE}"] == (release.path / PAGE).read_bytes()


def test_the_engine_reads_what_the_store_names(
    store_uri: str, store_endpoint: str, two_releases: tuple[Release, Release]
) -> None:
    for release in two_releases:
        publish_to_store(release, store_uri)
    folder = store_uri.split("?")[0]

    with duckdb.connect() as con:
        load_extension(con, "httpfs")
        con.execute(
            "create secret (type s3, key_id 'key', secret 'secret', region 'us-east-1', "
            f"endpoint '{store_endpoint}', use_ssl false, url_style 'path')"
        )
        path = con.execute(f"select path from read_json('{folder}/current.json')").fetchone()[0]
        rows = con.execute(
            f"select tier, count(*) from read_parquet('{folder}/{path}/parquet/"
            "customer_scorecard/*/*.parquet', hive_partitioning = true) group by 1"
        ).fetchall()

    assert path == f"releases/{two_releases[1].id}"
    assert rows == [("D", two_releases[1].manifest.marts["customer_scorecard"].rows)]


def test_what_is_named_already_is_not_copied_again(
    store_uri: str, two_releases: tuple[Release, Release]
) -> None:
    assert publish_to_store(two_releases[0], store_uri)
    assert not publish_to_store(two_releases[0], store_uri)


@pytest.mark.parametrize("name", [PAGE, "report/missing.html"])
def test_a_file_that_was_changed_or_is_missing_is_not_passed_on(
    name: str, store_uri: str, two_releases: tuple[Release, Release]
) -> None:
    first, second = two_releases
    publish_to_store(first, store_uri)
    files = {**second.manifest.files, name: FileEntry("0" * 64, 1)}
    damaged = replace(second, manifest=replace(second.manifest, files=files))

    with pytest.raises(TargetError, match=rf"{name} of release \S+ is not the file"):
        publish_to_store(damaged, store_uri)
    assert read_current(store_uri) == first.id
    assert f"releases/{second.id}/manifest.json" not in objects(store_uri)

    # What such an attempt left behind is finished by the next.
    assert publish_to_store(second, store_uri)
    found = objects(store_uri)
    assert found[f"releases/{second.id}/{PAGE}"] == (second.path / PAGE).read_bytes()
    assert f"releases/{second.id}/manifest.json" in found


def test_old_releases_leave_the_store_and_the_named_one_stays(
    store_uri: str, three_releases: tuple[Release, Release, Release]
) -> None:
    first, second, third = three_releases
    for release in three_releases:
        publish_to_store(release, store_uri, keep=2)

    assert {name.split("/")[1] for name in objects(store_uri) if "/" in name} == {
        second.id,
        third.id,
    }
    publish_to_store(first, store_uri, keep=1)
    assert read_current(store_uri) == first.id
    assert f"releases/{first.id}/manifest.json" in objects(store_uri)


@pytest.mark.parametrize("address", ["bucket/folder", "https://store.example.com/bucket"])
def test_an_address_that_is_none_says_how_to_write_one(
    address: str, two_releases: tuple[Release, Release]
) -> None:
    with pytest.raises(TargetError, match="write it as s3://bucket/folder"):
        publish_to_store(two_releases[0], address)


def test_a_store_that_is_not_there_leaves_the_release_in_the_home(
    two_releases: tuple[Release, Release],
) -> None:
    uri = "s3://bucket/folder?endpoint_override=127.0.0.1:1&scheme=http&region=us-east-1"
    with pytest.raises(TargetError, match="stands in the home, but not everywhere"):
        publish_to_store(two_releases[0], uri)

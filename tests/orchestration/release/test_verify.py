"""`verify` finds whatever differs from the manifest, and names it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import ReleaseError
from orchestration.release.store import Release
from orchestration.release.verify import VerifyProblem, verify_release
from orchestration.settings import Settings

PART = "parquet/customer_scorecard/as_of_date=2011-11-30/part-0.parquet"


@pytest.fixture(scope="module")
def whole_home(
    tmp_path_factory: pytest.TempPathFactory,
    synthetic_warehouse: Path,
    publish: Callable[..., Release],
    stored_estimators: Callable[[Path], None],
) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.release.build.write_report", lambda folder: folder)
        home = tmp_path_factory.mktemp("verify") / "home"
        home.mkdir()
        shutil.copyfile(synthetic_warehouse, home / "warehouse.duckdb")
        stored_estimators(home)
        settings = Settings(root=home, home=home, landing=home, memory_limit="1GB")
        publish(settings, "run1")
    return settings


@pytest.fixture
def home(whole_home: Settings, tmp_path: Path) -> Settings:
    """A copy of the home, to be damaged."""
    copy = tmp_path / "home"
    shutil.copytree(whole_home.home, copy, symlinks=True)
    for path in copy.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o644)
    return Settings(root=copy, home=copy, landing=copy, memory_limit="1GB")


def current(settings: Settings) -> Path:
    return settings.current.resolve()


def problems_at(settings: Settings, path: str) -> list[VerifyProblem]:
    return [problem for problem in verify_release(settings) if problem.path.startswith(path)]


def test_a_whole_release_has_no_problem(whole_home: Settings) -> None:
    assert verify_release(whole_home) == []


def test_one_changed_byte_is_found(home: Settings) -> None:
    file = current(home) / PART
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))

    assert "SHA-256" in str(problems_at(home, PART)[0])


def test_a_changed_length_is_found(home: Settings) -> None:
    file = current(home) / PART
    file.write_bytes(file.read_bytes() + b"\n")

    assert "the manifest says" in problems_at(home, PART)[0].what


def test_a_missing_file_is_found(home: Settings) -> None:
    (current(home) / PART).unlink()

    assert [problem.what for problem in verify_release(home)] == [
        "is missing, but the manifest lists it"
    ]


def test_an_extra_file_is_found(home: Settings) -> None:
    (current(home) / "notes.txt").write_text("draft", encoding="utf-8")

    assert [str(problem) for problem in verify_release(home)] == [
        "notes.txt: is there, but the manifest does not list it"
    ]


def test_a_file_replaced_by_a_link_is_found(home: Settings, tmp_path: Path) -> None:
    file = current(home) / PART
    file.rename(tmp_path / "elsewhere.parquet")
    file.symlink_to(tmp_path / "elsewhere.parquet")

    assert "is a link" in problems_at(home, PART)[0].what


def test_changed_rows_are_found_even_where_the_manifest_lists_the_new_hash(
    home: Settings,
) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{current(home) / 'release.duckdb'}' as release")
        con.execute("update release.scorecard.predictions set churn_probability = 0.1")
    forge_hashes(home)

    found = [str(problem) for problem in verify_release(home)]
    assert len(found) == 1
    assert found[0].startswith("release.duckdb, scorecard.predictions: has")


def test_changed_parquet_rows_are_found_even_where_the_manifest_lists_the_new_hash(
    home: Settings,
) -> None:
    file = current(home) / PART
    with duckdb.connect() as con:
        con.execute(f"create table part as from read_parquet('{file}', hive_partitioning = false)")
        con.execute("update part set score = 100 where score = (select max(score) from part)")
        con.execute(f"copy part to '{file}' (format parquet)")
    forge_hashes(home)

    found = verify_release(home)
    assert [problem.path for problem in found] == [PART]
    assert "checksum" in found[0].what


def test_a_file_that_is_no_parquet_is_named_and_the_others_are_still_read(
    home: Settings,
) -> None:
    (current(home) / PART).write_text("not parquet", encoding="utf-8")
    forge_hashes(home)

    found = verify_release(home)
    assert [problem.path for problem in found] == [PART]
    assert "cannot be read as a Parquet file" in found[0].what


def test_a_database_that_is_none_is_found(home: Settings) -> None:
    (current(home) / "release.duckdb").write_text("not a database", encoding="utf-8")
    forge_hashes(home)

    assert "cannot be read" in problems_at(home, "release.duckdb")[0].what


def test_a_link_to_nothing_is_found_and_says_how_to_mend_it(home: Settings) -> None:
    name = current(home).name
    home.current.unlink()
    home.current.symlink_to("releases/20200101T000000Z-gone")

    found = verify_release(home)

    assert [problem.path for problem in found] == ["current"]
    assert f"ln -sfn releases/{name}" in found[0].what


def test_a_manifest_of_another_release_is_found(home: Settings) -> None:
    folder = current(home)
    moved = folder.with_name("20200101T000000Z-moved")
    folder.rename(moved)
    home.current.unlink()
    home.current.symlink_to(f"releases/{moved.name}")

    assert "names release" in problems_at(home, "manifest.json")[0].what


def test_a_broken_manifest_is_a_clear_error(home: Settings) -> None:
    (current(home) / "manifest.json").write_text("{", encoding="utf-8")

    with pytest.raises(ReleaseError, match="not a manifest"):
        verify_release(home, current(home).name)


def test_an_unknown_release_names_those_that_exist(home: Settings) -> None:
    with pytest.raises(ReleaseError, match=current(home).name):
        verify_release(home, "20200101T000000Z-none")


def test_no_release_at_all_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="scorecard run"):
        verify_release(Settings(root=tmp_path, home=tmp_path, landing=tmp_path))


def forge_hashes(settings: Settings) -> None:
    """Let the manifest list the files as they are now, as a careful forger would."""
    from orchestration.release.store import hash_file, release_files

    folder = current(settings)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {
        path.relative_to(folder).as_posix(): vars(hash_file(path)) for path in release_files(folder)
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

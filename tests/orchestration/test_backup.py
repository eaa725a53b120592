"""A backup is whole or absent, and what is restored is what was backed up, file by file."""

import os
import stat
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration import backup
from orchestration.backup import back_up, restore
from orchestration.errors import ScorecardError, UsageError, WarehouseLockedError
from orchestration.settings import Settings
from orchestration.warehouse import RESTORING, connect, prepare_home

RELEASES = ("20260101T000000Z-a", "20260201T000000Z-b")


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """A home with a warehouse, two releases that share a file, and what a backup leaves out."""
    with connect(settings) as con:
        con.execute("create schema raw; create table raw.facts as select range as n from range(9)")
    for release_id in RELEASES:
        (settings.releases / release_id / "parquet").mkdir(parents=True)
        (settings.releases / release_id / "manifest.json").write_text(release_id)
    shared = settings.releases / RELEASES[0] / "parquet" / "2025.parquet"
    shared.write_bytes(b"months" * 1000)
    shared.chmod(0o444)
    os.link(shared, settings.releases / RELEASES[1] / "parquet" / "2025.parquet")
    settings.current.symlink_to(Path("releases") / RELEASES[1])
    (settings.estimators / "churn-1").mkdir()
    (settings.estimators / "churn-1" / "card.json").write_text("{}")
    (settings.releases / ".tmp-half").mkdir()
    (settings.releases / ".tmp-half" / "x").write_text("half a release")
    (settings.landing / "billing").mkdir(parents=True)
    (settings.landing / "billing" / "invoices.csv").write_text("theirs")
    return settings


@pytest.fixture(autouse=True)
def manifests_of_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def current(settings: Settings) -> object:
        class Named:
            id = settings.current.resolve().name

        return Named() if settings.current.is_symlink() else None

    monkeypatch.setattr(backup, "current_release", current)


@pytest.fixture
def elsewhere(filled: Settings, tmp_path: Path) -> Settings:
    return replace(filled, home=tmp_path / "new", landing=filled.landing)


def contents(home: Path) -> dict[str, object]:
    """What a backup keeps of a home: content and rights of each file, where each link leads."""
    parts = ("warehouse.duckdb", "estimators", "releases", "current")
    found: dict[str, object] = {}
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if name.split("/")[0] not in parts or ".tmp-" in name:
            continue
        if path.is_symlink():
            found[name] = path.readlink()
        elif path.is_file():
            found[name] = (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    return found


def test_what_is_restored_is_what_was_backed_up(
    filled: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    made = back_up(filled, tmp_path / "home.tar")
    restored = restore(elsewhere, made.path)

    assert contents(elsewhere.home) == contents(filled.home)
    assert (made.files, made.release_id) == (restored.files, RELEASES[1])
    assert made.files == 7
    with connect(elsewhere, read_only=True) as con:
        assert con.execute("select sum(n) from raw.facts").fetchone() == (36,)
    shared = [elsewhere.releases / name / "parquet" / "2025.parquet" for name in RELEASES]
    assert shared[0].samefile(shared[1])
    assert not (elsewhere.home / RESTORING).exists()
    assert not (elsewhere.home / "landing").exists()


def test_a_backup_is_its_owners_alone_and_holds_no_half_release(
    filled: Settings, tmp_path: Path
) -> None:
    made = back_up(filled, tmp_path / "home.tar")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    with tarfile.open(made.path) as stream:
        names = stream.getnames()
    assert not [name for name in names if ".tmp-" in name or name.startswith("landing")]
    assert names[-1] == backup.LIST_NAME


def test_a_backup_replaces_nothing_and_does_not_lie_in_the_home(
    filled: Settings, tmp_path: Path
) -> None:
    there = tmp_path / "there.tar"
    there.write_text("another backup")
    for target, words in {
        there: "exists; a backup replaces nothing",
        tmp_path / "nowhere" / "home.tar": "There is no folder",
        filled.home / "home.tar": "lies in the home",
    }.items():
        with pytest.raises(UsageError, match=words):
            back_up(filled, target)
    assert there.read_text() == "another backup"


def test_without_a_warehouse_there_is_nothing_to_back_up(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ScorecardError, match="There is no warehouse yet"):
        back_up(settings, tmp_path / "home.tar")
    assert not list(tmp_path.glob("*.tar*"))


def test_a_backup_that_stops_on_the_way_leaves_no_file(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "_add_list", stop)
    with pytest.raises(KeyboardInterrupt):
        back_up(filled, tmp_path / "home.tar")
    assert not list(tmp_path.glob("*.tar*"))


def test_a_home_that_holds_something_is_not_overwritten(filled: Settings, tmp_path: Path) -> None:
    made = back_up(filled, tmp_path / "home.tar")
    before = contents(filled.home)
    with pytest.raises(UsageError, match=r"holds current, estimators, releases, warehouse.duckdb"):
        restore(filled, made.path)
    assert contents(filled.home) == before


def test_landing_files_of_the_home_stay(filled: Settings, tmp_path: Path) -> None:
    made = back_up(filled, tmp_path / "home.tar")
    home = tmp_path / "new"
    settings = replace(filled, home=home, landing=home / "landing")
    prepare_home(settings)
    (settings.landing / "new.csv").write_text("theirs")
    restore(settings, made.path)
    assert (settings.landing / "new.csv").read_text() == "theirs"


DAMAGE = {
    "cut short": (lambda content: content[: len(content) // 2], "cut short"),
    "a byte changed": (
        lambda content: content.replace(b"monthsmonths", b"monthsmonthz", 1),
        "2025.parquet has other content",
    ),
    "no archive": (lambda _: b"not a backup" * 100, "it is no backup"),
    "empty": (lambda _: b"", "it is no backup|its list of files is missing"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_backup_is_refused_and_the_home_stays_empty(
    filled: Settings, elsewhere: Settings, tmp_path: Path, case: str
) -> None:
    made = back_up(filled, tmp_path / "home.tar")
    change, words = DAMAGE[case]
    made.path.write_bytes(change(made.path.read_bytes()))

    with pytest.raises(ScorecardError, match=words) as caught:
        restore(elsewhere, made.path)

    assert "nothing was" in str(caught.value)
    assert contents(elsewhere.home) == {}
    prepare_home(elsewhere)


@pytest.mark.parametrize(
    ("name", "kind", "leads_to"),
    [
        ("../../escaped", tarfile.REGTYPE, ""),
        ("/tmp/escaped", tarfile.REGTYPE, ""),  # noqa: S108  never written
        ("current", tarfile.SYMTYPE, "../.."),
        ("current", tarfile.SYMTYPE, "/etc"),
        ("warehouse.duckdb", tarfile.LNKTYPE, "../../other"),
        ("lock", tarfile.FIFOTYPE, ""),
    ],
)
def test_an_archive_that_climbs_out_is_refused(
    elsewhere: Settings, tmp_path: Path, name: str, kind: bytes, leads_to: str
) -> None:
    hostile = tmp_path / "hostile.tar"
    with tarfile.open(hostile, "w") as stream:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, leads_to
        stream.addfile(member)
    with pytest.raises(ScorecardError, match="it is no backup"):
        restore(elsewhere, hostile)
    assert contents(elsewhere.home) == {}
    assert not list(tmp_path.parent.rglob("escaped"))


def test_a_killed_restore_is_done_again_and_no_run_begins_before(
    filled: Settings, elsewhere: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between two renames; a kill leaves the same, since nothing is tidied up there."""
    made = back_up(filled, tmp_path / "home.tar")
    real = Path.rename

    def stop(path: Path, target: Path) -> Path:
        if path.name == "warehouse.duckdb":
            raise KeyboardInterrupt
        return real(path, target)

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        restore(elsewhere, made.path)
    monkeypatch.undo()
    with pytest.raises(ScorecardError, match=r"did not end.*scorecard restore"):
        prepare_home(elsewhere)
    monkeypatch.setattr(backup, "current_release", lambda _: None)
    restore(elsewhere, made.path)
    assert contents(elsewhere.home) == contents(filled.home)


def test_while_somebody_writes_nothing_is_backed_up(filled: Settings, tmp_path: Path) -> None:
    import fcntl

    with filled.lock_file.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(WarehouseLockedError, match="Wait until it has finished"):
            back_up(filled, tmp_path / "home.tar")

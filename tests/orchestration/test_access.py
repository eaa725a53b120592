"""Who of the machine's users may read the home."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration import doctor
from orchestration.access import make_private, release_modes, too_open
from orchestration.doctor import Finding
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home, writer_lock


@pytest.fixture(autouse=True)
def wide_umask() -> Iterator[None]:
    """The umask most systems give: what is private then is so by us."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def access(settings: Settings) -> Finding:
    prepare_home(settings)
    return doctor._access(settings)


@pytest.fixture
def open_home(settings: Settings) -> Settings:
    """A home as it was made before homes were private, with a release that all may read."""
    for folder in (settings.home, settings.releases / "20260101T000000Z-abc", settings.landing):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o775)
    settings.releases.chmod(0o755)
    settings.warehouse.touch()
    settings.warehouse.chmod(0o644)
    return settings


def test_a_new_home_is_for_its_owner_alone(settings: Settings) -> None:
    prepare_home(settings)
    with connect(settings) as con:
        con.execute("create table x as select 1")
    with writer_lock(settings, purpose="test"):
        pass
    (settings.logs / "scorecard.log").write_text("a line\n", encoding="utf-8")
    assert mode(settings.home) == 0o700
    folders = {mode(path) for path in settings.home.rglob("*") if path.is_dir()}
    files = {mode(path) for path in settings.home.rglob("*") if path.is_file()}
    assert (folders, files) == ({0o700}, {0o600})


def test_an_older_home_is_closed_by_the_next_command(open_home: Settings) -> None:
    found = too_open(open_home)
    assert set(found) == {
        open_home.home,
        open_home.landing,
        open_home.releases,
        open_home.releases / "20260101T000000Z-abc",
        open_home.warehouse,
    }
    prepare_home(open_home)
    assert too_open(open_home) == ()
    assert mode(open_home.warehouse) == 0o600
    assert mode(open_home.releases / "20260101T000000Z-abc") == 0o700


def test_a_group_may_be_let_to_the_releases_and_to_nothing_else(open_home: Settings) -> None:
    shared = replace(open_home, group_readable=True)
    prepare_home(shared)
    assert mode(shared.home) == 0o710
    assert mode(shared.releases) == mode(shared.releases / "20260101T000000Z-abc") == 0o750
    assert mode(shared.warehouse) == 0o600
    assert mode(shared.estimators) == 0o700
    assert mode(shared.landing) == 0o770, "who delivers files goes on to deliver them"
    assert (release_modes(shared).file, release_modes(open_home).file) == (0o440, 0o400)
    assert too_open(shared) == ()


def test_the_doctor_names_a_landing_area_that_everybody_may_read(
    settings: Settings, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    theirs.chmod(0o755)
    found = access(replace(settings, landing=theirs))
    assert found.level == "note"
    assert str(theirs) in found.text
    theirs.chmod(0o750)
    assert access(replace(settings, landing=theirs)).level == "ok"


def test_what_belongs_to_somebody_else_is_named_and_stops_nothing(
    open_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(Path, "chmod", refuse)
    make_private(open_home)
    found = access(open_home)
    assert found.level == "note"
    assert str(open_home.home) in found.text

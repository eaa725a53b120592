"""Fixtures that several rooms share: the small company, and one whole run on it."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command import PARSED_VARIABLE, scorecard
from tests.company import simulated_landing, small_landing

ROOT = Path(__file__).parents[1]


# Files that take minutes begin first, each with another fixture: a worker keeps what it was handed,
# so that one of these at the end would leave the others idle.
LONGEST = (
    *("test_kills.py", "test_as_of_all_systems.py", "test_identity.py"),
    *("test_second_runs.py", "test_runs.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; all else stays in its order."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


def manifest(home: Path) -> dict:
    """The manifest of the newest release."""
    return json.loads((home / "current" / "manifest.json").read_text(encoding="utf-8"))


def checksums(home: Path) -> dict[str, str]:
    """Checksum of each mart of the newest release."""
    return {name: mart["checksum"] for name, mart in manifest(home)["marts"].items()}


@contextmanager
def built_once(folder: Path) -> Iterator[bool]:
    """Whether this process is the one to build; workers that test in parallel wait for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{folder}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = Path(f"{folder}.done")
        yield not done.exists()
        done.touch()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ[PARSED_VARIABLE] = str(folder / "parsed")
    return folder


@pytest.fixture(scope="session")
def company(shared_folder: Path) -> Path:
    """Landing files of the small company. Read only: copy before you change them."""
    landing = shared_folder / "company"
    with built_once(landing) as mine:
        if mine:
            small_landing(landing, whole=shared_folder / "whole")
    return landing


@pytest.fixture(scope="session")
def first_run(shared_folder: Path, company: Path) -> Path:
    """Home of one whole run over the small company. Read only: copy before you change it."""
    home = shared_folder / "first_run"
    with built_once(home) as mine:
        if mine:
            result = scorecard(home, "run", "--landing", str(company))
            (shared_folder / "first_run.txt").write_text(result.output, encoding="utf-8")
            assert result.code == 0, result.output
    return home


@pytest.fixture(scope="session")
def simulated_company(shared_folder: Path) -> Path:
    """Landing files of a small simulated company, all systems. Read only: copy to change them."""
    folder = shared_folder / "simulated"
    with built_once(folder) as mine:
        if mine:
            simulated_landing(folder)
    return folder / "landing"


@pytest.fixture(scope="session")
def simulated_run(shared_folder: Path, simulated_company: Path) -> Path:
    """Home of one whole run over the simulated company. Read only: copy before you change it."""
    home = shared_folder / "simulated_run"
    with built_once(home) as mine:
        if mine:
            result = scorecard(home, "run", "--landing", str(simulated_company))
            (shared_folder / "simulated_run.txt").write_text(result.output, encoding="utf-8")
            assert result.code == 0, result.output
    return home


@pytest.fixture
def run_home(first_run: Path, tmp_path: Path) -> Path:
    """A copy of the whole run's home that a test may change."""
    return shutil.copytree(first_run, tmp_path / "home", symlinks=True)

"""Fixture of this room: every model of the simulated company, as no estimator had been trained."""

from pathlib import Path

import pytest

from tests.conftest import built_once
from tests.end_to_end.in_process import without_estimators


@pytest.fixture(scope="session")
def simulated_build(shared_folder: Path, simulated_run: Path) -> Path:
    """Home with every model over all months of the simulated company, ungated. Read only."""
    home = shared_folder / "simulated_build"
    with built_once(home) as mine:
        if mine:
            without_estimators(home, like=simulated_run)
    return home

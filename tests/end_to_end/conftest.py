"""Fixture of this room: every model built once on the simulated company."""

from pathlib import Path

import pytest

from tests.conftest import built_once
from tests.end_to_end.in_process import build_in_process


@pytest.fixture(scope="session")
def simulated_build(shared_folder: Path, simulated_company: Path) -> Path:
    """Home with every model over all months of the simulated company, ungated. Read only."""
    home = shared_folder / "simulated_build"
    with built_once(home) as mine:
        if mine:
            assert not build_in_process(home, simulated_company).of_status("refused")
    return home

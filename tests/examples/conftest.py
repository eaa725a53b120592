"""What this room shares: a small demo company, and the hashes of files."""

import hashlib
from pathlib import Path

import pytest

from examples.demo_company.simulate import simulate

SMALL = {"customers": 300, "months": 12}
SMALL_SEED = 1


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company in the formats of real life, with its truth. Read only."""
    out = tmp_path_factory.mktemp("small")
    simulate(out, **SMALL, seed=SMALL_SEED)
    return out


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }

"""Fixtures of the orchestration tests."""

from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.warehouse import prepare_home

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home, with the repository as the root."""
    made = Settings(root=ROOT, home=tmp_path / "home", landing=tmp_path / "home" / "landing")
    prepare_home(made)
    return made

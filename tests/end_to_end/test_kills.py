"""Killing a run anywhere and running again ends in the same checksums."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, checksums, scorecard

pytestmark = pytest.mark.slow

# Stages of a run at which it is killed, by the words with which they begin on the terminal.
KILL_AT = (
    "Load landing files",
    "Build the models up to",
    "Train the estimators",
    "Run the gates",
    "Release",
)


def test_a_run_killed_at_five_points_ends_in_the_same_checksums(first_run, company, tmp_path):
    home = tmp_path / "home"
    for stage in KILL_AT:
        assert _run_and_kill(home, company, stage), f"the run was never seen at {stage!r}"
    result = scorecard(home, "run", "--landing", str(company))
    assert result.code == 0, result.output
    assert checksums(home) == checksums(first_run)
    assert scorecard(home, "verify").code == 0


def _run_and_kill(home: Path, company: Path, stage: str) -> bool:
    """Start a run and kill it (SIGKILL) as soon as it says that it has come to the stage."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "run", "--landing", str(company)],
        cwd=ROOT,
        env={**os.environ, "SCORECARD_HOME": str(home), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith(stage):
                process.send_signal(signal.SIGKILL)
                return True
        return False
    finally:
        process.stdout.close()
        process.wait()

"""A first run killed anywhere and run again ends in the same checksums.

A later run, killed in its gates and its release, is `test_second_runs`; fifty kills are
`test_disturbed_runs`.
"""

import random

import pytest

from tests.command import scorecard, scorecard_killed_after
from tests.conftest import checksums

pytestmark = pytest.mark.slow

# Stages of a run at which it is killed, by the words with which they begin on the terminal, and the
# seconds within which it dies. Loading is over in one.
KILL_AT = {"Load landing files": 0.5, "Build the models up to": 5.0, "Train the estimators": 1.0}
SEED = 7


def test_a_first_run_killed_at_three_points_ends_in_the_same_checksums(
    first_run, company, tmp_path
):
    home = tmp_path / "home"
    chance = random.Random(SEED)  # noqa: S311  a seeded draw, no secret
    for stage, most in KILL_AT.items():
        seconds = chance.uniform(0, most)
        last = scorecard_killed_after(home, stage, seconds, "run", "--landing", str(company))
        assert last, f"the run had ended {seconds:.2f} s after {stage!r}, or was never there"
    result = scorecard(home, "run", "--landing", str(company))
    assert result.code == 0, result.output
    assert checksums(home) == checksums(first_run)
    assert scorecard(home, "verify").code == 0

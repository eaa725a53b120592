"""A first run killed anywhere and run again ends in the same checksums.

A later run, killed in its gates and its release, is `test_second_runs`.
"""

import pytest

from tests.command import scorecard, scorecard_killed_at
from tests.conftest import checksums

pytestmark = pytest.mark.slow

# Stages of a run at which it is killed, by the words with which they begin on the terminal.
KILL_AT = ("Load landing files", "Build the models up to", "Train the estimators")


def test_a_first_run_killed_at_three_points_ends_in_the_same_checksums(
    first_run, company, tmp_path
):
    home = tmp_path / "home"
    for stage in KILL_AT:
        seen = scorecard_killed_at(home, stage, "run", "--landing", str(company))
        assert seen, f"the run was never seen at {stage!r}"
    result = scorecard(home, "run", "--landing", str(company))
    assert result.code == 0, result.output
    assert checksums(home) == checksums(first_run)
    assert scorecard(home, "verify").code == 0

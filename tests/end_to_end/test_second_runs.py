"""A run over a released home publishes the same, whether all months are computed again or none.

It runs on a home that was restored from a backup, so that a run on that is equal, too. The runs
before it are killed where killing costs most, in the release and in the gates: what was
released stays whole, and the next run ends in the same checksums. A run killed earlier is
`test_kills`.
"""

import pytest

from tests.command import (
    release_killed_at,
    scorecard,
    scorecard_killed_after,
    unfinished_releases,
)
from tests.conftest import checksums

pytestmark = pytest.mark.slow


def test_a_second_run_after_killed_ones_loads_nothing_and_publishes_the_same(
    run_home, company, tmp_path
):
    """The run that is killed at its gates has computed all months again."""
    run_home = _restored(run_home, tmp_path)
    before, released = checksums(run_home), (run_home / "current").resolve()
    assert release_killed_at(run_home, "Release")
    assert unfinished_releases(run_home)
    again = ("run", "--landing", str(company))
    assert scorecard_killed_after(run_home, "Run the gates", 0, *again, "--from", "2009-12")
    assert (run_home / "current").resolve() == released
    result = scorecard(run_home, *again)
    assert result.code == 0, result.output
    assert "nothing new" in result.output.lower()
    assert (run_home / "current").resolve() != released
    assert checksums(run_home) == before
    assert not unfinished_releases(run_home)
    assert scorecard(run_home, "verify").code == 0


def _restored(home, folder):
    """Back a home up and give the restored one."""
    kept = folder / "home.tar"
    assert scorecard(home, "backup", str(kept)).code == 0
    restored = folder / "restored"
    result = scorecard(restored, "restore", str(kept))
    assert result.code == 0, result.output
    assert checksums(restored) == checksums(home)
    return restored

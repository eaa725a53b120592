"""Fifty seeded kills of a daily run, ten in each of its phases (`tests.kills` says how)."""

from collections import Counter

import pytest

from tests.kills import PHASES, ROUNDS, rounds


@pytest.mark.faults
def test_fifty_killed_runs_end_as_if_nothing_had_happened(shared_folder):
    done = list(rounds(shared_folder / "kills"))
    assert Counter(kill.phase for made in done for kill in made.kills) == dict.fromkeys(
        PHASES, ROUNDS
    )
    assert [made for made in done if not made.is_equal] == []

"""Three releases of a company whose facts partly come late, each computed again afterwards."""

import json
import shutil
from datetime import date

import duckdb
import pytest

from tests.command import scorecard
from tests.company import deliveries
from tests.conftest import manifest

pytestmark = pytest.mark.faults

ENDS = (date(2025, 10, 31), date(2025, 11, 30), date(2025, 12, 31))
LATE_SINCE = date(2025, 7, 1)


def test_releases_before_and_after_late_facts_are_computed_again_with_all_checksums(
    simulated_company, tmp_path
):
    home, landing = tmp_path / "home", tmp_path / "landing"
    published = []
    for folder in deliveries(simulated_company, tmp_path, ends=ENDS, late_since=LATE_SINCE):
        shutil.copytree(folder, landing, dirs_exist_ok=True)
        run = scorecard(home, "run", "--landing", str(landing))
        assert run.code == 0, run.output
        published.append(manifest(home))
    with duckdb.connect(str(home / "current" / "release.duckdb"), read_only=True) as con:
        restated = con.execute(
            "select min(as_of_date), count(distinct release_id), min(late_row_count) "
            "from scorecard.restatements"
        ).fetchone()
    # What came late changed months that had been published, from the first that could be.
    assert restated[0] == LATE_SINCE.replace(day=31)
    assert restated[1] == len(ENDS) - 1
    assert restated[2] > 0
    for release in published:
        again = scorecard(home, "rebuild", "--release", release["release_id"], "--json")
        assert again.code == 0, again.output
        found = json.loads(again.output[again.output.index("{") :])
        marts = {mart for product in release["products"].values() for mart in product["marts"]}
        assert set(found["equal"]) == marts

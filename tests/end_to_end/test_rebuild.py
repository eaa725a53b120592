"""A published release computed once more: equal where nothing was touched, and only there.

One rebuild tells both: a raw table that a single product reads is changed behind the ledger's back.
"""

import json
import shutil

import pytest

from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.command import scorecard
from tests.conftest import manifest

pytestmark = [pytest.mark.slow, pytest.mark.faults]


def test_a_release_is_computed_again_and_only_what_was_tampered_with_differs(
    simulated_run, tmp_path
):
    home = shutil.copytree(simulated_run, tmp_path / "home", symlinks=True)
    settings = Settings.from_environment(home=home)
    with connect(settings) as con:
        con.execute("update raw.organisation__cmat_answers set level = 0 where level > 0")
        runs = con.execute("select count(*) from control.runs").fetchone()
    result = scorecard(home, "rebuild", "--json")
    assert result.code == 3, result.output
    found = json.loads(result.output[result.output.index("{") :])
    products = manifest(home)["products"]
    differing = {part["mart"] for part in found["differences"]}
    # The findings count the rows of every source table.
    assert "cmat_practices" in differing
    assert differing <= {*products["cmat"]["marts"], "source_findings", "cleaning_log"}
    published = {mart for product in products.values() for mart in product["marts"]}
    assert set(found["equal"]) == published - differing
    assert found["lost"] == found["carried"] == found["absent"] == []
    with connect(settings, read_only=True) as con:
        assert con.execute("select count(*) from control.runs").fetchone() == runs
    assert not list(settings.temporary.glob("rebuild-*"))

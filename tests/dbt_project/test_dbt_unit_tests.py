"""dbt's own unit tests (formulas, golden values) run inside the test suite, over a built warehouse.

What belongs here: calling them and reading the verdict. The tests stand beside the models, in
`models/*/_*__unit_tests.yml`.
"""

import pytest
import sqlparse.engine.grouping

from orchestration.dbt import run_dbt
from orchestration.settings import Settings
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def flat_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt looks for the word `with` at the head of each test's query and parses the query for it.

    Grouping what follows takes a third of the time of all unit tests and is not looked at.
    """
    monkeypatch.setattr(sqlparse.engine.grouping, "group", lambda statement: statement)


@pytest.mark.usefixtures("flat_statements")
def test_every_dbt_unit_test_passes(run_home):
    settings = Settings.from_environment({}, root=ROOT, home=run_home)
    outcome = run_dbt(settings, "test", select=["test_type:unit"])
    assert len(outcome.nodes) >= 20
    assert [(node.name, node.message) for node in outcome.nodes if node.status != "pass"] == []

"""dbt's own unit tests (formulas, golden values) run inside the test suite, over a built warehouse.

What belongs here: calling them and reading the verdict. The tests stand beside the models, in
`models/*/_*__unit_tests.yml`.
"""

import pytest
import sqlparse.engine.grouping
from dbt.adapters.duckdb import DuckDBAdapter

from orchestration.dbt import run_dbt
from orchestration.settings import Settings
from tests.command import ONE_THREAD
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def flat_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt looks for the word `with` at the head of each test's query and parses the query for it.

    Grouping what follows takes a third of the time of all unit tests and is not looked at.
    """
    monkeypatch.setattr(sqlparse.engine.grouping, "group", lambda statement: statement)


@pytest.fixture
def columns_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt asks for the columns of each input of each test anew: a sixth of the time.

    Tests write temporary tables alone, so that the columns of built ones stay what they are.
    """
    ask, known = DuckDBAdapter.get_columns_in_relation, {}

    def columns(adapter, relation):
        if relation.schema is None or "__dbt_tmp" in str(relation):
            return ask(adapter, relation)
        if str(relation) not in known:
            known[str(relation)] = ask(adapter, relation)
        return known[str(relation)]

    monkeypatch.setattr(DuckDBAdapter, "get_columns_in_relation", columns)


@pytest.mark.usefixtures("flat_statements", "columns_asked_once")
def test_every_dbt_unit_test_passes(run_home):
    settings = Settings.from_environment(ONE_THREAD, root=ROOT, home=run_home)
    outcome = run_dbt(settings, "test", select=["test_type:unit"])
    assert len(outcome.nodes) >= 20
    assert [(node.name, node.message) for node in outcome.nodes if node.status != "pass"] == []

"""The rooms know only what they may: read off the imports of every module."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "ml": {"orchestration", "data_quality", "examples", "tests", "dagster", "dagster_dbt", "dbt"}
    | {"duckdb", "great_expectations"},
    "data_quality": {"orchestration", "ml", "examples", "tests", "dagster", "dagster_dbt", "dbt"},
    "orchestration": {"examples", "tests"},
    "examples": {"orchestration", "ml", "data_quality", "tests"},
}
# The command line simulates a company; nothing else inside knows that there are examples. The
# studies put the data of an example before the training code; what makes landing files does not.
ALLOWED = {
    "orchestration/cli.py: examples",
    "examples/online_retail/study.py: ml",
    "examples/telco/study.py: ml",
}
# dbt, Great Expectations and scikit-learn take seconds to import: only where they are used.
SLOW = {"dbt", "great_expectations", "sklearn", "skops", "altair", "vl_convert"}
# Words by which SQL or dbt asks what time it is.
CLOCK = re.compile(
    r"\b(current_date|current_timestamp|localtimestamp|getdate|now\s*\(|run_started_at|"
    r"modules\.datetime)",
    re.IGNORECASE,
)


def _imports(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add((node.module or "").split(".")[0])
    return names


def _modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_it_may(room):
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in _modules(room)
        for name in _imports(ast.parse(path.read_text(encoding="utf-8"))) & FORBIDDEN[room]
    }
    assert found - ALLOWED == set()


def test_only_the_definitions_import_dagster():
    found = {
        str(path.relative_to(ROOT))
        for path in _modules("orchestration")
        if "dagster" in _imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    allowed = {
        f"orchestration/{name}.py"
        for name in ("dagster_home", "definitions", "event_log", "launch")
    }
    assert {path for path in found if not path.startswith("orchestration/defs/")} <= allowed


@pytest.mark.parametrize("name", ["cli", "settings", "warehouse", "window"])
def test_what_every_command_needs_imports_nothing_slow(name):
    tree = ast.parse((ROOT / "orchestration" / f"{name}.py").read_text(encoding="utf-8"))
    at_import = ast.Module(
        [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], []
    )
    assert _imports(at_import) & SLOW == set()


def test_the_lock_names_no_index_host():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "://" in line or line.startswith("--index")] == []


def test_trap_wall_clock_columns_that_make_yesterdays_mart_unreproducible():
    """No model, macro or test of dbt asks what time it is; the run's months are data."""
    files = [
        path
        for folder in ("models", "dbt_project")
        for path in (ROOT / folder).rglob("*.sql")
        if "target" not in path.parts
    ]
    assert len(files) > 100
    found = [
        str(path.relative_to(ROOT))
        for path in files
        if CLOCK.search(re.sub(r"{#.*?#}|--[^\n]*", "", path.read_text("utf-8"), flags=re.S))
    ]
    assert found == []

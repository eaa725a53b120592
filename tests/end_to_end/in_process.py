"""Landing files to marts inside the test's own process, and comparing two warehouses.

What belongs here: loading, choosing the months and building every model in a home, as a run does,
without training and gates (whole runs are tested in `test_runs`); and the rows that differ. What
does not: what should be equal.

A whole run builds one home by dbt. Other homes are built by the statements that dbt ran there, word
for word, each after those that it reads: a model reads its months from a table, so its statement is
the same in every home, and four fifths of what a build costs on small data is dbt's own work.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt import MANIFEST_NAME, read_manifest
from orchestration.ingestion.ingest import IngestReport, ingest
from orchestration.prediction import ensure_ml_tables
from orchestration.runs import RunMonths, begin, utc_now
from orchestration.settings import Settings
from orchestration.text import TEXT_MODELS, TEXT_SCORES, score_items
from orchestration.warehouse import connect, prepare_home
from tests.command import ONE_THREAD

# What is built in a home, in order: the resource types and names, before texts are scored and all.
RAN = "ran.json"
SCHEMA = re.compile(r'create\s+(?:table|view)\s+"warehouse"\.("\w+")\.')


def without_estimators(home: Path, *, like: Path) -> None:
    """Copy what a whole run built, as it is where no estimator was ever trained.

    Args:
        home: The home to make.
        like: A home after its first run, in which dbt built every model over all months.

    Raises:
        duckdb.Error: A statement went wrong.
    """
    settings = Settings.from_environment(ONE_THREAD, home=home)
    prepare_home(settings)
    shutil.copy(like / settings.warehouse.name, settings.warehouse)
    shutil.copytree(like / "dbt_target", settings.dbt_target, dirs_exist_ok=True)
    manifest = read_manifest(settings.dbt_target / MANIFEST_NAME)
    order = _order(manifest)
    (home / RAN).write_text(json.dumps(_parts(manifest, order)), encoding="utf-8")
    # What reads predictions and weights: scores and marts.
    late = [node["name"] for node in order if node["schema"] in ("scores", "scorecard")]
    with connect(settings) as con:
        con.execute(f"create table main.kept as from ml.{TEXT_SCORES}")
        con.execute("drop schema ml cascade")
        ensure_ml_tables(con)
        con.execute(f"insert into ml.{TEXT_SCORES} by name from main.kept")
        con.execute("drop table main.kept")
        con.execute("drop schema scores cascade")
        con.execute("drop schema scorecard cascade")
        _run_statements(con, like, late)


def _order(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Seeds and models, each after those that it reads."""
    parents = manifest["parent_map"]
    built = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("seed", "model")
    }
    graph = {name: [each for each in parents[name] if each in built] for name in sorted(built)}
    return [built[name] for name in TopologicalSorter(graph).static_order()]


def _parts(manifest: Mapping[str, Any], order: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What is built before the texts are scored, and all: resource types and names."""
    waiting = [node["unique_id"] for node in order if node["name"] in TEXT_MODELS]
    before_texts = set()
    while waiting:
        name = waiting.pop()
        before_texts.add(name)
        waiting += manifest["parent_map"].get(name, [])
    named = [(node["unique_id"], [node["resource_type"], node["name"]]) for node in order]
    return [[each for name, each in named if name in before_texts], [each for _, each in named]]


def build_alike(
    home: Path, landing: Path, *, like: Path, to_month: date | None = None
) -> IngestReport:
    """Load a landing area and build every model by the statements that built `like` by dbt.

    Args:
        home: The home to make.
        landing: What to load into it.
        like: A home that `without_estimators` made.
        to_month: The last month to build; the last complete one by default.

    Raises:
        ScorecardError: A file or a month went wrong.
        duckdb.Error: A statement went wrong.
    """
    settings, report = _loaded(home, landing, to_month=to_month)
    texts, models = json.loads((like / RAN).read_text(encoding="utf-8"))
    with connect(settings) as con:
        _copy_seeds(con, like, [name for kind, name in models if kind == "seed"])
        _run_statements(con, like, [name for kind, name in texts if kind == "model"])
    score_items(settings)
    done = {name for _, name in texts}
    with connect(settings) as con:
        rest = [name for kind, name in models if kind == "model" and name not in done]
        _run_statements(con, like, rest)
    return report


def _loaded(home: Path, landing: Path, *, to_month: date | None) -> tuple[Settings, IngestReport]:
    settings = Settings.from_environment(ONE_THREAD, home=home, landing=landing)
    prepare_home(settings)
    report = ingest(settings, loaded_at=utc_now())
    months = RunMonths(run_id="test", to_month=to_month, may_go_back=True)
    begin(settings, months, now=utc_now())
    with connect(settings) as con:
        ensure_ml_tables(con)
    return settings, report


def _copy_seeds(con: duckdb.DuckDBPyConnection, like: Path, names: Sequence[str]) -> None:
    con.execute(f"attach '{like / 'warehouse.duckdb'}' as built (read_only)")
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'built'"
    ).fetchall()
    schemas = {table: schema for schema, table in rows}
    for name in names:
        con.execute(f"create schema if not exists {schemas[name]}")
        con.execute(f"create table {schemas[name]}.{name} as from built.{schemas[name]}.{name}")
    con.execute("detach built")


def _run_statements(con: duckdb.DuckDBPyConnection, like: Path, names: Sequence[str]) -> None:
    files = {path.stem: path for path in (like / "dbt_target" / "run").rglob("*.sql")}
    for name in names:
        statement = files[name].read_text(encoding="utf-8").replace("__dbt_tmp", "")
        schema = SCHEMA.search(statement)
        assert schema is not None, f"the statement of {name} makes no relation"
        con.execute(f"create schema if not exists {schema.group(1)}")
        con.execute(statement)


@dataclass(frozen=True)
class Comparison:
    """Two warehouses on one connection, `one` and `other`: opening them costs half a second."""

    connection: duckdb.DuckDBPyConnection

    def columns_of(self, table: str) -> list[str]:
        """The columns of a table (`schema.name`) of the first, in order."""
        rows = self.connection.execute(f"describe one.{table}").fetchall()
        return [row[0] for row in rows]

    def rows_that_differ(
        self,
        table: str,
        *,
        without: Sequence[str] = (),
        where: str = "true",
        may_be_empty: bool = False,
    ) -> int:
        """Count the rows of a table that only one of the two has."""
        columns = [name for name in self.columns_of(table) if name not in without]
        query = f"select {', '.join(columns)} from {{}}.{table} where {where}"
        if not may_be_empty:
            counted = self._number(f"select count(*) from ({query.format('one')})")
            assert counted > 0, f"{table} has no row to compare"
        return self._number(
            f"""
            select count(*) from (
                ({query.format("one")} except all {query.format("other")})
                union all
                ({query.format("other")} except all {query.format("one")})
            )
            """
        )

    def _number(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def compared(one: Path, other: Path) -> Iterator[Comparison]:
    """Open the warehouses of two homes side by side, to read."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(f"attach '{one / 'warehouse.duckdb'}' as one (read_only)")
        con.execute(f"attach '{other / 'warehouse.duckdb'}' as other (read_only)")
        yield Comparison(con)

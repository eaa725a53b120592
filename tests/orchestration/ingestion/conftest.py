"""A small landing area to write files into, and a short way to ingest and to look."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

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


@pytest.fixture(scope="session")
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

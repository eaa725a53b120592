"""What the source gate needs of the contracts of the source tables.

Belongs here: reading table, key and event time from the source YAMLs below `models/staging/`, the
one list of source columns. Not here: checking a contract, which ingestion does before it loads a
row, and the rules (`suites/source.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

CONTRACTS = Path(__file__).parent.parent / "models" / "staging"
# Event tables keep one row per key; the others one row per key, version and load that spoke of it.
EVENTS = "append"


class ContractsError(Exception):
    """There is no contract to read; the message says where it was looked for."""


@dataclass(frozen=True)
class SourceTable:
    """One source table, as far as the source gate asks.

    Attributes:
        system: The source system.
        name: The table within the system.
        key: What no two stored rows share.
        event_time: The column that says when the event happened or the version began.
        freshness_days: After how many days without a new fact it is stale; None if unwatched.
        is_optional: Whether its system may be absent.
    """

    system: str
    name: str
    key: tuple[str, ...]
    event_time: str
    freshness_days: int | None
    is_optional: bool

    @property
    def path(self) -> str:
        """Schema and name in the warehouse, as SQL writes them."""
        return f"raw.{self.system}__{self.name}"


@lru_cache(maxsize=1)
def load_source_tables(root: Path = CONTRACTS) -> tuple[SourceTable, ...]:
    """Read every contract below a folder once, in the order of their names; half a second.

    Args:
        root: The folder with one folder per source system.

    Raises:
        ContractsError: There is no contract below the folder.
    """
    tables = [
        _source_table(source, table)
        for path in root.glob("*/_*__sources.yml")
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
        # Control and estimator tables are sources for dbt too, but nobody delivers them.
        if source["schema"] == "raw"
        for table in source["tables"]
    ]
    if not tables:
        raise ContractsError(
            f"No contract of a source table below {root.name}/: expected "
            "<system>/_<system>__sources.yml. Is this the repository?"
        )
    return tuple(sorted(tables, key=lambda table: table.path))


def _source_table(source: dict[str, Any], table: dict[str, Any]) -> SourceTable:
    meta = table["config"]["meta"]
    version = () if meta["load_mode"] == EVENTS else (meta["event_time"], "_load_id")
    return SourceTable(
        system=source["name"],
        name=table["name"],
        key=tuple(dict.fromkeys((*meta["key"], *version))),
        event_time=meta["event_time"],
        freshness_days=meta.get("freshness_days"),
        is_optional=source.get("config", {}).get("meta", {}).get("optional", False),
    )

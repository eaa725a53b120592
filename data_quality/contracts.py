"""What rules need of the contracts: of the source tables, and of the published marts.

Belongs here: reading table, key and event time from the source YAMLs below `models/staging/`, and
the columns of a mart from the YAMLs below `models/scorecard/`: the one list of columns each. Not
here: checking a contract, which ingestion and dbt do, and the rules (`suites/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

MODELS = Path(__file__).parent.parent / "models"
CONTRACTS = MODELS / "staging"
MARTS = MODELS / "scorecard"
# Ten times as fast where PyYAML was built with it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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
        is_reference: Whether it holds reference data, which may rightly stay as they are.
        is_optional: Whether its system may be absent.
    """

    system: str
    name: str
    key: tuple[str, ...]
    event_time: str
    freshness_days: int | None
    is_reference: bool
    is_optional: bool

    @property
    def path(self) -> str:
        """Schema and name in the warehouse, as SQL writes them."""
        return f"raw.{self.system}__{self.name}"


@lru_cache(maxsize=1)
def load_source_tables(root: Path = CONTRACTS) -> tuple[SourceTable, ...]:
    """Read every contract below a folder once, in the order of their names.

    Args:
        root: The folder with one folder per source system.

    Raises:
        ContractsError: There is no contract below the folder.
    """
    tables = [
        _source_table(source, table)
        for path in root.glob("*/_*__sources.yml")
        for source in _read(path)["sources"]
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


@dataclass(frozen=True)
class MartWords:
    """What a mart and its columns mean, for people.

    Attributes:
        description: The mart.
        columns: Each column to its description, in the contract's order.
    """

    description: str
    columns: dict[str, str]


@lru_cache(maxsize=1)
def load_mart_columns(root: Path = MARTS) -> dict[str, dict[str, str]]:
    """Read the columns of every mart once.

    Args:
        root: The folder with the marts' YAMLs, at any depth.

    Returns:
        Each mart to its columns, in the contract's order, each with its data type.

    Raises:
        ContractsError: There is no mart below the folder.
    """
    return {
        name: {str(each["name"]): str(each["data_type"]) for each in model["columns"]}
        for name, model in _marts(root).items()
    }


@lru_cache(maxsize=1)
def load_mart_words(root: Path = MARTS) -> dict[str, MartWords]:
    """Read once what every mart and each of its columns mean.

    Args:
        root: The folder with the marts' YAMLs, at any depth.

    Raises:
        ContractsError: There is no mart below the folder.
    """
    return {
        name: MartWords(
            _one_line(model["description"]),
            {str(each["name"]): _one_line(each["description"]) for each in model["columns"]},
        )
        for name, model in _marts(root).items()
    }


@lru_cache(maxsize=1)
def _marts(root: Path) -> dict[str, dict[str, Any]]:
    marts = {
        str(model["name"]): model
        for path in sorted(root.rglob("_*__models.yml"))
        for model in _read(path)["models"]
    }
    if not marts:
        raise ContractsError(
            f"No mart below {root.name}/: expected _<folder>__models.yml. Is this the repository?"
        )
    return marts


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  a safe loader
    return content


def _source_table(source: dict[str, Any], table: dict[str, Any]) -> SourceTable:
    meta = table["config"]["meta"]
    version = () if meta["load_mode"] == EVENTS else (meta["event_time"], "_load_id")
    return SourceTable(
        system=source["name"],
        name=table["name"],
        key=tuple(dict.fromkeys((*meta["key"], *version))),
        event_time=meta["event_time"],
        freshness_days=meta.get("freshness_days"),
        is_reference=meta.get("reference", False),
        is_optional=source.get("config", {}).get("meta", {}).get("optional", False),
    )

"""Fingerprints of what a run was made from: code, configuration, training rows.

What belongs here: hashes that decide whether something must be computed again.
What does not: checksums of published marts (`data_quality.fingerprint`) and file hashes of the
ledger (`orchestration.ingestion`).
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb

MODEL_SUFFIXES = frozenset({".sql", ".yml", ".yaml"})
CONFIG_SUFFIXES = frozenset({".csv", ".yml", ".yaml"})
LEXICON_SUFFIXES = frozenset({".csv", ".yml"})


def code_fingerprint(root: Path) -> str:
    """Hash everything that decides what dbt computes: models, macros, `dbt_project.yml`.

    The lexicon counts, too: other words give other scores of the same texts, in every month.

    Args:
        root: The repository root.

    Returns:
        A hex digest; equal exactly when the names and contents of those files are equal.
    """
    files = [root / "dbt_project.yml"]
    files += _files(root / "models", MODEL_SUFFIXES)
    files += _files(root / "dbt_project" / "macros", MODEL_SUFFIXES)
    files += _files(root / "ml" / "text" / "data", LEXICON_SUFFIXES)
    return _digest(root, files)


def config_fingerprint(root: Path, profile: str) -> str:
    """Hash the configuration that is data: the seeds, and the profile that picks rows of them.

    Args:
        root: The repository root.
        profile: The scorecard profile of the run.
    """
    files = _files(root / "dbt_project" / "seeds", CONFIG_SUFFIXES)
    return _digest(root, files, extra=profile)


def query_fingerprint(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """Hash the rows of a query, whatever their order; column names and types are mixed in.

    Args:
        con: An open connection.
        query: A select statement.

    Returns:
        A hex digest of the columns, the row count and the sum of the row hashes.
    """
    relation = con.sql(query)
    columns = [
        f"{name} {kind}" for name, kind in zip(relation.columns, relation.types, strict=True)
    ]
    row = con.execute(
        f"select count(*), sum(hash(found)::hugeint) from ({query}) as found"
    ).fetchone()
    return hashlib.sha256(f"{columns} {row}".encode()).hexdigest()


def combine(*parts: str) -> str:
    """Hash several strings into one digest; their borders count."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def _files(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    kept = frozenset(suffixes)
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix in kept]


def _digest(root: Path, files: Iterable[Path], *, extra: str = "") -> str:
    named = sorted((path.relative_to(root).as_posix(), path) for path in files if path.is_file())
    parts = [text for name, path in named for text in (name, _content_hash(path))]
    return combine(extra, *parts)


def _content_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

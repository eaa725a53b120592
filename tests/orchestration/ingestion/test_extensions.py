"""The engine's extensions come from their packages; a missing one says what to do."""

import importlib.util

import duckdb
import pytest

from orchestration.errors import ScorecardError
from orchestration.ingestion import extensions
from orchestration.ingestion.extensions import extension_file, load_extension


@pytest.mark.parametrize("name", ["excel", "postgres"])
def test_an_extension_is_loaded_once_and_again(name):
    with duckdb.connect() as con:
        load_extension(con, name)
        load_extension(con, name)
        loaded = con.execute("select extension_name from duckdb_extensions() where loaded")
        assert extensions.FILE_NAMES.get(name, name) in {row[0] for row in loaded.fetchall()}


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ScorecardError) as caught:
        extension_file("postgres")
    assert f"duckdb-extension-postgres {duckdb.__version__} is not installed" in str(caught.value)
    assert "make setup" in str(caught.value)


def test_a_package_of_another_version_is_named(monkeypatch):
    monkeypatch.setattr(duckdb, "__version__", "9.9.9")
    with pytest.raises(ScorecardError, match=r"duckdb-extension-excel 9\.9\.9 is not installed"):
        extension_file("excel")


def test_a_damaged_extension_is_told_with_its_place(tmp_path, monkeypatch):
    broken = tmp_path / "excel.duckdb_extension"
    broken.write_bytes(b"no extension")
    monkeypatch.setattr(extensions, "extension_file", lambda _: broken)
    with duckdb.connect() as con, pytest.raises(ScorecardError) as caught:
        load_extension(con, "excel")
    assert f"cannot be loaded from {broken}: " in str(caught.value)

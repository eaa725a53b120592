"""The engine's extensions, which come as Python packages of the engine's own version.

What belongs here: loading one into a connection, when a file or a database first needs it.
What does not: what is done with it.

They are loaded from where the package manager put them. The engine's `install` would copy them into
the user's home, which a service may not be able to write; loading by path writes nothing. The
engine checks their signature either way.
"""

import importlib.util
import tempfile
from pathlib import Path

import duckdb

from orchestration.errors import ScorecardError

# The name of the file decides which function of it the engine calls; two of them differ.
FILE_NAMES = {"postgres": "postgres_scanner"}


def load_extension(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension into a connection; once it is loaded this costs a few milliseconds.

    Args:
        con: The connection.
        name: The extension: ``excel`` or ``postgres``.

    Raises:
        ScorecardError: Its package is missing, or of another version than the engine.
    """
    own_name = FILE_NAMES.get(name, name)
    loaded = con.execute(
        "select count(*) from duckdb_extensions() where extension_name = ? and loaded", [own_name]
    ).fetchone()
    if loaded and loaded[0]:
        return
    path = extension_file(name)
    with tempfile.TemporaryDirectory(prefix="scorecard-") as folder:
        link = Path(folder) / f"{own_name}.duckdb_extension"
        link.symlink_to(path)
        try:
            con.load_extension(str(link))
        except duckdb.Error as error:
            raise ScorecardError(
                f"The engine's extension {name} cannot be loaded from {path}: "
                f"{str(error).splitlines()[0]}. Run `make setup`, which follows the lock."
            ) from error


def extension_file(name: str) -> Path:
    """Find the file of an extension in its package.

    Raises:
        ScorecardError: The package is missing, or has no file for this version of the engine.
    """
    package = f"duckdb_extension_{name}"
    found = importlib.util.find_spec(package)
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if path.exists():
            return path
    wanted = f"{package.replace('_', '-')} {duckdb.__version__}"
    raise ScorecardError(
        f"The package {wanted} is not installed; the engine needs it to read "
        f"{'workbooks' if name == 'excel' else 'a database'}. Run `make setup`, which follows the "
        "lock."
    )

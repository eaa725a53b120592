"""Attaching a Postgres database to the engine, with words for what goes wrong that hold no secret.

What belongs here: the connection string, the attachment, our words for the server's refusals.
What does not: what is read (`orchestration.ingestion.database`) or written
(`orchestration.release.targets.postgres`) there.
"""

import re

import duckdb

from orchestration.ingestion.extensions import load_extension
from orchestration.ingestion.sql import identifier, literal

CONNECT_OPTIONS = {"connect_timeout": "10", "client_encoding": "UTF8"}
EXAMPLE = "postgresql://user:password@host:5432/database"
# The server's words for what goes wrong, and ours: its own may hold the connection string or a row.
CONNECTION_TROUBLE = {
    r"password authentication failed|no password supplied|authentication failed": (
        "the server does not accept the user or the password"
    ),
    r"no pg_hba\.conf entry|is not permitted to log in|permission denied for database": (
        "the server does not admit this user, from this machine, to that database"
    ),
    r'role ".*" does not exist': "the server knows no such user",
    r'database ".*" does not exist': "the server has no database of that name",
    r"could not translate host name": "no host of that name is known",
    r"Connection refused|No such file or directory|timeout expired|timed out|unreachable": (
        "no server answers there"
    ),
    r"SSL|certificate": "the server and this machine agree on no encryption (sslmode)",
    r"too many connections|too many clients|starting up|shutting down": (
        "the server takes no connection at the moment"
    ),
    r'missing "="|invalid .*(option|port|URI|connection)|unexpected|percent-encoded|URI': (
        f"it holds no connection string; write it as {EXAMPLE}"
    ),
}


class UnreachableError(Exception):
    """The database cannot be reached; the text says why and quotes nothing of the connection."""


def attach_postgres(
    con: duckdb.DuckDBPyConnection, string: str, name: str, *, read_only: bool
) -> None:
    """Attach a Postgres database to a connection, outside a transaction.

    Args:
        con: The engine's connection.
        string: The connection string, as a URI or as `name=value` pairs.
        name: The name under which the database is attached.
        read_only: Whether nothing may be written there.

    Raises:
        UnreachableError: The database cannot be reached with the string.
        ScorecardError: The engine's extension is not installed.
    """
    load_extension(con, "postgres")
    mode = ", read_only" if read_only else ""
    try:
        con.execute(
            f"attach {literal(_with_options(string))} as {identifier(name)} (type postgres{mode})"
        )
    except duckdb.Error as error:
        said = next(
            (ours for theirs, ours in CONNECTION_TROUBLE.items() if re.search(theirs, str(error))),
            "the connection failed for a reason that the server's log may tell",
        )
        # Without its cause: the engine's message quotes the connection string.
        raise UnreachableError(said) from None


def _with_options(string: str) -> str:
    """Add what every connection needs and this string leaves open."""
    options = [
        f"{name}={value}"
        for name, value in CONNECT_OPTIONS.items()
        if not re.search(rf"\b{name}\s*=", string)
    ]
    if "://" not in string:
        return " ".join([string, *options])
    joint = "&" if "?" in string else "?"
    return string + joint + "&".join(options) if options else string

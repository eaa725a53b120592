"""A release as tables of a Postgres database behind views with stable names.

Belongs here: loading a release into a schema of its own, the swap of the views, what is kept of
older releases. Not here: the connection (`orchestration.postgres`), which databases (`publish`).

Each release has a schema `scorecard_<release>`; readers ask the views of the schema `scorecard`. A
release is loaded in one transaction, compared with the manifest row for row by checksum, and then
shown in one further transaction, which first locks every view. A reader holds the views that it has
asked until its own transaction ends, so the swap waits for it, and nobody sees two releases in one
transaction.

The swap must never make a reader fail. Postgres ends one of two who wait for each other after
`deadlock_timeout` (one second unless changed), and that could be the reader: so the swap gives up
its locks before, waits and tries again.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from data_quality.contracts import MartWords, load_mart_words
from data_quality.fingerprint import mart_fingerprint
from orchestration.ingestion.sql import identifier, literal
from orchestration.postgres import UnreachableError, attach_postgres
from orchestration.release.decisions import MARTS_SCHEMA
from orchestration.release.info import load_info_words
from orchestration.release.reading import quoted
from orchestration.release.store import Release
from orchestration.release.targets.error import TargetError
from orchestration.settings import Settings
from orchestration.warehouse import transaction

LOGGER = logging.getLogger(__name__)

SERVER = "server"
SOURCE = "release"
RECORDS = "scorecard_control.releases"
# Which rights of readers of single products were given here, so that they can be taken back.
GRANTS = "scorecard_control.product_readers"
# Which release it is, and how its products stand: whoever may read one product may read that.
FOR_EVERYBODY = ("release_info", "release_products")
# The newest releases that stay on the server: a reader may still have an older one open.
KEEP_ON_SERVER = 3
# Below Postgres' `deadlock_timeout`: see above.
LOCK_MILLISECONDS = 700
LONGEST_PAUSE_SECONDS = 5.0
# One number for all publishers of a database: they wait for each other.
PUBLISHER_LOCK = 7_301_554_219_801


@dataclass(frozen=True)
class Shown:
    """What readers of the database see.

    Attributes:
        release_id: The release behind the views.
        is_new: Whether this call showed it; False where it was shown already.
    """

    release_id: str
    is_new: bool


class _ReadersError(Exception):
    """Readers hold the views; nothing was changed."""


def publish_to_postgres(
    settings: Settings,
    release: Release,
    string: str,
    *,
    reader: str | None = None,
    product_readers: Mapping[str, Sequence[str]] | None = None,
    keep: int = KEEP_ON_SERVER,
    patience_seconds: float = 600.0,
) -> Shown:
    """Show a release to the readers of a Postgres database.

    Args:
        settings: The home; its limits of the engine count here, too.
        release: The release, in the home.
        string: The connection string of the database.
        reader: A role that may read all views; None leaves the rights as they are.
        product_readers: Roles that may read some of the views, with the names of these. What such
            a role was given by an earlier call and is not named any more is taken back; rights that
            somebody else gave stay. Also where the release is shown already.
        keep: How many releases stay on the server, at least 1.
        patience_seconds: How long to wait for readers that hold the old views.

    Raises:
        TargetError: The database cannot be reached, what arrived there differs from the release,
            readers hold the old views too long, or a view of somebody's own stands in the way.
    """
    limits: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "threads": settings.threads,
        "temp_directory": str(settings.temporary),
    }
    with duckdb.connect(config=limits) as con:
        con.execute(f"attach {quoted(release.database)} as {SOURCE} (read_only)")
        try:
            attach_postgres(con, string, SERVER, read_only=False)
        except UnreachableError as said:
            raise TargetError(f"{_stands(release)} Postgres did not get it: {said}.") from None
        with _plain_words(release):
            _make_records(con)
            if _shown_release(con) == release.id:
                _renew_rights(con, reader, product_readers or {})
                return Shown(release.id, is_new=False)
            _load(con, release)
            _show(con, release, reader, product_readers or {}, patience_seconds)
            _drop_old(con, keep)
    return Shown(release.id, is_new=True)


def read_shown(string: str) -> str | None:
    """The release that the readers of a database see; None before the first.

    Raises:
        UnreachableError: The database cannot be reached.
    """
    with duckdb.connect() as con:
        attach_postgres(con, string, SERVER, read_only=True)
        known = _ask(con, f"select to_regclass({literal(RECORDS)}) is not null")
        return _shown_release(con) if known[0][0] else None


def schema_of(release_id: str) -> str:
    """The schema that holds a release's tables."""
    return f"{MARTS_SCHEMA}_{release_id.lower().replace('-', '_')}"


def _stands(release: Release) -> str:
    return f"Release {release.id} stands in the home, but not everywhere."


@contextmanager
def _plain_words(release: Release) -> Iterator[None]:
    """Turn the server's refusals into one error that says what to do."""
    try:
        yield
    except duckdb.Error as error:
        said = " ".join(str(error).split())
        raise TargetError(
            f"{_stands(release)} Postgres refused it and shows what it showed before: {said}. Mend "
            "that, then run `scorecard publish`."
        ) from error


def _run(con: duckdb.DuckDBPyConnection, *statements: str) -> None:
    text = ";\n".join(statements)
    con.execute(f"call postgres_execute('{SERVER}', {literal(text)})")


def _ask(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = con.execute(
        f"select * from postgres_query('{SERVER}', {literal(query)})"
    ).fetchall()
    return rows


def _make_records(con: duckdb.DuckDBPyConnection) -> None:
    schema = RECORDS.split(".")[0]
    with transaction(con):
        _run(
            con,
            f"select pg_advisory_xact_lock({PUBLISHER_LOCK})",
            f"create schema if not exists {schema}",
            f"create schema if not exists {MARTS_SCHEMA}",
            f"create table if not exists {RECORDS} (release_id text primary key, "
            "schema_name text not null unique, loaded_at timestamptz not null default now(), "
            "shown_at timestamptz, is_shown boolean not null default false)",
            f"create table if not exists {GRANTS} (role_name text not null, "
            "view_name text not null, primary key (role_name, view_name))",
        )


def _shown_release(con: duckdb.DuckDBPyConnection) -> str | None:
    rows = _ask(con, f"select release_id from {RECORDS} where is_shown")
    return str(rows[0][0]) if rows else None


def _load(con: duckdb.DuckDBPyConnection, release: Release) -> None:
    """Write the release's tables into a schema of its own, all or none."""
    schema = schema_of(release.id)
    known = f"select 1 from {RECORDS} where release_id = {literal(release.id)}"
    with transaction(con):
        _run(con, f"select pg_advisory_xact_lock({PUBLISHER_LOCK})")
        if _ask(con, known):
            return
        _run(con, f"create schema {identifier(schema)}")
        tables = _tables(con)
        for table, columns in tables.items():
            place = f"{SERVER}.{identifier(schema)}.{identifier(table)}"
            con.execute(
                f"create table {place} as select * from {SOURCE}.{MARTS_SCHEMA}.{identifier(table)}"
            )
            _run(con, *_words(schema, table, columns), *_indexes(schema, table, columns))
        _compare(con, release, schema)
        _run(
            con,
            f"insert into {RECORDS} (release_id, schema_name) "
            f"values ({literal(release.id)}, {literal(schema)})",
        )
    LOGGER.info("loaded %d tables of release %s into Postgres", len(tables), release.id)


def _tables(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in con.execute(
        "select table_name, column_name from duckdb_columns() "
        "where database_name = ? and schema_name = ? order by table_name, column_index",
        [SOURCE, MARTS_SCHEMA],
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found


def _words(schema: str, relation: str, columns: Sequence[str], kind: str = "table") -> list[str]:
    """Statements by which the database says what a table and its columns mean."""
    words = {**load_info_words(), **load_mart_words()}.get(relation, MartWords("", {}))
    place = f"{identifier(schema)}.{identifier(relation)}"
    said = [f"comment on {kind} {place} is {literal(words.description)}"]
    said += [
        f"comment on column {place}.{identifier(column)} is {literal(words.columns[column])}"
        for column in columns
        if column in words.columns
    ]
    return said


def _indexes(schema: str, table: str, columns: Sequence[str]) -> list[str]:
    place = f"{identifier(schema)}.{identifier(table)}"
    keys = [key for key in ("customer_id", "as_of_date") if key in columns]
    made = [f"create index on {place} ({', '.join(keys)})"] if keys else []
    return [*made, f"analyze {place}"]


def _compare(con: duckdb.DuckDBPyConnection, release: Release, schema: str) -> None:
    """Refuse to show rows that are not those which the manifest names.

    Raises:
        TargetError: A mart on the server has other rows or other types than the release.
    """
    con.execute(f"use {SERVER}")
    try:
        found = {mart: mart_fingerprint(con, schema, mart) for mart in release.manifest.marts}
    finally:
        con.execute("use memory")
    differing = [
        mart
        for mart, entry in release.manifest.marts.items()
        if found[mart].checksum != entry.checksum
    ]
    if differing:
        raise TargetError(
            f"{_stands(release)} What arrived in Postgres differs from it in "
            f"{', '.join(differing)}, so it is not shown there. `scorecard verify {release.id}` "
            "says whether the release itself was changed."
        )


def _show(
    con: duckdb.DuckDBPyConnection,
    release: Release,
    reader: str | None,
    product_readers: Mapping[str, Sequence[str]],
    patience_seconds: float,
) -> None:
    """Let the views show the release, as soon as no reader holds the old ones."""
    give_up = time.monotonic() + patience_seconds
    pause = 0.1
    while not _swapped(con, release, reader, product_readers):
        if time.monotonic() > give_up:
            raise TargetError(
                f"{_stands(release)} In Postgres, which shows the one before, readers have held "
                f"its views for {patience_seconds:.0f} s: {_holders(con)}. Let them end, then run "
                "`scorecard publish`."
            )
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _swapped(
    con: duckdb.DuckDBPyConnection,
    release: Release,
    reader: str | None,
    product_readers: Mapping[str, Sequence[str]],
) -> bool:
    """Try the swap once; False where a reader was in the way."""
    try:
        with transaction(con):
            _run(con, f"select pg_advisory_xact_lock({PUBLISHER_LOCK})")
            shown = _relations(con, MARTS_SCHEMA)
            wanted = _relations(con, schema_of(release.id))
            if shown:
                _lock(con, shown)
            _run(con, *_views(shown, wanted, release))
            _run(con, *_rights(con, reader, product_readers, wanted), *_recorded(release))
    except _ReadersError:
        return False
    return True


def _lock(con: duckdb.DuckDBPyConnection, views: Iterable[str]) -> None:
    """Take the views from readers for the length of the transaction.

    Raises:
        _ReadersError: A reader holds one of them for longer than the swap may wait.
    """
    names = ", ".join(f"{MARTS_SCHEMA}.{identifier(view)}" for view in views)
    _run(con, f"set local statement_timeout = {LOCK_MILLISECONDS}")
    try:
        _run(con, f"lock table {names} in access exclusive mode")
    except duckdb.Error as error:
        if "statement timeout" in str(error):
            raise _ReadersError from error
        raise
    _run(con, "set local statement_timeout = 0")


def _relations(con: duckdb.DuckDBPyConnection, schema: str) -> dict[str, list[tuple[str, str]]]:
    """Tables and views of a schema, each with names and types of its columns in their order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for relation, column, kind in _ask(
        con,
        "select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) "
        "from pg_attribute a join pg_class c on c.oid = a.attrelid "
        "join pg_namespace n on n.oid = c.relnamespace "
        f"where n.nspname = {literal(schema)} and c.relkind in ('r', 'v') "
        "and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum",
    ):
        found.setdefault(str(relation), []).append((str(column), str(kind)))
    return found


def _views(
    shown: Mapping[str, Sequence[tuple[str, str]]],
    wanted: Mapping[str, Sequence[tuple[str, str]]],
    release: Release,
) -> list[str]:
    """Statements that turn what is shown into what is wanted.

    A view whose columns stay, or get further ones at the end, is replaced, which keeps its rights
    and what others built on it. Any other is made anew.
    """
    source = identifier(schema_of(release.id))
    made = []
    for view, columns in shown.items():
        if view not in wanted or list(wanted[view])[: len(columns)] != list(columns):
            made.append(f"drop view {MARTS_SCHEMA}.{identifier(view)}")
    for view, columns in wanted.items():
        names = [name for name, _ in columns]
        listed = ", ".join(identifier(name) for name in names)
        made.append(
            f"create or replace view {MARTS_SCHEMA}.{identifier(view)} as "
            f"select {listed} from {source}.{identifier(view)}"
        )
        made += _words(MARTS_SCHEMA, view, names, kind="view")
    return made


def _renew_rights(
    con: duckdb.DuckDBPyConnection, reader: str | None, product_readers: Mapping[str, Sequence[str]]
) -> None:
    """Give and take back rights on the views that stand."""
    with transaction(con):
        _run(con, f"select pg_advisory_xact_lock({PUBLISHER_LOCK})")
        rights = _rights(con, reader, product_readers, _relations(con, MARTS_SCHEMA))
        if rights:
            _run(con, *rights)


def _rights(
    con: duckdb.DuckDBPyConnection,
    reader: str | None,
    product_readers: Mapping[str, Sequence[str]],
    views: Iterable[str],
) -> list[str]:
    """Statements by which roles may read what they shall, and no longer what they shall not."""
    present = set(views)
    wanted = {
        (role, view)
        for role, marts in product_readers.items()
        for view in {*marts, *FOR_EVERYBODY} & present
    }
    given = {(str(r), str(v)) for r, v in _ask(con, f"select role_name, view_name from {GRANTS}")}
    # A role or view that is gone took its rights with it.
    roles = {str(role) for (role,) in _ask(con, "select rolname::text from pg_roles")}
    return [
        *(
            f"revoke select on {MARTS_SCHEMA}.{identifier(view)} from {identifier(role)}"
            for role, view in sorted(given - wanted)
            if role in roles and view in present and role != reader
        ),
        *(
            f"grant usage on schema {MARTS_SCHEMA} to {identifier(role)}"
            for role in sorted(product_readers)
        ),
        *(
            f"grant select on {MARTS_SCHEMA}.{identifier(view)} to {identifier(role)}"
            for role, view in sorted(wanted)
        ),
        *(
            f"delete from {GRANTS} where role_name = {literal(role)} "
            f"and view_name = {literal(view)}"
            for role, view in sorted(given - wanted)
        ),
        *(
            f"insert into {GRANTS} values ({literal(role)}, {literal(view)})"
            for role, view in sorted(wanted - given)
        ),
        *_rights_to_all(reader),
    ]


def _rights_to_all(reader: str | None) -> list[str]:
    if reader is None:
        return []
    role = identifier(reader)
    return [
        f"grant usage on schema {MARTS_SCHEMA} to {role}",
        f"grant select on all tables in schema {MARTS_SCHEMA} to {role}",
    ]


def _recorded(release: Release) -> list[str]:
    is_this = f"release_id = {literal(release.id)}"
    return [
        f"update {RECORDS} set is_shown = false where is_shown",
        f"update {RECORDS} set is_shown = true, shown_at = now() where {is_this}",
    ]


def _holders(con: duckdb.DuckDBPyConnection) -> str:
    """Who holds the views now, by process, user and program."""
    rows = _ask(
        con,
        "select distinct l.pid as pid, s.usename::text as username, "
        "s.application_name::text as program "
        "from pg_locks l join pg_class c on c.oid = l.relation "
        "join pg_namespace n on n.oid = c.relnamespace "
        "join pg_stat_activity s on s.pid = l.pid "
        f"where n.nspname = {literal(MARTS_SCHEMA)} and l.pid <> pg_backend_pid() order by 1",
    )
    listed = ", ".join(f"process {pid} of {user} {program}".strip() for pid, user, program in rows)
    return listed or "nobody at this moment"


def _drop_old(con: duckdb.DuckDBPyConnection, keep: int) -> None:
    """Drop the tables of older releases; what a reader holds stays until the next publication."""
    rows = _ask(
        con,
        f"select release_id, schema_name from {RECORDS} where not is_shown "
        f"order by release_id desc offset {max(keep, 1) - 1}",
    )
    for release_id, schema in rows:
        try:
            with transaction(con):
                tables = _relations(con, str(schema))
                listed = ", ".join(f"{identifier(str(schema))}.{identifier(t)}" for t in tables)
                _run(con, f"set local statement_timeout = {LOCK_MILLISECONDS}")
                _run(con, f"lock table {listed} in access exclusive mode")
                _run(
                    con,
                    f"drop table {listed}",
                    f"drop schema {identifier(str(schema))}",
                    f"delete from {RECORDS} where release_id = {literal(str(release_id))}",
                )
        except duckdb.Error as error:
            LOGGER.warning(
                "release %s stays in Postgres until the next publication: %s",
                release_id,
                " ".join(str(error).split()),
            )

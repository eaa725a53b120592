"""A release in Postgres: whole, described, behind views, and never mixed with another."""

import threading
from collections.abc import Iterator

import duckdb
import pytest

from data_quality.contracts import load_mart_words
from orchestration.postgres import attach_postgres
from orchestration.release.info import load_info_words
from orchestration.release.store import Release
from orchestration.release.targets import postgres
from orchestration.release.targets.error import TargetError
from orchestration.release.targets.postgres import (
    publish_to_postgres,
    read_shown,
    schema_of,
)
from orchestration.settings import Settings

TIERS = "select string_agg(distinct tier, ',' order by tier) from scorecard.customer_scorecard"
# One answer from two views: the release, and the tiers of its customers.
BOTH = (
    "select info.release_id, min(scores.tier), max(scores.tier), count(*) "
    "from scorecard.release_info as info cross join scorecard.customer_scorecard as scores "
    "group by 1"
)


class Database:
    """A database of the test's own."""

    def __init__(self, server, name: str) -> None:
        self.server, self.name, self.uri = server, name, server.at(name)
        self.con = duckdb.connect()
        attach_postgres(self.con, self.uri, "db", read_only=False)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        escaped = query.replace("'", "''")
        return self.con.execute(f"select * from postgres_query('db', '{escaped}')").fetchall()

    def run(self, statement: str) -> None:
        self.con.execute(f"call postgres_execute('db', $statement${statement}$statement$)")


@pytest.fixture
def database(server, request) -> Iterator[Database]:
    name = f"readers_{abs(hash(request.node.name))}"
    server.outside_transaction(f"create database {name}")
    made = Database(server, name)
    yield made
    made.con.close()
    server.outside_transaction(f"drop database {name} with (force)")


def test_a_release_arrives_whole_and_says_what_its_columns_mean(
    settings: Settings, database: Database, two_releases: tuple[Release, Release]
) -> None:
    release = two_releases[0]

    shown = publish_to_postgres(settings, release, database.uri)

    assert (shown.release_id, shown.is_new) == (release.id, True)
    assert read_shown(database.uri) == release.id
    for mart, entry in release.manifest.marts.items():
        assert database.ask(f"select count(*) from scorecard.{mart}") == [(entry.rows,)]
    words = load_mart_words()["customer_scorecard"]
    assert database.ask(
        "select obj_description('scorecard.customer_scorecard'::regclass), "
        "col_description('scorecard.customer_scorecard'::regclass, 1)"
    ) == [(words.description, words.columns["customer_id"])]
    assert database.ask("select obj_description('scorecard.releases'::regclass)") == [
        (load_info_words()["releases"].description,)
    ]


def test_what_is_shown_already_is_not_written_again(
    settings: Settings, database: Database, two_releases: tuple[Release, Release]
) -> None:
    publish_to_postgres(settings, two_releases[0], database.uri)

    assert not publish_to_postgres(settings, two_releases[0], database.uri).is_new


def test_the_views_go_over_to_the_next_release_and_back(
    settings: Settings, database: Database, two_releases: tuple[Release, Release]
) -> None:
    first, second = two_releases
    publish_to_postgres(settings, first, database.uri)
    before = database.ask(TIERS)
    publish_to_postgres(settings, second, database.uri)
    after = database.ask(TIERS)
    publish_to_postgres(settings, first, database.uri)

    assert after == [("D",)]
    assert before != after
    assert database.ask(TIERS) == before
    assert database.ask("select count(*) from scorecard_control.releases where is_shown") == [(1,)]


def test_readers_see_one_release_while_the_views_change(
    settings: Settings, database: Database, two_releases: tuple[Release, Release]
) -> None:
    publish_to_postgres(settings, two_releases[0], database.uri)
    answers: list[tuple[object, ...]] = []
    failures: list[Exception] = []
    stop = threading.Event()

    def read() -> None:
        with duckdb.connect() as con:
            attach_postgres(con, database.uri, "db", read_only=True)
            while not stop.is_set():
                try:
                    answers.append(
                        con.execute(f"select * from postgres_query('db', '{BOTH}')").fetchone()
                    )
                except duckdb.Error as error:
                    failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(4):
        publish_to_postgres(settings, two_releases[(turn + 1) % 2], database.uri)
    stop.set()
    for reader in readers:
        reader.join()

    assert failures == []
    first, second = (release.id for release in two_releases)
    assert {answer[0] for answer in answers} == {first, second}
    rows = two_releases[0].manifest.marts["customer_scorecard"].rows
    assert all(answer[3] == rows for answer in answers)
    assert {answer[1:3] for answer in answers if answer[0] == second} == {("D", "D")}
    assert ("D", "D") not in {answer[1:3] for answer in answers if answer[0] == first}


def test_an_open_reader_is_waited_for_and_named(
    settings: Settings, database: Database, two_releases: tuple[Release, Release]
) -> None:
    publish_to_postgres(settings, two_releases[0], database.uri)
    with duckdb.connect() as con:
        attach_postgres(con, f"{database.uri}&application_name=board", "db", read_only=False)
        con.begin()
        con.execute(f"select * from postgres_query('db', '{TIERS.replace(chr(39), chr(39) * 2)}')")
        with pytest.raises(TargetError, match=r"process \d+ of \S+ board"):
            publish_to_postgres(settings, two_releases[1], database.uri, patience_seconds=0.1)
        assert read_shown(database.uri) == two_releases[0].id
        con.rollback()

    assert publish_to_postgres(settings, two_releases[1], database.uri).is_new


def test_rows_that_changed_on_the_way_are_not_shown(
    settings: Settings,
    database: Database,
    two_releases: tuple[Release, Release],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    indexes = postgres._indexes

    def lose_a_row(schema: str, table: str, columns: list[str]) -> list[str]:
        place = f"{schema}.customers"
        lost = [f"delete from {place} where ctid = (select min(ctid) from {place})"]
        return [*(lost if table == "customers" else []), *indexes(schema, table, columns)]

    monkeypatch.setattr(postgres, "_indexes", lose_a_row)

    with pytest.raises(TargetError, match="differs from it in customers, so it is not shown"):
        publish_to_postgres(settings, two_releases[0], database.uri)
    assert read_shown(database.uri) is None
    schema = schema_of(two_releases[0].id)
    assert database.ask(f"select count(*) from pg_namespace where nspname = '{schema}'") == [(0,)]


def test_what_others_built_on_a_view_stays_and_rights_stay(
    settings: Settings, database: Database, two_releases: tuple[Release, Release]
) -> None:
    database.run("drop role if exists board_reader; create role board_reader")
    publish_to_postgres(settings, two_releases[0], database.uri, reader="board_reader")
    database.run("create view public.tiers as " + TIERS)
    publish_to_postgres(settings, two_releases[1], database.uri)

    assert database.ask("select * from public.tiers") == [("D",)]
    assert database.ask(
        "select has_table_privilege('board_reader', 'scorecard.customer_scorecard', 'select')"
    ) == [(True,)]
    database.run("drop owned by board_reader; drop role board_reader")


def test_readers_of_a_product_may_read_it_and_no_other(
    settings: Settings, database: Database, three_releases: tuple[Release, Release, Release]
) -> None:
    first, _, narrower = three_releases
    database.run("drop role if exists desk; create role desk; drop role if exists left_since")
    database.run("create role left_since")
    places = ("customers", "customer_scorecard", "release_info", "quality_results")

    def may_read(role: str) -> list[bool]:
        asked = ", ".join(
            f"has_table_privilege('{role}', 'scorecard.{place}', 'select') as {place}"
            for place in places
        )
        return list(database.ask(f"select {asked}")[0])

    def publish(release: Release, readers: dict[str, tuple[str, ...]], **named: str) -> bool:
        return publish_to_postgres(
            settings, release, database.uri, product_readers=readers, **named
        ).is_new

    publish(first, {"desk": ("customers", "not_in_the_release"), "left_since": ("customers",)})
    assert may_read("desk") == may_read("left_since") == [True, False, True, False]
    # Nothing but the views: the tables behind them are closed.
    assert database.ask(
        f"select has_schema_privilege('desk', '{schema_of(first.id)}', 'usage') as behind, "
        "has_schema_privilege('desk', 'scorecard', 'usage') as views"
    ) == [(False, True)]

    # A view that is made anew keeps its readers, and a role that is gone hinders nobody.
    database.run("grant select on scorecard.quality_results to desk")
    database.run("drop owned by left_since; drop role left_since")
    publish(narrower, {"desk": ("customers",)})
    assert may_read("desk") == [True, False, True, True]

    # The list counts at once, also for what is shown already; rights that others gave stay.
    assert not publish(narrower, {"desk": ("customer_scorecard",)})
    assert may_read("desk") == [False, True, True, True]
    assert not publish(narrower, {}, reader="desk")
    assert may_read("desk") == [True, True, True, True]
    assert database.ask("select count(*) from scorecard_control.product_readers") == [(0,)]

    with pytest.raises(TargetError, match='role "nobody_here" does not exist'):
        publish(first, {"nobody_here": ("customers",)})
    assert read_shown(database.uri) == narrower.id
    database.run("drop owned by desk; drop role desk")


def test_what_a_product_reader_was_given_is_taken_back(
    settings: Settings, database: Database, two_releases: tuple[Release, Release]
) -> None:
    database.run("drop role if exists once; create role once")
    publish_to_postgres(
        settings, two_releases[0], database.uri, product_readers={"once": ("customers",)}
    )
    publish_to_postgres(settings, two_releases[1], database.uri)

    assert database.ask(
        "select has_table_privilege('once', 'scorecard.customers', 'select') as customers, "
        "has_table_privilege('once', 'scorecard.release_info', 'select') as info"
    ) == [(False, False)]
    database.run("drop owned by once; drop role once")


def test_a_view_whose_columns_change_is_made_anew_unless_others_built_on_it(
    settings: Settings, database: Database, three_releases: tuple[Release, Release, Release]
) -> None:
    wider, _, narrower = three_releases
    publish_to_postgres(settings, wider, database.uri)
    database.run("create view public.countries as select country from scorecard.customers")

    with pytest.raises(TargetError, match=r"view countries depends on view scorecard\.customers"):
        publish_to_postgres(settings, narrower, database.uri)
    database.run("drop view public.countries")
    publish_to_postgres(settings, narrower, database.uri)

    assert read_shown(database.uri) == narrower.id
    assert database.ask(
        "select count(*) from information_schema.columns where table_schema = 'scorecard' "
        "and table_name = 'customers' and column_name = 'country'"
    ) == [(0,)]


def test_old_releases_leave_the_server(
    settings: Settings, database: Database, three_releases: tuple[Release, Release, Release]
) -> None:
    for release in three_releases:
        publish_to_postgres(settings, release, database.uri, keep=2)

    assert database.ask(
        "select nspname::text from pg_namespace where nspname like 'scorecard\\_2%' order by 1"
    ) == [(schema_of(release.id),) for release in three_releases[1:]]


def test_a_database_that_is_not_there_is_named_without_its_secret(
    settings: Settings, database: Database, two_releases: tuple[Release, Release]
) -> None:
    string = "postgresql://someone:hunter2@127.0.0.1:1/scores"
    with pytest.raises(TargetError, match="no server answers there") as caught:
        publish_to_postgres(settings, two_releases[0], string)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None

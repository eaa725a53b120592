"""A reader of releases in a process of its own: asks again and again, and tells what it saw.

What belongs here: what somebody does who reads the folder, its Parquet files, or the views of a
database. What does not: what they must see.

`python -m tests.readers KIND WHERE FOLDER` reads until the file `stop` is in the folder, and writes
its counts there as it goes.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.postgres import attach_postgres
from orchestration.release.manifest import MANIFEST_NAME
from orchestration.release.store import DATABASE_NAME

# The release, and from two marts what tells it from the others: one answer.
ANSWER = (
    "select {release} as release_id, "
    "(select min(country) || ' ' || max(country) from {customers}) as of_customers, "
    "(select min(tier) || ' ' || max(tier) from {scores}) as of_scores"
)
EVERY = 20


def ask(con: duckdb.DuckDBPyConnection, query: str) -> tuple[str, ...]:
    row = con.execute(query).fetchone()
    assert row is not None
    return tuple(str(value) for value in row)


@contextmanager
def database(where: str) -> Iterator[Callable[[], tuple[str, ...]]]:
    """The release's DuckDB file, opened anew for each question."""

    def read() -> tuple[str, ...]:
        folder = Path(where).resolve(strict=True)
        with duckdb.connect() as con:
            con.execute(f"attach '{folder / DATABASE_NAME}' as r (read_only)")
            return ask(
                con,
                ANSWER.format(
                    release="(select release_id from r.scorecard.release_info)",
                    customers="r.scorecard.customers",
                    scores="r.scorecard.customer_scorecard",
                ),
            )

    yield read


@contextmanager
def parquet(where: str) -> Iterator[Callable[[], tuple[str, ...]]]:
    """The release's Parquet files, all months of two marts."""
    with duckdb.connect() as con:

        def read() -> tuple[str, ...]:
            folder = Path(where).resolve(strict=True)
            name = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))["release_id"]
            files = "read_parquet('{}/parquet/{}/**/*.parquet')"
            return ask(
                con,
                ANSWER.format(
                    release=f"'{name}'",
                    customers=files.format(folder, "customers"),
                    scores=files.format(folder, "customer_scorecard"),
                ),
            )

        yield read


@contextmanager
def postgres(where: str) -> Iterator[Callable[[], tuple[str, ...]]]:
    """The views of a database, over a connection that stays open."""
    query = ANSWER.format(
        release="(select release_id from scorecard.release_info)",
        customers="scorecard.customers",
        scores="scorecard.customer_scorecard",
    ).replace("'", "''")
    with duckdb.connect() as con:
        attach_postgres(con, where, "db", read_only=True)
        yield lambda: ask(con, f"select * from postgres_query('db', '{query}')")


KINDS = {"database": database, "parquet": parquet, "postgres": postgres}


def main() -> None:
    """Read until told to stop."""
    kind, where, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    seen: Counter[tuple[str, ...]] = Counter()
    failures: list[str] = []
    out = folder / f"{kind}.json"
    with KINDS[kind](where) as read:
        is_over = False
        while not is_over:
            is_over = (folder / "stop").exists()
            for _ in range(EVERY):
                try:
                    seen[read()] += 1
                except (duckdb.Error, OSError) as error:
                    failures.append(f"{type(error).__name__}: {error}")
            answers = [[*answer, count] for answer, count in seen.items()]
            half = out.with_suffix(".half")
            half.write_text(json.dumps({"answers": answers, "failures": failures[:20]}))
            half.replace(out)


if __name__ == "__main__":
    main()

"""Building releases: what goes in, what is kept, what a failure or a kill leaves behind."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from data_quality.contracts import load_mart_words
from data_quality.evidence import GateEvidence
from data_quality.products import load_products, upstream_of
from orchestration.errors import DiskFullError, GateRefusedError, HomeNotWritableError, ReleaseError
from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.ingestion.tombstones import ensure_salt, record
from orchestration.quality_results import record_results
from orchestration.release import build, marts, store
from orchestration.release.build import RunSummary, build_release
from orchestration.release.info import load_info_tables
from orchestration.release.manifest import read_manifest
from orchestration.release.reading import open_database
from orchestration.release.store import Release
from orchestration.release.verify import verify_release
from orchestration.settings import Settings
from orchestration.warehouse import connect

pytestmark = pytest.mark.usefixtures("plain_build")

Publish = Callable[..., Release]
Change = Callable[..., None]

DECEMBER = "parquet/customer_scorecard/as_of_date=2011-12-31/part-0.parquet"
NOVEMBER = "parquet/customer_scorecard/as_of_date=2011-11-30/part-0.parquet"


def checksums(release: Release) -> dict[str, str]:
    return {mart: entry.checksum for mart, entry in release.manifest.marts.items()}


def folder_names(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.releases.iterdir())


def test_a_release_holds_every_mart_in_both_forms(settings: Settings, publish: Publish) -> None:
    release = publish(settings, "run1")

    with open_database(release.database) as con:
        tables = con.execute("select count(*) from scorecard.customer_scorecard").fetchone()
        parquet = con.execute(
            "select count(*), count(distinct as_of_date), typeof(any_value(as_of_date)) "
            "from read_parquet(?, hive_partitioning = true)",
            [str(release.path / "parquet" / "customer_scorecard" / "*" / "*.parquet")],
        ).fetchone()
    assert parquet == (*tables, 12, "DATE")
    assert set(release.manifest.products) == set(load_products())
    assert not release.manifest.held_products
    assert verify_release(settings) == []


def test_a_tool_that_opens_the_file_itself_asks_marts_by_their_name(
    settings: Settings, publish: Publish
) -> None:
    release = publish(settings, "run1")

    with duckdb.connect(str(release.database), read_only=True) as con:
        row = con.execute("select release_id from scorecard.release_info").fetchone()

    assert row == (release.id,)


def test_other_tools_read_the_partitioned_folder(settings: Settings, publish: Publish) -> None:
    release = publish(settings, "run1")

    table = pyarrow.parquet.read_table(release.path / "parquet" / "customer_scorecard")

    assert table.num_rows == release.manifest.marts["customer_scorecard"].rows
    assert "as_of_date" in table.column_names


def test_rows_stand_in_the_same_order_in_both_forms(settings: Settings, publish: Publish) -> None:
    release = publish(settings, "run1")

    with open_database(release.database) as con:
        table = con.execute(
            "select customer_id from scorecard.customer_scorecard where as_of_date = '2011-12-31'"
        ).fetchall()
        file = con.execute(
            "select customer_id from read_parquet(?)", [str(release.path / DECEMBER)]
        ).fetchall()
        months = con.execute("select as_of_date from scorecard.customer_scorecard").fetchall()
    assert table == file == sorted(table)
    assert months == sorted(months)


def test_a_mart_whose_date_is_no_month_is_one_file(settings: Settings, publish: Publish) -> None:
    release = publish(settings, "run1")

    assert list(release.manifest.marts["estimator_metrics"].partitions) == ["all"]
    assert (release.path / "parquet" / "estimator_metrics" / "part-0.parquet").is_file()


def test_rows_without_a_month_are_refused(
    settings: Settings, publish: Publish, change_marts: Change
) -> None:
    change_marts(
        settings, "update scorecard.predictions set as_of_date = null where customer_id = 'c-0001'"
    )

    with pytest.raises(ReleaseError, match="predictions has rows without as_of_date"):
        publish(settings, "run1")


def test_the_release_says_what_it_is_in_its_own_database(
    settings: Settings, publish: Publish
) -> None:
    release = publish(settings, "run1")

    with open_database(release.database) as con:
        info = con.execute("select release_id, run_id, last_month from scorecard.release_info")
        row = info.fetchone()
        products = con.execute("select count(*) from scorecard.release_products").fetchone()
    assert row is not None
    assert row[:2] == (release.id, "run1")
    assert str(row[2]) == release.manifest.last_month
    assert products == (len(load_products()),)


def test_the_release_tells_what_every_rule_found_in_its_own_run_and_before(
    settings: Settings, publish: Publish
) -> None:
    with connect(settings) as con:
        con.execute(CONTROL_TABLES)
        for day, run_id in enumerate(("run0", "run1"), start=1):
            con.execute(
                "insert into control.runs (run_id, started_at, code_fingerprint) values (?, ?, ?)",
                [run_id, datetime(2012, 1, day, tzinfo=UTC).replace(tzinfo=None), f"code-{day}"],
            )
            evidence = GateEvidence("billing", "billing", run_id, "hold", "No marts.", {}, ())
            record_results(con, [evidence])

    release = publish(settings, "run1")

    with open_database(release.database) as con:
        found = con.execute(
            "select run_id, code_fingerprint, product, decision, observed "
            "from scorecard.quality_results order by run_started_at"
        ).fetchall()
    assert found == [
        ("run0", "code-1", "billing", "hold", "No marts."),
        ("run1", "code-2", "billing", "hold", "No marts."),
    ]


def test_tables_about_the_release_say_what_they_are(settings: Settings, publish: Publish) -> None:
    release = publish(settings, "run1")

    defined = load_info_tables()
    with open_database(release.database) as con:
        comments = {
            (table, column): comment
            for table, column, comment in con.execute(
                "select table_name, column_name, comment from duckdb_columns() "
                "where schema_name = 'scorecard'"
            ).fetchall()
        }
        tables = dict(con.execute("select table_name, comment from duckdb_tables()").fetchall())
    assert set(tables) == {*defined, *release.manifest.marts}
    for name, table in defined.items():
        assert tables[name] == table.description
        for column, each in table.columns.items():
            assert comments[name, column] == each.description
            assert each.description.endswith(".")


def test_marts_and_columns_of_the_release_say_what_they_are(
    settings: Settings, publish: Publish
) -> None:
    release = publish(settings, "run1")

    words = load_mart_words()
    with open_database(release.database) as con:
        tables = dict(con.execute("select table_name, comment from duckdb_tables()").fetchall())
        columns = con.execute(
            "select table_name, column_name, comment from duckdb_columns() "
            "where schema_name = 'scorecard'"
        ).fetchall()
    marts = set(release.manifest.marts)
    assert {mart: tables[mart] for mart in marts} == {
        mart: words[mart].description for mart in marts
    }
    # The company of these tests has columns of its own; those of the contract are described.
    described = [row for row in columns if row[0] in marts and row[1] in words[row[0]].columns]
    assert len(described) > 100
    assert [row for row in described if row[2] != words[row[0]].columns[row[1]]] == []


def test_files_are_read_only_and_current_is_a_relative_link(
    settings: Settings, publish: Publish
) -> None:
    release = publish(settings, "run1")

    modes = {path.stat().st_mode & 0o777 for path in release.path.rglob("*") if path.is_file()}
    assert modes == {0o400}
    assert settings.current.is_symlink()
    assert settings.current.readlink() == Path("releases") / release.id
    assert list(settings.home.glob(f"{store.LINK_PREFIX}*")) == []


def test_the_manifest_names_every_file_but_itself(settings: Settings, publish: Publish) -> None:
    release = publish(settings, "run1")

    content = json.loads((release.path / "manifest.json").read_text(encoding="utf-8"))
    found = {
        path.relative_to(release.path).as_posix()
        for path in release.path.rglob("*")
        if path.is_file()
    }
    assert set(content["files"]) == found - {"manifest.json"}
    assert content["schema_version"] == 1
    assert content["known_load_id"] == 7
    assert content["engines"]["duckdb"] == duckdb.__version__
    assert content["estimators"][0]["estimator"] == "churn"


def test_the_same_rows_give_the_same_checksums(settings: Settings, publish: Publish) -> None:
    first = publish(settings, "run1")
    second = publish(settings, "run2")

    assert first.id != second.id
    assert checksums(first) == checksums(second)
    assert first.manifest.marts == second.manifest.marts


def test_unchanged_months_share_their_files(
    settings: Settings, publish: Publish, change_marts: Change
) -> None:
    first = publish(settings, "run1")
    change_marts(
        settings,
        "update scorecard.customer_scorecard set coverage = 0.9 where as_of_date = '2011-12-31'",
    )
    second = publish(settings, "run2")

    assert (first.path / NOVEMBER).samefile(second.path / NOVEMBER)
    assert not (first.path / DECEMBER).samefile(second.path / DECEMBER)
    assert verify_release(settings) == []


def test_a_damaged_file_is_not_shared(settings: Settings, publish: Publish) -> None:
    first = publish(settings, "run1")
    damaged = first.path / NOVEMBER
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")

    second = publish(settings, "run2")

    assert not damaged.samefile(second.path / NOVEMBER)
    assert verify_release(settings, second.id) == []


def test_where_links_are_impossible_files_are_copied(
    settings: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(settings, "run1")

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(marts.os, "link", refuse)
    second = publish(settings, "run2")

    assert not (first.path / NOVEMBER).samefile(second.path / NOVEMBER)
    assert verify_release(settings, second.id) == []


def test_a_held_product_keeps_its_last_good_rows(
    settings: Settings, publish: Publish, change_marts: Change
) -> None:
    first = publish(settings, "run1")
    change_marts(
        settings,
        "update scorecard.predictions set churn_probability = 0.99",
        "update scorecard.portfolio_indicators set customer_count = customer_count + 1",
    )

    second = publish(settings, "run2", hold=["predictions"])

    entry = second.manifest.products["predictions"]
    assert (entry.decision, entry.stale, entry.from_release) == ("hold", True, first.id)
    assert entry.reason == "predictions has too few rows"
    assert entry.run_id == "run1"
    assert entry.last_month == "2011-12-31"
    for mart in entry.marts:
        assert second.manifest.marts[mart] == first.manifest.marts[mart]
    assert checksums(second)["portfolio_indicators"] != checksums(first)["portfolio_indicators"]
    # What is computed from it is held with it.
    assert second.manifest.held_products == ("predictions", "scorecard")
    assert verify_release(settings) == []


def test_rows_of_an_erased_person_are_left_out_of_kept_rows(
    settings: Settings, publish: Publish
) -> None:
    first = publish(settings, "run1")
    with open_database(first.database) as con:
        ((customer, theirs),) = con.execute(
            "select customer_id, count(*) from scorecard.predictions group by 1 order by 1 limit 1"
        ).fetchall()
    with connect(settings) as con:
        con.execute(CONTROL_TABLES)
        ensure_salt(con)
        record(
            con,
            moment=datetime(2012, 1, 1),  # noqa: DTZ001 (naive UTC, as the record has it)
            by=("Ada", "request 7"),
            load_id=9,
            anonymous_id="cus_nobody",
            row_counts={},
            identifiers=f"select 'customer' as kind, '{customer}' as identifier",
        )

    second = publish(settings, "run2", hold=["predictions"])

    assert (first.manifest.marts["predictions"].rows - theirs) == (
        second.manifest.marts["predictions"].rows
    )
    with open_database(second.database) as con:
        assert con.execute(
            "select count(*) from scorecard.predictions where customer_id = ?", [customer]
        ).fetchone() == (0,)
        assert con.execute("select erased_customers from scorecard.release_info").fetchone() == (1,)
    assert verify_release(settings) == []


def test_a_product_held_twice_still_names_the_release_that_published_it(
    settings: Settings, publish: Publish
) -> None:
    first = publish(settings, "run1")
    publish(settings, "run2", hold=["predictions"])
    third = publish(settings, "run3", hold=["predictions"])

    assert third.manifest.products["predictions"].from_release == first.id


def test_a_product_that_passes_again_is_fresh_again(settings: Settings, publish: Publish) -> None:
    publish(settings, "run1")
    publish(settings, "run2", hold=["predictions"])
    third = publish(settings, "run3")

    entry = third.manifest.products["predictions"]
    assert (entry.decision, entry.stale, entry.from_release) == ("pass", False, third.id)


def test_the_evidence_of_kept_rows_stays_beside_what_held_them(
    settings: Settings, publish: Publish
) -> None:
    publish(settings, "run1")
    second = publish(settings, "run2", hold=["predictions"])

    folder = second.path / "evidence"
    kept = GateEvidence.from_json((folder / "predictions.json").read_text(encoding="utf-8"))
    held = GateEvidence.from_json((folder / "predictions.held.json").read_text(encoding="utf-8"))
    assert (kept.run_id, kept.decision) == ("run1", "pass")
    assert (held.run_id, held.decision) == ("run2", "hold")


def test_a_held_product_without_an_earlier_version_is_absent(
    settings: Settings, publish: Publish
) -> None:
    release = publish(settings, "run1", hold=["predictions"])

    entry = release.manifest.products["predictions"]
    assert entry.is_absent
    assert "No earlier version exists" in entry.reason
    assert "predictions" not in release.manifest.marts
    assert not (release.path / "parquet" / "predictions").exists()


def test_the_manifest_says_who_may_read_a_product_today(
    settings: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(roles: tuple[str, ...]) -> None:
        listed = load_products()
        changed = {**listed, "predictions": replace(listed["predictions"], readers=roles)}
        monkeypatch.setattr(build, "load_products", lambda: changed)

    def told(release: Release) -> tuple[tuple[str, ...], ...]:
        products = read_manifest(release.path).products
        return products["predictions"].readers, products["customers"].readers

    named(("desk", "board"))
    first = publish(settings, "run1")
    named(("board",))
    second = publish(settings, "run2", hold=["predictions"])

    assert told(first) == (("desk", "board"), ())
    assert told(second) == (("board",), ())


def test_a_held_product_holds_what_is_computed_from_it(
    settings: Settings, publish: Publish
) -> None:
    first = publish(settings, "run1")
    second = publish(settings, "run2", hold=["customers"])

    stale = {name for name, entry in second.manifest.products.items() if entry.stale}
    products = load_products()
    below = {name for name in products if "customers" in upstream_of(name, products)}
    assert {"portfolio", "predictions", "scorecard"} <= below
    assert stale == {"customers", *below}
    assert second.manifest.products["finance"].from_release == second.id
    assert checksums(second) == checksums(first)


def test_when_nothing_passes_nothing_is_published(
    settings: Settings, publish: Publish, summary: Callable[[str], RunSummary]
) -> None:
    first = publish(settings, "run1")

    with pytest.raises(GateRefusedError, match="no gate judged it") as refusal:
        build_release(settings, run=summary("run2"), evidence=[])

    assert refusal.value.exit_code == 3
    assert store.current_release(settings) == first
    assert folder_names(settings) == [first.id]


def test_rows_that_changed_after_the_gate_are_refused(
    settings: Settings,
    summary: Callable[[str], RunSummary],
    evidence_for: Callable[..., list[GateEvidence]],
    change_marts: Change,
) -> None:
    evidence = evidence_for(settings, "run1")
    change_marts(settings, "delete from scorecard.revenue_reconciliation where step_number = 3")

    release = build_release(settings, run=summary("run1"), evidence=evidence)

    assert release.manifest.held_products == ("finance",)
    assert "for other rows" in release.manifest.products["finance"].reason


def test_damaged_last_good_rows_are_not_published_again(
    settings: Settings, publish: Publish
) -> None:
    first = publish(settings, "run1")
    first.database.chmod(0o644)
    with duckdb.connect() as con:
        con.execute(f"attach '{first.database}' as release")
        con.execute("update release.scorecard.predictions set churn_probability = 0.1")

    with pytest.raises(ReleaseError, match=r"predictions.*has checksum.*expected"):
        publish(settings, "run2", hold=["predictions"])

    assert folder_names(settings) == [first.id]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, DiskFullError), (errno.EROFS, HomeNotWritableError)],
)
def test_a_disk_that_refuses_leaves_no_trace(
    settings: Settings,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    expected: type[Exception],
) -> None:
    first = publish(settings, "run1")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(build, "write_report", refuse)
    with pytest.raises(expected):
        publish(settings, "run2")

    assert folder_names(settings) == [first.id]
    assert store.current_release(settings) == first


def test_a_swap_that_fails_leaves_no_release_that_was_never_current(
    settings: Settings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(settings, "run1")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room for a link")

    monkeypatch.setattr(store, "swap_current", refuse)
    with pytest.raises(DiskFullError):
        publish(settings, "run2")

    assert folder_names(settings) == [first.id]


KILLED_BUILD = """
    import os, signal, sys
    from datetime import date
    from pathlib import Path
    from data_quality.evidence import GateEvidence
    from orchestration.release import build, marts, store
    from orchestration.settings import Settings

    home, point = Path(sys.argv[1]), sys.argv[2]
    settings = Settings(root=home, home=home, landing=home / "landing", memory_limit="1GB")
    evidence = [
        GateEvidence.from_json(path.read_text()) for path in sorted(home.glob("given/*.json"))
    ]

    def die(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGKILL)

    module, name = {
        "tables": (build.release_marts, "describe_mart"),
        "parquet": (build, "_manifest"),
        "page": (build, "write_report"),
        "swap": (store, "swap_current"),
        "retention": (store, "apply_retention"),
    }[point]
    setattr(module, name, die)
    run = build.RunSummary(
        run_id="run2", first_month=date(2011, 1, 31), last_month=date(2011, 12, 31),
        known_load_id=7, code_fingerprint="c0de", config_fingerprint="c0f1",
        profile="retail_billing",
    )
    build.build_release(settings, run=run, evidence=evidence)
"""


@pytest.mark.parametrize("point", ["tables", "parquet", "swap"])
def test_a_killed_build_leaves_current_valid_and_the_next_cleans_up(
    settings: Settings,
    publish: Publish,
    evidence_for: Callable[..., list[GateEvidence]],
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    first = publish(settings, "run1")
    given = settings.home / "given"
    given.mkdir()
    for item in evidence_for(settings, "run2"):
        (given / f"{item.product}.json").write_text(item.to_json(), encoding="utf-8")

    killed = subprocess.run(
        [sys.executable, "-c", _without_page(point), str(settings.home), point],
        check=False,
        capture_output=True,
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert verify_release(settings) == []
    assert store.current_release(settings) == first
    third = publish(settings, "run3")
    assert verify_release(settings) == []
    assert not [name for name in folder_names(settings) if name.startswith(".")]
    assert store.current_release(settings) == third
    assert checksums(third) == checksums(first)


def _without_page(point: str) -> str:
    code = textwrap.dedent(KILLED_BUILD)
    quiet = 'build.write_report = lambda folder: (folder / "report").mkdir()\n'
    marker = "setattr(module"
    return code if point == "page" else code.replace(marker, quiet + marker)


def test_a_reader_that_resolves_current_always_reads_one_whole_release(
    settings: Settings, publish: Publish
) -> None:
    publish(settings, "run1")
    problems: list[str] = []
    read: set[str] = set()
    done = threading.Event()

    def reader() -> None:
        while not done.is_set():
            folder = settings.current.resolve(strict=True)
            with open_database(folder / "release.duckdb") as con:
                row = con.execute("select release_id from scorecard.release_info").fetchone()
            listed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            if row is None or {row[0], listed["release_id"]} != {folder.name}:
                problems.append(f"{folder.name}: {row}, {listed['release_id']}")
            read.add(folder.name)

    thread = threading.Thread(target=reader)
    thread.start()
    try:
        built = {publish(settings, f"run{number}", hold=["predictions"]).id for number in "23"}
    finally:
        done.set()
        thread.join()

    assert problems == []
    assert read
    assert len(built) == 2


def test_two_builds_in_one_second_have_two_ids(
    settings: Settings,
    summary: Callable[[str], RunSummary],
    evidence_for: Callable[..., list[GateEvidence]],
) -> None:
    moment = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    ids = [
        build_release(
            settings,
            run=summary("run1"),
            evidence=evidence_for(settings, "run1"),
            created_at=moment,
        ).id
        for _ in range(2)
    ]

    assert ids == ["20260101T120000Z-run1", "20260101T120001Z-run1"]

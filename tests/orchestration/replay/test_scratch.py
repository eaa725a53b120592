"""A home is cut where a release was made: what came afterwards is not there."""

from datetime import date
from types import SimpleNamespace

import pytest

from orchestration import window
from orchestration.configuration.store import keep_configuration
from orchestration.errors import ReleaseError
from orchestration.fingerprints import config_fingerprint
from orchestration.ingestion.ledger import CONTROL_TABLES
from orchestration.prediction import ensure_ml_tables
from orchestration.replay.scratch import _copy_tables, find_cut, scratch_folder
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home


def release(name: str, load_id: int) -> SimpleNamespace:
    manifest = SimpleNamespace(
        known_load_id=load_id, company="Example", is_simulated=True, marts={}
    )
    return SimpleNamespace(id=name, manifest=manifest)


@pytest.fixture
def live(tmp_path) -> Settings:
    """Three loads, three runs with a release each, a configuration that changed twice."""
    root = tmp_path / "root"
    seed = root / "dbt_project" / "seeds" / "identity_decisions.csv"
    seed.parent.mkdir(parents=True)
    seed.write_text(
        "source_system,source_id,decision,other_system,other_id\ncrm,17,separate,,\n",
        encoding="utf-8",
    )
    settings = Settings(root=root, home=tmp_path / "home", landing=tmp_path, memory_limit="1GB")
    prepare_home(settings)
    fingerprint = config_fingerprint(root, settings.profile)
    keep_configuration(settings, fingerprint)
    with connect(settings) as con:
        con.execute(CONTROL_TABLES)
        window.ensure_control_tables(con)
        ensure_ml_tables(con)
        con.execute("create table raw.crm__customers (id integer, _load_id bigint, _line bigint)")
        for number in (1, 2, 3):
            con.execute("insert into raw.crm__customers values (?, ?, 1)", [number, number])
            con.execute(
                "insert into control.loads (load_id, status) values (?, 'loaded')", [number]
            )
            con.execute(
                "insert into quarantine.refused_rows (load_id, rule, raw_text) "
                "values (?, 'type', 'Ann Example')",
                [number],
            )
            con.execute(
                "insert into control.runs "
                "values (?, ?, ?, ?, ?, ?, 'code', ?, 'released', ?, null)",
                [
                    f"run{number}",
                    *[f"2025-0{number}-02"] * 2,
                    *[date(2025, 1, 31)] * 2,
                    number,
                    fingerprint,
                    f"r{number}",
                ],
            )
            con.execute(
                "insert into control.config_revisions (revision, run_id) values (?, ?)",
                [number, f"run{number}"],
            )
            con.execute(
                "insert into ml.published_predictions (customer_id, release_id) values ('c', ?)",
                [f"r{number}"],
            )
        con.execute(
            "insert into control.config_cells values ('bands', 'a', 'a', 'x', 'old', 1, 2), "
            "('bands', 'a', 'a', 'x', 'mid', 2, 3), ('bands', 'a', 'a', 'x', 'new', 3, null)"
        )
    return settings


def test_nothing_that_came_after_the_release_is_there(live, tmp_path):
    made = Settings(root=live.root, home=tmp_path / "made", landing=tmp_path, memory_limit="1GB")
    prepare_home(made)
    with connect(live, read_only=True) as con:
        cut = find_cut(con, release("r2", 2))
    _copy_tables(live, made, cut)
    with connect(made, read_only=True) as con:

        def rows(query: str) -> list:
            return con.execute(query).fetchall()

        assert rows("select id from raw.crm__customers order by 1") == [(1,), (2,)]
        assert rows("select load_id from control.loads order by 1") == [(1,), (2,)]
        assert rows("select load_id, raw_text from quarantine.refused_rows order by 1") == [
            (1, None),
            (2, None),
        ]
        # The release's own run is begun anew; what it published was not published before it.
        assert rows("select run_id from control.runs") == [("run1",)]
        assert rows("select release_id from ml.published_predictions") == [("r1",)]
        assert rows("select value, until_revision from control.config_cells order by 1 desc") == [
            ("old", 2),
            ("mid", None),
        ]
        assert rows("select source_id, other_id from control.identity_decisions") == [("17", None)]
        assert rows("select company_name, is_simulated from control.company") == [("Example", True)]


def test_a_release_of_another_warehouse_is_refused(live):
    with connect(live, read_only=True) as con, pytest.raises(ReleaseError, match="no record"):
        find_cut(con, release("r9", 2))


def test_the_folder_is_deleted_and_what_a_killed_rebuild_left_too(live):
    left = live.temporary / "rebuild-0"
    left.mkdir()
    with scratch_folder(live) as folder:
        assert folder.is_dir()
        assert not left.exists()
    assert not folder.exists()

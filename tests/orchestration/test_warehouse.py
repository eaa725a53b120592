"""The door to the warehouse: one writer, clear words when it does not open."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import (
    DiskFullError,
    HomeNotWritableError,
    ScorecardError,
    WarehouseLockedError,
)
from orchestration.settings import Settings
from orchestration.warehouse import (
    connect,
    prepare_home,
    transaction,
    warehouse_errors,
    writer_lock,
)

ROOT = Path(__file__).parents[2]
WRONG = "select cast('no number' as integer)"


@pytest.fixture
def settings(tmp_path):
    return Settings.from_environment({}, home=tmp_path / "home", memory_limit="512MB", threads=1)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that refuses")
def test_a_file_system_that_takes_no_folders_is_named(settings):
    home = Path("/proc/no_home_here")
    with pytest.raises(HomeNotWritableError, match="no_home_here"):
        prepare_home(replace(settings, home=home, landing=home / "landing"))


def test_the_home_is_made_with_its_folders(settings):
    prepare_home(settings)
    assert settings.landing.is_dir()
    assert settings.releases.is_dir()
    assert not [path for path in settings.home.iterdir() if path.is_file()]


def test_a_landing_area_elsewhere_is_not_made(settings, tmp_path):
    prepare_home(replace(settings, landing=tmp_path / "theirs"))
    assert not (tmp_path / "theirs").exists()


def test_a_connection_keeps_the_limits_and_speaks_utc(settings):
    prepare_home(settings)
    with connect(settings) as con:
        row = con.execute(
            "select current_setting('threads'), current_setting('memory_limit'), "
            "current_setting('timezone'), current_setting('temp_directory')"
        ).fetchone()
    assert row == (1, "488.2 MiB", "UTC", str(settings.temporary))


def test_reading_a_warehouse_that_is_not_there_says_what_to_do(settings):
    with pytest.raises(ScorecardError, match=r"no warehouse yet at .*scorecard run"):
        connect(settings, read_only=True)
    assert not settings.warehouse.exists()


def test_two_configurations_in_one_process_are_a_lock(settings):
    prepare_home(settings)
    with connect(settings), pytest.raises(WarehouseLockedError):
        connect(replace(settings, threads=2))


def test_the_lock_is_taken_again_by_the_process_that_holds_it(settings):
    prepare_home(settings)
    with writer_lock(settings, purpose="outer"):
        with writer_lock(settings, purpose="inner"):
            assert _other_process_takes(settings) is False
        assert _other_process_takes(settings) is False
    assert _other_process_takes(settings) is True


def test_the_lock_is_free_after_its_holder_was_killed(settings):
    prepare_home(settings)
    program = _LOCK.format(home=str(settings.home), inside="print('held', flush=True); input()")
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(WarehouseLockedError, match=rf"'theirs' \(process {holder.pid}\)"),
            writer_lock(settings, purpose="ours"),
        ):
            pass
        holder.kill()
        holder.wait()
    with writer_lock(settings, purpose="ours"):
        assert settings.lock_file.read_text(encoding="utf-8") == f"{os.getpid()} ours\n"
    assert settings.lock_file.read_text(encoding="utf-8") == ""


def test_an_error_inside_the_lock_frees_it(settings):
    prepare_home(settings)
    with pytest.raises(RuntimeError), writer_lock(settings, purpose="ours"):
        raise RuntimeError
    assert _other_process_takes(settings) is True


ENGINE_ERRORS = {
    'Could not write file "x": No space left on device': DiskFullError,
    "failed to offload data block (1 GiB used), see max_temp_directory_size": DiskFullError,
    'Cannot open file "x": Permission denied': HomeNotWritableError,
    'Cannot open file "x": Read-only file system': HomeNotWritableError,
    'Could not set lock on file "x": Conflicting lock is held': WarehouseLockedError,
    'The file "x" exists, but it is not a valid DuckDB database file!': ScorecardError,
}


@pytest.mark.parametrize("text", ENGINE_ERRORS)
def test_storage_errors_of_the_engine_become_words_for_the_user(settings, text):
    with pytest.raises(ENGINE_ERRORS[text]) as caught, warehouse_errors(settings):
        raise duckdb.IOException(f"IO Error: {text}")
    assert str(settings.home) in str(caught.value)
    assert isinstance(caught.value.__cause__, duckdb.Error)


def test_too_little_memory_names_the_limit(settings):
    with (
        pytest.raises(ScorecardError, match=r"limit of 512MB.*SCORECARD_MEMORY_LIMIT"),
        warehouse_errors(settings),
    ):
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate")


def test_other_errors_pass_unchanged(settings):
    with pytest.raises(duckdb.BinderException), warehouse_errors(settings):
        raise duckdb.BinderException("Binder Error: no such column")
    with pytest.raises(FileNotFoundError), warehouse_errors(settings):
        raise FileNotFoundError(2, "No such file")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(28, DiskFullError), (13, HomeNotWritableError), (30, HomeNotWritableError)],
)
def test_storage_errors_of_the_system_become_words_for_the_user(settings, number, expected):
    with pytest.raises(expected), warehouse_errors(settings):
        raise OSError(number, os.strerror(number), "somewhere")


_LOCK = """
from pathlib import Path
from orchestration.settings import Settings
from orchestration.warehouse import writer_lock
settings = Settings.from_environment({{}}, home=Path({home!r}))
with writer_lock(settings, purpose="theirs"):
    {inside}
"""


def _other_process_takes(settings):
    program = _LOCK.format(home=str(settings.home), inside="pass")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 or "WarehouseLockedError" in done.stderr
    return done.returncode == 0


def test_a_transaction_keeps_all_or_nothing():
    with duckdb.connect() as con:
        con.execute("create table kept (n integer)")
        with transaction(con):
            con.execute("insert into kept values (1)")
        with pytest.raises(duckdb.ConversionException):
            _in_a_transaction(con, "insert into kept values (2)", WRONG)
        assert con.execute("select n from kept").fetchall() == [(1,)]


def test_a_transaction_that_ended_by_itself_still_tells_what_went_wrong_first():
    with duckdb.connect() as con:
        with pytest.raises(duckdb.ConversionException, match="no number"):
            _in_a_transaction(con, "rollback", WRONG)
        con.execute("begin")


def _in_a_transaction(con: duckdb.DuckDBPyConnection, *queries: str) -> None:
    with transaction(con):
        for query in queries:
            con.execute(query)

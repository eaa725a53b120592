"""Killed, out of room, locked or read-only: nothing is half stored, and the user is told."""

import json
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.errors import HomeNotWritableError, ScorecardError, WarehouseLockedError

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, sys
from datetime import datetime
from pathlib import Path
from orchestration.errors import ScorecardError
from orchestration.ingestion.ingest import ingest
from orchestration.settings import Settings

home, landing = Path(sys.argv[1]), Path(sys.argv[2])
settings = Settings.from_environment({}, home=home, landing=landing, memory_limit="1GB")
try:
    report = ingest(
        settings,
        loaded_at=datetime.fromisoformat("2012-01-01"),
        on_progress=lambda step: print(step.file, step.result is not None, flush=True),
    )
except ScorecardError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
TABLES = ("raw.billing__invoice_lines", "raw.billing__products", "control.loads")
NEEDS_NAMESPACES = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0,
    reason="needs user namespaces, to mount a small disk of its own",
)


def _fill(ground, count=60000):
    rows = [
        f"L{n},I{n // 9},P{n % 99},{n % 20},{n % 7}.25,2011-01-01 10:00:00" for n in range(count)
    ]
    half = count // 2
    ground.lines(*rows[:half], name="invoice_lines_1.csv")
    ground.lines(*rows[half - 100 :], "L1,I1,P1,-5,1,2011-01-01", name="invoice_lines_2.csv.gz")
    ground.write(
        "billing/products.csv",
        "product_id,description,updated_at\n" + "".join(f"P{n},x,2011-01-01\n" for n in range(999)),
    )


def _contents(ground):
    return [ground.rows(f"from {table} order by all") for table in TABLES]


@pytest.mark.slow
def test_killed_at_any_moment_and_run_again_ends_in_the_same_rows(ground, tmp_path, make):
    _fill(ground)
    ground.ingest()
    undisturbed = _contents(ground)
    disturbed = make(tmp_path / "disturbed")
    shutil.copytree(ground.settings.landing, disturbed.settings.landing, dirs_exist_ok=True)

    started = 0
    for delay in (0.0, 0.02, 0.05, 0.1, 0.15, 0.25):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, disturbed.settings.home, disturbed.settings.landing],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        started += bool(process.stdout.readline())
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert started == 6
    disturbed.ingest()

    assert _contents(disturbed) == undisturbed


def _in_a_small_disk(tmp_path, ground, script):
    mount = tmp_path / "disk"
    mount.mkdir()
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    run = f"{sys.executable} {program} {mount}/home {ground.settings.landing}"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", textwrap.dedent(script).format(mount=mount, run=run)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@NEEDS_NAMESPACES
def test_a_full_disk_is_said_and_the_next_run_goes_on_where_it_stopped(ground, tmp_path):
    _fill(ground)
    lines = _in_a_small_disk(
        tmp_path,
        ground,
        """
        set -e
        mount -t tmpfs -o size=1300k tmpfs {mount}
        {run}
        echo now with room
        mount -o remount,size=200m {mount}
        {run}
        """,
    )
    turn = lines.index("now with room")
    kind, message = json.loads(lines[turn - 1])
    assert kind == "DiskFullError"
    assert "SCORECARD_HOME" in message
    assert "then run again" in message
    assert lines[-1] == "billing/products.csv True"


@NEEDS_NAMESPACES
def test_a_read_only_home_is_said(ground, tmp_path):
    _fill(ground, count=10)
    lines = _in_a_small_disk(
        tmp_path,
        ground,
        """
        set -e
        mount -t tmpfs -o size=50m tmpfs {mount}
        {run} > /dev/null
        mount -o remount,ro {mount}
        {run}
        """,
    )
    kind, message = json.loads(lines[-1])
    assert kind == "HomeNotWritableError"
    assert "cannot be written" in message
    assert "SCORECARD_HOME" in message


def test_a_home_below_a_file_is_said(ground, tmp_path, make):
    _fill(ground, count=10)
    (tmp_path / "file").write_text("x")
    elsewhere = type(ground)(replace(ground.settings, home=tmp_path / "file" / "home"))
    with pytest.raises(HomeNotWritableError, match="Not a directory"):
        elsewhere.ingest()


def test_a_locked_warehouse_names_its_holder(ground):
    _fill(ground, count=10)
    program = """
import sys
from pathlib import Path
from orchestration.settings import Settings
from orchestration.warehouse import writer_lock
settings = Settings.from_environment({}, home=Path(sys.argv[1]))
with writer_lock(settings, purpose="a long run"):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, ground.settings.home],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(WarehouseLockedError) as caught:
            ground.ingest()
        holder.communicate(b"")
    assert f"'a long run' (process {holder.pid})" in str(caught.value)
    assert len(ground.ingest().of_status("loaded")) == 3


def test_a_warehouse_open_in_another_program_is_said(ground):
    _fill(ground, count=10)
    ground.ingest()
    program = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, ground.settings.warehouse],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(WarehouseLockedError, match="open elsewhere"):
            ground.ingest()
        holder.communicate(b"")


def test_a_damaged_warehouse_is_said(ground):
    _fill(ground, count=10)
    ground.ingest()
    ground.settings.warehouse.write_bytes(b"not a database" * 1000)
    with pytest.raises(ScorecardError, match=r"or is damaged.*`scorecard restore FILE`"):
        ground.ingest()

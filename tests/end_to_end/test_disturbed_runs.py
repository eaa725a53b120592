"""A daily run on a released home: killed fifty times, on a full disk, closed halfway, erased from.

`tests.kills` makes the home, the month of new files, and the run that nobody disturbed.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.command import lend_parsed, scorecard
from tests.conftest import ROOT, checksums
from tests.kills import PHASES, ROUNDS, Ground, prepare, rounds

pytestmark = pytest.mark.faults

# What a run writes that is not there before: enough to load, too little to build all models.
ROOM_MEGABYTES = 30
IN_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size={small}m tmpfs {mount}
cp -a {before}/. {mount}/
set +e
{run}; echo code $?
mount -o remount,size=4g {mount}
{run}; echo code $?
cp -a {mount}/. {after}/
"""
# The superuser may write everywhere, unless he gives that up for good.
WITHOUT_POWERS = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search,-fowner",
    "--inh-caps=-all",
)


@pytest.fixture(scope="module")
def folder(shared_folder: Path) -> Path:
    """Where the home, the files and the records of the rounds are; kept between test runs where
    `SCORECARD_TEST_KILLS` names a folder."""
    return Path(os.environ.get("SCORECARD_TEST_KILLS") or shared_folder / "kills")


@pytest.fixture(scope="module")
def ground(folder: Path) -> Ground:
    folder.mkdir(parents=True, exist_ok=True)
    return prepare(folder)


def test_fifty_killed_runs_end_as_if_nothing_had_happened(folder, ground):
    done = list(rounds(folder))
    assert Counter(kill.phase for made in done for kill in made.kills) == dict.fromkeys(
        PHASES, ROUNDS
    )
    assert [made for made in done if not made.is_equal] == []


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0,
    reason="needs user namespaces, to mount a small disk of its own",
)
def test_a_disk_that_is_full_halfway_stops_the_run_and_with_room_it_ends_the_same(ground, tmp_path):
    mount, after = tmp_path / "disk", tmp_path / "after"
    mount.mkdir()
    after.mkdir()
    before = shutil.copytree(ground.before, tmp_path / "before", symlinks=True)
    lend_parsed(before)
    blocks = {
        (path.stat().st_ino, path.stat().st_blocks * 512)
        for path in before.rglob("*")
        if not path.is_symlink()
    }
    small = sum(size for _, size in blocks) // 2**20 + ROOM_MEGABYTES
    run = f"{sys.executable} -m orchestration.cli run --landing {ground.landing}"
    script = IN_A_SMALL_DISK.format(small=small, mount=mount, before=before, run=run, after=after)
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        cwd=ROOT,
        env={**os.environ, "SCORECARD_HOME": str(mount), "SCORECARD_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    full, _, rest = done.stdout.partition("code 1")
    assert "Load landing files  " in full
    assert "code 0" in rest, done.stdout + done.stderr
    assert "No room left while writing below" in done.stderr
    assert "Traceback" not in done.stderr
    assert checksums(after) == checksums(ground.after)


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None,
    reason="rights of files bind the superuser only without his powers",
)
def test_a_home_made_read_only_halfway_stops_the_run_and_opened_it_ends_the_same(ground, tmp_path):
    home = shutil.copytree(ground.before, tmp_path / "home", symlinks=True)
    lend_parsed(home)
    run = subprocess.Popen(
        [
            *(WITHOUT_POWERS if os.geteuid() == 0 else ()),
            *(sys.executable, "-m", "orchestration.cli", "run", "--landing", str(ground.landing)),
        ],
        cwd=ROOT,
        env={**os.environ, "SCORECARD_HOME": str(home), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, modes = "", {}
    for line in run.stdout:
        said += line
        if line.startswith("Build the models up to the features") and not modes:
            modes = _make_read_only(home)
    assert run.wait() == 1, said
    assert "cannot be written" in said
    assert "Something unexpected" not in said
    assert "Traceback" not in said
    assert checksums(home) == checksums(ground.before)

    for path, mode in modes.items():
        if path.exists():
            path.chmod(mode)
    result = scorecard(home, "run", "--landing", str(ground.landing))
    assert result.code == 0, result.output
    assert checksums(home) == checksums(ground.after)


def _make_read_only(home: Path) -> dict[Path, int]:
    """Take the right to write from all that is there; give the rights of before."""
    modes = {
        path: path.stat().st_mode & 0o7777
        for path in (home, *home.rglob("*"))
        if not path.is_symlink()
    }
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    return modes


def test_a_release_from_before_an_erasure_is_rebuilt_but_for_the_rows_of_nobody(ground, tmp_path):
    """Also of who wrote much: the numbers of the texts stay, the texts and the person do not."""
    home = shutil.copytree(ground.after, tmp_path / "home", symlinks=True)
    with connect(Settings.from_environment({}, home=home), read_only=True) as con:
        ((customer, texts),) = con.execute(
            """
            select customer_id, count(*) as texts
            from core.int_text_items
            where customer_id is not null
            group by customer_id
            order by count(distinct source_table) desc, texts desc, customer_id
            limit 1
            """
        ).fetchall()
    assert texts > 1
    named = ("--author", "Ada", "--reason", "request 7", "--yes")
    assert scorecard(home, "erase", customer, *named).code == 0
    result = scorecard(home, "rebuild", "--json")
    assert result.code == 0, result.output
    found = json.loads(result.output[result.output.index("{") :])
    assert found["differences"] == []
    told = {"customers", "customer_scorecard", "identity_links", "tickets", "survey_responses"}
    assert told <= set(found["erased"])
    assert len(found["equal"]) > 80

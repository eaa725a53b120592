"""Ten thousand files and one of two gigabytes: all of it loaded, in bounded memory."""

import resource
import subprocess
import sys

import duckdb
import pytest

from tests.orchestration.ingestion.conftest import ROOT

pytestmark = pytest.mark.faults

FILES = 10_000
LARGE_BYTES = 2_000_000_000
LARGE_ROWS = 5_000_000
# The engine may use 1 GB; Python, its libraries and buffers come on top.
MOST_BYTES = 2_500_000_000
PROGRAM = """
import sys
from datetime import datetime
from pathlib import Path
from orchestration.ingestion.ingest import ingest
from orchestration.settings import Settings

home, landing = Path(sys.argv[1]), Path(sys.argv[2])
settings = Settings.from_environment({}, home=home, landing=landing, memory_limit="1GB")
report = ingest(settings, loaded_at=datetime.fromisoformat("2012-01-01"))
print(len(report.of_status("loaded")), report.rows_read, report.rows_accepted)
"""


def _loaded(ground) -> tuple[list[int], int]:
    """Load in a process of its own; give what it counted, and the most memory that it held."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ground.settings.home, ground.settings.landing],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    # The engine takes a program without a file for a person, and shows its progress.
    return [int(each) for each in done.stdout.split()[-3:]], most


def test_ten_thousand_small_files_are_loaded_each_once(ground):
    for number in range(FILES):
        row = f"L{number},I{number},P1,1,2.50,2011-05-04"
        ground.lines(row, name=f"{number % 100}/invoice_lines_{number:05}.csv")
    counts, most = _loaded(ground)
    assert counts == [FILES, FILES, FILES]
    assert most < MOST_BYTES
    assert ground.rows(
        "select count(*), count(distinct _file) from raw.billing__invoice_lines"
    ) == [(FILES, FILES)]


def test_a_file_of_two_gigabytes_is_loaded_in_bounded_memory(ground):
    target = ground.write("billing/invoice_lines.csv", "")
    with duckdb.connect() as con:
        con.execute(
            f"""
            copy (
                select 'L' || range as line_id, 'I' || range // 9 as invoice_id,
                    'P' || range % 999 as product_id, range % 20 as quantity, 2.50 as unit_price,
                    '2011-05-04 10:00:00' as invoiced_at,
                    repeat('word ', 75) || range as description
                from range({LARGE_ROWS})
            ) to '{target}' (format csv, header)
            """
        )
    assert target.stat().st_size > LARGE_BYTES
    counts, most = _loaded(ground)
    assert counts == [1, LARGE_ROWS, LARGE_ROWS]
    assert most < MOST_BYTES

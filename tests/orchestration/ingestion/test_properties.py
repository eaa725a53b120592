"""What holds for any rows: nothing is lost, nothing is repeated, and order does not matter."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEADER = "line_id,invoice_id,product_id,quantity,unit_price,invoiced_at"
TEXT = st.text(alphabet="ab ,\"'\n;|é{}\\", max_size=4)
DIRTY_ROW = st.builds(
    ",".join,
    st.lists(
        st.one_of(
            st.sampled_from(["L1", "L2", "", "1", "-1", "2.5", "2011-01-01", "1900-01-01", "nan"]),
            TEXT.map(lambda text: '"' + text.replace('"', '""') + '"'),
        ),
        min_size=1,
        max_size=8,
    ),
)
CLEAN_ROW = st.builds(
    lambda number: f"L{number},I{number},P{number % 5},{number},{number}.25,2011-01-01",
    st.integers(0, 30),
)
ANY_TEXT = st.text(alphabet='aL1,,,""\'\n\r|é \\\0', max_size=60)
PROPERTY = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
STORED = "select line_id, invoice_id, product_id, quantity, unit_price from {} order by all"
TABLE = "raw.billing__invoice_lines"


class _Folder:
    def __init__(self, make):
        self._make = make
        self._path = Path(tempfile.mkdtemp())

    def __enter__(self):
        return self._make(self._path)

    def __exit__(self, *_):
        shutil.rmtree(self._path)


@PROPERTY
@given(rows=st.lists(st.one_of(DIRTY_ROW, CLEAN_ROW), max_size=30))
def test_every_row_read_is_accepted_unchanged_or_quarantined(make, rows):
    with _Folder(make) as ground:
        ground.lines(*rows)
        (result,) = ground.ingest().files
        assert result.status == "loaded"
        assert (
            result.rows_accepted + result.rows_unchanged + result.rows_quarantined
            == result.rows_read
        )
        ((stored,),) = ground.rows(f"select count(*) from {TABLE}")
        ((refused,),) = ground.rows("select count(*) from quarantine.refused_rows")
        assert (stored, refused) == (result.rows_accepted, result.rows_quarantined)
        # A blank line is no row; every other record is.
        assert result.rows_read >= len([row for row in rows if row and "\n" not in row]) - 1


@PROPERTY
@given(text=ANY_TEXT, rows=st.lists(CLEAN_ROW, max_size=3))
def test_any_text_is_loaded_row_by_row_or_refused_as_a_file(make, text, rows):
    with _Folder(make) as ground:
        ground.write("billing/invoice_lines.csv", "\n".join([HEADER, *rows, text, *rows]))
        (result,) = ground.ingest().files
        ((stored,),) = ground.rows(f"select count(*) from {TABLE}")
        ((refused,),) = ground.rows("select count(*) from quarantine.refused_rows")
        assert (stored, refused) == (result.rows_accepted, result.rows_quarantined)
        if result.status == "loaded":
            assert stored >= len(set(rows))
        else:
            assert "billing/invoice_lines.csv was refused: " in result.message


@PROPERTY
@given(rows=st.lists(st.one_of(DIRTY_ROW, CLEAN_ROW), max_size=20))
def test_ingesting_again_changes_nothing(make, rows):
    with _Folder(make) as ground:
        ground.lines(*rows)
        ground.ingest()
        before = [ground.rows(f"from {t} order by all") for t in (TABLE, "control.loads")]
        report = ground.ingest()
        # The same rows in another file: each is known, or refused once more.
        assert [result.status for result in report.files] == ["known"]
        assert before == [ground.rows(f"from {t} order by all") for t in (TABLE, "control.loads")]
        ground.lines(*rows, "", name="invoice_lines_again.csv")
        again = ground.ingest().files[1]
        assert (again.status, again.rows_accepted) == ("loaded", 0)


@settings(PROPERTY, max_examples=8)
@given(
    files=st.lists(st.lists(CLEAN_ROW, max_size=8), min_size=2, max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_files_does_not_change_what_is_stored(make, files, order):
    shuffled = order.sample(files, len(files))
    stored = []
    for arrangement in (files, shuffled):
        with _Folder(make) as ground:
            for number, rows in enumerate(arrangement):
                ground.lines(*rows, name=f"invoice_lines_{number}.csv")
            ground.ingest()
            stored.append(ground.rows(STORED.format(TABLE)))
    assert stored[0] == stored[1]

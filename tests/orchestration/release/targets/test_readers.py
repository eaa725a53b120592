"""Whoever reads while twenty releases follow each other gets one of them, whole, every time."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from orchestration.release.reading import open_database
from orchestration.release.store import release_folders
from orchestration.release.targets.postgres import publish_to_postgres
from tests.conftest import ROOT

RELEASES = 20
READS = 10_000
KINDS = ("database", "parquet", "postgres")
PATIENCE_SECONDS = 3600


def _answers(folder: Path) -> dict[str, dict]:
    found = {kind: folder / f"{kind}.json" for kind in KINDS}
    return {
        kind: json.loads(path.read_text(encoding="utf-8"))
        for kind, path in found.items()
        if path.exists()
    }


def _reads(folder: Path) -> Counter:
    return Counter(
        {
            kind: sum(answer[-1] for answer in told["answers"])
            for kind, told in _answers(folder).items()
        }
    )


@pytest.mark.faults
@pytest.mark.parametrize(("releases", "reads"), [(RELEASES, READS)])
def test_no_read_fails_and_none_sees_two_releases(
    settings, plain_build, publish, change_marts, server, tmp_path, releases, reads
):
    server.outside_transaction("create database many_readers")
    place = server.at("many_readers")
    marks: dict[str, str] = {}

    def publish_next() -> None:
        mark = f"R{len(marks)}"
        change_marts(
            settings,
            f"update scorecard.customers set country = '{mark}'",
            f"update scorecard.customer_scorecard set tier = '{mark}'",
        )
        release = publish(settings, f"run{len(marks)}")
        marks[release.id] = f"{mark} {mark}"
        publish_to_postgres(settings, release, place)

    publish_next()
    where = dict.fromkeys(KINDS, str(settings.current)) | {"postgres": place}
    readers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.readers", kind, where[kind], str(tmp_path)], cwd=ROOT
        )
        for kind in KINDS
    ]
    give_up = time.monotonic() + PATIENCE_SECONDS
    try:
        while len(_answers(tmp_path)) < len(KINDS):
            assert time.monotonic() < give_up
            time.sleep(0.1)
        while len(marks) < releases:
            publish_next()
            # Enough reads of each release, though the machine is slow or quick.
            while _reads(tmp_path).total() < reads * len(marks) / releases:
                assert time.monotonic() < give_up
                time.sleep(0.05)
    finally:
        (tmp_path / "stop").touch()
        codes = [reader.wait() for reader in readers]
    server.outside_transaction("drop database many_readers with (force)")

    told = _answers(tmp_path)
    assert codes == [0, 0, 0]
    assert [failure for answers in told.values() for failure in answers["failures"]] == []
    mixed = [
        (kind, answer)
        for kind, answers in told.items()
        for answer in answers["answers"]
        if not marks.get(answer[0]) == answer[1] == answer[2]
    ]
    assert mixed == []
    assert _reads(tmp_path).total() >= reads
    for kind, answers in told.items():
        assert len({answer[0] for answer in answers["answers"]}) > releases / 2, kind
    (tmp_path / "counts.json").write_text(json.dumps(_reads(tmp_path)))


@pytest.mark.faults
def test_a_reader_that_holds_a_release_open_reads_it_to_the_end(
    settings, plain_build, publish, change_marts
):
    """Ten releases later its folder is deleted, and it still answers what it answered."""
    first = publish(settings, "run0")
    parquet = next((first.path / "parquet" / "customers").rglob("*.parquet"))
    content = parquet.read_bytes()
    query = "select count(*), min(tier), max(tier) from scorecard.customer_scorecard"
    with open_database(first.database) as con, parquet.open("rb") as file:
        before = con.execute(query).fetchall()
        for number in range(1, 11):
            tier = f"update scorecard.customer_scorecard set tier = 'R{number}'"
            change_marts(settings, tier)
            publish(settings, f"run{number}", keep=3)
        assert con.execute(query).fetchall() == before
        assert file.read() == content
    assert len(release_folders(settings)) == 3
    assert not first.path.exists()
    with open_database((settings.current.resolve()) / first.database.name) as con:
        assert con.execute(query).fetchone()[1:] == ("R10", "R10")

"""A run's own log: lines of JSON, each with the run's id, whatever wrote them."""

import json
import logging
import os
import stat

import pytest

from orchestration import run_log
from orchestration.progress import stage
from orchestration.run_log import log_path


def lines(settings, run_id):
    text = log_path(settings, run_id).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_every_line_is_json_and_names_the_run(settings):
    with run_log.run_log(settings, "run-1", "scorecard"):
        logging.getLogger("orchestration.any").info("%d files,\nin two lines", 2)
        with stage("Load"):
            pass
    first, second = lines(settings, "run-1")
    assert first["message"] == "2 files,\nin two lines"
    assert (first["run_id"], first["job"], first["level"]) == ("run-1", "scorecard", "INFO")
    assert first["logger"] == "orchestration.any"
    assert first["at"].endswith("+00:00")
    assert (second["run_id"], second["stage"], second["is_failed"]) == ("run-1", "Load", False)
    assert second["seconds"] >= 0


def test_an_error_keeps_its_traceback_on_its_line(settings):
    with run_log.run_log(settings, "run-1", "scorecard"):
        try:
            raise ValueError("so it is")
        except ValueError:
            logging.getLogger("orchestration.any").exception("it went wrong")
    (line,) = lines(settings, "run-1")
    assert "ValueError: so it is" in line["traceback"]


def test_a_run_writes_its_own_lines_alone_and_leaves_logging_as_it_was(settings):
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    for run_id in ("run-1", "run-2"):
        with run_log.run_log(settings, run_id, "load"):
            logging.getLogger("orchestration.any").warning("of %s", run_id)
    logging.getLogger("orchestration.any").warning("of none")
    assert [line["message"] for line in lines(settings, "run-1")] == ["of run-1"]
    assert [line["message"] for line in lines(settings, "run-2")] == ["of run-2"]
    assert (root.level, root.handlers) == before


def test_the_file_is_for_its_owner_alone_and_the_oldest_are_deleted(settings, monkeypatch):
    monkeypatch.setattr(run_log, "KEEP_LOGS", 2)
    for place in range(4):
        with run_log.run_log(settings, f"run-{place}", "load"):
            pass
        path = log_path(settings, f"run-{place}")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        os.utime(path, (place, place))
    assert sorted(path.stem for path in path.parent.iterdir()) == ["run-2", "run-3"]


def test_a_run_that_fails_keeps_its_log(settings):
    with (
        pytest.raises(ValueError, match="stop"),
        run_log.run_log(settings, "run-1", "scorecard"),
        stage("Load"),
    ):
        raise ValueError("stop")
    (line,) = lines(settings, "run-1")
    assert line["is_failed"] is True

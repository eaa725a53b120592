import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestration.notify import WEBHOOK_VARIABLE, notify_failure, notify_held


class Hook:
    def __init__(self, status: int) -> None:
        self.bodies: list[dict[str, object]] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                bodies.append(json.loads(self.rfile.read(length)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook(200)
    yield made
    made.close()


def test_the_webhook_gets_job_run_and_steps(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEBHOOK_VARIABLE, hook.url)
    assert notify_failure(job="scorecard", run_id="r1", steps=["choose_months"])
    assert hook.bodies == [
        {
            "text": "Scorecard run r1 of job scorecard failed (choose_months).",
            "job": "scorecard",
            "run_id": "r1",
            "steps": ["choose_months"],
        }
    ]


def test_the_webhook_gets_the_held_products_with_their_reasons(hook: Hook) -> None:
    held = {"billing": "3 rows do not add up", "customers": "held with billing"}
    assert notify_held(run_id="r1", release_id="20260101T000000Z-r1", held=held, url=hook.url)
    (body,) = hook.bodies
    assert (body["run_id"], body["release_id"], body["held"]) == (
        "r1",
        "20260101T000000Z-r1",
        held,
    )
    assert "the gates held 2 data products back. billing: 3 rows do not add up" in str(body["text"])


def test_a_hold_is_logged_where_no_webhook_is_set(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(WEBHOOK_VARIABLE, raising=False)
    assert not notify_held(run_id="r1", release_id=None, held={"billing": "3 rows"})
    assert "held 1 data product back. billing: 3 rows" in caplog.text


def test_without_a_webhook_the_failure_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(WEBHOOK_VARIABLE, raising=False)
    assert not notify_failure(job="scorecard", run_id="r1", steps=[])
    assert "r1" in caplog.text
    assert "before its first step" in caplog.text


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "not an address"])
def test_other_schemes_are_refused(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert not notify_failure(job="scorecard", run_id="r1", steps=[], url=url)
    assert "http" in caplog.text


def test_a_webhook_that_refuses_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    broken = Hook(500)
    try:
        assert not notify_failure(job="scorecard", run_id="r1", steps=[], url=broken.url)
    finally:
        broken.close()
    assert "did not take the message" in caplog.text


def test_a_webhook_that_is_not_there_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    gone = Hook(200)
    gone.close()
    assert not notify_failure(job="scorecard", run_id="r1", steps=[], url=gone.url)
    assert "did not take the message" in caplog.text

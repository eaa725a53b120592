import threading

import pytest

from orchestration.progress import listen, stage


class Recorder:
    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []

    def stage_started(self, name: str) -> None:
        self.events.append(("started", name))

    def stage_advanced(self, name: str, done: int, total: int, detail: str) -> None:
        self.events.append(("advanced", name, done, total, detail))

    def stage_finished(self, name: str, seconds: float, detail: str, *, is_failed: bool) -> None:
        assert seconds >= 0
        self.events.append(("finished", name, detail, is_failed))


def test_a_stage_tells_its_beginning_its_parts_and_its_end() -> None:
    recorder = Recorder()
    with listen(recorder), stage("Load") as current:
        current.advance(1, 2, "file")
        current.describe("two files")
    assert recorder.events == [
        ("started", "Load"),
        ("advanced", "Load", 1, 2, "file"),
        ("finished", "Load", "two files", False),
    ]


def test_a_stage_that_raises_ends_as_failed() -> None:
    recorder = Recorder()
    with listen(recorder), pytest.raises(ValueError, match="broken"), stage("Load"):
        raise ValueError("broken")
    assert recorder.events[-1] == ("finished", "Load", "", True)


def test_parts_are_told_from_other_threads_too() -> None:
    recorder = Recorder()
    with listen(recorder), stage("Build") as current:
        thread = threading.Thread(target=current.advance, args=(1, 1, "node"))
        thread.start()
        thread.join()
    assert ("advanced", "Build", 1, 1, "node") in recorder.events


def test_without_a_listener_a_stage_just_works() -> None:
    with stage("Load") as current:
        current.advance(1, 1)

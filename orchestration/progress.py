"""Saying what a long run is doing, without knowing who listens.

What belongs here: the stages of a run and how far each one is. Code that works opens a stage;
the command line listens and draws. Under Dagster's own daemon nobody listens, and the stages go
to the log.
What does not: how progress looks (`orchestration.cli`).
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

LOGGER = logging.getLogger(__name__)


class ProgressListener(Protocol):
    """Whoever wants to show the stages of a run."""

    def stage_started(self, name: str) -> None:
        """A stage begins."""

    def stage_advanced(self, name: str, done: int, total: int, detail: str) -> None:
        """A stage has done `done` of `total` parts; `detail` names the newest."""

    def stage_finished(self, name: str, seconds: float, detail: str, *, is_failed: bool) -> None:
        """A stage ends."""


@dataclass
class Stage:
    """One stage that is under way."""

    name: str
    # Kept here, since dbt reports from threads in which the context variable is not set.
    listener: ProgressListener | None = None
    detail: str = field(default="", init=False)

    def advance(self, done: int, total: int, detail: str = "") -> None:
        """Say how many of the stage's parts are done."""
        if self.listener is not None:
            self.listener.stage_advanced(self.name, done, total, detail)

    def describe(self, detail: str) -> None:
        """Set the words that stand behind the stage's name when it has ended."""
        self.detail = detail


_LISTENER: ContextVar[ProgressListener | None] = ContextVar("listener", default=None)


@contextmanager
def listen(listener: ProgressListener) -> Iterator[None]:
    """Send the stages of this block to a listener."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def stage(name: str) -> Iterator[Stage]:
    """Mark a block as one stage of the run; its seconds are measured and logged."""
    listener = _LISTENER.get()
    started = time.perf_counter()
    current = Stage(name, listener)
    is_failed = True
    if listener is not None:
        listener.stage_started(name)
    try:
        yield current
        is_failed = False
    finally:
        seconds = time.perf_counter() - started
        LOGGER.info(
            "%s %s after %.2f s%s",
            name,
            "failed" if is_failed else "done",
            seconds,
            f": {current.detail}" if current.detail else "",
            extra={"stage": name, "seconds": round(seconds, 3), "is_failed": is_failed},
        )
        if listener is not None:
            listener.stage_finished(name, seconds, current.detail, is_failed=is_failed)

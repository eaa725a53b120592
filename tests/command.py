"""The command line in a process of its own, without paying for its start again and again.

What belongs here: forking the process from a server that has imported the libraries (10 s of a
processor each time), what it wrote, and the parsed dbt project that new homes are lent (11 s). What
does not: what a command should say.

The server imports libraries only. Every process imports this project's own modules itself, has its
own environment, and can be killed like one that was started by hand. The run with a held product
in `tests/end_to_end/test_runs.py` is started by hand: one whole run imports all that it needs.
"""

import fcntl
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).parents[1]
# Names the folder in which a test run keeps the project as it was parsed once.
PARSED_VARIABLE = "SCORECARD_TEST_PARSED"
# Tests run side by side: a second thread of dbt or DuckDB costs a processor up to a quarter more.
ONE_THREAD = {"SCORECARD_THREADS": "1"}
PARSED = Path("dbt_target", "partial_parse.msgpack")
LIBRARIES = (
    *("altair", "dagster", "dagster_dbt", "dbt.adapters.duckdb", "dbt.cli.main", "duckdb"),
    *("great_expectations", "numpy", "pandas", "pyarrow", "rich.console", "scipy.optimize"),
    *("scipy.stats", "skops.io", "sklearn.ensemble", "sklearn.impute", "sklearn.isotonic"),
    *("sklearn.linear_model", "sklearn.pipeline", "sklearn.preprocessing", "typer", "yaml"),
)
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(list(LIBRARIES))


@dataclass(frozen=True)
class CommandResult:
    """What a call of the command line did."""

    code: int
    output: str


def scorecard(
    home: Path, *arguments: str, hangs_after: float | None = None, **environment: str
) -> CommandResult:
    """Call the command line in a process of its own, as a person would.

    Where it is given, a command that is not over after so many seconds is killed.
    """
    process, printed = _start(home, arguments, environment)
    timer = threading.Timer(hangs_after, process.kill) if hangs_after else None
    if timer:
        timer.start()
    with printed:
        output = printed.read()
    process.join()
    if timer:
        timer.cancel()
    assert process.exitcode is not None
    return CommandResult(process.exitcode, output)


def scorecard_killed_after(home: Path, words: str, seconds: float, *arguments: str) -> str | None:
    """Kill the command so many seconds after a line that it prints begins so.

    Returns:
        The last line that it printed before it was killed; None where it had ended by then.
    """
    process, printed = _start(home, arguments, {})
    with printed:
        last = next((line for line in printed if line.startswith(words)), "")
        if last:
            process.join(seconds)
            process.kill()
        for line in printed:
            last = line
    process.join()
    return last.strip() if process.exitcode == -signal.SIGKILL else None


def release_killed_at(home: Path, words: str) -> bool:
    """Kill the last step of a run likewise, started alone in a home whose run has come so far.

    The release is half written when it is killed.
    """
    process, printed = _start(home, (), {}, target=_release)
    with printed:
        seen = any(line.startswith(words) for line in printed)
        while seen and process.is_alive() and not unfinished_releases(home):
            time.sleep(0.01)
        process.kill()
    process.join()
    return seen and process.exitcode == -signal.SIGKILL


def unfinished_releases(home: Path) -> list[Path]:
    """The folders of releases that were begun and not published."""
    from orchestration.release.store import TEMPORARY_PREFIX

    return list((home / "releases").glob(f"{TEMPORARY_PREFIX}*"))


def _start(
    home: Path,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    target: Callable[[], None] | None = None,
) -> tuple[BaseProcess, TextIO]:
    """Start the command or a part of it, and give what it prints, errors too, until it ends."""
    lend_parsed(home)
    return _start_process(home, arguments, environment, target or _command)


def _start_process(
    home: Path,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    target: Callable[[], None],
) -> tuple[BaseProcess, TextIO]:
    whole = {**os.environ, "SCORECARD_HOME": str(home), "NO_COLOR": "1"}
    whole |= {**ONE_THREAD, **environment}
    reading, writing = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_run, args=(target, arguments, whole, writing))
    process.start()
    writing.close()
    printed = os.fdopen(os.dup(reading.fileno()), encoding="utf-8")
    reading.close()
    return process, printed


def _run(
    target: Callable[[], None],
    arguments: tuple[str, ...],
    environment: dict[str, str],
    printed: Connection,
) -> None:
    """What the new process does."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    for number in (1, 2):
        os.dup2(printed.fileno(), number)
    printed.close()
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.argv = ["scorecard", *arguments]
    target()


def _command() -> None:
    from orchestration.cli import main

    main()


def _release() -> None:
    from rich.console import Console

    from orchestration.progress import listen
    from orchestration.publishing import publish
    from orchestration.settings import Settings
    from orchestration.terminal import PlainProgress

    with listen(PlainProgress(Console())):
        publish(Settings.from_environment())


def lend_parsed(home: Path) -> None:
    """Give a home that has none the project as parsed once for all; dbt parses what changed since.

    Who comes first parses, the others wait: three workers that begin at once would parse thrice.
    """
    kept = _kept_parsed()
    if kept is None or (home / PARSED).exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _parse_into(kept)
    (home / PARSED).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(kept, home / PARSED)


def _parse_into(kept: Path) -> None:
    home = kept.parent / "home"
    process, printed = _start_process(home, (), {}, _parse)
    with printed:
        said = printed.read()
    process.join()
    assert process.exitcode == 0, said
    (home / PARSED).replace(kept)


def _parse() -> None:
    from orchestration.dbt import prepare_manifest
    from orchestration.settings import Settings

    prepare_manifest(Settings.from_environment())


def _kept_parsed() -> Path | None:
    folder = os.environ.get(PARSED_VARIABLE)
    return Path(folder, PARSED.name) if folder else None

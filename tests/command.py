"""The command line in a process of its own, without paying for its start again and again.

What belongs here: forking the process from a server that has imported the libraries (10 s of a
processor each time), what it wrote, and the parsed dbt project that new homes are lent (11 s). What
does not: what a command should say.

The server imports libraries only. Every process imports this project's own modules itself, has its
own environment, and can be killed like one that was started by hand. The run with a held product
in `tests/end_to_end/test_runs.py` is started by hand: one whole run imports all that it needs.
"""

import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).parents[1]
# Names the folder in which a test run keeps the project that its first command parsed.
PARSED_VARIABLE = "SCORECARD_TEST_PARSED"
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


def scorecard(home: Path, *arguments: str, **environment: str) -> CommandResult:
    """Call the command line in a process of its own, as a person would."""
    process, printed = _start(home, arguments, environment)
    with printed:
        output = printed.read()
    process.join()
    assert process.exitcode is not None
    keep_parsed(home)
    return CommandResult(process.exitcode, output)


def scorecard_killed_at(home: Path, words: str, *arguments: str) -> bool:
    """Kill the command (SIGKILL) once a line that it prints begins so; False if none ever does."""
    process, printed = _start(home, arguments, {})
    with printed:
        seen = any(line.startswith(words) for line in printed)
        if seen:
            process.kill()
    process.join()
    assert not seen or process.exitcode == -signal.SIGKILL
    return seen


def _start(
    home: Path, arguments: tuple[str, ...], environment: Mapping[str, str]
) -> tuple[BaseProcess, TextIO]:
    """Start the command, and give what it prints, errors too, until it ends."""
    lend_parsed(home)
    whole = {**os.environ, "SCORECARD_HOME": str(home), "NO_COLOR": "1"}
    # Tests run side by side: dbt's second thread would cost a tenth more of a processor.
    whole |= {"SCORECARD_THREADS": "1", **environment}
    reading, writing = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_command, args=(arguments, whole, writing))
    process.start()
    writing.close()
    printed = os.fdopen(os.dup(reading.fileno()), encoding="utf-8")
    reading.close()
    return process, printed


def _command(arguments: tuple[str, ...], environment: dict[str, str], printed: Connection) -> None:
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
    from orchestration.cli import main

    main()


def lend_parsed(home: Path) -> None:
    """Give a home that has none the project as parsed before; dbt parses what changed since."""
    kept = _kept_parsed()
    if kept is not None and kept.exists() and not (home / PARSED).exists():
        (home / PARSED).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(kept, home / PARSED)


def keep_parsed(home: Path) -> None:
    """Keep the project as this home parsed it, unless another home's is kept."""
    kept = _kept_parsed()
    if kept is not None and not kept.exists() and (home / PARSED).exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        whole = kept.with_suffix(f".{os.getpid()}")
        shutil.copy2(home / PARSED, whole)
        whole.replace(kept)


def _kept_parsed() -> Path | None:
    folder = os.environ.get(PARSED_VARIABLE)
    return Path(folder, PARSED.name) if folder else None

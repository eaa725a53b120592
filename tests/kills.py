"""Killing a daily run at seeded points in each of its phases, and comparing what comes of it.

What belongs here: the home that is disturbed (a released one, with a month of new files), where a
run is killed, the rounds, and their record. What does not: what must hold afterwards in words
(`tests/end_to_end/test_disturbed_runs.py`).

A round kills five runs in a row, each in a later phase than the one before, and lets a sixth go to
its end: each run but the first begins on what a killed one left. `python -m tests.kills FOLDER`
does it without pytest and prints the record as a table.
"""

import argparse
import json
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.release.verify import verify_release
from orchestration.settings import Settings
from tests.command import (
    PARSED_VARIABLE,
    scorecard,
    scorecard_killed_after,
    unfinished_releases,
)
from tests.company import cut_parquet, simulated_landing
from tests.conftest import checksums

# A phase's stages, by the words with which they begin on the terminal.
PHASES = {
    "ingestion": ("Load landing files",),
    "dbt": ("Build the models",),
    "training": ("Train the estimators", "Score the customers"),
    "gates": ("Run the source gate", "Test the models", "Run the gates", "Write the quality page"),
    "release": ("Release",),
}
STAGE = re.compile(r"^(.+?) +(\d+\.\d) s\b")
SEED = 20
ROUNDS = 10
CUSTOMERS, MONTHS = 250, 15
UNTIL = date(2025, 11, 30)
# How often a run is started that is quicker than the one that was measured, and ends too soon.
MISSES = 3
HANGS_AFTER_SECONDS = 3600.0


@dataclass(frozen=True)
class Point:
    """Where a run is killed: so many seconds after a stage began."""

    phase: str
    stage: str
    seconds: float


@dataclass(frozen=True)
class Kill:
    """A run that was killed.

    Attributes:
        round: The round that it belongs to.
        phase: The phase that was meant.
        last_line: What it had said last.
        seconds: How long it had lived.
        half_release: Whether it left a release half written.
    """

    round: int
    phase: str
    last_line: str
    seconds: float
    half_release: bool


@dataclass(frozen=True)
class Round:
    """Five kills and the plain run behind them.

    Attributes:
        kills: The killed runs.
        code: Exit code of the plain run.
        seconds: How long it took.
        differing: Marts whose checksums are not those of an undisturbed run.
        problem: What else was not as it should be; empty where all was.
    """

    kills: tuple[Kill, ...]
    code: int
    seconds: float
    differing: tuple[str, ...]
    problem: str

    @property
    def is_equal(self) -> bool:
        """Whether it ended as if nothing had happened."""
        return self.code == 0 and not self.differing and not self.problem


@dataclass(frozen=True)
class Ground:
    """A released home to copy, the landing area with a month more, and what comes of both."""

    folder: Path
    before: Path
    landing: Path
    after: Path
    stages: tuple[tuple[str, float], ...]

    def points(self, number: int) -> list[Point]:
        """The five points of a round: in each phase another tenth of its time in each round."""
        return [_point(phase, self._stages_of(phase), _fraction(phase, number)) for phase in PHASES]

    def _stages_of(self, phase: str) -> list[tuple[str, float]]:
        return [stage for stage in self.stages if stage[0].startswith(PHASES[phase])]


def _fraction(phase: str, number: int) -> float:
    chance = random.Random(f"{SEED} {phase}")  # noqa: S311  a seeded draw, no secret
    tenths = chance.sample(range(ROUNDS), ROUNDS)
    return (tenths[number] + [chance.random() for _ in range(ROUNDS)][number]) / ROUNDS


def _point(phase: str, stages: Sequence[tuple[str, float]], fraction: float) -> Point:
    """Find the moment at which this fraction of the phase's seconds has passed."""
    left = fraction * sum(seconds for _, seconds in stages)
    for name, seconds in stages:
        if left <= seconds:
            return Point(phase, name, left)
        left -= seconds
    raise AssertionError(f"no run says what it does in phase {phase}")


def prepare(folder: Path) -> Ground:
    """Make the home that is disturbed, and the one that shows how it must end."""
    whole = folder / "whole"
    ground = folder / "landing"
    before, after = folder / "before", folder / "after"
    if not after.exists():
        simulated = simulated_landing(whole, customers=CUSTOMERS, months=MONTHS)
        cut_parquet(simulated, ground, until=UNTIL)
        _must_release(before, ground)
        cut_parquet(simulated, ground, until=date.max, after=UNTIL)
        shutil.copytree(before, after, symlinks=True)
        (folder / "undisturbed.txt").write_text(_must_release(after, ground), encoding="utf-8")
    said = (folder / "undisturbed.txt").read_text(encoding="utf-8").splitlines()
    stages: dict[str, float] = {}
    for line in said:
        found = STAGE.match(line)
        if found:
            # The landing area is looked at twice; what counts is the first time.
            stages.setdefault(found.group(1).strip(), float(found.group(2)))
    return Ground(folder, before, ground, after, tuple(stages.items()))


def _must_release(home: Path, landing: Path) -> str:
    result = scorecard(home, "run", "--landing", str(landing))
    assert result.code == 0, result.output
    return result.output


def disturb(ground: Ground, number: int) -> Round:
    """Kill five runs in a row, let the sixth go on, and compare."""
    home = ground.folder / f"round-{number}"
    again = ("run", "--landing", str(ground.landing))
    _begin_anew(ground, home)
    kills, problems, differing = [], [], set[str]()
    for point in ground.points(number):
        kill, missed = _killed(ground, home, point, number, again)
        kills.append(kill)
        differing |= missed
        # What readers see is whole, the old one or, killed after the swap, the new one.
        problems += [f"killed in {point.phase}: {each}" for each in _damage(home)]
    started = time.perf_counter()
    result = scorecard(home, *again, hangs_after=HANGS_AFTER_SECONDS)
    seconds = time.perf_counter() - started
    if result.code:
        problems.append(result.output[-2000:])
    else:
        differing |= _differing(ground, home)
        problems += _damage(home)
        problems += [str(path) for path in unfinished_releases(home)]
    if not differing and not problems:
        shutil.rmtree(home)
    return Round(
        tuple(kills), result.code, round(seconds, 1), tuple(sorted(differing)), "\n".join(problems)
    )


def _begin_anew(ground: Ground, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(ground.before, home, symlinks=True)


def _killed(
    ground: Ground, home: Path, point: Point, number: int, again: Sequence[str]
) -> tuple[Kill, set[str]]:
    """Kill a run, and name the marts in which one that ended too soon for it differs."""
    seconds = point.seconds
    differing: set[str] = set()
    for _ in range(MISSES):
        started = time.perf_counter()
        last = scorecard_killed_after(home, point.stage, seconds, *again)
        lived = round(time.perf_counter() - started, 1)
        if last is not None and not _is_over(ground, home):
            kill = Kill(number, point.phase, last, lived, bool(unfinished_releases(home)))
            return kill, differing
        # It ended before its point: that was the plain run after the kills before, and is judged as
        # one. A run after it would tell what changed since its release, which is nothing.
        differing |= _differing(ground, home)
        _begin_anew(ground, home)
        seconds /= 2
    raise AssertionError(f"no run could be killed in {point.stage!r}")


def _is_over(ground: Ground, home: Path) -> bool:
    """Whether the run that brought the new files has told that it is released."""
    return _released_count(home) > _released_count(ground.before)


def _released_count(home: Path) -> int:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute("select count(*) from control.runs where status = 'released'")
        return int(found.fetchall()[0][0])


def _differing(ground: Ground, home: Path) -> set[str]:
    wanted, found = checksums(ground.after), checksums(home)
    return {name for name in wanted | found if wanted.get(name) != found.get(name)}


def _damage(home: Path) -> list[str]:
    return [
        f"{each.path}: {each.what}"
        for each in verify_release(Settings.from_environment({}, home=home))
    ]


def rounds(folder: Path, count: int = ROUNDS) -> Iterator[Round]:
    """Do the rounds, the record of each beside them; those in the record are not done again."""
    ground = prepare(folder)
    record = folder / "rounds.jsonl"
    done = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    for number in range(count):
        if number < len(done):
            known = json.loads(done[number])
            kills = tuple(Kill(**kill) for kill in known.pop("kills"))
            yield Round(kills, **{**known, "differing": tuple(known["differing"])})
            continue
        made = disturb(ground, number)
        with record.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(made)) + "\n")
        yield made


def main() -> None:
    """Do the rounds and print their record."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    os.environ[PARSED_VARIABLE] = str(chosen.folder / "parsed")
    for number, made in enumerate(rounds(chosen.folder, chosen.rounds)):
        lines = [f"{kill.phase:<10} {kill.seconds:6.1f} s  {kill.last_line}" for kill in made.kills]
        lines.append(f"plain run  {made.seconds:6.1f} s  equal: {made.is_equal}")
        lines += [] if made.is_equal else [f"{made.differing} {made.problem}"]
        sys.stdout.write("".join(f"{number} {line}\n" for line in lines))
        sys.stdout.flush()


if __name__ == "__main__":
    main()

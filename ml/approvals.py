"""Which estimator speaks, since when, and who said so: an append-only log beside the estimators.

Belongs here: the entries of the log, their chain of hashes, reading what holds at a month.
Does not belong here: the rule by which a gate decides (`ml.champion`), training, scoring.

One line of JSON per decision, each with the hash of the one before, so that a line that was
changed, removed or put in between is found when the log is read. Nothing is ever rewritten: a
month that is computed again with another outcome gets another line, and the last line of a month
holds. A decision of the gate has a month and no time of day, since it must come out the same on
another day; a decision of a person has its moment.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from ml.canonical import content_hash
from ml.errors import RegistryError

LOG_FILE: Final = "approvals.jsonl"
GATE: Final = "gate"
PERSON: Final = "person"
CHOSEN: Final = "chosen"
KEPT: Final = "kept"
PINNED: Final = "pinned"
UNPINNED: Final = "unpinned"

Action = Literal["chosen", "kept", "pinned", "unpinned"]
_FORMAT: Final = 1
_START: Final = "0" * 64


@dataclass(frozen=True)
class Decision:
    """What is decided, before it stands in the log.

    Attributes:
        kind: `churn`, `clv` or `credit`.
        by: `gate` or `person`.
        action: `chosen` (the challenger speaks from now on), `kept` (the champion goes on),
            `pinned` or `unpinned` (a person's).
        as_of_date: The month end it is for; a person's holds from there on.
        champion: Version that speaks.
        speaks_from: First month end that it may score.
        challenger: Version trained for that month; empty for a person's decision.
        former: Version that spoke before; empty where there was none.
        reason: Why, in words.
        who: Whoever decided; never released. Empty for the gate.
        decided_at: The moment, UTC; empty for the gate.
        inputs: Hash of what the gate decided on; equal inputs need no new line.
        evidence: What was measured for it.
    """

    kind: str
    by: str
    action: Action
    as_of_date: date
    champion: str
    speaks_from: date
    challenger: str = ""
    former: str = ""
    reason: str = ""
    who: str = ""
    decided_at: str = ""
    inputs: str = ""
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Approval(Decision):
    """A decision as it stands in the log.

    Attributes:
        number: Its line, from 1.
        previous: Hash of the line before.
        line_hash: Its own hash.
    """

    number: int = 0
    previous: str = _START
    line_hash: str = ""


def read_approvals(directory: Path) -> tuple[Approval, ...]:
    """Read the log of a registry; empty where nothing was decided yet.

    Raises:
        RegistryError: A line cannot be read, or the chain of hashes is broken.
    """
    path = directory / LOG_FILE
    if not path.exists():
        return ()
    entries: list[Approval] = []
    previous = _START
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        entry = _read_line(path, number, line)
        if (entry.number, entry.previous) != (number, previous):
            raise _broken(path, number)
        entries.append(entry)
        previous = entry.line_hash
    return tuple(entries)


def seal_of(directory: Path) -> dict[str, Any]:
    """Say how far the log goes now: with this it can be cut there again (`cut_approvals`).

    Returns:
        `lines`, and `line_hash` of the last of them; no hash where nothing was decided yet.

    Raises:
        RegistryError: The log was changed after it was written.
    """
    entries = read_approvals(directory)
    return {"lines": len(entries), "line_hash": entries[-1].line_hash if entries else _START}


def cut_approvals(directory: Path, seal: Mapping[str, Any], target: Path) -> None:
    """Write the log as it stood when it was sealed into another registry.

    Args:
        directory: The registry whose log goes on.
        seal: What `seal_of` gave then.
        target: The registry to write to; a folder that exists.

    Raises:
        RegistryError: The log is not the one that was sealed.
    """
    entries = read_approvals(directory)
    lines = int(seal["lines"])
    ends = entries[lines - 1].line_hash if 0 < lines <= len(entries) else _START
    if lines > len(entries) or ends != seal["line_hash"]:
        raise RegistryError(
            f"{directory / LOG_FILE} is not the log that was sealed after {lines} line(s): it has "
            f"{len(entries)}, and other decisions. {_RECOVERY}"
        )
    if lines:
        text = (directory / LOG_FILE).read_text(encoding="utf-8")
        kept = "".join(text.splitlines(keepends=True)[:lines])
        (target / LOG_FILE).write_text(kept, encoding="utf-8")


def _read_line(path: Path, number: int, line: str) -> Approval:
    try:
        raw = json.loads(line)
        line_hash = raw.pop("line_hash")
        if raw.get("format") != _FORMAT or content_hash(raw) != line_hash:
            raise _broken(path, number)
        raw.pop("format")
        dates = {name: date.fromisoformat(raw[name]) for name in ("as_of_date", "speaks_from")}
        return Approval(**{**raw, **dates, "line_hash": line_hash})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, RegistryError):
            raise
        raise RegistryError(
            f"{path}, line {number} cannot be read: {error}. {_RECOVERY}"
        ) from error


_RECOVERY: Final = (
    "Restore the file from a copy. Without one, move it away: the next run then chooses the "
    "estimators anew, and the record of earlier decisions is lost."
)


def _broken(path: Path, number: int) -> RegistryError:
    return RegistryError(
        f"{path} was changed after it was written: the hash of line {number} does not match. "
        f"{_RECOVERY}"
    )


def append_approval(directory: Path, decision: Decision) -> Approval:
    """Add a decision to the log. The file is replaced in one step.

    Raises:
        RegistryError: The log was changed after it was written.
    """
    before = read_approvals(directory)
    content = {
        **asdict(decision),
        "as_of_date": decision.as_of_date.isoformat(),
        "speaks_from": decision.speaks_from.isoformat(),
        "evidence": dict(decision.evidence),
        "number": len(before) + 1,
        "previous": before[-1].line_hash if before else _START,
        "format": _FORMAT,
    }
    line_hash = content_hash(content)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / LOG_FILE
    text = path.read_text(encoding="utf-8") if before else ""
    line = json.dumps({**content, "line_hash": line_hash}, sort_keys=True, ensure_ascii=False)
    aside = directory / f".{LOG_FILE}.new"
    aside.write_text(f"{text}{line}\n", encoding="utf-8")
    aside.replace(path)
    return read_approvals(directory)[-1]


def decided(log: Sequence[Approval], kind: str, last_month: date) -> tuple[Approval, ...]:
    """What the gate's decisions of the months up to one come to: one per month, oldest first.

    A person's decision is not among them: it works through the decisions of the runs after it.
    """
    by_month = {
        entry.as_of_date: entry
        for entry in log
        if entry.kind == kind and entry.by == GATE and entry.as_of_date <= last_month
    }
    return tuple(by_month[month] for month in sorted(by_month))


def ever_chosen(log: Sequence[Approval], kind: str, last_month: date) -> set[str]:
    """The versions that the gate let speak in months up to one, if only until the next run."""
    return {
        entry.champion
        for entry in log
        if entry.kind == kind and entry.by == GATE and entry.as_of_date <= last_month
    }


def pin_of(log: Sequence[Approval], kind: str, month: date) -> Approval | None:
    """The person's decision that binds a month; None where the gate decides alone.

    A pin binds the months from the newest one on that was decided when it was made, and only
    those that its estimator may score: earlier ones stay as they were.
    """
    own = [entry for entry in log if entry.kind == kind and entry.by == PERSON]
    if not own or own[-1].action != PINNED:
        return None
    pin = own[-1]
    return pin if month >= max(pin.as_of_date, pin.speaks_from) else None


def approval_of(log: Sequence[Approval], version: str) -> Approval | None:
    """The decision by which an estimator speaks, or last began to: the newest that chose it."""
    own = [
        entry
        for entry in log
        if entry.champion == version
        and (entry.action == CHOSEN or (entry.by == PERSON and entry.action == PINNED))
    ]
    return own[-1] if own else None

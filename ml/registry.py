"""Where trained estimators are kept, and how one is known to be what it was.

Belongs here: writing an estimator without pickle, its card, finding it again, and refusing one
that was changed.
Does not belong here: training, scoring, deciding which estimator is used.

Each estimator is a folder `<version>/` with `estimator.skops` and `card.json`. The version holds
the canonical hash over parameters and arrays, since the bytes of the file differ from dump to
dump. Loading checks three things: the card against its own hash, the file against the card, and
what came out of the file against the canonical hash. Only the types named below are let in.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import skops.io

from ml.canonical import code_version, content_hash, library_versions, training_key
from ml.churn.estimator import ChurnEstimator
from ml.clv.estimator import ClvEstimator
from ml.credit.estimator import CreditEstimator
from ml.errors import EstimatorError, OutdatedError, RegistryError
from ml.frames import TABLES, conform
from ml.segments.estimator import SegmentEstimator
from ml.training_rows import Training
from ml.upsell.estimator import UpsellEstimator

__all__ = [
    "find_estimator",
    "is_of_this_code",
    "latest",
    "load_estimator",
    "load_training",
    "outdated_told",
    "read_card",
    "save_estimator",
    "training_key",
]

Estimator = ChurnEstimator | ClvEstimator | CreditEstimator | SegmentEstimator | UpsellEstimator

CARD_FILE: Final = "card.json"
ESTIMATOR_FILE: Final = "estimator.skops"

# Beyond what skops trusts by itself, exactly these; both belong to gradient boosting.
TRUSTED_TYPES: Final = (
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)

_KINDS: Final[dict[str, type[Estimator]]] = {
    "churn": ChurnEstimator,
    "clv": ClvEstimator,
    "credit": CreditEstimator,
    "segments": SegmentEstimator,
    "upsell": UpsellEstimator,
}
_EVIDENCE: Final = {
    "estimators": "estimators",
    "metrics": "estimator_metrics",
    "checks": "estimator_checks",
}
_FORMAT: Final = 1
# What reading or using a state of another shape ends in.
MISREAD: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class _Files:
    """The two files of a stored estimator."""

    folder: Path

    @property
    def card(self) -> Path:
        return self.folder / CARD_FILE

    @property
    def estimator(self) -> Path:
        return self.folder / ESTIMATOR_FILE


def save_estimator(
    trained: Estimator | Training[Estimator],
    directory: Path,
    *,
    training_key: str = "",
    config: dict[str, Any] | None = None,
) -> Path:
    """Store an estimator under its version; storing it again adds its key to the card.

    Args:
        trained: An estimator, or a training, whose metrics and checks then go on the card and
            can be had again by `load_training`.
        directory: The registry, one folder per version.
        training_key: What the training depended on, from `ml.canonical.training_key`.
        config: Settings of the training, for the card.

    Returns:
        The folder of the estimator. It appears whole or not at all.
    """
    estimator = trained if isinstance(trained, Estimator) else trained.estimator
    evidence = {} if isinstance(trained, Estimator) else _evidence(trained)
    target = _Files(directory / estimator.version)
    directory.mkdir(parents=True, exist_ok=True)
    if target.folder.exists():
        load_estimator(target.folder)
        card = read_card(target.folder)
        keys = sorted({*card["training_keys"], *([training_key] if training_key else [])})
        _write_card(
            target, {**card, "training_keys": keys, "evidence": evidence or card["evidence"]}
        )
        return target.folder
    with tempfile.TemporaryDirectory(dir=directory, prefix=".new-") as scratch:
        fresh = _Files(Path(scratch) / "estimator")
        fresh.folder.mkdir()
        skops.io.dump({"kind": estimator.kind, "state": estimator.to_state()}, fresh.estimator)
        card = _card(estimator, fresh.estimator, directory)
        card |= {"training_keys": [training_key] if training_key else []}
        _write_card(fresh, {**card, "config": config or {}, "evidence": evidence})
        shutil.move(fresh.folder, target.folder)
    return target.folder


def _card(estimator: Estimator, file: Path, directory: Path) -> dict[str, Any]:
    """Everything about an estimator but its keys, settings and evidence."""
    known = [read_card(folder)["sequence"] for folder in _folders(directory)]
    return {
        "format": _FORMAT,
        "kind": estimator.kind,
        "version": estimator.version,
        "sequence": max(known, default=0) + 1,
        "status": estimator.status,
        "reason": estimator.reason,
        "candidate": estimator.candidate,
        "trained_from": str(estimator.trained_from or ""),
        "trained_to": str(estimator.trained_to or ""),
        "labels_to": str(estimator.labels_to or ""),
        "features": list(estimator.features),
        "content_hash": estimator.content_hash,
        "file_sha256": _sha256(file),
        "code_version": code_version(),
        "libraries": library_versions(),
    }


def _write_card(files: _Files, card: dict[str, Any]) -> None:
    """Replace the card in one step, with its own hash."""
    content = {key: value for key, value in card.items() if key != "card_hash"}
    text = json.dumps({**content, "card_hash": content_hash(content)}, indent=2, sort_keys=True)
    aside = files.card.with_suffix(".new")
    aside.write_text(text + "\n", encoding="utf-8")
    aside.replace(files.card)


def read_card(path: Path) -> dict[str, Any]:
    """Read the card of a stored estimator.

    Raises:
        RegistryError: It is missing, unreadable or was changed.
    """
    card_file = _Files(path).card
    try:
        card = json.loads(card_file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RegistryError(
            f"No estimator at {path}: {CARD_FILE} is missing. Train it again."
        ) from error
    except (OSError, ValueError) as error:
        raise RegistryError(f"{card_file} cannot be read: {error}. Train it again.") from error
    content = {key: value for key, value in card.items() if key != "card_hash"}
    if card.get("format") != _FORMAT or card.get("card_hash") != content_hash(content):
        raise RegistryError(
            f"{card_file} was changed after it was written: its hash does not match. "
            "Remove the folder and train the estimator again."
        )
    return dict(card)


def load_estimator(path: Path) -> Estimator:
    """Load an estimator and prove that it is the one that was stored.

    Args:
        path: Its folder, as given by `save_estimator`.

    Raises:
        RegistryError: Card or file are missing or changed, the file holds a type that is not
            allowed, or its content does not have the hash on the card.
        OutdatedError: The file is what was stored, by code or libraries that are no longer these,
            and cannot be read as it was meant.
    """
    files, card = _Files(path), read_card(path)
    if not files.estimator.exists():
        raise RegistryError(f"{files.estimator} is missing. Remove {path} and train again.")
    found = _sha256(files.estimator)
    if found != card["file_sha256"]:
        raise RegistryError(
            f"{files.estimator} was changed: its SHA-256 is {found[:12]}…, the card says "
            f"{card['file_sha256'][:12]}…. Remove {path} and train again."
        )
    estimator = _read(files.estimator, card["kind"])
    if estimator.content_hash != card["content_hash"] or estimator.version != path.name:
        raise (RegistryError if is_of_this_code(card) else OutdatedError)(
            f"{path} holds an estimator with content hash {estimator.content_hash[:12]}…, the card "
            f"says {card['content_hash'][:12]}…. It may have been written by other versions of "
            f"the libraries ({card['libraries']}). Remove it and train again."
        )
    return estimator


def is_of_this_code(card: dict[str, Any]) -> bool:
    """Whether an estimator was trained by the code and libraries that run now."""
    return bool(card["code_version"] == code_version() and card["libraries"] == library_versions())


@contextmanager
def outdated_told(path: Path) -> Iterator[None]:
    """Tell what goes wrong with an estimator of other code as what it is: out of date.

    With one of this code it is a fault of the code, and passes.

    Args:
        path: The folder of the estimator that is used in the block.

    Raises:
        OutdatedError: Naming the estimator and what it met.
    """
    try:
        yield
    except MISREAD as error:
        if isinstance(error, EstimatorError) or is_of_this_code(read_card(path)):
            raise
        raise OutdatedError(
            f"{path.name} was trained by other code or libraries and cannot be used with these "
            f"({type(error).__name__}: {error}). Train it again."
        ) from error


def _read(file: Path, kind: str) -> Estimator:
    if kind not in _KINDS:
        raise RegistryError(f"{file}: kind '{kind}' is none of {', '.join(_KINDS)}.")
    foreign = sorted(set(skops.io.get_untrusted_types(file=file)) - set(TRUSTED_TYPES))
    if foreign:
        raise RegistryError(f"{file} holds types that are not allowed: {', '.join(foreign)}.")
    stored = skops.io.load(file, trusted=list(TRUSTED_TYPES))
    try:
        return _KINDS[kind].from_state(stored["state"])
    except MISREAD as error:
        if isinstance(error, EstimatorError):
            raise
        raise OutdatedError(
            f"{file} does not hold an estimator as this code knows it ({error}). Train it again."
        ) from error


def load_training(path: Path) -> Training[Estimator]:
    """Load an estimator with the rows that describe it, as its training gave them.

    Raises:
        RegistryError: As `load_estimator`, or it was stored without these rows.
    """
    estimator = load_estimator(path)
    evidence = read_card(path)["evidence"]
    if not evidence:
        raise RegistryError(f"{path} was stored without metrics and checks. Train it again.")
    frames = {name: conform(evidence[name], table) for name, table in _EVIDENCE.items()}
    return Training(estimator=estimator, **frames)


def _evidence(training: Training[Estimator]) -> dict[str, list[dict[str, Any]]]:
    return {name: _records(getattr(training, name), table) for name, table in _EVIDENCE.items()}


def _records(frame: pd.DataFrame, table: str) -> list[dict[str, Any]]:
    """Rows as JSON values; null stays null, dates become ISO text, doubles keep every bit."""
    dates = [column for column, kind in TABLES[table].items() if kind == "date"]
    plain = frame.assign(**{c: frame[c].dt.strftime("%Y-%m-%d") for c in dates}).astype(object)
    return [
        {str(k): (None if pd.isna(v) else v) for k, v in row.items()}
        for row in plain.to_dict(orient="records")
    ]


def find_estimator(directory: Path, kind: str, training_key: str) -> Path | None:
    """Find the estimator of a kind that was trained with this key; None if there is none."""
    for folder in _folders(directory):
        card = read_card(folder)
        if card["kind"] == kind and training_key in card["training_keys"]:
            return folder
    return None


def latest(directory: Path, kind: str) -> Path | None:
    """The estimator of a kind that was stored last; None if there is none."""
    cards = [(read_card(folder), folder) for folder in _folders(directory)]
    own = [(card["sequence"], folder) for card, folder in cards if card["kind"] == kind]
    return max(own)[1] if own else None


def _folders(directory: Path) -> list[Path]:
    """Folders of the registry, in order of name; unfinished ones begin with a dot."""
    if not directory.is_dir():
        return []
    return sorted(
        path for path in directory.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

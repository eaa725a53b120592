"""Canonical hashes of estimators, of the package's source and of what a training depended on.

Belongs here: what makes two trained things equal. A stored file is no measure of that: it
holds memory addresses, so two dumps of one estimator differ in their bytes.
Does not belong here: writing and reading files of estimators (`ml.registry`).
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.errors import EstimatorError

LIBRARIES: Final = ("numpy", "pandas", "scikit-learn", "scipy", "skops")

# Not part of what an estimator says: versions are on the card, threads belong to the machine.
_IGNORED: Final = frozenset({"_sklearn_version", "n_threads", "n_jobs"})
# Compiled loss functions carry no state: their name says all.
_STATELESS: Final = ("sklearn._loss.",)


def content_hash(value: Any) -> str:
    """Hash parameters and arrays to 64 hex digits, whatever objects hold them.

    Raises:
        EstimatorError: Something in it has no canonical form.
    """
    digest = hashlib.sha256()
    _feed(digest, value)
    return digest.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    """Add one value with its kind, so that no two different values feed equal bytes."""
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        text = str(value).encode()
        digest.update(f"{type(value).__name__}:{len(text)}:".encode() + text)
    elif isinstance(value, float):
        digest.update(b"float:" + (b"nan" if math.isnan(value) else value.hex().encode()) + b";")
    elif isinstance(value, np.ndarray):
        _feed_array(digest, value)
    elif isinstance(value, Mapping):
        digest.update(f"map:{len(value)}:".encode())
        for key in sorted(value, key=str):
            _feed(digest, str(key))
            _feed(digest, value[key])
    elif isinstance(value, list | tuple):
        digest.update(f"list:{len(value)}:".encode())
        for item in value:
            _feed(digest, item)
    else:
        _feed_object(digest, value)


def _feed_array(digest: Any, array: np.ndarray[Any, Any]) -> None:
    if array.dtype.names:
        _feed(digest, {name: array[name] for name in array.dtype.names})
    elif array.dtype == object:
        _feed(digest, array.tolist())
    else:
        plain = np.ascontiguousarray(array)
        digest.update(f"array:{plain.dtype.str}:{plain.shape}:".encode())
        digest.update(plain.tobytes())


def _feed_object(digest: Any, value: Any) -> None:
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    digest.update(f"object:{name}:".encode())
    if isinstance(value, np.dtype):
        _feed(digest, value.str)
    elif isinstance(value, np.random.Generator):
        _feed(digest, value.bit_generator.state)
    else:
        state = value.__getstate__()
        if isinstance(state, Mapping):
            _feed(digest, {k: v for k, v in state.items() if k not in _IGNORED})
        elif not name.startswith(_STATELESS):
            raise EstimatorError(f"Cannot hash an object of type {name}: it shows no state.")


@lru_cache(maxsize=1)
def code_version() -> str:
    """Hash the source of this package: 12 hex digits that change with any line of it."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda p: p.relative_to(root).as_posix()):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}:{len(text)}:".encode() + text)
    return digest.hexdigest()[:12]


@lru_cache(maxsize=1)
def library_versions() -> dict[str, str]:
    """Versions of the libraries that numbers depend on."""
    return {name: version(name) for name in LIBRARIES}


def training_key(kind: str, data_checksum: str, config: Any) -> str:
    """Name what a training depends on; an equal key means that it need not be repeated.

    Args:
        kind: `churn`, `clv`, `credit`, `upsell` or `segments`.
        data_checksum: Checksum of the training frames, by the caller.
        config: The frozen configuration of the training.

    Returns:
        64 hex digits over data, configuration, code and library versions.
    """
    settings = asdict(config) if is_dataclass(config) and not isinstance(config, type) else config
    parts = {
        "kind": kind,
        "data": data_checksum,
        "config": settings,
        "code": code_version(),
        "libraries": library_versions(),
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()

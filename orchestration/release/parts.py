"""What a part of a page takes to be drawn, and the reason where it cannot be.

Belongs here: which marts and columns a part reads, and what is said where they are absent. Not
here: queries, words about figures, layout.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.release.languages import ENGLISH, Translate
from orchestration.release.manifest import Manifest


@dataclass(frozen=True)
class Part:
    """A part of the picture: what it takes to draw it.

    Attributes:
        title: What it shows, as a noun.
        marts: Mart to the columns that are read of it.
        unmeasured: What is said where it has no rows: mostly that a system sent nothing.
    """

    title: str
    marts: Mapping[str, tuple[str, ...]]
    unmeasured: str = "there are no rows for it in this release"


@dataclass(frozen=True)
class Missing:
    """A part that cannot be drawn.

    Attributes:
        title: What it would show.
        reason: Why it cannot.
    """

    title: str
    reason: str


def absence(part: Part, manifest: Manifest, t: Translate = ENGLISH) -> str:
    """Say why a part's marts cannot be read; empty when they can."""
    for mart, columns in part.marts.items():
        if mart not in manifest.marts:
            return _why_not_here(mart, manifest, t)
        lacking = [name for name in columns if name not in manifest.marts[mart].columns]
        if lacking:
            return t(
                "the last good version of {mart} is of an older release, without {columns}"
            ).format(mart=mart, columns=", ".join(lacking))
    return ""


def _why_not_here(mart: str, manifest: Manifest, t: Translate) -> str:
    for entry in manifest.products.values():
        if mart in entry.marts and entry.reason:
            return t("{mart} did not pass its gate: {reason}").format(
                mart=mart, reason=entry.reason
            )
    return t("{mart} is not in this release").format(mart=mart)

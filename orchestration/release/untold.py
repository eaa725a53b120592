"""Values that a report may add up, and may not tell (handbook C26).

Belongs here: the values, and how they are written. Not here: which values those are
(`small_cells`).

They are numbers still, so that a total holds every part of it. What is written of them, by
whatever format, is that they are few, or a dash. A quotient of one is one, too: three of a
thousand would tell the three.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

SMALL_CELL: Final = 5
FEW: Final = f"<\u2060{SMALL_CELL}"
DASH: Final = "–"
# A part that is not small, and would give a small one away.
HIDDEN: Final = "…"
# Parts of a bar that are not told, in a legend of any language; pages explain both signs.
NOT_TOLD: Final = f"{FEW}, {HIDDEN}"


class Untold:
    """A number that is not told."""

    word = DASH

    def __str__(self) -> str:
        """The same word wherever it is written."""
        return self.word

    def __repr__(self) -> str:
        """The same word in messages."""
        return self.word

    def __format__(self, spec: str) -> str:
        """Thousands and decimals would say something of it."""
        return self.word

    def __round__(self, ndigits: Any = None) -> "Untold":
        """Itself: rounded it would be a plain number."""
        return self


class UntoldFloat(Untold, float):  # type: ignore[misc]
    """A rate, score or mean of very few customers."""

    def __truediv__(self, other: Any) -> "UntoldFloat":
        """A part of it is not told either."""
        return UntoldFloat(float.__truediv__(self, float(other)))

    def __mul__(self, other: Any) -> "UntoldFloat":
        """A multiple of it is not told either."""
        return UntoldFloat(float.__mul__(self, float(other)))

    __rmul__ = __mul__


class UntoldDecimal(Untold, Decimal):  # type: ignore[misc]
    """Money of very few customers."""

    def __truediv__(self, other: Any) -> UntoldFloat:  # type: ignore[override]
        """A part of it is not told either."""
        return UntoldFloat(Decimal.__float__(self) / float(other))


class Few(Untold, int):  # type: ignore[misc]
    """A count from one to four."""

    word = FEW

    def __truediv__(self, other: Any) -> UntoldFloat:
        """A share of so few would tell how many they are."""
        return UntoldFloat(int(self) / float(other))

    def __rtruediv__(self, other: Any) -> UntoldFloat:
        """Nor is a mean over so few told."""
        return UntoldFloat(float(other) / int(self))

    def __float__(self) -> float:
        """The middle of what it may be: a chart must draw a length, and lengths can be read."""
        return SMALL_CELL / 2


class Beside(Untold, int):  # type: ignore[misc]
    """A count of five or more that would give away the one of few that stands beside it."""

    word = HIDDEN

    def __truediv__(self, other: Any) -> UntoldFloat:
        """A share of it would tell it."""
        return UntoldFloat(int(self) / float(other))

    def __rtruediv__(self, other: Any) -> UntoldFloat:
        """Nor is a mean over it told."""
        return UntoldFloat(float(other) / int(self))

    def __float__(self) -> float:
        """The least it may be: a chart must draw a length, and lengths can be read."""
        return float(SMALL_CELL)


def is_told(value: Any) -> bool:
    """Whether a value may be drawn at its own place: it was measured, and not of very few."""
    return value is not None and not isinstance(value, UntoldFloat | UntoldDecimal)


def is_few(count: Any) -> bool:
    """Whether a count is of one to four."""
    return count is not None and 0 < count < SMALL_CELL


def counted(count: int) -> int:
    """A count that was added up in Python; not told where it is of one to four."""
    return Few(count) if is_few(count) else count


def hidden_too(counts: Mapping[Any, Any]) -> set[Any]:
    """The parts of a sum that must not be told, since the sum stands beside them.

    Parts of one to four are hidden. If that is one part alone, it would be the sum less the others:
    the smallest of the others is hidden with it.

    Args:
        counts: The count of each part; None and 0 are told.
    """
    hidden = {part for part, count in counts.items() if is_few(count)}
    others = [part for part, count in counts.items() if count and part not in hidden]
    if len(hidden) == 1 and others:
        hidden.add(min(others, key=lambda part: (counts[part], str(part))))
    return hidden


def told_parts(counts: Mapping[Any, Any]) -> dict[Any, Any]:
    """The parts of a sum as they may stand beside it.

    Args:
        counts: The count of each part.
    """
    hidden = hidden_too(counts)
    return {
        part: counted(int(count)) if is_few(count) else Beside(count) if part in hidden else count
        for part, count in counts.items()
    }


def drawn_parts(values: Mapping[str, Any], whole: Any) -> dict[str, float]:
    """The lengths of the parts of a bar.

    Counts that are not told are drawn as one, so that the bar is as long as its sum: what they are
    together is the sum less the others. One by itself keeps the length that tells nothing, and so
    do all where the sum is not told.

    Args:
        values: The value of each part; None has no length.
        whole: Their sum, as it may be told.
    """
    held = [part for part, value in values.items() if isinstance(value, Few | Beside)]
    if len(held) < 2 or isinstance(whole, Untold):
        held = []
    lengths = {
        part: float(value) if is_told(value) else 0.0
        for part, value in values.items()
        if part not in held
    }
    together = float(sum(int(values[part]) for part in held))
    return {**lengths, NOT_TOLD: together} if held else lengths

"""Splitting a text into sentences of words and characters, and finding lexicon terms in them.

Belongs here: what a word, a clause and a sentence is in English and Chinese, and the longest match
of terms. Does not belong here: the terms (`data/`) and what a match means (`ml.text.scoring`).

A unit is one English word (`[a-z0-9]` and apostrophes, lower case), one Chinese character, one
emoji or emoticon, or one mark: `,` ends a clause, `.` a sentence, `!` a sentence aloud. All other
characters are left out.
Chinese needs no segmentation: the longest term that fits is taken, which is what a dictionary
segmenter does for the words that the lexicon knows.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

CLAUSE_END: Final = ","
SENTENCE_END: Final = "."
EXCLAMATION: Final = "!"
MARKS: Final = frozenset({CLAUSE_END, SENTENCE_END, EXCLAMATION})

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD: Final = "[a-z0-9]+(?:'[a-z]+)*"
# Scripts that make a text neither English nor Chinese: Greek to Georgian, Hangul, kana, Thai, ...
_OTHER_SCRIPT: Final = re.compile(
    "[\u0370-\u1dbf\u1f00-\u1fff\u2c00-\u2dff\u3040-\u30ff\u3130-\u318f\ua000-\uabff\uac00-\ud7af]"
)
_HAN_CHARACTER: Final = re.compile(f"[{_HAN}]")
_NOT_LATIN: Final = re.compile("[\u0370-\u1dff\u1f00-\U0010ffff]")
_LATIN_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
# An emoticon stands alone; "see:(page 3" has none.
_SYMBOL: Final = r"[\u2600-\u27bf\U0001f300-\U0001faff]|(?<!\S)[:;]-?(?:[()]|d(?![a-z0-9]))"
_TOKEN: Final = re.compile(f"{_SYMBOL}|{_WORD}|[{_HAN}]|[.?\n。？…]+|[!！]+|[,;:，；：、]+")
_APOSTROPHES: Final = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'"})

# A stream of texts may hold any number of different words; memory must not grow with them.
_MAX_KNOWN: Final = 50_000

T = TypeVar("T")


def normalise(text: str, *, max_characters: int) -> str:
    """Bring a text to one form: compatibility forms and case folded, no white space around it.

    Args:
        text: What was written.
        max_characters: Characters after which it is cut, so that cost is bounded.
    """
    # Cut before the work, too: a compatibility form may unfold into several characters.
    folded = unicodedata.normalize("NFKC", text[:max_characters])[:max_characters]
    return folded.translate(_APOSTROPHES).lower().strip()


def split(text: str) -> list[str]:
    """Split a normalised text into units; marks become `,`, `.` or one `!` for each mark."""
    units: list[str] = []
    for token in _TOKEN.findall(text):
        first = token[0]
        if first in "!！":
            units.extend(EXCLAMATION for _ in token)
        elif first in ".?\n。？…":
            units.append(SENTENCE_END)
        elif first in ",;:，；：、":
            units.append(CLAUSE_END)
        else:
            units.append(token)
    return units


@dataclass(frozen=True)
class Script:
    """How much of a text is in which script.

    Attributes:
        han: Chinese characters.
        latin: The words in Latin letters, those of other languages too.
        other: Characters of other scripts.
    """

    han: int
    latin: tuple[str, ...]
    other: int


def script_of(text: str) -> Script:
    """Count the scripts of a normalised text."""
    return Script(
        han=len(_HAN_CHARACTER.findall(text)),
        latin=tuple(_LATIN_WORD.findall(_NOT_LATIN.sub(" ", text))),
        other=len(_OTHER_SCRIPT.findall(text)),
    )


def places(units: Sequence[str], *, characters_per_word: int) -> list[float]:
    """Give the place of each unit and of the end, counted in words; marks take none."""
    found = [0.0]
    for unit in units:
        if unit in MARKS:
            length = 0.0
        elif _HAN_CHARACTER.match(unit):
            length = 1 / characters_per_word
        else:
            length = 1.0
        found.append(found[-1] + length)
    return found


def term_units(term: str) -> tuple[str, ...]:
    """Split a term of the lexicon; an English word may end in `*` for any ending."""
    folded = unicodedata.normalize("NFKC", term).translate(_APOSTROPHES).lower()
    return tuple(re.findall(rf"{_SYMBOL}|{_WORD}\*?|[{_HAN}]", folded))


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """A term that was found.

    Attributes:
        start: Index of its first unit.
        end: Index after its last unit.
        value: What the lexicon says of it.
    """

    start: int
    end: int
    value: T


class Matcher(Generic[T]):
    """Finds terms in units, the longest first, left to right, none over another.

    Args:
        terms: Term to value; see `term_units` for their form.
    """

    def __init__(self, terms: Mapping[str, T]) -> None:
        heads: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for term in sorted(terms):
            units = term_units(term)
            heads.setdefault(units[0], []).append((units[1:], terms[term]))
        self._heads = {
            # Longest first; an exact word before one with any ending.
            head: tuple(sorted(rests, key=lambda rest: (-len(rest[0]), rest[0])))
            for head, rests in heads.items()
        }
        self._stems = tuple(head[:-1] for head in self._heads if head.endswith("*"))
        self._shortest_stem = min(map(len, self._stems), default=0)
        # Words repeat: what may begin at each is kept, for so many words.
        self._known: dict[str, tuple[tuple[tuple[str, ...], T], ...]] = {}

    def find(self, units: Sequence[str]) -> list[Match[T]]:
        """Find the terms in units, ordered by their place."""
        found: list[Match[T]] = []
        known = self._known
        start, count = 0, len(units)
        while start < count:
            unit = units[start]
            after = start + 1
            # Most words begin no term: their empty list costs no call.
            candidates = known[unit] if unit in known else self._candidates(unit)
            for rest, value in candidates:
                end = after + len(rest)
                if not rest or (end <= count and _fits(rest, units, after)):
                    found.append(Match(start, end, value))
                    after = end
                    break
            start = after
        return found

    def knows(self, unit: str) -> bool:
        """Tell whether some term begins with a unit."""
        return bool(self._candidates(unit))

    def _candidates(self, unit: str) -> tuple[tuple[tuple[str, ...], T], ...]:
        known = self._known.get(unit)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            known = self._known[unit] = self._find_candidates(unit)
        return known

    def _find_candidates(self, unit: str) -> tuple[tuple[tuple[str, ...], T], ...]:
        heads = [unit]
        heads += [
            f"{unit[:length]}*" for length in range(len(unit), max(self._shortest_stem, 1) - 1, -1)
        ]
        found = [
            (-len(rest), place, rest, value)
            for place, head in enumerate(heads)
            for rest, value in self._heads.get(head, ())
        ]
        return tuple((each[2], each[3]) for each in sorted(found, key=lambda each: each[:3]))


def _fits(rest: Sequence[str], units: Sequence[str], start: int) -> bool:
    for place, wanted in enumerate(rest, start):
        unit = units[place]
        if unit != wanted and not (wanted[-1] == "*" and unit.startswith(wanted[:-1])):
            return False
    return True

"""The lexicon: what is read from `data/`, checked, and named by the hash of its content.

Belongs here: the files' form, their checks, the version. Does not belong here: finding terms
(`ml.text.tokens`) and scoring (`ml.text.scoring`).
"""

import csv
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast, get_args

import yaml

from ml.errors import LexiconError
from ml.text.tokens import term_units

DATA: Final = Path(__file__).parent / "data"
LANGUAGES: Final = ("en", "zh")
SEVERITIES: Final = (1, 2, 3, 4)
MAX_VALENCE: Final = 4.0

Kind = Literal["valence", "negator", "booster", "postbooster", "contrast", "joiner"]
_FACTOR_KINDS: Final = frozenset({"booster", "postbooster"})

T = TypeVar("T")


@dataclass(frozen=True)
class Cue:
    """What a term does to the sentiment.

    Attributes:
        kind: `valence` for a word that is good or bad itself; else what it does to others.
        value: Valence from -4 to 4, or the factor of an intensifier; 0 where it has none.
    """

    kind: Kind
    value: float


@dataclass(frozen=True)
class TopicCue:
    """What a term says about the topic.

    Attributes:
        term: The term, since it counts once in a text.
        weights: Topic and weight; a term may speak for more than one.
    """

    term: str
    weights: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Rules:
    """The constants of `data/rules.yml`, where each is explained."""

    method: int
    max_characters: int
    normalisation: float
    negated_good: float
    negated_bad: float
    negation_reach: float
    intensity_reach: float
    before_contrast: float
    after_contrast: float
    exclamation: float
    max_exclamations: int
    characters_per_word: int
    english_share: float
    topic_minimum: float
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """All that the method knows of words.

    Attributes:
        version: `lexicon-<method>-<12 hex digits over all files>`.
        rules: The constants.
        cues: Term to its effect on the sentiment.
        topics: Term to its topics.
        severities: Term to its severity, 1 (worst) to 4.
        common_english: Words that tell English from other languages in Latin letters.
    """

    version: str
    rules: Rules
    cues: Mapping[str, Cue]
    topics: Mapping[str, TopicCue]
    severities: Mapping[str, int]
    common_english: frozenset[str]


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """Read the lexicon of the package, once."""
    return read_lexicon(DATA)


def read_lexicon(folder: Path) -> Lexicon:
    """Read and check a lexicon.

    Args:
        folder: Holds `rules.yml`, `sentiment_en.csv`, `sentiment_zh.csv`, `symbols.csv` (term,
            valence), `modifiers_en.csv`, `modifiers_zh.csv` (term, kind, factor), `topics.csv`
            (language, topic, term, weight), `severity.csv` (language, severity, term) and
            `common_en.csv` (term).

    Raises:
        LexiconError: A file is missing or something in it makes no sense; names file and line.
    """
    try:
        rules = _rules(folder / "rules.yml")
        cues: dict[str, Cue] = {}
        for name in ("sentiment_en", "sentiment_zh", "symbols"):
            _add(cues, folder / f"{name}.csv", ("term", "valence"), _valence)
        for name in ("modifiers_en", "modifiers_zh"):
            _add(cues, folder / f"{name}.csv", ("term", "kind", "factor"), _modifier)
        severities: dict[str, int] = {}
        _add(severities, folder / "severity.csv", ("language", "severity", "term"), _severity)
        common: dict[str, bool] = {}
        _add(common, folder / "common_en.csv", ("term",), lambda _: True)
        topics = _topics(folder / "topics.csv", rules.topics)
    except (OSError, KeyError, TypeError) as error:
        raise LexiconError(f"The lexicon in {folder} cannot be read: {error}.") from error
    version = f"lexicon-{rules.method}-{_content_hash(folder)}"
    return Lexicon(version, rules, cues, topics, severities, frozenset(common))


def _content_hash(folder: Path) -> str:
    """Hash names and contents; line ends do not count, so that a checkout cannot change it."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.*"), key=lambda each: each.name):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.name}:{len(content)}:".encode() + content)
    return digest.hexdigest()[:12]


def _rules(path: Path) -> Rules:
    read: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    sentiment, language, topic = read["sentiment"], read["language"], read["topic"]
    rules = Rules(
        method=int(read["method"]),
        max_characters=int(read["max_characters"]),
        characters_per_word=int(language["characters_per_word"]),
        english_share=float(language["english_share"]),
        topic_minimum=float(topic["minimum"]),
        topics=tuple(str(name) for name in topic["order"]),
        **sentiment,
    )
    if not (rules.negated_good < 0 and rules.negated_bad < 0):
        raise LexiconError(f"{path}: negation must turn the sign: both factors are below 0.")
    if min(rules.normalisation, rules.max_characters, rules.characters_per_word) <= 0:
        raise LexiconError(
            f"{path}: normalisation, max_characters and characters_per_word are above 0."
        )
    return rules


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != columns:
            raise LexiconError(
                f"{path}: expected the columns {', '.join(columns)}; "
                f"found {', '.join(reader.fieldnames or ())}."
            )
        return [(line, cast("dict[str, str]", row)) for line, row in enumerate(reader, start=2)]


def _add(
    terms: dict[str, T],
    path: Path,
    columns: tuple[str, ...],
    value: Callable[[Mapping[str, str]], T],
) -> None:
    """Add the terms of one file; no term may stand twice, whatever file it is in."""
    for line, row in _rows(path, columns):
        term = row["term"]
        if not term or not term_units(term):
            raise LexiconError(f"{path}, line {line}: the term {term!r} holds no word.")
        if term in terms:
            raise LexiconError(f"{path}, line {line}: the term {term!r} stands twice.")
        try:
            terms[term] = value(row)
        except ValueError as error:
            raise LexiconError(f"{path}, line {line}, term {term!r}: {error}.") from error


def _number(text: str, low: float, high: float) -> float:
    number = float(text)
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"expected a number from {low:g} to {high:g}, found {text!r}")
    return number


def _valence(row: Mapping[str, str]) -> Cue:
    return Cue("valence", _number(row["valence"], -MAX_VALENCE, MAX_VALENCE))


def _modifier(row: Mapping[str, str]) -> Cue:
    kind = row["kind"]
    if kind == "valence" or kind not in get_args(Kind):
        raise ValueError(f"no such kind of modifier: {kind!r}")
    if kind not in _FACTOR_KINDS:
        return Cue(cast("Kind", kind), 0.0)
    return Cue(cast("Kind", kind), _number(row["factor"], 0.1, 3.0))


def _severity(row: Mapping[str, str]) -> int:
    _language(row)
    return int(_number(row["severity"], min(SEVERITIES), max(SEVERITIES)))


def _language(row: Mapping[str, str]) -> None:
    if row["language"] not in LANGUAGES:
        raise ValueError(f"no such language: {row['language']!r}")


def _topics(path: Path, known: tuple[str, ...]) -> dict[str, TopicCue]:
    weights: dict[str, dict[str, float]] = {}
    for line, row in _rows(path, ("language", "topic", "term", "weight")):
        term, topic = row["term"], row["topic"]
        of_term = weights.setdefault(term, {})
        try:
            _language(row)
            if not term_units(term):
                raise ValueError("the term holds no word")
            if topic not in known:
                raise ValueError(f"the topic {topic!r} is not in rules.yml")
            if topic in of_term:
                raise ValueError(f"it stands twice for {topic!r}")
            of_term[topic] = _number(row["weight"], 0.1, 3.0)
        except ValueError as error:
            raise LexiconError(f"{path}, line {line}, term {term!r}: {error}.") from error
    return {term: TopicCue(term, tuple(sorted(found.items()))) for term, found in weights.items()}

"""Text to numbers: language, sentiment, topic and severity of each text, by lexicon.

Belongs here: what the terms that were found mean together. Does not belong here: the terms
(`ml/text/data`), reading texts from anywhere, who wrote them.

Deterministic: the score of a text depends on the text and the lexicon, on nothing else. No score
holds any part of a text. Method: handbook C3; the rules and their source are in `data/rules.yml`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

import pandas as pd

from ml.text.lexicon import Cue, Lexicon, TopicCue, default_lexicon
from ml.text.tokens import (
    EXCLAMATION,
    MARKS,
    SENTENCE_END,
    Match,
    Matcher,
    normalise,
    places,
    script_of,
    split,
)

Language = Literal["en", "zh"]
COLUMNS: Final = ("language", "sentiment", "topic", "severity")
# A few letters of another script (a sign, a name) do not make a text foreign.
_FOREIGN_SHARE: Final = 0.2


@dataclass(frozen=True)
class TextScore:
    """What a text says, in numbers; no part of it.

    Attributes:
        language: `en` or `zh`, the one that prevails; None for no text and for another language.
            The other fields are then None, too: not measured is not neutral.
        sentiment: From -1 to 1, 6 decimals; 0 where no word of mood was found.
        topic: One of the topics of the lexicon; None when nothing matches.
        severity: 1 (worst) to 4; None when there is no cue.
    """

    language: Language | None = None
    sentiment: float | None = None
    topic: str | None = None
    severity: int | None = None


class TextScorer:
    """Scores texts with one lexicon; safe to keep, memory does not grow with the texts scored.

    Args:
        lexicon: What to score with.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._cues = Matcher(lexicon.cues)
        self._topics = Matcher(lexicon.topics)
        self._severities = Matcher(lexicon.severities)
        self._negators = Matcher({t: c for t, c in lexicon.cues.items() if c.kind == "negator"})

    def score(self, text: str | None) -> TextScore:
        """Score one text.

        Args:
            text: What a customer wrote; None and blank give an empty score.
        """
        if text is None:
            return TextScore()
        normal = normalise(text, max_characters=self.lexicon.rules.max_characters)
        language = self._language(normal)
        if language is None:
            return TextScore()
        units = split(normal)
        at = places(units, characters_per_word=self.lexicon.rules.characters_per_word)
        return TextScore(
            language=language,
            sentiment=self._sentiment(units, at),
            topic=self._topic(self._topics.find(units)),
            severity=self._severity(units, at),
        )

    def _language(self, text: str) -> Language | None:
        rules = self.lexicon.rules
        script = script_of(text)
        han, latin = script.han / rules.characters_per_word, len(script.latin)
        if script.other / rules.characters_per_word > _FOREIGN_SHARE * (han + latin):
            return None
        if han >= latin:
            return "zh" if han else None
        known = sum(1 for word in script.latin if self._is_english(word))
        if known >= rules.english_share * latin:
            return "en"
        # Names and codes between Chinese words are no English.
        return "zh" if han else None

    def _is_english(self, word: str) -> bool:
        return (
            word in self.lexicon.common_english
            or self._cues.knows(word)
            or self._topics.knows(word)
            or self._severities.knows(word)
        )

    def _sentiment(self, units: Sequence[str], at: Sequence[float]) -> float:
        rules = self.lexicon.rules
        mood = _Mood(self.lexicon, at)
        matches = iter([*self._cues.find(units), None])
        match = next(matches)
        for place, unit in enumerate(units):
            if match is not None and match.start == place:
                mood.hear(match)
                match = next(matches)
            elif unit in MARKS:
                mood.pause(unit)
        total = mood.total()
        loudness = min(units.count(EXCLAMATION), rules.max_exclamations) * rules.exclamation
        if total:
            total += math.copysign(loudness, total)
        bounded = total / math.sqrt(total * total + rules.normalisation)
        # Adding 0 makes a negative zero a zero.
        return round(bounded, 6) + 0.0

    def _topic(self, matches: Iterable[Match[TopicCue]]) -> str | None:
        rules = self.lexicon.rules
        found = {match.value.term: match.value for match in matches}
        weights = dict.fromkeys(rules.topics, 0.0)
        for term in sorted(found):
            for topic, weight in found[term].weights:
                weights[topic] += weight
        # The first of equals: `max` keeps the earlier, and the topics stand in order.
        best = max(rules.topics, key=lambda topic: round(weights[topic], 6))
        return best if weights[best] >= rules.topic_minimum else None

    def _severity(self, units: Sequence[str], at: Sequence[float]) -> int | None:
        matches = self._severities.find(units)
        if not matches:
            return None
        negators = self._negators.find(units)
        levels = [m.value for m in matches if not self._is_denied(m, negators, units, at)]
        return min(levels, default=None)

    def _is_denied(
        self,
        match: Match[int],
        negators: Sequence[Match[Cue]],
        units: Sequence[str],
        at: Sequence[float],
    ) -> bool:
        reach = self.lexicon.rules.intensity_reach
        return any(
            negator.end <= match.start
            and at[match.start] - at[negator.end] <= reach
            and not MARKS.intersection(units[negator.end : match.start])
            for negator in negators
        )


@dataclass
class _Mood:
    """The state of reading a text from left to right: what was said, what is still open."""

    lexicon: Lexicon
    at: Sequence[float]
    _done: list[float] = field(default_factory=list)
    _sentence: list[float] = field(default_factory=list)
    _weight: float = 1.0
    _negators: list[int] = field(default_factory=list)
    _boosters: list[tuple[int, float]] = field(default_factory=list)
    # Where the newest word of mood ended, and what negated it.
    _last_end: int = -1
    _last_negators: list[int] = field(default_factory=list)

    def hear(self, match: Match[Cue]) -> None:
        """Take in one term."""
        kind, value = match.value.kind, match.value.value
        if kind == "valence":
            self._value(match, value)
        elif kind == "negator":
            self._negators.append(match.end)
        elif kind == "booster":
            self._boosters.append((match.end, value))
        elif kind == "postbooster" and self._last_end == match.start and self._sentence:
            self._sentence[-1] *= value
        elif kind == "joiner" and self._last_end == match.start:
            # "not good or helpful" denies both.
            self._negators = [match.end for _ in self._last_negators]
        elif kind == "contrast":
            self._contrast()

    def pause(self, mark: str) -> None:
        """End a clause or, for all marks but a comma, the sentence."""
        self._negators, self._boosters, self._last_end = [], [], -1
        if mark in (SENTENCE_END, EXCLAMATION):
            self._done += self._sentence
            self._sentence, self._weight = [], 1.0

    def total(self) -> float:
        """Give the sum of all values; exact, so that it has no order."""
        return math.fsum([*self._done, *self._sentence])

    def _value(self, match: Match[Cue], valence: float) -> None:
        rules = self.lexicon.rules
        if valence:
            value = valence * self._weight
            for end, factor in self._boosters:
                if self.at[match.start] - self.at[end] <= rules.intensity_reach:
                    value *= factor
            used = [
                end
                for end in self._negators
                if self.at[match.start] - self.at[end] <= rules.negation_reach
            ]
            for _ in used:
                value *= rules.negated_good if value > 0 else rules.negated_bad
            self._sentence.append(value)
            self._last_end, self._last_negators = match.end, used
            self._negators = []
        self._boosters = []

    def _contrast(self) -> None:
        rules = self.lexicon.rules
        self._negators, self._boosters, self._last_end = [], [], -1
        if self._sentence:
            self._sentence = [value * rules.before_contrast for value in self._sentence]
            self._weight = rules.after_contrast


@lru_cache(maxsize=1)
def default_scorer() -> TextScorer:
    """Make the scorer of the package's lexicon, once."""
    return TextScorer(default_lexicon())


def score_texts(texts: pd.Series, scorer: TextScorer | None = None) -> pd.DataFrame:
    """Score a batch of texts.

    Args:
        texts: Texts; null and blank are allowed. Equal texts get equal scores, so a caller with
            many repeats gives each once.
        scorer: What to score with; the package's own by default.

    Returns:
        A frame on the index of `texts`: language (`en`, `zh`), sentiment (-1 to 1, 6 decimals),
        topic, severity (1 worst to 4); null where not measured. No text.
    """
    score = (scorer or default_scorer()).score
    scores = [score(text if isinstance(text, str) else None) for text in texts]
    return pd.DataFrame(
        {
            "language": pd.array([each.language for each in scores], dtype="str"),
            "sentiment": pd.array([each.sentiment for each in scores], dtype="Float64"),
            "topic": pd.array([each.topic for each in scores], dtype="str"),
            "severity": pd.array([each.severity for each in scores], dtype="Int64"),
        },
        index=texts.index,
    )

"""Text to numbers: what the lexicon method says, and what it must never say."""

import math
import string
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import LexiconError
from ml.text.lexicon import DATA, default_lexicon, read_lexicon
from ml.text.scoring import COLUMNS, TextScore, TextScorer, default_scorer, score_texts
from ml.text.tokens import Matcher, split, term_units

LEXICON = default_lexicon()
HAN = "好坏不没有很快慢差满意失望登录发票退货，。！ "
ANY_TEXT = st.one_of(
    st.text(max_size=80),
    st.text(alphabet=HAN, max_size=40),
    st.lists(
        st.sampled_from(
            ["not", "very", "good", "bad", "but", "isn't", "slow", "!", ",", "差", "invoice"]
        ),
        max_size=15,
    ).map(" ".join),
)


def score(text: str | None) -> TextScore:
    return default_scorer().score(text)


def sentiment(text: str) -> float:
    found = score(text).sentiment
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text", [None, "", "   ", "\n\t\u3000", "!!!", "…", "12345", "ORD-4711", "👍"]
)
def test_a_text_without_words_has_no_score(text: str | None) -> None:
    assert score(text) == TextScore(None, None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "Это очень плохо",
        "とても良いです。ありがとう。",
        "매우 좋습니다",
        "ممتاز",
        "ดีมาก",
        "Die Rechnung für den Monat Mai stimmt leider nicht",
        "Le colis est arrivé avec deux jours de retard",
    ],
)
def test_a_text_in_another_language_is_not_measured(text: str) -> None:
    assert score(text) == TextScore(None, None, None, None)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my order?", "en"),
        ("我的订单在哪里？", "zh"),
        ("我的 VPN 账号 X200 登不上", "zh"),
        ("Please see ticket 客服 for the other invoice", "en"),
        ("The café was nice", "en"),
    ],
)
def test_the_language_is_the_one_that_prevails(text: str, language: str) -> None:
    assert score(text).language == language


@pytest.mark.parametrize("text", ["I have a parcel here.", "我有一个包裹。"])
def test_a_text_without_a_word_of_mood_is_neutral_and_measured(text: str) -> None:
    assert score(text).sentiment == 0.0
    assert math.copysign(1, sentiment(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "It is good.",
        "I am very satisfied",
        "isn't bad",
        "without any problems",
        "no complaints",
        "很满意",
        "非常好",
        "不错",
        "没有问题",
        "并不差",
        "没的说",
        "couldn't be happier",
    ],
)
def test_good_texts_are_above_zero(text: str) -> None:
    assert sentiment(text) > 0


@pytest.mark.parametrize(
    "text",
    [
        "It is bad.",
        "not good",
        "This isn't helpful",
        "I was never satisfied",
        "not very good",
        "It doesn’t work well",
        "nobody was friendly",
        "不太好",
        "没有解决",
        "不满意",
        "并不满意",
        "从来没有满意过",
        "一点也不好",
        "太差了",
        "a complete waste of time",
    ],
)
def test_bad_texts_are_below_zero(text: str) -> None:
    assert sentiment(text) < 0


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("good", "very good"),
        ("very good", "extremely good"),
        ("slightly good", "good"),
        ("good", "good!!"),
        ("好", "很好"),
        ("很好", "非常好"),
        ("好", "好极了"),
        ("有点满意", "满意"),
        ("isn't bad", "good"),
    ],
)
def test_intensity_orders_good_texts(weaker: str, stronger: str) -> None:
    assert 0 < sentiment(weaker) < sentiment(stronger)


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("slow", "very slow"),
        ("slightly slow", "slow"),
        ("bad", "bad!"),
        ("差", "太差"),
        ("有点慢", "慢"),
    ],
)
def test_intensity_orders_bad_texts(weaker: str, stronger: str) -> None:
    assert sentiment(stronger) < sentiment(weaker) < 0


def test_negation_ends_with_its_clause_and_its_reach() -> None:
    assert sentiment("Not now, good product") == sentiment("good product")
    assert sentiment("not in the last three or four days good") == sentiment("good")


def test_or_carries_negation_on() -> None:
    assert sentiment("not good or helpful") < sentiment("not good")


def test_what_comes_after_but_weighs_more() -> None:
    assert sentiment("The staff is friendly but the product is bad.") < 0
    assert sentiment("The product is bad but the staff is friendly.") > sentiment(
        "The staff is friendly but the product is bad."
    )
    assert sentiment("产品很差，但是客服很好。") > sentiment("客服很好，但是产品很差。")


def test_both_languages_of_a_mixed_text_count() -> None:
    assert sentiment("系统很慢 very bad") < sentiment("系统很慢")
    assert score("发票 is wrong, 请 check the invoice please").topic == "billing"


def test_emojis_count_within_a_text_only() -> None:
    assert sentiment("the parcel is here 😊") > 0 > sentiment("the parcel is here 😡")
    assert sentiment("the parcel is here 🚚") == 0


def test_greetings_and_thanks_beforehand_are_no_mood() -> None:
    for text in ("Good morning, thanks in advance, best regards", "您好，请尽快处理", "好的"):
        assert sentiment(text) == 0


def test_the_golden_example() -> None:
    """2.6 negated (x -0.74) is -1.924, -1.3 x 1.3 is -1.69; the sum s gives s / sqrt(s^2 + 15)."""
    text = "I am not happy. It is very slow"
    assert sentiment(text) == round(-3.614 / math.sqrt(3.614**2 + 15), 6)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("I forgot my password", "access"),
        ("Please correct the VAT on the invoice", "billing"),
        ("We want to renew the subscription for a lower price", "contract"),
        ("The courier lost the package", "delivery"),
        ("I want to return the shoes and get a refund", "returns"),
        ("The screen is cracked and the battery overheats", "defect"),
        ("The site is sluggish and requests time out", "performance"),
        ("I suggest a new feature", "feature_request"),
        ("How do I change this?", "how_to"),
        ("Your staff was rude on the hotline", "service"),
        ("忘记密码了", "access"),
        ("请开增值税发票", "billing"),
        ("合同快到期了", "contract"),
        ("物流太久", "delivery"),
        ("我想退货退款", "returns"),
        ("电池漏水，机器损坏", "defect"),
        ("网站卡顿", "performance"),
        ("建议增加新功能", "feature_request"),
        ("客服态度", "service"),
        ("It is as it is", None),
        ("随便看看", None),
    ],
)
def test_topics(text: str, topic: str | None) -> None:
    assert score(text).topic == topic


def test_a_special_topic_wins_over_how_to() -> None:
    assert score("How do I pay the invoice?").topic == "billing"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("There is a data breach", 1),
        ("The device caught fire", 1),
        ("This is urgent", 2),
        ("The export fails", 3),
        ("Just a small question", 4),
        ("It is not urgent", 4),
        ("There is no error and no problem", None),
        ("数据泄露了", 1),
        ("请立即处理", 2),
        ("页面打不开", 3),
        ("有个小建议", 4),
        ("没有故障", None),
        ("The parcel is here", None),
        ("The export fails, this is urgent, a small question", 2),
    ],
)
def test_the_most_severe_cue_decides(text: str, severity: int | None) -> None:
    assert score(text).severity == severity


def test_a_very_long_text_is_cut_and_bounded() -> None:
    long = "terrible! " * 1_000_000
    assert -1 <= sentiment(long) < -0.99
    kept = LEXICON.rules.max_characters
    assert score("x " * kept + "terrible").sentiment is None
    assert score("the " * (kept // 4) + "terrible").sentiment == 0


PLAIN = sorted(
    (term, cue.value)
    for term, cue in LEXICON.cues.items()
    if cue.kind == "valence" and cue.value and term_units(term)[0].isalnum()
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_of_the_lexicon_keeps_its_sign_and_negation_turns_it(language: str) -> None:
    wrong = []
    for term, value in PLAIN:
        is_english = term.isascii()
        if is_english != (language == "en"):
            continue
        word = term.replace("*", "")
        plain, negated = (word, f"it is not {word}") if is_english else (word, f"并不是{word}")
        found = (score(f"it is {plain}" if is_english else plain).sentiment or 0) * value
        turned = (score(negated).sentiment or 0) * value
        if not (found > 0 and turned < 0):
            wrong.append((term, found, turned))
    assert wrong == []


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_scores_stay_in_their_range(text: str) -> None:
    found = score(text)
    assert found.language in (None, "en", "zh")
    assert found.topic in (None, *LEXICON.rules.topics)
    assert found.severity in (None, 1, 2, 3, 4)
    if found.language is None:
        assert found == TextScore()
    else:
        assert found.sentiment is not None
        assert -1 <= found.sentiment <= 1
        assert round(found.sentiment, 6) == found.sentiment


@given(ANY_TEXT)
@settings(max_examples=100, deadline=None)
def test_a_fresh_scorer_says_the_same(text: str) -> None:
    assert TextScorer(LEXICON).score(text) == score(text) == score(text)


@given(st.lists(ANY_TEXT, min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_other_items_change_nothing(texts: list[str], random: object) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    series = pd.Series(texts, dtype="object")
    straight, shuffled = score_texts(series), score_texts(series.iloc[order])
    pd.testing.assert_frame_equal(straight, shuffled.sort_index())


@given(st.sampled_from([term for term, _ in PLAIN if "*" not in term]))
@settings(max_examples=100, deadline=None)
def test_case_and_white_space_change_nothing(term: str) -> None:
    assert score(f"  {term.upper()} \n") == score(term)


def test_a_batch_keeps_its_index_and_holds_no_text() -> None:
    texts = pd.Series(["very good", None, "", "Хорошо", "发票"], index=[7, 3, 5, 1, 9])
    frame = score_texts(texts)
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame.index) == [7, 3, 5, 1, 9]
    assert frame["sentiment"].isna().tolist() == [False, True, True, True, False]
    assert frame.loc[9, "topic"] == "billing"
    assert not score_texts(pd.Series([], dtype="object")).size


# ------------------------------------------------------------------ the lexicon
def copy_of_the_lexicon(folder: Path) -> Path:
    for path in DATA.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_the_version_is_the_hash_of_the_data_whatever_its_line_ends(tmp_path: Path) -> None:
    folder = copy_of_the_lexicon(tmp_path)
    assert read_lexicon(folder).version == LEXICON.version
    path = folder / "severity.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_lexicon(folder).version == LEXICON.version


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir()))
def test_a_change_of_any_file_is_another_version(tmp_path: Path, name: str) -> None:
    folder = copy_of_the_lexicon(tmp_path)
    path = folder / name
    text = path.read_text(encoding="utf-8")
    added = {
        "rules.yml": "# changed\n",
        "topics.csv": "en,service,zzz,1\n",
        "severity.csv": "en,4,zzz\n",
        "common_en.csv": "zzz\n",
        "modifiers_en.csv": "zzz,negator,\n",
        "modifiers_zh.csv": "zzz,negator,\n",
    }.get(name, "zzz,1\n")
    path.write_text(text + added, encoding="utf-8")
    assert read_lexicon(folder).version != LEXICON.version


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("sentiment_en.csv", "good,1", "'good' stands twice"),
        ("sentiment_en.csv", "very,1", "'very' stands twice"),
        ("sentiment_en.csv", "zzz,9", "from -4 to 4"),
        ("sentiment_zh.csv", "???,1", "holds no word"),
        ("modifiers_en.csv", "zzz,shouter,1", "shouter"),
        ("topics.csv", "en,weather,rain,1", "weather"),
        ("topics.csv", "de,billing,rechnung,1", "language"),
        ("severity.csv", "en,5,zzz", "from 1 to 4"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(
    tmp_path: Path, name: str, line: str, message: str
) -> None:
    folder = copy_of_the_lexicon(tmp_path)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(LexiconError, match=message):
        read_lexicon(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = copy_of_the_lexicon(tmp_path)
    (folder / "topics.csv").unlink()
    with pytest.raises(LexiconError, match=r"topics\.csv"):
        read_lexicon(folder)


def test_the_method_number_belongs_to_what_the_code_does() -> None:
    """The hash sees words, not code: who changes these scores raises `method` in rules.yml."""
    texts = [
        "I am not happy. It is very slow",
        "The staff is friendly but the product is bad!!",
        "客服很好，但是产品太差了！",
        "without any problems 😊 系统恢复正常",
    ]
    assert LEXICON.rules.method == 1
    assert [sentiment(text) for text in texts] == [-0.682239, -0.597248, -0.730429, 0.704999]


def test_the_longest_term_wins_and_none_overlaps() -> None:
    matcher = Matcher({"not": 1, "not good": 2, "good*": 3, "好": 4, "好极了": 5})
    found = matcher.find(split("not good goodness not 好极了 好"))
    assert [match.value for match in found] == [2, 3, 1, 5, 4]


def test_no_term_of_the_lexicon_is_out_of_reach() -> None:
    """A term that its own matcher reads as something else would be dead weight."""
    for terms in (LEXICON.cues, LEXICON.topics, LEXICON.severities):
        matcher = Matcher(terms)
        dead = [
            term
            for term in terms
            if (found := matcher.find(split(term.replace("*", ""))))
            and found[0].end != len(split(term.replace("*", "")))
        ]
        assert dead == []


def test_terms_are_lower_case_words() -> None:
    allowed = set(string.ascii_lowercase + string.digits + "' *")
    odd = [
        term
        for terms in (LEXICON.cues, LEXICON.topics, LEXICON.severities)
        for term in terms
        if term.isascii() and term[0].isalnum() and set(term) - allowed
    ]
    assert odd == []

"""One customer's tree, months and change: parts sum, gaps stay gaps, both languages."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from orchestration.explain import Explanation, explain_customer, render_explanation
from orchestration.release.reading import open_database
from orchestration.score_story import PARTS, Cause, Story, bar, render_story, sparkline, write_page

SCRIPTS = tuple(
    Path(__file__).parent / "release" / name
    for name in ("synthetic_marts.sql", "synthetic_company.sql")
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("story") / "release.duckdb"
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as release")
        con.execute("use release")
        for script in SCRIPTS:
            con.execute(script.read_text(encoding="utf-8"))
        con.execute("create table scorecard.release_info as select 'r-1' as release_id")
    return path


@pytest.fixture(scope="module")
def explanation(database: Path) -> Explanation:
    with open_database(database) as con:
        row = con.execute(
            "select customer_id from scorecard.customer_scorecard "
            "where as_of_date = date '2011-12-31' and score_change is not null "
            "order by customer_id"
        ).fetchone()
    assert row is not None
    return explain_customer(database, row[0])


def told(renderable: RenderableType, width: int = 100) -> str:
    console = Console(width=width, file=StringIO(), force_terminal=False)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def story(**changes: object) -> Story:
    whole = Story(
        previous_date=date(2011, 11, 30),
        previous_score=70.0,
        score_change=-7.0,
        parts=(-5.0, 0.0, 0.0, -2.0, 0.0, 0.0),
        causes=(
            Cause("a", "Purchases", "购买", (-5.0, 0.0, 0.0, 0.0, 0.0, 0.0), -5.0),
            Cause("b", "Answers", "回答", (0.0, 0.0, 0.0, -2.0, 0.0, 0.0), -2.0),
        ),
        trend="down",
        dead_band=2.0,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_the_change_is_shown_with_the_sum_of_its_parts() -> None:
    text = told(render_story(story(), 63.0, with_causes=True))
    assert "Change since 2011-11: 70.00 to 63.00" in text
    assert "-7.0000" in text
    assert "Purchases" in text
    assert "contradicts" not in text


def test_without_the_option_measures_are_left_out() -> None:
    assert "Purchases" not in told(render_story(story(), 63.0, with_causes=False))


@pytest.mark.parametrize(
    "broken",
    [
        {"score_change": -6.0},
        {"causes": (Cause("a", "Purchases", "购买", (-5.0,) + (0.0,) * 5, -5.0),)},
    ],
)
def test_parts_that_do_not_sum_are_shown_as_a_contradiction(broken: dict[str, object]) -> None:
    found = story(**broken)
    assert not found.is_consistent
    assert "contradicts itself" in " ".join(
        told(render_story(found, 63.0, with_causes=True)).split()
    )


def test_without_a_month_before_it_says_so() -> None:
    found = story(score_change=None, parts=None, previous_score=None, causes=())
    assert found.is_consistent
    assert "no score of the month before" in told(render_story(found, 63.0, with_causes=True))


def test_a_month_without_a_score_is_a_gap() -> None:
    assert sparkline([0.0, None, 100.0]) == "▁·█"


@given(st.floats(0, 100))
def test_every_score_has_one_block(score: float) -> None:
    assert len(sparkline([score])) == 1
    assert len(bar(score / 100)) <= 24
    assert bool(bar(score / 100)) == (score / 100 > 0)


def test_the_story_of_a_release_is_consistent(explanation: Explanation) -> None:
    found = explanation.story
    assert found.parts is not None
    assert len(found.parts) == len(PARTS)
    assert [day for day, _, _ in found.history] == sorted(day for day, _, _ in found.history)
    assert found.history[-1][1] == explanation.score
    assert {leaf.measure for leaf in found.leaves} == {
        item.measure for item in explanation.measures
    }
    assert found.lever == "purchases_12m"


def test_who_set_a_score_and_until_when_is_shown(explanation: Explanation) -> None:
    changed = replace(
        explanation,
        is_overridden=True,
        computed_score=(explanation.score or 0) + 3,
        story=replace(explanation.story, override=("E1", "sales", "merger", date(2012, 1, 31))),
    )
    text = " ".join(told(render_explanation(changed)).split())
    assert "set by E1 (sales) until 2012-01-31: merger" in text


@pytest.mark.parametrize(("lang", "words"), [("en", "Where the score"), ("zh", "得分的构成")])
def test_the_page_stands_alone_in_both_languages(
    explanation: Explanation, tmp_path: Path, lang: str, words: str
) -> None:
    report = tmp_path / "release of May" / "report"
    report.mkdir(parents=True)
    told_in = {"en": "scorecards.html", "zh": "scorecards.zh.html"}[lang]
    page = tmp_path / "pages" / "page.html"
    page.parent.mkdir()
    assert "scorecards" not in write_page(explanation, page, lang, report=report).read_text("utf-8")
    (report / told_in).touch()
    text = write_page(explanation, page, lang, report=report).read_text(encoding="utf-8")
    assert f'href="../release%20of%20May/report/{told_in}"' in text
    assert words in text
    assert f"{explanation.score:.1f}" in text
    assert f'<html lang="{lang}">' in text
    assert "src=" not in text


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("90 % interval 0 to 1,235", "no interval can be given", "nine are expected")),
        ("zh", ("90% 区间 0 至 1,235", "无法给出区间", "预计有九位")),
    ],
)
def test_the_page_tells_the_intervals_of_values(
    explanation: Explanation, tmp_path: Path, lang: str, words: tuple[str, ...]
) -> None:
    assert explanation.outlook is not None
    outlook = replace(
        explanation.outlook,
        clv_12m=Decimal(120),
        clv_12m_low=Decimal(0),
        clv_12m_high=Decimal("1234.6"),
        clv_36m=Decimal(300),
        clv_36m_low=None,
        clv_36m_high=None,
    )
    page = write_page(replace(explanation, outlook=outlook), tmp_path / "page.html", lang)
    text = page.read_text(encoding="utf-8")
    assert [word for word in words if word not in text] == []

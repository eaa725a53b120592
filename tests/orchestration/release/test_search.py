"""The customer search: every customer is in it, with the marts' figures, in both languages."""

import ast
import base64
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.release import search
from orchestration.release.chinese import CHINESE
from orchestration.release.languages import LANGUAGES
from orchestration.release.manifest import Manifest, ProductEntry
from orchestration.release.pages import stages
from orchestration.release.reading import open_database
from orchestration.release.report import (
    CHINESE_PAGES,
    page_environment,
    render_pages,
    render_report,
)
from tests.orchestration.release.conftest import CompanyFolder
from tests.orchestration.release.personal_data import PACKED

TEMPLATES = Path(search.__file__).parent / "templates"
_TEXT = re.compile(r"""\bt\((?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\)""")


def unpacked(file: Path) -> Any:
    (data,) = PACKED.findall(file.read_text(encoding="utf-8"))
    return json.loads(zlib.decompress(base64.b64decode(data)))


def written(whole: CompanyFolder, folder: Path, manifest: Manifest | None = None) -> list[Path]:
    with open_database(whole.folder / "release.duckdb") as con:
        return search.write_search(
            folder, con, manifest or whole.manifest(), page_environment(None)
        )


@pytest.fixture(scope="module")
def found(whole: CompanyFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    written(whole, folder)
    return folder


def test_every_customer_of_the_newest_month_is_listed_once(
    found: Path, whole: CompanyFolder
) -> None:
    listed = unpacked(found / "customers" / "index.js")
    with open_database(whole.folder / "release.duckdb") as con:
        expected = con.execute(
            "select customer_id, cast(round(score * 10) as integer), band, tier "
            "from scorecard.customer_scorecard where as_of_date = date '2011-12-31' "
            "order by customer_id"
        ).fetchall()
    bands = {"red": 0, "amber": 1, "green": 2, None: 3}
    assert listed["id"] == [row[0] for row in expected]
    assert listed["score"][0] == [row[1] for row in expected]
    assert listed["band"][0] == [bands[row[2]] for row in expected]
    assert listed["tier"] == [row[3] for row in expected]
    assert None in listed["score"][0]


def test_contributions_of_each_customer_sum_to_the_score_of_the_mart(found: Path) -> None:
    listed = unpacked(found / "customers" / "index.js")
    details = unpacked(found / "customers" / "0000.js")
    assert len(details) == len(listed["id"])
    scored = 0
    for profiles in details:
        ((_, card, history, measures, _, _),) = profiles
        if card[0] is None:
            continue
        scored += 1
        added = sum(row[5] for row in measures if row[5] is not None)
        assert added == pytest.approx(card[0], abs=0.01)
        assert history[-1] == [len(listed["months"]) - 1, round(card[0] * 10)]
    assert scored > 50


def test_customers_are_divided_into_files(
    whole: CompanyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SHARD", 40)
    monkeypatch.setattr(search, "_SHARDS_AT_ONCE", 2)
    written(whole, tmp_path)
    listed = unpacked(tmp_path / "customers" / "index.js")
    shards = sorted((tmp_path / "customers").glob("0*.js"))
    sizes = [len(unpacked(shard)) for shard in shards]
    assert len(shards) > 2
    assert sizes[:-1] == [40] * (len(sizes) - 1)
    assert sum(sizes) == len(listed["id"])


def test_the_same_release_has_the_same_files(
    found: Path, whole: CompanyFolder, tmp_path: Path
) -> None:
    written(whole, tmp_path)
    for file in sorted(found.rglob("*.*")):
        assert (tmp_path / file.relative_to(found)).read_bytes() == file.read_bytes()


def test_too_many_customers_are_said_and_not_cut(
    whole: CompanyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_CUSTOMERS", 10)
    page, chinese = written(whole, tmp_path)
    assert "too many customers" in page.read_text(encoding="utf-8")
    assert "客户过多" in chinese.read_text(encoding="utf-8")
    assert not (tmp_path / "customers").exists()


def test_a_release_without_a_scorecard_says_so(whole: CompanyFolder, tmp_path: Path) -> None:
    manifest = whole.manifest()
    del manifest.marts["customer_scorecard"]  # type: ignore[attr-defined]
    page, _ = written(whole, tmp_path, manifest)
    assert "never passed its gate" in page.read_text(encoding="utf-8")


def test_what_nobody_has_is_named_in_both_languages(found: Path) -> None:
    missing = unpacked(found / "customers" / "index.js")["missing"]
    assert missing
    for _, label, _, _, chinese in missing:
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert label != chinese


def test_a_held_product_is_marked_in_both_languages(whole: CompanyFolder, tmp_path: Path) -> None:
    manifest = whole.manifest()
    held = ProductEntry(
        "hold", True, "too few rows", "r-0", "2011-11-30", "run-0", 3, (), ("customer_scorecard",)
    )
    fresh = [path.read_text(encoding="utf-8") for path in written(whole, tmp_path, manifest)]
    manifest = replace(manifest, products={**manifest.products, "scorecard": held})
    stale = [path.read_text(encoding="utf-8") for path in written(whole, tmp_path, manifest)]
    for before, after, note, day in (
        (fresh[0], stale[0], "older than the release", "30 November 2011"),
        (fresh[1], stale[1], "早于本次发布", "2011年11月30日"),
    ):
        assert note not in before
        assert note in after
        assert day in after
        assert "too few rows" in after


def test_the_page_loads_nothing_from_elsewhere(found: Path) -> None:
    for name in ("customers.html", "customers.zh.html"):
        text = (found / name).read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text)
        assert "fetch(" not in text


def test_every_text_of_the_script_has_its_word() -> None:
    text = (TEMPLATES / "customers.js").read_text(encoding="utf-8")
    used = {double or single for double, single in _TEXT.findall(text)}
    assert used
    assert used <= set(search.SCRIPT_TEXTS)


def test_every_text_of_the_templates_has_its_chinese() -> None:
    for name in ("customers.html.j2", "page.html.j2", "explain.html.j2"):
        text = (TEMPLATES / name).read_text(encoding="utf-8")
        used = {double or single for double, single in _TEXT.findall(text)}
        assert used, name
        assert used <= set(CHINESE), (name, used - set(CHINESE))
    assert set(search.SCRIPT_TEXTS) <= set(CHINESE)


def test_a_chinese_text_has_the_same_places_to_fill() -> None:
    for english, chinese in CHINESE.items():
        places = [sorted(re.findall(r"{\w+}", text)) for text in (english, chinese)]
        assert places[0] == places[1], english


@pytest.fixture(scope="session")
def chinese(whole: CompanyFolder) -> dict[str, str]:
    whole.page()
    return render_pages(whole.folder, CHINESE_PAGES, lang="zh")


def visible(html: str) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)


def test_the_pages_are_told_in_chinese(chinese: dict[str, str]) -> None:
    for name, title in (
        ("index.zh.html", "可能流失的客户"),
        ("index.zh.html", "按价值等级"),
        ("scorecards.zh.html", "记分卡与等级"),
        ("scorecards.zh.html", "目标、实际值与趋势"),
        ("proof.zh.html", "现行权重"),
        ("relationship.zh.html", "阶段变动"),
        ("organisation.zh.html", "意图、现实与效果"),
    ):
        html = chinese[name]
        assert '<html lang="zh">' in html
        assert title in visible(html)
        assert "2011年" in visible(html)
        assert "未测量</h3>" not in html, name
        assert not re.search("Definition|Customers|small n", visible(html)), name


NAMED_TWICE = {
    "stage_playbooks": ("name", "goal", "strategy"),
    "value_segments": ("name", "strategy"),
    "scorecard_weights": ("label",),
    "cmat_sections": ("section_name",),
    "cmat_practices": ("element", "practice", "evidence_asked", "metric_name"),
    "profile_requirements": ("label",),
}


def test_no_english_name_of_the_data_is_left_where_there_is_a_chinese_one(
    chinese: dict[str, str], whole: CompanyFolder
) -> None:
    bodies = (
        re.sub(r"(?s)<style>.*?</style>|<code.*?</code>", "", html) for html in chinese.values()
    )
    found = {cell.strip() for body in bodies for cell in re.findall(r">([^<>]+)<", body)}
    with open_database(whole.folder / "release.duckdb") as con:
        for mart, columns in NAMED_TWICE.items():
            for column in columns:
                rows = con.execute(
                    f"select distinct {column}, {column}_zh from scorecard.{mart} "
                    f"where {column} is not null"
                ).fetchall()
                assert all(translated for _, translated in rows), (mart, column)
                left = {english for english, _ in rows} & found
                assert not left, (mart, column, left)


def test_chinese_pages_link_to_each_other_and_to_their_english_ones(
    chinese: dict[str, str], whole: CompanyFolder
) -> None:
    english = {**whole.pages(), "index.html": render_report(whole.folder)}
    for name, html in chinese.items():
        assert re.search(r"https?:|//[a-z]|@import|<script|<link|<iframe|url\((?!#)", html) is None
        links = set(re.findall(r'<a href="([a-z.]+html)"', html))
        partner = name.replace(".zh.", ".")
        assert {*chinese, "customers.zh.html", partner} == links
        assert f'<a href="{name}"' in english[partner]


def test_every_text_of_the_pages_has_its_chinese() -> None:
    """Read in the code, as a branch that no fixture takes would fail on a reader's screen."""
    used: set[str] = set()
    for path in Path(stages.__file__).parent.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                used |= {
                    argument.value
                    for argument in _told_arguments(call)
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                }
    assert len(used) > 200
    assert used <= set(CHINESE), used - set(CHINESE)


def _told_arguments(call: ast.Call) -> list[ast.expr]:
    name = getattr(call.func, "id", "") or getattr(call.func, "attr", "")
    is_method = (
        isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "self"
    )
    if name == "t" or (is_method and name in ("head", "text")):
        return call.args[:1]
    return call.args[1:3] if is_method and name == "counted" else []


def test_there_are_two_languages() -> None:
    assert LANGUAGES == ("en", "zh")

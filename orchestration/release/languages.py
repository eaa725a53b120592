"""The two languages of the scorecard's pages: English as written in the code, and Chinese.

Belongs here: the way from a text to that of a language, dates and files in both. Not here: the
Chinese of the texts (`chinese`); names of indicators, measures and profiles, which the catalogue
and the seeds hold in both languages.
"""

import csv
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration.release.chinese import CHINESE
from orchestration.release.formats import format_day, format_month
from orchestration.release.manifest import Manifest

LANGUAGES = ("en", "zh")
SIMULATED_ZH = "模拟数据：该企业并不存在。"
_PROFILES = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "scorecards.csv"

Translate = Callable[[str], str]


def translator(lang: str) -> Translate:
    """The way from an English text to that of a language.

    Args:
        lang: `en` or `zh`.

    Returns:
        A function that raises KeyError for a text that has no Chinese.
    """
    return (lambda text: text) if lang == "en" else CHINESE.__getitem__


ENGLISH: Translate = translator("en")


def notice_in(lang: str, manifest: Manifest) -> str:
    """What must be said before any figure is shown; empty for real figures."""
    if lang == "en" or not manifest.notice:
        return manifest.notice
    return SIMULATED_ZH


def file_in(lang: str, key: str) -> str:
    """The file of a page in a language: `scorecards.html`, `scorecards.zh.html`."""
    return f"{key}.html" if lang == "en" else f"{key}.{lang}.html"


def day_in(lang: str) -> Callable[[Any], str]:
    """How a day is written: `31 December 2025`, `2025年12月31日`."""
    return format_day if lang == "en" else _chinese_day


def month_in(lang: str) -> Callable[[Any], str]:
    """How a month is written: `Dec 2025`, `2025年12月`."""
    return format_month if lang == "en" else _chinese_month


def _chinese_day(value: date | datetime | str | None) -> str:
    if value is None:
        return "–"
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day.year}年{day.month}月{day.day}日"


def _chinese_month(value: date | datetime | str | None) -> str:
    return _chinese_day(value).partition("月")[0] + ("月" if value is not None else "")


def profile_names(lang: str) -> dict[str, str]:
    """The profiles' names of the seed by their id; empty where the seed is not there."""
    if not _PROFILES.is_file():
        return {}
    with _PROFILES.open(encoding="utf-8-sig", newline="") as file:
        column = "name" if lang == "en" else "name_zh"
        return {row["profile"]: row[column] or row["name"] for row in csv.DictReader(file)}

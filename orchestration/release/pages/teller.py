"""What the topics that are told in both languages share: names, dates and heads in a language.

Belongs here: the way from a row to its words in English or Chinese. Not here: the Chinese of
texts (`release.chinese`), queries, other pages.
"""

from collections.abc import Callable
from typing import Any

from orchestration.release.formats import format_integer
from orchestration.release.languages import (
    Translate,
    day_in,
    month_in,
    profile_names,
    translator,
)
from orchestration.release.pages.model import Cell, Column, Reader
from orchestration.release.pages.words import readable
from orchestration.release.reading import Row


class Teller:
    """The words of one language.

    Attributes:
        lang: `en` or `zh`.
        t: From an English text to that of the language.
        day: How a day is written.
        month: How a month is written.
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.t: Translate = translator(lang)
        self.day = day_in(lang)
        self.month = month_in(lang)
        self._names = profile_names(lang)

    def name(self, profile: Any) -> str:
        """A scorecard's name, as the seed has it."""
        return self._names.get(str(profile), readable(profile))

    def label(self, row: Row, key: str = "label") -> str:
        """A name of the data: its Chinese column beside it, where there is one, else itself."""
        chinese = row.get(f"{key}_zh") if self.lang == "zh" else None
        return str(chinese or row[key] or "–")

    def head(self, label: str, key: str = "label", detail: str = "") -> Column:
        """A column that names its rows.

        Args:
            label: Its head, in English.
            key: The column of the data with the name.
            detail: A column of the data that stands under it, small.
        """
        return Column(
            self.t(label),
            lambda row: Cell(self.label(row, key), detail=str(row[detail]) if detail else ""),
            is_number=False,
            is_head=True,
        )

    def text(self, label: str, key: str, *, on_phone: bool = True) -> Column:
        """A column of words of the data."""
        return Column(
            self.t(label),
            lambda row: "–" if row[key] is None else self.label(row, key),
            is_number=False,
            is_on_phone=on_phone,
        )

    def consent(self) -> Column:
        """Whether a strategy needs the customer's consent to marketing."""
        return Column(
            self.t("Needs consent"),
            lambda row: self.t("Yes" if row["needs_consent"] else "No"),
            is_number=False,
        )

    def counted(self, value: int, one: str, many: str) -> str:
        """A number with its noun: `{n} practice` or `{n} practices`, filled in."""
        return self.t(one if value == 1 else many).format(n=format_integer(value))

    def span(self, low: Any, high: Any, form: Callable[[Any], str]) -> str:
        """Both ends of an interval: `78.2 % to 87.0 %`; a dash where there is none."""
        if low is None or high is None:
            return "–"
        return self.t("{low} to {high}").format(low=form(low), high=form(high))

    def interval(
        self, low: str, high: str, form: Callable[[Any], str], *, on_phone: bool = False
    ) -> Column:
        """The 95 % interval of a row's figure."""
        return Column(
            self.t("95 % interval"),
            lambda row: self.span(row[low], row[high], form),
            is_on_phone=on_phone,
        )

    def tier(self, tier: Any) -> str:
        """A value tier as in a table of tiers."""
        if tier == "all":
            return self.t("All")
        return str(tier) if tier not in (None, "none", "unknown") else self.t("No tier")

    def month_short(self, month: Any) -> str:
        """A month below a chart: `Apr 25`, `25/4`."""
        return f"{month:%b %y}" if self.lang == "en" else f"{month:%y}/{month.month}"

    def meaning(self, reader: Reader, indicator: str) -> str:
        """The catalogue's definition of an indicator in the language; empty without a row."""
        row = reader.catalogue.get(indicator)
        return self.label(row, "description") if row and row.get("description") else ""

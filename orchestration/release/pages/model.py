"""What a page is made of: topics that read marts, sections that show figures.

Belongs here: the shapes that every page shares, and the way from a topic to a section or to the
reason why there is none. Not here: queries and words of one page, charts, HTML.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
from markupsafe import Markup

from orchestration.release.languages import ENGLISH, Translate
from orchestration.release.manifest import Manifest
from orchestration.release.parts import Missing, Part, absence
from orchestration.release.reading import Row
from orchestration.release.small_cells import read_groups
from orchestration.release.tiles import Tile

SMALL = "small n"


@dataclass(frozen=True)
class Cell:
    """A figure in a table.

    Attributes:
        text: The figure, formatted.
        flag: A word that marks it, such as `small n`.
        shade: How dark it stands, 0 to 1; None for none.
        detail: What stands under it, small: the column behind a name.
    """

    text: str
    flag: str = ""
    shade: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        label: Its head.
        read: How its cell comes from a row.
        is_number: Whether it stands to the right.
        is_on_phone: Whether a narrow screen has room for it.
        is_head: Whether its cells name their rows.
    """

    label: str
    read: Callable[[Row], str | Cell]
    is_number: bool = True
    is_on_phone: bool = True
    is_head: bool = False

    @property
    def style(self) -> str:
        """The classes of its cells."""
        words = ("num" if self.is_number else "", "" if self.is_on_phone else "phone-hide")
        return " ".join(word for word in words if word)


@dataclass(frozen=True)
class Table:
    """Rows of a mart as a table.

    Attributes:
        caption: What it shows.
        columns: Its columns.
        rows: The mart's rows.
        note: A line under it.
        sources: Mart and columns it comes from.
        empty: What is said where there is no row.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""
    sources: str = ""
    empty: str = ""
    kind: str = "table"

    @property
    def cells(self) -> list[list[tuple[Column, Cell]]]:
        """Each row's cells beside their columns."""
        return [[(column, _cell(column.read(row))) for column in self.columns] for row in self.rows]


@dataclass(frozen=True)
class Figure:
    """A chart with its words, and its figures as a table for who cannot see it.

    Attributes:
        title: What it shows.
        words: How to read it.
        svg: The chart.
        table: Its figures.
        definition: What the figures mean, exactly.
    """

    title: str
    words: str
    svg: str
    table: Table
    definition: str
    kind: str = "figure"

    @property
    def drawing(self) -> Markup:
        """The chart as part of the page."""
        # Made here from figures; all text in it went through Vega's escaping.
        return Markup(self.svg)  # noqa: S704


@dataclass(frozen=True)
class Section:
    """A topic as it is shown.

    Attributes:
        as_of: The month it stands at.
        rows: Figures and tables, one or two side by side.
        intro: What the topic is about.
        said: What the figures say, in sentences.
        headline: One sentence for the head of the page.
        tiles: Its headline figures.
        is_waiting: Whether it speaks of an earlier month because later ones are not decided yet.
    """

    as_of: date
    rows: Sequence[Sequence[Figure | Table]]
    intro: str = ""
    said: Sequence[str] = ()
    headline: str = ""
    tiles: Sequence[Tile] = ()
    is_waiting: bool = False


@dataclass(frozen=True)
class Reader:
    """What a topic reads with.

    Attributes:
        con: A connection whose current database is the release's.
        manifest: The release's manifest.
        money: How amounts are written.
        catalogue: Rows of the catalogue by indicator.
    """

    con: duckdb.DuckDBPyConnection
    manifest: Manifest
    money: Callable[[Any], str]
    catalogue: Mapping[str, Row] = field(default_factory=dict)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a query and give its rows; what rests on fewer than five customers is held back."""
        return read_groups(self.con, query, values)

    def newest(self, mart: str) -> date | None:
        """The newest month of a mart."""
        (row,) = self.rows(f"select max(as_of_date) as as_of_date from scorecard.{mart}")
        found: date | None = row["as_of_date"]
        return found

    def meaning(self, indicator: str) -> str:
        """The catalogue's definition of an indicator; empty where there is none."""
        return str(self.catalogue.get(indicator, {}).get("description") or "")


@dataclass(frozen=True)
class Topic:
    """A question that a page answers.

    Attributes:
        id: Its anchor in the page.
        part: What it reads, and what is said where there is nothing.
        show: The answer; None where nothing was measured.
    """

    id: str
    part: Part
    show: Callable[[Reader], Section | None]


@dataclass(frozen=True)
class PageSpec:
    """A page.

    Attributes:
        key: Its name in file names and links.
        title: Its name for people.
        question: What it answers.
        topics: Its topics.
        remark: What is said at its end of what it leaves out.
    """

    key: str
    title: str
    question: str
    topics: Sequence[Topic]
    remark: str = ""

    @property
    def file_name(self) -> str:
        """Its file in the folder of the report."""
        return f"{self.key}.html"


@dataclass(frozen=True)
class Told:
    """A topic with its section, or the reason why there is none."""

    topic: Topic
    section: Section | None
    missing: Missing | None

    @property
    def marts(self) -> Sequence[str]:
        """The marts it reads."""
        return tuple(self.topic.part.marts)


def tell(spec: PageSpec, reader: Reader, t: Translate = ENGLISH) -> list[Told]:
    """Answer every question of a page, or say why not, in the language of the page."""
    told = []
    for topic in spec.topics:
        reason = absence(topic.part, reader.manifest, t)
        section = None if reason else topic.show(reader)
        if section is None:
            missing = Missing(topic.part.title, reason or topic.part.unmeasured)
            told.append(Told(topic, None, missing))
        else:
            told.append(Told(topic, section, None))
    return told


def small(text: str, *, is_small: bool | None) -> Cell:
    """A figure, marked where it rests on few cases."""
    return Cell(text, SMALL if is_small and text != "–" else "")


def _cell(value: str | Cell) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)

"""How one customer's score stands and moved: its tree, its months, its change taken apart.

Belongs here: reading that from a release, showing it in a terminal and as a page of its own. Not
here: the measures with their definitions, and everything around the score
(`orchestration.explain`); computing any of it (`models/`).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from orchestration.release.languages import (
    SIMULATED_ZH,
    day_in,
    file_in,
    month_in,
    profile_names,
    translator,
)
from orchestration.release.reading import Row, read_rows

if TYPE_CHECKING:
    from orchestration.explain import Explanation

TOLERANCE = 1e-4
BAR = 24
MONTHS_SHOWN = 36
PARTS = (
    ("value_change", "Values measured"),
    ("scale_change", "Scale and targets"),
    ("configuration_change", "Configuration"),
    ("coverage_change", "Coverage"),
    ("exception_change", "Exceptions"),
    ("override_change", "Overrides"),
)
_BLOCKS = "▁▂▃▄▅▆▇█"
_STYLES = {"red": "red", "amber": "yellow", "green": "green"}


@dataclass(frozen=True)
class Leaf:
    """A measure as a leaf of the tree.

    Attributes:
        measure: Its id.
        parent: The node that it belongs to.
        label: Its name, in English.
        label_zh: Its name, in Chinese.
        score: 0 to 100, None where there is no evidence.
        contribution: What it adds to the score, in points.
        effective_weight: Its share of the score.
        weight: Its share as configured.
        raw_value: What was measured.
        target: The value that scores 75; None for a percentile.
        evidence: 1 for fresh evidence, less the older it is, 0 for none.
        age_days: How old the evidence is; None where it does not age.
        lever_gain: Points that the score would rise if it came to its target.
        source_row_count: How many source rows it rests on.
    """

    measure: str
    parent: str
    label: str
    label_zh: str
    score: float | None
    contribution: float | None
    effective_weight: float | None
    weight: float | None
    raw_value: float | None
    target: float | None
    evidence: float | None
    age_days: int | None
    lever_gain: float | None
    source_row_count: int | None


@dataclass(frozen=True)
class Node:
    """A node of the tree above the measures.

    Attributes:
        node_id: Its id.
        parent_id: The node above; None for the root.
        depth: 0 for the root.
        label: Its name, in English.
        label_zh: Its name, in Chinese.
        score: 0 to 100, None where too little is measured.
        coverage: Share of its weight that is measured.
        effective_weight: Its share of the score.
    """

    node_id: str
    parent_id: str | None
    depth: int
    label: str
    label_zh: str
    score: float | None
    coverage: float | None
    effective_weight: float | None


@dataclass(frozen=True)
class Cause:
    """What one measure, the exceptions or a person moved since the month before.

    Attributes:
        cause: The measure's id, or `exceptions`, `overrides`.
        label: Its name, in English.
        label_zh: Its name, in Chinese.
        parts: Points by part, in the order of `PARTS`.
        total: Their sum.
    """

    cause: str
    label: str
    label_zh: str
    parts: tuple[float, ...]
    total: float


@dataclass(frozen=True)
class Story:
    """How a score stands and moved; what an older release does not say is empty.

    Attributes:
        nodes: The tree above the measures, the root first.
        leaves: The measures.
        history: Month, score and band, oldest first.
        previous_date: The month that it is compared with.
        previous_score: The score then.
        score_change: The difference.
        parts: Points by part, in the order of `PARTS`; None where there is no comparison.
        causes: The change by measure, the strongest first.
        trend: `up`, `down`, `flat` or `n/a`.
        dead_band: Points within which a change is noise.
        lever: The measure that would raise the score most.
        lever_gain: By how many points.
        override: Author, team, reason and last day of what a person set; None where nobody did.
        is_contradiction: Whether health and risk lie two bands apart.
    """

    nodes: tuple[Node, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    history: tuple[tuple[date, float | None, str | None], ...] = ()
    previous_date: date | None = None
    previous_score: float | None = None
    score_change: float | None = None
    parts: tuple[float, ...] | None = None
    causes: tuple[Cause, ...] = ()
    trend: str | None = None
    dead_band: float | None = None
    lever: str | None = None
    lever_gain: float | None = None
    override: tuple[str, str, str, date | None] | None = None
    is_contradiction: bool = False

    @property
    def is_consistent(self) -> bool:
        """Whether the parts sum to the change, and so do the measures where they are published."""
        if self.score_change is None or self.parts is None:
            return True
        sums = [sum(self.parts)]
        if self.causes:
            sums.append(sum(cause.total for cause in self.causes))
        return all(abs(found - self.score_change) <= TOLERANCE for found in sums)

    def name(self, measure: str, lang: str = "en") -> str:
        """A measure's name in a language; its id where the release has none."""
        for leaf in self.leaves:
            if leaf.measure == measure:
                return leaf.label_zh if lang == "zh" else leaf.label
        return measure


def read_story(con: duckdb.DuckDBPyConnection, card: Row) -> Story:
    """Read a story.

    Args:
        con: A connection whose current database is the release's.
        card: The customer's row of `customer_scorecard`.
    """
    key = [card["customer_id"], card["as_of_date"], card["profile"]]
    leaves = _leaves(con, key)
    override = None
    if card.get("is_overridden"):
        override = (
            str(card.get("override_author") or "–"),
            str(card.get("override_team") or "–"),
            str(card.get("override_reason") or "–"),
            card.get("override_until"),
        )
    parts = None
    if card.get("score_change") is not None:
        parts = tuple(float(card.get(column) or 0) for column, _ in PARTS)
    return Story(
        nodes=_nodes(con, key),
        leaves=leaves,
        history=_history(con, key),
        previous_date=card.get("previous_date"),
        previous_score=card.get("previous_score"),
        score_change=card.get("score_change"),
        parts=parts,
        causes=_causes(con, key, leaves),
        trend=card.get("trend"),
        dead_band=card.get("dead_band"),
        lever=card.get("best_lever"),
        lever_gain=card.get("best_lever_gain"),
        override=override,
        is_contradiction=bool(card.get("is_contradiction")),
    )


def _columns(con: duckdb.DuckDBPyConnection, mart: str) -> set[str]:
    return {
        str(row["column_name"])
        for row in read_rows(
            con,
            "select column_name from duckdb_columns() "
            "where schema_name = 'scorecard' and table_name = ?",
            [mart],
        )
    }


def _rows(
    con: duckdb.DuckDBPyConnection, mart: str, wanted: Sequence[str], key: Sequence[Any], by: str
) -> list[Row]:
    """Rows of one customer, month and profile; a column that an older release lacks is empty."""
    there = _columns(con, mart)
    if not there:
        return []
    listed = ", ".join(name if name in there else f"null as {name}" for name in wanted)
    return read_rows(
        con,
        f"select {listed} from scorecard.{mart} "
        f"where customer_id = ? and as_of_date = ? and profile = ? order by {by}",
        key,
    )


def _nodes(con: duckdb.DuckDBPyConnection, key: Sequence[Any]) -> tuple[Node, ...]:
    wanted = "node_id parent_id depth label label_zh score coverage effective_weight weight"
    rows = _rows(
        con,
        "customer_scorecard_nodes",
        tuple(wanted.split()),
        key,
        "depth, effective_weight desc nulls last, weight desc, node_id",
    )
    return tuple(
        Node(
            str(row["node_id"]),
            row["parent_id"],
            int(row["depth"]),
            str(row["label"] or row["node_id"]),
            str(row["label_zh"] or row["label"] or row["node_id"]),
            row["score"],
            row["coverage"],
            row["effective_weight"],
        )
        for row in rows
    )


def _leaves(con: duckdb.DuckDBPyConnection, key: Sequence[Any]) -> tuple[Leaf, ...]:
    wanted = (
        "measure dimension label label_zh score contribution effective_weight weight raw_value "
        "target_value evidence age_days lever_gain source_row_count"
    )
    rows = _rows(
        con,
        "customer_scorecard_measures",
        tuple(wanted.split()),
        key,
        "contribution desc nulls last, measure",
    )
    return tuple(
        Leaf(
            str(row["measure"]),
            str(row["dimension"]),
            str(row["label"] or row["measure"]),
            str(row["label_zh"] or row["label"] or row["measure"]),
            row["score"],
            row["contribution"],
            row["effective_weight"],
            row["weight"],
            row["raw_value"],
            row["target_value"],
            row["evidence"],
            row["age_days"],
            row["lever_gain"],
            row["source_row_count"],
        )
        for row in rows
    )


def _history(
    con: duckdb.DuckDBPyConnection, key: Sequence[Any]
) -> tuple[tuple[date, float | None, str | None], ...]:
    customer, month, profile = key
    rows = read_rows(
        con,
        """
        select as_of_date, score, band
        from scorecard.customer_scorecard
        where customer_id = ? and as_of_date <= ? and profile = ?
        order by as_of_date desc
        limit ?
        """,
        [customer, month, profile, MONTHS_SHOWN],
    )
    return tuple((row["as_of_date"], row["score"], row["band"]) for row in rows[::-1])


def _causes(
    con: duckdb.DuckDBPyConnection, key: Sequence[Any], leaves: Sequence[Leaf]
) -> tuple[Cause, ...]:
    columns = tuple(column for column, _ in PARTS)
    rows = _rows(
        con,
        "customer_scorecard_changes",
        ("cause", "cause_kind", "total_change", *columns),
        key,
        "abs(total_change) desc, cause",
    )
    names = {leaf.measure: (leaf.label, leaf.label_zh) for leaf in leaves}
    found = []
    for row in rows:
        label, label_zh = names.get(str(row["cause"]), (str(row["cause"]),) * 2)
        if row["cause_kind"] != "measure":
            text = "Exceptions" if row["cause_kind"] == "exception" else "Overrides"
            label, label_zh = text, translator("zh")(text)
        parts = tuple(float(row[column] or 0) for column in columns)
        found.append(
            Cause(str(row["cause"]), label, label_zh, parts, float(row["total_change"] or 0))
        )
    return tuple(found)


def sparkline(values: Sequence[float | None]) -> str:
    """Scores as blocks from 0 to 100; a month without a score is a gap."""
    return "".join(
        "·" if value is None else _BLOCKS[min(int(value / 100 * len(_BLOCKS)), len(_BLOCKS) - 1)]
        for value in values
    )


def bar(share: float, *, width: int = BAR) -> str:
    """A bar of a share of the whole, at least a mark for what is more than nothing."""
    full = round(max(min(share, 1.0), 0.0) * width)
    return "█" * max(full, 1 if share > 0 else 0)


def render_story(story: Story, score: float | None, *, with_causes: bool) -> RenderableType:
    """Show the tree, the months and the change in a terminal, for rich.

    Args:
        story: The story.
        score: The score that holds.
        with_causes: Whether the change is taken apart by measure too.
    """
    parts: list[RenderableType] = []
    if story.nodes:
        parts.append(_tree(story))
    parts.append(_months(story))
    parts += _change(story, score, with_causes=with_causes)
    if story.lever is not None and story.lever_gain is not None:
        text = Text("Next best lever: ", style="bold")
        text.append(
            f"{story.name(story.lever)} at its target would raise the score by "
            f"{story.lever_gain:.2f}.\n",
            style="not bold",
        )
        parts.append(text)
    if story.is_contradiction:
        parts.append(
            Text(
                "Health and risk contradict each other by two bands: one of both misses "
                "something.\n",
                style="bold yellow",
            )
        )
    return Group(*parts)


def _tree(story: Story) -> Tree:
    widest = max((leaf.contribution or 0 for leaf in story.leaves), default=0) or 1
    children: dict[str | None, list[Node]] = {}
    for node in story.nodes:
        children.setdefault(node.parent_id, []).append(node)
    ids = {node.node_id for node in story.nodes}
    roots = [node for node in story.nodes if node.parent_id not in ids]
    tree = Tree(Text("How it is made of its parts", style="bold"), guide_style="dim")

    def grow(branch: Tree, node: Node) -> None:
        text = Text(node.label, style="bold")
        score = "no score" if node.score is None else f"{node.score:.2f}"
        text.append(f"  {score}, measured {_percent(node.coverage)}", style="not bold")
        text.append(f", share of the score {_percent(node.effective_weight)}", style="dim not bold")
        below = branch.add(text)
        for child in children.get(node.node_id, []):
            grow(below, child)
        for leaf in story.leaves:
            if leaf.parent == node.node_id:
                below.add(_leaf(leaf, widest))

    for root in roots:
        grow(tree, root)
    return tree


def _leaf(leaf: Leaf, widest: float) -> Text:
    if leaf.score is None:
        return Text(f"{leaf.label}: not measured", style="dim")
    adds = leaf.contribution or 0.0
    text = Text(f"{bar(adds / widest)} ", style="blue")
    text.append(f"{leaf.label} {adds:.2f}", style="default")
    age = "" if leaf.age_days is None else f", {leaf.age_days} days old"
    faded = (
        f", counts {_percent(leaf.evidence)}"
        if leaf.evidence is not None and leaf.evidence < 1
        else ""
    )
    text.append(f" (scores {leaf.score:.1f}{age}{faded})", style="dim")
    return text


def _months(story: Story) -> Text:
    text = Text("Months  ", style="bold")
    if not story.history:
        return text
    for _, score, band in story.history:
        text.append(sparkline([score]), style=_STYLES.get(band or "", "dim"))
    first, last = story.history[0][0], story.history[-1][0]
    text.append(f"  {first:%Y-%m} to {last:%Y-%m}\n", style="dim not bold")
    return text


def _change(story: Story, score: float | None, *, with_causes: bool) -> list[RenderableType]:
    if story.score_change is None or story.parts is None or story.previous_score is None:
        text = Text("Change  ", style="bold")
        text.append("there is no score of the month before to compare with.\n", style="dim")
        return [text]
    before = "" if story.previous_date is None else f" since {story.previous_date:%Y-%m}"
    now = "–" if score is None else f"{score:.2f}"
    head = Text(f"Change{before}: {story.previous_score:.2f} to {now}", style="bold")
    table = Table(box=None, pad_edge=False)
    table.add_column("Cause")
    table.add_column("Points", justify="right")
    for (_, name), points in zip(PARTS, story.parts, strict=True):
        if points:
            table.add_row(name, f"{points:+.4f}")
    table.add_section()
    table.add_row(Text("Sum", style="bold"), Text(f"{sum(story.parts):+.4f}", style="bold"))
    noise = "" if story.dead_band is None else f", dead band ±{story.dead_band:.2f}"
    found: list[RenderableType] = [
        head,
        table,
        Text(f"Trend {story.trend or '–'}{noise}\n", style="dim"),
    ]
    if with_causes:
        found.append(_causes_table(story))
    if not story.is_consistent:
        found.append(
            Text(
                f"The parts do not sum to the change of {story.score_change:+.6f}: this release "
                "contradicts itself. Run `scorecard verify`.",
                style="bold red",
            )
        )
    return found


def _causes_table(story: Story) -> RenderableType:
    if not story.causes:
        return Text("The change by measure is not published for this month.\n", style="dim")
    used = [
        place for place in range(len(PARTS)) if any(cause.parts[place] for cause in story.causes)
    ]
    table = Table(title="Change by measure", title_justify="left", box=None, pad_edge=False)
    table.add_column("Measure", overflow="fold")
    for place in used:
        table.add_column(PARTS[place][1], justify="right")
    table.add_column("Sum", justify="right")
    for cause in story.causes:
        if any(cause.parts):
            table.add_row(
                cause.label,
                *(f"{cause.parts[place]:+.4f}" for place in used),
                f"{cause.total:+.4f}",
            )
    table.add_section()
    table.add_row(
        Text("Sum", style="bold"),
        *(f"{sum(cause.parts[place] for cause in story.causes):+.4f}" for place in used),
        f"{sum(cause.total for cause in story.causes):+.4f}",
    )
    return table


def write_page(
    explanation: "Explanation", path: Path, lang: str = "en", *, report: Path | None = None
) -> Path:
    """Write an explanation as a page of its own, without any file beside it.

    Args:
        explanation: What is explained.
        path: The file; its folder must exist.
        lang: `en` or `zh`.
        report: Folder of the release's report, to whose page of the scorecards in the language the
            page leads, where there is one.

    Returns:
        The file.
    """
    # Imported where it is used: the templates take a moment.
    from orchestration.explain import INTERVAL_MEANS
    from orchestration.release.report import page_environment

    environment = page_environment(None)
    environment.filters.update(day=day_in(lang), month=month_in(lang))
    story = explanation.story
    names = profile_names(lang)
    html = environment.get_template("explain.html.j2").render(
        lang=lang,
        t=translator(lang),
        explanation=explanation,
        interval_means=INTERVAL_MEANS,
        story=story,
        parts=[
            (name, points)
            for (_, name), points in zip(PARTS, story.parts or (), strict=False)
            if points
        ],
        profile_name=names.get(explanation.profile, explanation.profile),
        units={item.measure: item.unit for item in explanation.measures},
        notice=explanation.notice if lang == "en" or not explanation.notice else SIMULATED_ZH,
        widest_part=max((abs(points) for points in story.parts or ()), default=0) or 1,
        widest=max((abs(cause.total) for cause in story.causes), default=0) or 1,
        points=_points(story),
        report=_way_to(report / file_in(lang, "scorecards"), path) if report else "",
    )
    path.write_text(html, encoding="utf-8")
    return path


def _way_to(page: Path, path: Path) -> str:
    """The way from a file to a page, as a link; empty where the page is not there."""
    if not page.is_file():
        return ""
    return quote(Path(os.path.relpath(page.resolve(), path.parent.resolve())).as_posix())


def _points(story: Story) -> list[list[tuple[float, float]]]:
    """The months as runs of points in a drawing of 560 by 110; a gap parts them."""
    runs: list[list[tuple[float, float]]] = [[]]
    step = 520 / max(len(story.history) - 1, 1)
    for place, (_, score, _) in enumerate(story.history):
        if score is None:
            runs.append([])
        else:
            runs[-1].append((round(30 + place * step, 1), round(5 + (100 - score), 1)))
    return [run for run in runs if run]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"

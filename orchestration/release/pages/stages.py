"""The topics of the stages of relationships: who stands where, who declines, who moved.

Belongs here: what is read of stages, playbooks and transitions and how it is told, in both
languages. Not here: the other topics of relationships, other pages.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestration.release.formats import format_integer, format_percent
from orchestration.release.pages import charts
from orchestration.release.pages.model import (
    SMALL,
    Cell,
    Column,
    Figure,
    PageSpec,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.teller import Teller
from orchestration.release.pages.words import (
    names,
    number,
    part_cell,
    readable,
    share_of,
    tile,
    total,
)
from orchestration.release.palette import GREEN, RED
from orchestration.release.parts import Part
from orchestration.release.reading import Row
from orchestration.release.untold import (
    SMALL_CELL,
    Beside,
    counted,
    hidden_too,
    is_few,
    is_told,
    told_parts,
)

_STAGES = ("explore", "familiar", "trust", "co_create", "exit")


def topics(lang: str) -> tuple[Topic, ...]:
    """Both topics in a language.

    Args:
        lang: `en` or `zh`.
    """
    told = _Told(lang)
    t = told.t
    playbooks = {
        "stage_playbooks": names("stage name goal strategy needs_consent")
        + (names("name_zh goal_zh strategy_zh") if lang == "zh" else ())
    }
    return (
        Topic(
            "stages",
            Part(
                t("Stages and decline"),
                {
                    "customer_indicators": names(
                        "as_of_date relationship_stage is_stage_declining revenue_12m"
                    ),
                    **playbooks,
                },
                t("no stage could be judged"),
            ),
            told.stages,
        ),
        Topic(
            "moves",
            Part(
                t("Who moved where"),
                {
                    "stage_transitions": names(
                        "as_of_date period_months tier from_stage to_stage start_count "
                        "customer_count move_ratio is_low_n"
                    ),
                    **playbooks,
                },
                t("no stage could be judged"),
            ),
            told.moves,
        ),
    )


def chinese_page() -> PageSpec:
    """The stages alone, in Chinese: the other topics of relationships are told in English."""
    t = Teller("zh").t
    return PageSpec(
        "relationship.zh",
        t("Relationship stages"),
        t("Which relationships grow, and which decline?"),
        topics("zh"),
        t("Health, silence, credit and what goes together are told on the English page."),
    )


class _Told(Teller):
    """The topics in one language."""

    def stages(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            select
                max(as_of_date) as as_of_date,
                relationship_stage as stage,
                coalesce(is_stage_declining, false) as is_declining,
                count(*) as customer_count,
                sum(cast(revenue_12m as decimal(18, 4))) as revenue_12m
            from scorecard.customer_indicators
            where relationship_stage is not null
                and as_of_date = (select max(as_of_date) from scorecard.customer_indicators)
            group by relationship_stage, coalesce(is_stage_declining, false)
            """
        )
        if not rows:
            return None
        playbooks = _playbooks(reader)
        as_of = rows[0]["as_of_date"]
        here = [stage for stage in _STAGES if stage != "exit"]
        present = [row for row in rows if row["stage"] in here]
        declining = [row for row in present if row["is_declining"]]
        count = counted(total(present, "customer_count"))
        falling = counted(total(declining, "customer_count"))
        worth = _worth(declining)
        left = counted(total([row for row in rows if row["stage"] == "exit"], "customer_count"))
        cells = {(row["stage"], row["is_declining"]): row["customer_count"] for row in rows}
        sums = told_parts(
            {stage: sum(cells.get((stage, part), 0) for part in (False, True)) for stage in here}
        )
        listed = []
        for stage in here:
            fallen = [row for row in declining if row["stage"] == stage]
            listed.append(
                {
                    "goal": None,
                    "strategy": None,
                    **playbooks.get(stage, {}),
                    "label": self._stage(playbooks, stage),
                    "customer_count": sums[stage],
                    "holding_count": cells.get((stage, False), 0),
                    "declining_count": cells.get((stage, True), 0),
                    "declining_revenue": _worth(fallen),
                }
            )
        return Section(
            as_of=as_of,
            intro=t(
                "A relationship grows in stages and skips none: one up a month at most, one down "
                "after two months in which the stage’s own rules fail. Declining: those rules "
                "fail now, or the stage fell in the last three months."
            ),
            said=[
                t(
                    "{falling} of {count} relationships are declining; {worth} of the last twelve "
                    "months’ revenue is theirs. {left} customers have left."
                ).format(
                    falling=format_integer(falling),
                    count=format_integer(count),
                    worth=reader.money(worth),
                    left=format_integer(left),
                )
            ],
            headline=t(
                "{falling} of {count} relationships are declining, worth {worth} a year."
            ).format(
                falling=format_integer(falling),
                count=format_integer(count),
                worth=reader.money(worth),
            ),
            tiles=[
                tile(
                    t("Declining"),
                    format_integer(falling),
                    t("{share} of those in a stage").format(
                        share=format_percent(share_of(falling, count))
                    ),
                    definition=self.meaning(reader, "is_stage_declining")
                    or t("The rules of the own stage fail now, or the stage fell in three months."),
                    as_of=as_of,
                    source="customer_indicators.is_stage_declining",
                ),
                tile(
                    t("Value at stake there"),
                    reader.money(worth),
                    t("revenue of twelve months of the declining"),
                    definition=t(
                        "Revenue of the last twelve months of the customers whose relationship is "
                        "declining. It is not a forecast of what will be lost."
                    ),
                    as_of=as_of,
                    source="customer_indicators.revenue_12m",
                ),
            ],
            rows=[(self._now(reader, listed), self._what_to_do(listed))],
        )

    def moves(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            select * from scorecard.stage_transitions
            where tier = 'all' and as_of_date = (
                select max(as_of_date) from scorecard.stage_transitions where start_count > 0
            )
            order by period_months
            """
        )
        if not rows:
            return None
        playbooks = _playbooks(reader)
        periods = sorted({row["period_months"] for row in rows})
        shortest = [row for row in rows if row["period_months"] == periods[0]]
        order = {stage: place for place, stage in enumerate(_STAGES)}
        stayed = [row for row in shortest if row["to_stage"] != "exit"]
        up = [row for row in stayed if order[row["to_stage"]] > order[row["from_stage"]]]
        down = [row for row in stayed if order[row["to_stage"]] < order[row["from_stage"]]]
        gone = [row for row in shortest if row["to_stage"] == "exit"]
        span = t("the month") if periods[0] == 1 else t("{n} months").format(n=periods[0])
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "Each row holds the customers of a stage at the start; where they stand at the "
                "end is read along the row."
            ),
            said=[
                t(
                    "In {span} {up} relationships rose a stage, {down} fell back and {gone} "
                    "customers left."
                ).format(
                    span=span,
                    up=format_integer(total(up, "customer_count")),
                    down=format_integer(total(down, "customer_count")),
                    gone=format_integer(total(gone, "customer_count")),
                )
            ],
            rows=[tuple(self._matrix(rows, period, playbooks) for period in periods[:2])],
        )

    def _stage(self, playbooks: Mapping[str, Row], stage: str) -> str:
        row = playbooks.get(stage)
        return self.label(row, "name") if row else readable(stage)

    def _now(self, reader: Reader, listed: Sequence[Row]) -> Figure:
        t = self.t
        return Figure(
            t("Relationships by stage"),
            t("Customers in each stage, the declining ones apart."),
            charts.stacks(
                [
                    {"label": row["label"], "part": part, "value": value}
                    for row in listed
                    for part, value in (
                        (t("Holding"), row["holding_count"]),
                        (t("Declining"), row["declining_count"]),
                    )
                ],
                {t("Holding"): GREEN, t("Declining"): RED},
                form=format_integer,
            ),
            Table(
                t("Relationships by stage"),
                [
                    self.head("Stage"),
                    number(t("Customers"), "customer_count"),
                    number(t("Declining"), "declining_count"),
                    number(t("Their revenue, 12 m"), "declining_revenue", reader.money),
                ],
                listed,
                sources="customer_indicators.relationship_stage, is_stage_declining",
            ),
            self.meaning(reader, "relationship_stage")
            or t("The highest stage all of whose entry rules hold."),
        )

    def _what_to_do(self, listed: Sequence[Row]) -> Table:
        return Table(
            self.t("What to do in each stage"),
            [
                self.head("Stage"),
                self.text("Goal", "goal"),
                self.text("Strategy", "strategy", on_phone=False),
                self.consent(),
            ],
            listed,
            note=self.t("Needs consent: not for a customer who has not agreed to marketing."),
            sources="stage_playbooks",
        )

    def _matrix(self, rows: Sequence[Row], period: int, playbooks: Mapping[str, Row]) -> Table:
        t = self.t
        moves: dict[str, dict[str, Any]] = {}
        for row in rows:
            if row["period_months"] == period:
                stage = moves.setdefault(
                    row["from_stage"],
                    {"from": row["from_stage"], "start_count": row["start_count"], "small": False},
                )
                stage[row["to_stage"]] = row
                stage["small"] = row["is_low_n"]
        for stage in moves.values():
            stage["hidden"] = hidden_too(
                {to: stage[to]["customer_count"] for to in _STAGES if to in stage}
            )

        def head(stage: str) -> str:
            if stage == "exit":
                return t("left")
            name = self._stage(playbooks, stage)
            return t("to {stage}").format(stage=name.lower())

        return Table(
            t("Moves of the month") if period == 1 else t("Moves of {n} months").format(n=period),
            [
                Column(
                    t("From"),
                    lambda row: self._stage(playbooks, row["from"]),
                    is_number=False,
                    is_head=True,
                ),
                Column(
                    t("At the start"),
                    lambda row: Cell(
                        format_integer(row["start_count"]), SMALL if row["small"] else ""
                    ),
                    is_on_phone=False,
                ),
                *(Column(head(stage), _move(stage)) for stage in _STAGES),
            ],
            [moves[stage] for stage in _STAGES if stage in moves],
            note=t(
                "Number of customers; darker: a larger share of the stage. A dot: nobody. Fewer "
                "than {few} are not counted out."
            ).format(few=SMALL_CELL),
            sources=f"stage_transitions.customer_count, move_ratio (period_months = {period})",
        )


def _playbooks(reader: Reader) -> dict[str, Row]:
    return {
        str(row["stage"]): row for row in reader.rows("select * from scorecard.stage_playbooks")
    }


def _worth(rows: Sequence[Row]) -> Any:
    """Revenue of a group; nothing is said of very few customers, nor of whom they are told by."""
    held = [row["revenue_12m"] for row in rows if isinstance(row["customer_count"], Beside)]
    if is_few(total(rows, "customer_count")) or len(rows) == len(held) == 1:
        return None
    return total(rows, "revenue_12m")


def _move(to_stage: str) -> Callable[[Row], Cell]:
    def cell(stage: Row) -> Cell:
        row = stage.get(to_stage)
        if row is None or not row["customer_count"]:
            return Cell("·")
        count, share = row["customer_count"], row["move_ratio"]
        shade = float(share) if is_told(share) else None
        return part_cell(to_stage, count, stage["hidden"], shade=shade)

    return cell


CHINESE_PAGE = chinese_page()

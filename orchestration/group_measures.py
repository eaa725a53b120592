"""Measures of groups: the headline figures of tiers, teams, channels and of the whole company.

What belongs here: the seed `dbt_project/seeds/group_measures.csv` as rows; the sections of
`docs/indicators.md` and the descriptions of the marts' columns that `python -m
orchestration.catalogue` writes from it; what seed, marts and models say differently, each with the
place and the remedy. What does not: any fact about a measure; it is in the seed.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import yaml

from orchestration.catalogue_terms import (
    COMMAND,
    COMMON_CHOICES,
    LOADER,
    NUMBERS,
    UNITS,
    models_of,
    problems_of_words,
    read_seed,
    with_unit,
    words_of,
)

SEED = Path("dbt_project") / "seeds" / "group_measures.csv"
MARTS = Path("models") / "scorecard"
PROJECT = Path("dbt_project.yml")
# Window of a measure whose row tells the length of its period.
AS_THE_PERIOD = "as period_months says"
# Marts whose flag of few cases goes by a variable of its own: their cases are agents or
# practices, not tickets.
FLAGGED_BY = {"cmat_agreement": "cmat_min_common", "training_effects": "training_min_agents"}

INTRODUCTION = """\
## Measures of groups

The headline figures of tiers, teams, channels, surveys, campaigns and of the whole company, mart by
mart. The same definitions are in the mart `indicator_catalogue`, rendered from
`dbt_project/seeds/group_measures.csv`. *Cases* names the column of the same mart that counts what
the value rests on, *95 %* the columns of its interval; where the *flag* is true there are fewer
than *min n* cases and the value must not be ranked. *As period_months says*: the row tells how many
months it covers.
"""


@dataclass(frozen=True)
class GroupMeasure:
    """One row of the seed; the fields are its columns.

    Attributes:
        mart: Mart that publishes it.
        indicator_id: Column of the mart that holds it.
        name: Name for people.
        description: What it says.
        name_zh: Name in Chinese.
        description_zh: What it says, in Chinese.
        unit: Unit of the value.
        direction: `higher_is_better`, `lower_is_better` or `none`.
        viewpoint: Whose view: buyer, seller or both.
        kind: `quantitative` or `qualitative`.
        grain: What a row of the mart is about.
        time_window: Months or days that it covers.
        owner: Who answers for it.
        purpose: What it is for.
        min_n: Cases below which it is flagged or should not be ranked.
        freshness_days: Age above which it is stale.
        model: Model that computes it.
        formula_reference: Section of the definitions.
        n_column: Column of the mart that counts what it rests on.
        low_column: Column with the lower bound of its 95 % interval; empty where there is none.
        high_column: Column with the upper bound.
        low_n_column: Column that is true with too few cases; empty where there is none.
        target_column: Column with its target; empty where there is none.
        no_interval_reason: Why a ratio has no interval; empty for all others.
    """

    mart: str
    indicator_id: str
    name: str
    description: str
    name_zh: str
    description_zh: str
    unit: str
    direction: str
    viewpoint: str
    kind: str
    grain: str
    time_window: str
    owner: str
    purpose: str
    min_n: str
    freshness_days: str
    model: str
    formula_reference: str
    n_column: str
    low_column: str
    high_column: str
    low_n_column: str
    target_column: str
    no_interval_reason: str

    @property
    def contract_description(self) -> str:
        """The description of the mart's column: definition and unit."""
        return with_unit(self.description, self.unit)


class Named(Protocol):
    """A row of the catalogue as far as its names go."""

    @property
    def name(self) -> str:
        """Name for people."""
        ...

    @property
    def name_zh(self) -> str:
        """Name in Chinese."""
        ...


def read_group_measures(root: Path) -> list[GroupMeasure]:
    """Read the seed below the project's root, in its order.

    Raises:
        CatalogueError: The file is not UTF-8, or a row has not the columns of the head.
    """
    return read_seed(root, SEED, GroupMeasure)


# --- The page ---


def page(measures: Sequence[GroupMeasure]) -> Iterator[str]:
    """The lines of the page: a section and a table per mart, in the order of the seed."""
    yield INTRODUCTION
    for mart, group in groupby(measures, key=lambda each: each.mart):
        rows = list(group)
        yield f"### {_heading(mart)}"
        yield ""
        yield f"Mart `{mart}`, one row per {rows[0].grain.replace(' x ', ', ')}."
        yield ""
        yield "| Measure | What it says | Unit | Window | Better | Cases | 95 % | Flag | Min n | |"
        yield "|---|---|---|---|---|---|---|---|---:|---|"
        for each in rows:
            better = each.direction.replace("_is_better", "").replace("none", "")
            bounds = (
                "<br>".join(_code(name) for name in (each.low_column, each.high_column))
                if each.low_column
                else each.no_interval_reason
            )
            target = f"<br>Target: `{each.target_column}`" if each.target_column else ""
            yield (
                f"| **{each.name}** {each.name_zh}<br>`{each.indicator_id}` "
                f"| {each.description}<br>{each.description_zh}{target} | {each.unit} "
                f"| {each.time_window} | {better} | {_code(each.n_column)} "
                f"| {bounds} | {_code(each.low_n_column)} "
                f"| {each.min_n} | {each.formula_reference.removeprefix('Handbook ')} |"
            )
        yield ""


def _heading(mart: str) -> str:
    """The mart's name in words: `nps_by_group` becomes `NPS by group`."""
    first, *others = mart.split("_")
    return " ".join([first.upper() if len(first) == 3 else first.capitalize(), *others])


def _code(name: str) -> str:
    return f"`{name}`" if name else ""


# --- The contracts of the marts ---


def render_contracts(
    root: Path, measures: Sequence[GroupMeasure], texts: Mapping[Path, str]
) -> dict[Path, str]:
    """The files of the marts' contracts with the descriptions as the seed has them.

    Args:
        root: Root of the project.
        measures: The measures. One whose mart or column no file has is left out.
        texts: Files that are about to be written: these are gone on from.
    """
    files = {mart: file for mart, (file, _) in _contracts(root).items()}
    written: dict[Path, str] = {}
    for each in measures:
        file = files.get(each.mart)
        if file is None:
            continue
        text = written.get(file) or texts.get(file) or (root / file).read_text(encoding="utf-8")
        written[file] = _with_description(text, each)
    return written


def _with_description(text: str, each: GroupMeasure) -> str:
    """The file with the measure's description in its column; nothing else is touched."""
    start = text.index(f"  - name: {each.mart}\n")
    end = text.find("\n  - name: ", start + 1)
    block = text[start : end + 1 if end >= 0 else len(text)]
    column = re.search(rf"(?m)^      - name: {each.indicator_id}\n(?:        .*\n)+", block)
    if column is None:
        return text
    first, *entries = re.split(r"(?m)^(?=        \w)", column.group())
    lines = textwrap.wrap(
        each.contract_description, 86, break_long_words=False, break_on_hyphens=False
    )
    description = "        description: >-\n" + "".join(f"          {line}\n" for line in lines)
    is_type = [entry.startswith("        data_type:") for entry in entries]
    others = [entry for entry in entries if not entry.startswith("        description:")]
    others.insert(1 if any(is_type) else 0, description)
    begin = start + column.start()
    return text[:begin] + first + "".join(others) + text[begin + len(column.group()) :]


Contract = tuple[Path, dict[str, dict[str, Any]]]


def _contracts(root: Path) -> dict[str, Contract]:
    """The file and the columns of each published mart."""
    return {
        model["name"]: (
            file.relative_to(root),
            {column["name"]: column for column in model.get("columns", [])},
        )
        for file in sorted((root / MARTS).rglob("_*__models.yml"))
        for model in models_of(file)
    }


# --- What does not agree ---


def find_problems(root: Path, indicators: Sequence[Named]) -> list[str]:
    """What seed, marts and models say differently: where, what, and what to do.

    Args:
        root: Root of the project.
        indicators: The catalogue of customers, whose names no measure may have.
    """
    measures = read_group_measures(root)
    contracts = _contracts(root)
    choices = yaml.load((root / PROJECT).read_text("utf-8"), LOADER)["vars"]  # noqa: S506
    found = [*_repeated(measures, indicators)]
    for mart, group in groupby(
        sorted(measures, key=lambda each: each.mart), lambda each: each.mart
    ):
        found += _of_mart(root, mart, list(group), contracts)
    for each in measures:
        place = f"{SEED}: {each.mart}.{each.indicator_id}"
        found += [f"{place}: {told}" for told in problems_of_words(each, COMMON_CHOICES)]
        limit = FLAGGED_BY.get(each.mart, "min_n")
        if each.low_n_column and each.min_n != str(choices[limit]):
            found.append(
                f"{place}: min_n is {each.min_n!r}, but its flag goes by {limit} of {PROJECT}, "
                f"which is {choices[limit]}."
            )
        if each.mart in contracts:
            file, columns = contracts[each.mart]
            found += [f"{place}: {told}" for told in _of_columns(each, columns)]
            found += _of_contract(each, file, columns.get(each.indicator_id))
    return found


def _repeated(measures: Sequence[GroupMeasure], indicators: Sequence[Named]) -> Iterator[str]:
    for (mart, column), times in Counter(
        (each.mart, each.indicator_id) for each in measures
    ).items():
        if times > 1:
            yield f"{SEED}: {mart}.{column} stands in {times} rows. Keep one."
    for field in ("name", "name_zh"):
        names = [getattr(each, field) for each in (*measures, *indicators)]
        ours = {getattr(each, field) for each in measures}
        for value, times in Counter(names).items():
            if times > 1 and value in ours:
                yield (
                    f"{SEED}: {field} {value!r} stands in {times} rows of the catalogue. Each "
                    "needs its own."
                )


def _of_mart(
    root: Path, mart: str, measures: Sequence[GroupMeasure], contracts: Mapping[str, Contract]
) -> Iterator[str]:
    """Whether the mart is there, is made of the models named, and has one grain."""
    if mart not in contracts:
        yield f"{SEED}: {mart} is no published mart: no _*__models.yml below {MARTS} describes it."
        return
    grains = sorted({each.grain for each in measures})
    if len(grains) > 1 or not grains[0]:
        yield f"{SEED}: the rows of {mart} tell its grain as {grains}. Give all the same."
    file = (root / contracts[mart][0]).parent / f"{mart}.sql"
    sql = file.read_text(encoding="utf-8")
    for model in dict.fromkeys(each.model for each in measures):
        if model != mart and f"'{model}'" not in sql:
            yield (
                f"{SEED}: {mart} names {model} as model, which {file.relative_to(root)} does not "
                "read. Name the model that computes it, or the mart where it does so itself."
            )


def _of_columns(each: GroupMeasure, columns: Mapping[str, Any]) -> Iterator[str]:
    """Whether the columns that the row names are in the mart and of a type that fits."""
    if not each.n_column:
        yield "n_column is empty. Name the column that counts what the value rests on."
    if bool(each.low_column) != bool(each.high_column):
        yield "low_column and high_column: fill in both, or neither."
    if each.low_column and not each.low_n_column:
        yield "low_n_column is empty. What has an interval is flagged where its cases are few."
    if (each.unit == "ratio" and not each.low_column) != bool(each.no_interval_reason):
        yield (
            "no_interval_reason: a ratio has an interval or says why it has none, and nothing else "
            "needs a reason."
        )
    own = columns.get(each.indicator_id, {}).get("data_type")
    fitting = {
        "n_column": NUMBERS,
        "low_column": frozenset({"double", own}),
        "high_column": frozenset({"double", own}),
        "low_n_column": frozenset({"boolean"}),
        "target_column": frozenset({"double", own}),
    }
    for field, types in fitting.items():
        name = getattr(each, field)
        if not name:
            continue
        if name not in columns:
            yield f"{field} is {name!r}, no column of {each.mart}."
        elif columns[name].get("data_type") not in types:
            yield f"{field} is {name!r}, of type {columns[name].get('data_type')}."
    if each.time_window == AS_THE_PERIOD and "period_months" not in columns:
        yield f"time_window is {AS_THE_PERIOD!r}, but {each.mart} has no period_months."


def _of_contract(each: GroupMeasure, file: Path, column: Mapping[str, Any] | None) -> Iterator[str]:
    """Whether the contract of the mart says the same."""
    if column is None:
        yield (
            f"{SEED}: {each.mart} has no column {each.indicator_id} in {file}. Add it there and to "
            "the SQL, or mend the seed."
        )
        return
    if " ".join(words_of(column)) != " ".join(each.contract_description.split()):
        yield (
            f"{file}: {each.mart}.{each.indicator_id} is described in other words than in {SEED}. "
            f"Run `{COMMAND}`."
        )
    allowed = UNITS.get(each.unit, frozenset({column["data_type"]}))
    if column["data_type"] not in allowed:
        yield (
            f"{file}: {each.mart}.{each.indicator_id} is {column['data_type']}, its unit in {SEED} "
            f"is {each.unit}, which is {' or '.join(sorted(allowed))}. Mend the unit, or the type."
        )

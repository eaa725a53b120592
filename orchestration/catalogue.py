"""The indicator catalogue: reading it, what is written from it, and whether all agrees with it.

What belongs here: the seed `dbt_project/seeds/indicators.csv` as rows; `docs/indicators.md` and the
columns of the mart's contract, which `python -m orchestration.catalogue` writes from it (and the
page of `profiles_page`); what seed, models, contract and page say differently, each with the place
and the remedy. What does not: any fact about an indicator; it is in the seed. Measures of a tier,
team or channel: `group_measures`.
"""

import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from orchestration import group_measures, profiles_page
from orchestration.catalogue_terms import (
    COMMAND,
    COMMON_CHOICES,
    COUNTS,
    UNITS,
    CatalogueError,
    models_of,
    problems_of_words,
    read_seed,
    with_unit,
    words_of,
)
from orchestration.errors import ScorecardError
from orchestration.group_measures import GroupMeasure, read_group_measures
from orchestration.settings import Settings
from orchestration.warehouse import connect

SEED = Path("dbt_project") / "seeds" / "indicators.csv"
PAGE = Path("docs") / "indicators.md"
MART = "customer_indicators"
MART_SQL = Path("models") / "scorecard" / "indicators" / f"{MART}.sql"
CONTRACT = Path("models") / "scorecard" / "indicators" / "_indicators__models.yml"
MODELS = Path("models") / "indicators"
# The other marts whose columns may be measures of a scorecard, each with the YAML of its contract.
# They are built after the indicators, so nothing here is written into them.
LATER_MARTS = {
    "predictions": Path("models") / "scorecard" / "_scorecard__models.yml",
    "upsell_predictions": Path("models") / "scorecard" / "upsell" / "_upsell__models.yml",
    "customer_value": Path("models") / "scorecard" / "value" / "_value__models.yml",
}
KEYS = ("customer_id", "as_of_date")
# Systems that an indicator may need beyond billing and the CRM.
SYSTEMS = frozenset({"support", "survey", "usage", "marketing", "organisation"})
# What the other columns of the seed may say.
CHOICES = {
    **COMMON_CHOICES,
    "grain": frozenset({"customer x month"}),
    "mart": frozenset({MART, *LATER_MARTS}),
}

# What the indicators of a model are about, in the order of the page.
FAMILIES = {
    "ind_value": "Value",
    "ind_activity": "Activity and contract",
    "ind_lifecycle": "Life cycle",
    "ind_retention": "Retention and depth",
    "ind_loyalty": "Loyalty",
    "ind_loyalty_points": "Loyalty programme",
    "ind_potential": "Potential",
    "ind_satisfaction": "Satisfaction",
    "ind_text": "What customers write",
    "ind_service": "Service and complaints",
    "ind_cost_to_serve": "Cost to serve",
    "ind_relationship": "Health of the relationship",
    "ind_stages": "Stages of the relationship",
    "ind_iceberg": "Value that shows and value that does not",
    "ind_credit": "Credit",
    "ind_experience": "Moments that matter, effort and perceived value",
    "ind_growth": "Growth and room to grow",
    "ind_trade": "Goods, receipts and prices",
    "ind_judgements": "Judged by staff",
    "predictions": "Predictions of leaving and of value to come",
    "upsell_predictions": "Predictions of more business",
    "customer_value": "Value of the whole relationship",
}

INTRODUCTION = """\
# The indicators

Every indicator of a customer, as it stands in the mart `customer_indicators`: one row per customer
and month end; and, at the end, those predictions that may be measures of a scorecard, each in the
mart that its section names. The same definitions are in the mart `indicator_catalogue`, in English
and Chinese. This page is rendered from `dbt_project/seeds/indicators.csv` by
`python -m orchestration.catalogue`; change the seed, not this page. How to add one is in
[add-an-indicator.md](add-an-indicator.md). Retention, service, cost and the like of a tier, team or
channel are below, under [measures of groups](#measures-of-groups).

*Empty* means not measured, which is never zero. *Needs* names the source system without which
nobody has a value, where billing and the CRM do not suffice. *Rows behind it* names the column of
the same mart that counts what the value rests on; with fewer than *min n* cases a value must not be
ranked. Ids like C11 are sections of the definitions that the project was built from.
"""


@dataclass(frozen=True)
class Indicator:
    """One row of the catalogue; the fields are the columns of the seed.

    Attributes:
        indicator_id: Column of the mart that holds it.
        name: Name for people.
        description: What it says.
        name_zh: Name in Chinese.
        description_zh: What it says, in Chinese.
        unit: Unit of the value.
        direction: `higher_is_better`, `lower_is_better` or `none`.
        viewpoint: Whose view: buyer, seller or both.
        kind: `quantitative` or `qualitative`.
        grain: What a row is about.
        time_window: Months or days that it covers.
        owner: Who answers for it.
        purpose: What it is for.
        min_n: Cases below which it is flagged.
        freshness_days: Age above which it is stale.
        carry: `true` where a stale value still counts in a score, ever less (surveys, judgements,
            audits); empty for what is computed anew each month.
        half_life_days: Days past the freshness in which such a value's weight halves.
        age_column: Column of the mart with the days since its newest fact.
        mart: Mart that publishes it.
        model: Model that computes it.
        formula_reference: Section of the definitions.
        needs_system: Source systems that it cannot do without, comma between; with `or` between,
            of which one is enough.
        also_uses: Further source systems that change it, comma between.
        needs_table: Table of billing or CRM, beyond invoices and customers, that it needs.
        presence_column: Column of the mart that is filled wherever it was measured.
        source_rows_column: Column of the mart that counts what it rests on; empty for a
            prediction.
    """

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
    carry: str
    half_life_days: str
    age_column: str
    mart: str
    model: str
    formula_reference: str
    needs_system: str
    also_uses: str
    needs_table: str
    presence_column: str
    source_rows_column: str

    @property
    def needed_systems(self) -> frozenset[str]:
        """The systems of which it needs all or, with `or` between, one."""
        return _systems(self.needs_system)

    @property
    def further_systems(self) -> frozenset[str]:
        """Systems that change it where they are connected."""
        return _systems(self.also_uses)

    @property
    def touching_systems(self) -> frozenset[str]:
        """The systems without which it is empty or may be another."""
        return self.needed_systems | self.further_systems

    @property
    def contract_description(self) -> str:
        """The description of the mart's column: definition and unit."""
        return with_unit(self.description, self.unit)


def _systems(listed: str) -> frozenset[str]:
    return frozenset(listed.replace(" or ", ", ").split(", ")) - {""}


def read_catalogue(root: Path) -> list[Indicator]:
    """Read the seed below the project's root, in its order.

    Raises:
        CatalogueError: The file is not UTF-8, or a row has not the columns of the head.
    """
    return read_seed(root, SEED, Indicator)


def render_catalogue(indicators: Sequence[Indicator], measures: Sequence[GroupMeasure]) -> str:
    """The page: a section per family and per mart of groups, a table per section."""
    return "\n".join([*_page(indicators), *group_measures.page(measures)]) + "\n"


def _page(indicators: Sequence[Indicator]) -> Iterator[str]:
    yield INTRODUCTION
    order = list(FAMILIES)
    unknown = sorted({each.model for each in indicators} - set(order))
    if unknown:
        raise CatalogueError(
            f"orchestration/catalogue.py: FAMILIES has no {', '.join(unknown)}, named as model in "
            f"{SEED}. Add it with a heading, or mend the model in the seed."
        )
    by_model = sorted(indicators, key=lambda each: order.index(each.model))
    for model, group in groupby(by_model, key=lambda each: each.model):
        yield f"## {FAMILIES[model]}"
        yield ""
        yield f"Computed by `{model}`."
        yield ""
        yield (
            "| Indicator | What it says | Unit | Window | Better | Needs | Rows behind it "
            "| Min n | |"
        )
        yield "|---|---|---|---|---|---|---|---:|---|"
        for each in group:
            behind = f"`{each.source_rows_column}`" if each.source_rows_column else ""
            better = each.direction.replace("_is_better", "").replace("none", "")
            yield (
                f"| **{each.name}** {each.name_zh}<br>`{each.indicator_id}` "
                f"| {each.description}<br>{each.description_zh} | {each.unit} "
                f"| {each.time_window} | {better} | {each.needs_system} "
                f"| {behind} | {each.min_n} "
                f"| {each.formula_reference.removeprefix('Handbook ')} |"
            )
        yield ""


# --- The contract of the mart ---


def contract_columns(root: Path, mart: str = MART) -> dict[str, dict[str, Any]]:
    """The columns of the mart's contract, by name."""
    file = LATER_MARTS.get(mart, CONTRACT)
    models = {model["name"]: model for model in models_of(root / file)}
    return {column["name"]: column for column in models[mart]["columns"]}


def render_contract(text: str, indicators: Sequence[Indicator], types: Mapping[str, str]) -> str:
    """The contract's file with the mart's columns as the catalogue has them.

    Args:
        text: The file as it is. Keys of the mart, tests of a column and other marts stay.
        indicators: The catalogue.
        types: Type of each column; one without a type is left out.
    """
    start = text.index(f"  - name: {MART}\n")
    ends = [text.find(mark, start + 1) for mark in ("\n  - name: ", "\n\n")]
    end = min((end for end in ends if end >= 0), default=len(text.rstrip("\n")))
    block = text[start:end] + "\n"
    first, *columns = re.split(r"(?m)^(?=      - name: )", block)
    found = {column.split("\n")[0].removeprefix("      - name: "): column for column in columns}
    written = [found[key] for key in KEYS]
    for each in indicators:
        if each.mart == MART and each.indicator_id in types:
            lines = textwrap.wrap(
                each.contract_description, 86, break_long_words=False, break_on_hyphens=False
            )
            written.append(
                f"      - name: {each.indicator_id}\n"
                f"        data_type: {types[each.indicator_id]}\n"
                "        description: >-\n"
                + "".join(f"          {line}\n" for line in lines)
                + _besides(found.get(each.indicator_id, ""))
            )
    return text[:start] + (first + "".join(written)).rstrip("\n") + text[end:]


def _besides(column: str) -> str:
    """What a column of the contract says besides its type and its description."""
    entries = re.split(r"(?m)^(?=        \w)", column)[1:]
    written = ("        data_type:", "        description:")
    return "".join(entry for entry in entries if not entry.startswith(written))


def published_types(settings: Settings, indicators: Sequence[Indicator]) -> dict[str, str]:
    """Type that each indicator has in the mart: as its model was built, else as the contract says.

    Money that a model gives as a fraction is published with two decimals.
    """
    contract = contract_columns(settings.root)
    built = _built_types(settings)
    types = {}
    for each in indicators:
        if each.mart in LATER_MARTS:
            continue
        known = contract.get(each.indicator_id, {}).get("data_type")
        found = built.get((each.model, each.indicator_id), known)
        if found is not None:
            is_money = each.unit == "GBP" and found == "double"
            types[each.indicator_id] = "decimal(18,2)" if is_money else found
    return types


def _built_types(settings: Settings) -> dict[tuple[str, str], str]:
    if not settings.warehouse.exists():
        return {}
    with connect(settings, read_only=True) as con:
        rows = con.execute(
            "select table_name, column_name, lower(data_type) from information_schema.columns "
            "where table_schema = 'indicators'"
        ).fetchall()
    return {(model, column): data_type for model, column, data_type in rows}


# --- What does not agree ---


def find_problems(root: Path) -> list[str]:
    """What catalogue, models, contract and page say differently: where, what, and what to do."""
    indicators = read_catalogue(root)
    described = {
        model["name"]: (file.relative_to(root), {each["name"]: each for each in model["columns"]})
        for file in sorted((root / MODELS).rglob("_*__models.yml"))
        for model in models_of(file)
    }
    contract = contract_columns(root)
    found = [*_repeated(indicators)]
    of_mart = [each for each in indicators if each.mart not in LATER_MARTS]
    for model in dict.fromkeys(each.model for each in of_mart):
        found += _of_model(root, model)
    for mart in LATER_MARTS:
        found += _of_later_mart(root, mart, [each for each in indicators if each.mart == mart])
    for each in of_mart:
        found += [f"{SEED}: {each.indicator_id}: {problem}" for problem in _of_row(each, contract)]
        found += _of_column(each, described)
        found += _of_contract(each, contract)
    listed = {each.indicator_id for each in of_mart}
    found += [
        f"{CONTRACT}: {MART} has {column}, which is not in {SEED}. Run `{COMMAND}`, or add its row."
        for column in contract
        if column not in KEYS and column not in listed
    ]
    found += _of_what_is_written(root, indicators, contract)
    found += group_measures.find_problems(root, indicators)
    return found


def _repeated(indicators: Sequence[Indicator]) -> Iterator[str]:
    for field in ("indicator_id", "name", "name_zh"):
        counted = Counter(getattr(each, field) for each in indicators)
        for value, times in counted.items():
            if times > 1:
                yield f"{SEED}: {field} {value!r} stands in {times} rows. Each needs its own."


def _of_row(each: Indicator, contract: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the row of the seed itself."""
    yield from problems_of_words(each, CHOICES)
    yield from _of_needs(each, contract)
    rests_on = contract.get(each.source_rows_column, {}).get("data_type")
    if rests_on not in COUNTS:
        is_what = f"of type {rests_on}" if rests_on else f"no column of {MART}"
        yield (
            f"source_rows_column is {each.source_rows_column!r}, {is_what}. Name a published "
            "column that counts what the value rests on."
        )


def _of_later_mart(root: Path, mart: str, indicators: Sequence[Indicator]) -> Iterator[str]:
    """What is wrong with measures that another mart publishes: rows, columns and their types."""
    contract = contract_columns(root, mart)
    for each in indicators:
        place = f"{SEED}: {each.indicator_id}:"
        yield from (f"{place} {problem}" for problem in problems_of_words(each, CHOICES))
        yield from (f"{place} {problem}" for problem in _of_needs(each, contract))
        if each.model != mart:
            yield f"{place} model is {each.model!r}. Name the mart itself, {mart}."
        if each.source_rows_column:
            yield f"{place} source_rows_column is filled. Leave it empty: {mart} counts no rows."
        if each.indicator_id not in contract:
            yield f"{place} {mart} has no such column. Mend the id or the mart."
            continue
        is_type = contract[each.indicator_id]["data_type"]
        allowed = UNITS.get(each.unit, frozenset({is_type}))
        if is_type not in allowed:
            yield (
                f"{place} {mart} has it as {is_type}, its unit is {each.unit}, which is "
                f"{' or '.join(sorted(allowed))}. Mend the unit."
            )


def _of_needs(each: Indicator, contract: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with what the row says of systems and of being measured."""
    for field in ("needs_system", "also_uses"):
        unknown = _systems(getattr(each, field)) - SYSTEMS
        if unknown:
            yield (
                f"{field} names {', '.join(sorted(unknown))}. It may name "
                f"{', '.join(sorted(SYSTEMS))}; leave it empty where billing and the CRM suffice."
            )
    if each.presence_column not in {each.indicator_id, *contract}:
        yield (
            f"presence_column is {each.presence_column!r}, no column of {each.mart}. Repeat the "
            "indicator_id, unless an empty value is an answer, too."
        )


def _of_model(root: Path, model: str) -> Iterator[str]:
    """Whether a model that the catalogue names is known everywhere."""
    if model not in FAMILIES:
        yield (
            f"orchestration/catalogue.py: FAMILIES has no {model}, named as model in {SEED}. Add "
            "it with a heading, or mend the seed."
        )
    if f"'{model}'" not in (root / MART_SQL).read_text(encoding="utf-8"):
        yield f"{MART_SQL}: its list of models has no {model}, named as model in {SEED}. Add it."


def _of_column(each: Indicator, described: Mapping[str, Any]) -> Iterator[str]:
    """Whether the model describes the column."""
    if each.model not in described:
        yield (
            f"{MODELS}: no _*__models.yml describes {each.model}, the model of "
            f"{each.indicator_id}. Describe it in the file of its folder."
        )
        return
    file, columns = described[each.model]
    if len(words_of(columns.get(each.indicator_id))) < 2:
        yield (
            f"{file}: {each.model} does not describe its column {each.indicator_id}. Add its name "
            "and a description."
        )


def _of_contract(each: Indicator, contract: Mapping[str, Any]) -> Iterator[str]:
    """Whether the contract of the mart says the same."""
    column = contract.get(each.indicator_id)
    if column is None:
        yield (
            f"{CONTRACT}: {MART} has no {each.indicator_id}, which is in {SEED}. Build it with "
            f"`dbt run --full-refresh -s {each.model}`, then run `{COMMAND}`."
        )
        return
    if " ".join(words_of(column)) != " ".join(each.contract_description.split()):
        yield (
            f"{CONTRACT}: {each.indicator_id} is described in other words than in {SEED}. "
            f"Run `{COMMAND}`."
        )
    allowed = UNITS.get(each.unit, frozenset({column["data_type"]}))
    if column["data_type"] not in allowed:
        yield (
            f"{CONTRACT}: {each.indicator_id} is {column['data_type']}, its unit in {SEED} is "
            f"{each.unit}, which is {' or '.join(sorted(allowed))}. Mend the unit, or cast the "
            f"column in {each.model}, build it anew and run `{COMMAND}`."
        )


def _of_what_is_written(
    root: Path, indicators: Sequence[Indicator], contract: Mapping[str, Any]
) -> Iterator[str]:
    types = {name: column["data_type"] for name, column in contract.items()}
    text = (root / CONTRACT).read_text(encoding="utf-8")
    written = {CONTRACT: (text, render_contract(text, indicators, types))}
    if all(each.model in FAMILIES for each in indicators):
        text = (root / PAGE).read_text(encoding="utf-8")
        written[PAGE] = (text, render_catalogue(indicators, read_group_measures(root)))
    for path, (is_now, should_be) in written.items():
        if is_now != should_be:
            yield f"{path}: not as {SEED} says. Run `{COMMAND}`."
    text = (root / profiles_page.PAGE).read_text(encoding="utf-8")
    if text != profiles_page.render_profiles(root):
        yield f"{profiles_page.PAGE}: not as the seeds of the scorecards say. Run `{COMMAND}`."


def write_catalogue(settings: Settings) -> list[Path]:
    """Write the contracts of the marts and the page; what is new is returned.

    Raises:
        CatalogueError: A model of the catalogue has no heading on the page.
    """
    indicators = read_catalogue(settings.root)
    contract = settings.root / CONTRACT
    types = published_types(settings, indicators)
    measures = read_group_measures(settings.root)
    texts = {
        CONTRACT: render_contract(contract.read_text(encoding="utf-8"), indicators, types),
        PAGE: render_catalogue(indicators, measures),
        profiles_page.PAGE: profiles_page.render_profiles(settings.root),
    }
    texts |= group_measures.render_contracts(settings.root, measures, texts)
    changed = []
    for path, text in texts.items():
        if (settings.root / path).read_text(encoding="utf-8") != text:
            (settings.root / path).write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def main() -> int:
    """Write what the catalogue says and tell what does not agree with it; 0 when all does."""
    settings = Settings.from_environment()
    try:
        for path in write_catalogue(settings):
            sys.stdout.write(f"{path}: written\n")
        problems = find_problems(settings.root)
    except ScorecardError as error:
        problems = [str(error)]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    if not problems:
        count = len(read_catalogue(settings.root))
        of_groups = len(read_group_measures(settings.root))
        sys.stdout.write(
            f"{count} indicators: catalogue, models, contract and page agree; "
            f"so do {of_groups} measures of groups.\n"
        )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""The indicator catalogue: reading it, and the page for people that is rendered from it.

What belongs here: the seed `dbt_project/seeds/indicators.csv` as rows, and `docs/indicators.md`.
What does not: any fact about an indicator; it is in the seed, and tests hold seed, models, contract
and page together. Render anew with `python -m orchestration.catalogue`.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from orchestration.settings import Settings

SEED = Path("dbt_project") / "seeds" / "indicators.csv"
PAGE = Path("docs") / "indicators.md"

# Units that need no words behind the description.
UNITLESS = frozenset({"class", "date", "flag", "text"})

# What the indicators of a model are about, in the order of the page.
FAMILIES = {
    "ind_value": "Value",
    "ind_activity": "Activity and contract",
    "ind_lifecycle": "Life cycle",
    "ind_retention": "Retention and depth",
    "ind_loyalty": "Loyalty",
    "ind_satisfaction": "Satisfaction",
    "ind_text": "What customers write",
    "ind_service": "Service and complaints",
    "ind_cost_to_serve": "Cost to serve",
    "ind_relationship": "Health of the relationship",
    "ind_stages": "Stages of the relationship",
    "ind_iceberg": "Value that shows and value that does not",
    "ind_credit": "Credit",
    "ind_experience": "Moments that matter, effort and perceived value",
}

INTRODUCTION = """\
# The indicators

Every indicator of a customer, as it stands in the mart `customer_indicators`: one row per customer
and month end. The same definitions are in the mart `indicator_catalogue`, in English and Chinese.
This page is rendered from `dbt_project/seeds/indicators.csv` by
`python -m orchestration.catalogue`; change the seed, not this page. How to add one is in
[add-an-indicator.md](add-an-indicator.md).

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
        mart: Mart that publishes it.
        model: Model that computes it.
        formula_reference: Section of the definitions.
        source_rows_column: Column of the mart that counts what it rests on.
        needs_system: Source systems that it cannot do without, comma between; with `or` between,
            of which one is enough.
        also_uses: Further source systems that change it, comma between.
        needs_table: Table of billing or CRM, beyond invoices and customers, that it needs.
        presence_column: Column of the mart that is filled wherever it was measured.
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
    mart: str
    model: str
    formula_reference: str
    source_rows_column: str
    needs_system: str
    also_uses: str
    needs_table: str
    presence_column: str

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

    def is_empty_without(self, system: str) -> bool:
        """Whether nobody has a value where this one system is missing."""
        return system in self.needed_systems and " or " not in self.needs_system

    @property
    def contract_description(self) -> str:
        """The description of the mart's column: definition and unit."""
        if self.unit in UNITLESS:
            return self.description
        return f"{self.description} Unit: {self.unit}."


def _systems(listed: str) -> frozenset[str]:
    return frozenset(listed.replace(" or ", ", ").split(", ")) - {""}


def read_catalogue(root: Path) -> list[Indicator]:
    """Read the seed below the project's root, in its order."""
    with (root / SEED).open(encoding="utf-8", newline="") as file:
        return [Indicator(**row) for row in csv.DictReader(file)]


def render_catalogue(indicators: Sequence[Indicator]) -> str:
    """The page: a section per family, a table per section."""
    return "\n".join(_page(indicators)) + "\n"


def _page(indicators: Sequence[Indicator]) -> Iterator[str]:
    yield INTRODUCTION
    order = list(FAMILIES)
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
            better = each.direction.replace("_is_better", "").replace("none", "")
            yield (
                f"| **{each.name}** {each.name_zh}<br>`{each.indicator_id}` "
                f"| {each.description}<br>{each.description_zh} | {each.unit} "
                f"| {each.time_window} | {better} | {each.needs_system} "
                f"| `{each.source_rows_column}` | {each.min_n} "
                f"| {each.formula_reference.removeprefix('Handbook ')} |"
            )
        yield ""


def main() -> None:
    """Write the page."""
    root = Settings.from_environment().root
    (root / PAGE).write_text(render_catalogue(read_catalogue(root)), encoding="utf-8")


if __name__ == "__main__":
    main()

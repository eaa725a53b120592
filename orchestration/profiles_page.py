"""The page of the profiles: what each scorecard is made of, with the reason for every weight.

What belongs here: the seeds `scorecards`, `scorecard_nodes`, `targets` and `segment_strategies` as
`docs/profiles.md`, which `python -m orchestration.catalogue` writes. What does not: any fact about
a profile, which is in the seeds; what is wrong with a configuration; the scores.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

SEEDS = Path("dbt_project") / "seeds"
PAGE = Path("docs") / "profiles.md"
# The seeds that the page is made of.
READS = ("scorecards", "scorecard_nodes", "targets", "segment_strategies")
TIERS = ("A", "B", "C", "D", "all")
SCORINGS = {
    "percentile_portfolio": "among all customers",
    "percentile_in_tier": "among the tier",
}

INTRODUCTION = """\
# The profiles

A profile is a scorecard as data: a tree of measures with their weights, the way in which each
becomes 0 to 100, and the reason for it. Several are applied to one customer at the same time. One
that lacks more than 40 % of its weight in a company's data is refused, with the list of what is
missing (mart `profile_requirements`). This page is rendered from the seeds `scorecards`,
`scorecard_nodes`, `targets` and `segment_strategies` in `dbt_project/seeds/` by
`python -m orchestration.catalogue`; change the seeds, not this page. How to add a profile is in
[add-a-profile.md](add-a-profile.md), what each indicator means in [indicators.md](indicators.md).

*Weight* is the share among the siblings, which weigh 1 together, *of all* its share of the whole
score, as configured; what judgements and entropy make of it is in the mart `scorecard_weights`.
Three numbers with arrows are the values that score 0, 75 and 100 (floor, target, stretch); by tier
where tiers differ. *Among all customers* and *among the tier* is the percentile, which is used for
what has no target: the tier is made of margin and revenue, so there everybody is held against
everybody. A **lever** is a measure that somebody can act on. Targets are
the product's, within reach of a company like the demo's; set your own.

A value profile says what a customer is worth, not who will leave, so its back-test
(`scorecard_backtest`) may be near 0.5. In a company that has subscribers and buyers it may even be
below: in the demo company the publisher's has an AUC of 0.47, since who is sent goods scores high
and leaves more often than who has a contract. Booksellers have none: among customers who leave
alike it is 0.55 (`churn_auc_same_kind`), among buyers 0.58. Judge a profile on the customers that
it is meant for.
"""


def render_profiles(root: Path) -> str:
    """The page, from the seeds below the project's root, with the rows that are in force."""
    nodes = [row for row in _rows(root, "scorecard_nodes") if not row["valid_until"]]
    targets = {(row["indicator_id"], row["tier"]): row for row in _in_force(root)}
    lines = [INTRODUCTION]
    for profile in _rows(root, "scorecards"):
        of_profile = [node for node in nodes if node["profile"] == profile["profile"]]
        lines += _section(profile, of_profile, targets)
    lines += _strategies(_rows(root, "segment_strategies"))
    return "\n".join(lines)


def _rows(root: Path, seed: str) -> list[dict[str, str]]:
    with (root / SEEDS / f"{seed}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _in_force(root: Path) -> list[dict[str, str]]:
    """The targets, the newest of an indicator and tier last."""
    return sorted(_rows(root, "targets"), key=lambda row: row["valid_from"])


def _section(
    profile: Mapping[str, str],
    nodes: Sequence[Mapping[str, str]],
    targets: Mapping[tuple[str, str], Mapping[str, str]],
) -> Iterator[str]:
    yield f"## {profile['name']}"
    yield ""
    yield f"{profile['name_zh']} · `{profile['profile']}` · {profile['kind']}"
    yield ""
    yield profile["description"]
    yield profile["description_zh"]
    yield ""
    if not nodes:
        return
    yield "| Measure | Weight | Of all | Scored | Why | Stands for, or needs |"
    yield "|---|---:|---:|---|---|---|"
    (root,) = (node for node in nodes if not node["parent_id"])
    yield from _node(root, nodes, targets, depth=0, of_all=Decimal(1))
    yield ""


def _node(
    node: Mapping[str, str],
    nodes: Sequence[Mapping[str, str]],
    targets: Mapping[tuple[str, str], Mapping[str, str]],
    *,
    depth: int,
    of_all: Decimal,
) -> Iterator[str]:
    """The line of a node and, below it, those of its children."""
    children = [each for each in nodes if each["parent_id"] == node["node_id"]]
    name = f"{'&emsp;' * depth}{node['label']} {node['label_zh']}"
    if children:
        name = f"**{name}**"
        weighting = node["weighting"] or "fixed"
        scored = "" if weighting == "fixed" else f"weights below: {weighting}"
    else:
        name += f"<br>{'&emsp;' * depth}`{node['indicator_id'] or node['node_id']}`"
        name += " · lever" if node["is_lever"] == "true" else ""
        scored = _scored(node, targets)
    rest = node["needs"] and f"needs {node['needs']}"
    yield (
        f"| {name} | {_number(node['weight'])} | {of_all * 100:.1f} % | {scored} "
        f"| {node['reason']} | {rest or node['substitutes']} |"
    )
    for child in children:
        yield from _node(
            child, nodes, targets, depth=depth + 1, of_all=of_all * Decimal(child["weight"])
        )


def _scored(node: Mapping[str, str], targets: Mapping[tuple[str, str], Mapping[str, str]]) -> str:
    if not node["indicator_id"]:
        return "not measured"
    if node["scoring"] in SCORINGS:
        return SCORINGS[node["scoring"]]
    by_tier = {
        tier: " → ".join(
            _number(targets[node["indicator_id"], tier][f"{edge}_value"])
            for edge in ("floor", "target", "stretch")
        )
        for tier in TIERS
        if (node["indicator_id"], tier) in targets
    }
    if len(set(by_tier.values())) == 1:
        return next(iter(by_tier.values()))
    return "<br>".join(f"{tier}: {values}" for tier, values in by_tier.items())


def _number(text: str) -> str:
    """A number without the zeros that say nothing."""
    return f"{Decimal(text).normalize():f}"


def _strategies(cells: Sequence[Mapping[str, str]]) -> Iterator[str]:
    yield "## What to do with whom"
    yield ""
    yield (
        "Each customer is high or low in current value, potential and relationship, against the "
        "middle of the yearly review; one of the three not measured makes no segment."
    )
    yield ""
    yield "| Current | Potential | Relationship | Segment | Strategy | Needs consent to marketing |"
    yield "|---|---|---|---|---|---|"
    for cell in cells:
        yield (
            f"| {cell['current']} | {cell['potential']} | {cell['relationship']} "
            f"| **{cell['name']}** {cell['name_zh']} "
            f"| {cell['strategy']}<br>{cell['strategy_zh']} "
            f"| {'yes' if cell['needs_consent'] == 'true' else 'no'} |"
        )
    yield ""

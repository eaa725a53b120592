"""Names that a user may choose, read from the files that define them.

What belongs here: refusing a profile or a target that does not exist, or a profile that today's
sources cannot fill, before anything runs; and one that the company's data do not fill, once the
models say so.
What does not: what a profile or a target means (dbt).
"""

import csv
from decimal import Decimal
from pathlib import Path

import yaml

from orchestration.errors import ScorecardError, UsageError
from orchestration.settings import Settings
from orchestration.warehouse import connect

# Handbook C12; dbt's own limit is the var `min_coverage` (its complement).
LARGEST_GAP = Decimal("0.40")


def check_profile(settings: Settings) -> None:
    """Refuse a scorecard profile that no seed row has, or that lacks too much of its weight.

    A profile of which more than 40 % of the weight is not measured is not applied: its scores would
    say more of the gaps than of the customers. Here only what no source can tell is known; what
    this company's systems do not tell is known after the run's models (`check_profile_applies`).

    Raises:
        UsageError: Naming the profiles that there are, or the measures that are missing and the
            sources that would fill them.
    """
    path = settings.root / "dbt_project" / "seeds" / "scorecard_nodes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = sorted({row["profile"] for row in rows} - _profiles_of_the_portfolio(path.parent))
    _refuse_unknown("--profile", settings.profile, known, "dbt_project/seeds/scorecard_nodes.csv")
    nodes = {
        row["node_id"]: row
        for row in sorted(rows, key=lambda row: row["valid_from"])
        if row["profile"] == settings.profile and not row["valid_until"]
    }
    missing = [row for row in nodes.values() if row["scoring"] and not row["indicator_id"]]
    lost = sum((_weight(row, nodes) for row in missing), Decimal(0))
    if lost > LARGEST_GAP:
        listed = [(row["label"], row["needs"]) for row in missing]
        raise UsageError(_too_much_is_missing(settings.profile, lost, listed))


def _profiles_of_the_portfolio(seeds: Path) -> set[str]:
    """The profiles that score the company as a whole: none of them can be that of a report."""
    path = seeds / "scorecards.csv"
    if not path.exists():
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        return {row["profile"] for row in csv.DictReader(file) if row["subject"] == "portfolio"}


def check_profile_applies(settings: Settings) -> None:
    """Refuse the run's profile where the data of its newest month measure too little of it.

    Raises:
        ScorecardError: Naming the measures that are missing and what would fill them.
    """
    with connect(settings, read_only=True) as con:
        rows = con.execute(
            "select label, needs, weight, is_available, is_profile_applied "
            "from scorecard.profile_requirements where profile = ? order by weight desc, measure",
            [settings.profile],
        ).fetchall()
    if any(row[4] for row in rows) or not rows:
        return
    missing = [(str(row[0]), str(row[1])) for row in rows if not row[3]]
    lost = sum((Decimal(str(row[2])) for row in rows if not row[3]), Decimal(0))
    raise ScorecardError(_too_much_is_missing(settings.profile, lost, missing))


def _too_much_is_missing(profile: str, lost: Decimal, missing: list[tuple[str, str]]) -> str:
    listed = "\n".join(f"  {label} ({needs})" for label, needs in missing)
    return (
        f"--profile {profile} cannot be applied: {lost:.0%} of its weight is not measured, at most "
        f"{LARGEST_GAP:.0%} may be. Missing:\n{listed}\nThe mart profile_requirements lists it "
        "too. Choose another profile, or add the sources."
    )


def _weight(measure: dict[str, str], nodes: dict[str, dict[str, str]]) -> Decimal:
    """Weight of a measure in the whole scorecard: the product up the tree."""
    weight, node = Decimal(1), measure
    while True:
        weight *= Decimal(node["weight"])
        if not node["parent_id"]:
            return weight
        node = nodes[node["parent_id"]]


def check_target(settings: Settings) -> None:
    """Refuse a dbt target that the profiles file does not define.

    Raises:
        UsageError: Naming the targets that there are.
    """
    path = settings.root / "dbt_project" / "profiles" / "profiles.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    known = sorted(document["scorecard"]["outputs"])
    _refuse_unknown("--target", settings.target, known, "dbt_project/profiles/profiles.yml")


def _refuse_unknown(option: str, chosen: str, known: list[str], where: str) -> None:
    if chosen not in known:
        raise UsageError(
            f"{option} {chosen} does not exist. There are: {', '.join(known)} ({where})."
        )

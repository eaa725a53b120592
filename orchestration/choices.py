"""Names that a user may choose, read from the files that define them.

What belongs here: refusing a profile or a target that does not exist, before anything runs.
What does not: what a profile or a target means (dbt).
"""

import csv

import yaml

from orchestration.errors import UsageError
from orchestration.settings import Settings


def check_profile(settings: Settings) -> None:
    """Refuse a scorecard profile that no seed row has.

    Raises:
        UsageError: Naming the profiles that there are.
    """
    path = settings.root / "dbt_project" / "seeds" / "scorecard_nodes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        known = sorted({row["profile"] for row in csv.DictReader(file)})
    _refuse_unknown("--profile", settings.profile, known, "dbt_project/seeds/scorecard_nodes.csv")


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

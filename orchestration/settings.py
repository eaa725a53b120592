"""Where things are and how much the engine may use: one frozen value, read once, passed on.

What belongs here: paths of the home and the repository, limits of the engine, names chosen at the
start of a run. What does not: anything that is data (weights, targets, bands are dbt seeds), and
anything read when a module is imported.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from orchestration.errors import UsageError

HOME_FOLDER = ".scorecard"
ENVIRONMENT = {
    "home": "SCORECARD_HOME",
    "landing": "SCORECARD_LANDING",
    "profile": "SCORECARD_PROFILE",
    "target": "SCORECARD_TARGET",
    "memory_limit": "SCORECARD_MEMORY_LIMIT",
    "threads": "SCORECARD_THREADS",
    "keep_releases": "SCORECARD_KEEP_RELEASES",
    "landing_months": "SCORECARD_LANDING_MONTHS",
    "group_readable": "SCORECARD_GROUP_READABLE",
}
_SWITCH = {"0": False, "1": True}


@dataclass(frozen=True)
class Settings:
    """What a run needs to know before it starts.

    Attributes:
        root: The repository root; dbt's project and the source contracts stand below it.
        home: The folder that holds everything a run writes.
        landing: The landing area: one folder per source system, files below it.
        profile: The scorecard profile whose seed rows are used.
        target: The dbt target, ``duckdb`` or ``spark``.
        memory_limit: DuckDB's memory limit, with its unit.
        threads: How many threads the engine may use.
        keep_releases: How many releases stay when a new one is published; the current one always.
        landing_months: After how many months loaded landing files are past their period; None for
            never. They go by `scorecard expire` alone.
        group_readable: Whether the group of the home's owner may read releases.
    """

    root: Path
    home: Path
    landing: Path
    profile: str = "retail_billing"
    target: str = "duckdb"
    memory_limit: str = "6GB"
    threads: int = 2
    keep_releases: int = 12
    landing_months: int | None = None
    group_readable: bool = False

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, **overrides: Any
    ) -> "Settings":
        """Build the settings from environment variables, with overrides on top.

        A variable that is unset or empty, and an override that is ``None``, leave the default.
        Relative paths are taken from the working folder and made absolute here, so that a later
        change of the working folder moves nothing.

        Args:
            environment: The variables to read; the process's own by default.
            **overrides: Values by field name, for instance from the command line.

        Raises:
            UsageError: An override names no setting, a number that must be one or more is not, or a
                switch is neither on nor off.
        """
        unknown = sorted(set(overrides) - {field.name for field in fields(cls)})
        if unknown:
            raise UsageError(
                f"Unknown setting {unknown[0]!r}. Known: {', '.join(f.name for f in fields(cls))}."
            )
        variables = os.environ if environment is None else environment
        values: dict[str, Any] = {
            field: variables[name] for field, name in ENVIRONMENT.items() if variables.get(name)
        }
        values.update({name: value for name, value in overrides.items() if value is not None})
        root = _absolute(values.pop("root", Path(__file__).parents[1]))
        home = _absolute(values.pop("home", root / HOME_FOLDER))
        landing = _absolute(values.pop("landing", home / "landing"))
        counts: dict[str, Any] = {
            name: _count(name, values.pop(name, getattr(cls, name)))
            for name in ("threads", "keep_releases")
        }
        months = values.pop("landing_months", None)
        switch = values.pop("group_readable", cls.group_readable)
        return cls(
            root=root,
            home=home,
            landing=landing,
            **counts,
            landing_months=None if months is None else _count("landing_months", months),
            group_readable=_switch(switch),
            **values,
        )

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that holds every layer."""
        return self.home / "warehouse.duckdb"

    @property
    def estimators(self) -> Path:
        """The folder of trained estimators."""
        return self.home / "estimators"

    @property
    def configurations(self) -> Path:
        """The folder of the configurations that runs were made with, one folder each."""
        return self.home / "configurations"

    @property
    def releases(self) -> Path:
        """The folder of releases, one folder each."""
        return self.home / "releases"

    @property
    def current(self) -> Path:
        """The link to the newest release."""
        return self.home / "current"

    @property
    def evidence(self) -> Path:
        """The folder of the gates' evidence, one folder per run."""
        return self.home / "evidence"

    @property
    def dbt_target(self) -> Path:
        """The folder for dbt's artifacts."""
        return self.home / "dbt_target"

    @property
    def dagster_home(self) -> Path:
        """The folder for Dagster's own records."""
        return self.home / "dagster"

    @property
    def logs(self) -> Path:
        """The folder for log files."""
        return self.home / "logs"

    @property
    def temporary(self) -> Path:
        """The folder into which the engine spills what does not fit into memory."""
        return self.home / "tmp"

    @property
    def lock_file(self) -> Path:
        """The file whose operating-system lock marks the one writer."""
        return self.home / "lock"

    @property
    def contracts_root(self) -> Path:
        """The folder below which the source contracts stand, one folder per system."""
        return self.root / "models" / "staging"


def _absolute(path: Path | str) -> Path:
    return Path(path).expanduser().absolute()


def _count(name: str, given: int | str) -> int:
    text = str(given)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise UsageError(f"{ENVIRONMENT[name]} is {text!r}; it must be a whole number from 1.")
    return int(text)


def _switch(given: bool | str) -> bool:
    if isinstance(given, bool):
        return given
    if given not in _SWITCH:
        raise UsageError(f"SCORECARD_GROUP_READABLE is {given!r}; it must be 0 or 1.")
    return _SWITCH[given]

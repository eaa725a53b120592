"""Taking a release to every place that the environment names.

Belongs here: which places there are, publishing to all of them, what each shows now. Not here: how
a place is written (`postgres`, `object_store`).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from data_quality.products import load_products, marts_by_reader
from orchestration.exports import log_export
from orchestration.postgres import UnreachableError
from orchestration.progress import stage
from orchestration.release.store import Release
from orchestration.release.targets.error import TargetError
from orchestration.settings import Settings

POSTGRES_VARIABLE = "SCORECARD_POSTGRES"
READER_VARIABLE = "SCORECARD_POSTGRES_READER"
STORE_VARIABLE = "SCORECARD_S3"
POSTGRES = "Postgres"
STORE = "object store"


@dataclass(frozen=True)
class Place:
    """A place outside the home, and what its readers see.

    Attributes:
        name: `Postgres` or `object store`.
        variable: The environment variable that names it.
        release_id: The release that it shows; None before the first, or where it is not reached.
        trouble: Why it is not reached; empty where it is.
    """

    name: str
    variable: str
    release_id: str | None
    trouble: str = ""


def publish_everywhere(
    settings: Settings, release: Release, environment: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Take a release to each place that the environment names; one that fails hinders no other.

    Args:
        settings: The home.
        release: The release, in the home.
        environment: The variables; the process's own by default.

    Returns:
        The names of the places that show it now; none where none is named.

    Raises:
        TargetError: At least one place did not get it; the text names each with its reason.
    """
    variables = os.environ if environment is None else environment
    shown, failed = [], []
    for name, variable in _named(variables):
        with stage(f"Publish to {name}") as current:
            try:
                is_new = _publish(settings, release, variables, name, variable)
            except TargetError as error:
                current.describe("failed")
                failed.append(str(error))
            else:
                current.describe(release.id if is_new else f"{release.id} was there already")
                if is_new:
                    log_export(
                        settings,
                        command="publish",
                        what=f"release {release.id}",
                        destination=name,
                        row_count=sum(mart.rows for mart in release.manifest.marts.values()),
                    )
                shown.append(name)
    if failed:
        raise TargetError("\n".join(failed))
    return tuple(shown)


def read_places(environment: Mapping[str, str] | None = None) -> tuple[Place, ...]:
    """Each place that the environment names, with the release that it shows."""
    variables = os.environ if environment is None else environment
    return tuple(_read(name, variable, variables[variable]) for name, variable in _named(variables))


def _named(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    known = ((POSTGRES, POSTGRES_VARIABLE), (STORE, STORE_VARIABLE))
    return [(name, variable) for name, variable in known if variables.get(variable, "").strip()]


def _publish(
    settings: Settings, release: Release, variables: Mapping[str, str], name: str, variable: str
) -> bool:
    if name == POSTGRES:
        from orchestration.release.targets.postgres import publish_to_postgres

        reader = variables.get(READER_VARIABLE) or None
        return publish_to_postgres(
            settings,
            release,
            variables[variable],
            reader=reader,
            product_readers=marts_by_reader(load_products()),
        ).is_new
    from orchestration.release.targets.object_store import publish_to_store

    return publish_to_store(release, variables[variable], keep=settings.keep_releases)


def _read(name: str, variable: str, value: str) -> Place:
    try:
        if name == POSTGRES:
            from orchestration.release.targets.postgres import read_shown

            return Place(name, variable, read_shown(value))
        from orchestration.release.targets.object_store import read_current

        return Place(name, variable, read_current(value))
    except (UnreachableError, TargetError, OSError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Place(name, variable, None, words)

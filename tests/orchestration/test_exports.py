"""The log of exports: one line each, chained."""

import json
import stat

import pytest

from orchestration.errors import ScorecardError
from orchestration.exports import FILE_NAME, Export, log_export, read_exports
from orchestration.settings import Settings


def export(settings: Settings, what: str) -> Export:
    return log_export(settings, command="publish", what=what, destination="Postgres", row_count=7)


def test_each_export_is_a_line_for_the_owner_alone(settings: Settings) -> None:
    assert read_exports(settings) == ()
    first, second = export(settings, "release a"), export(settings, "release b")
    assert read_exports(settings) == (first, second)
    assert (second.what, second.row_count, second.previous_hash) == (
        "release b", 7, first.line_hash,
    )  # fmt: skip
    assert first.author
    assert stat.S_IMODE((settings.home / FILE_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("change", ["edit", "remove", "swap", "garble"])
def test_a_changed_log_is_found_and_written_no_further(settings: Settings, change: str) -> None:
    for what in ("release a", "release b", "release c"):
        export(settings, what)
    path = settings.home / FILE_NAME
    lines = path.read_text(encoding="utf-8").splitlines()
    edited = json.dumps({**json.loads(lines[1]), "row_count": 6})
    changed = {
        "edit": [lines[0], edited, lines[2]],
        "remove": [lines[0], lines[2]],
        "swap": [lines[1], lines[0], lines[2]],
        "garble": [lines[0], lines[1][:40], lines[2]],
    }[change]
    path.write_text("".join(f"{line}\n" for line in changed), encoding="utf-8")
    place = 1 if change == "swap" else 2
    with pytest.raises(ScorecardError, match=f"line {place} of"):
        read_exports(settings)
    with pytest.raises(ScorecardError, match=f"line {place} of"):
        export(settings, "release d")
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(changed)

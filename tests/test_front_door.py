"""What meets who comes first: the commands of the README, and pages that are whole."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


def made(*arguments: str, **environment: str) -> str:
    """What make would do, as text; nothing is done."""
    variables = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["make", "--dry-run", *arguments],
        cwd=ROOT,
        env=variables | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "prepared"),
    [
        (["run"], f"examples.demo_company.prepare {ROOT}/.scorecard/landing"),
        (
            ["run", "EXAMPLE=online_retail"],
            f"examples.online_retail.prepare {ROOT}/.scorecard-online_retail/landing",
        ),
    ],
)
def test_each_company_has_a_home_of_its_own(arguments: list[str], prepared: str) -> None:
    assert f"{prepared}\n" in made(*arguments)


def test_a_home_that_was_chosen_stays_chosen() -> None:
    assert "online_retail.prepare /elsewhere/landing\n" in made(
        "run", "EXAMPLE=online_retail", SCORECARD_HOME="/elsewhere"
    )


@pytest.mark.parametrize("home", [".scorecard", ".scorecard-online_retail", ".scorecard-mine"])
def test_homes_are_no_part_of_the_repository(home: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git repository")
    done = subprocess.run(
        ["git", "check-ignore", f"{home}/warehouse.duckdb"], cwd=ROOT, check=False
    )
    assert done.returncode == 0


def test_every_example_can_be_prepared_or_studied() -> None:
    """A company is run; a table without dates can only be put before the training code."""
    for folder in sorted((ROOT / "examples").iterdir()):
        if (folder / "__init__.py").is_file():
            ways = [folder / "prepare.py", folder / "study.py"]
            assert any(way.is_file() for way in ways), folder.name


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES)
def test_no_merge_is_left_half_done(page: Path) -> None:
    assert not re.search(r"^(<<<<<<<|>>>>>>>) ", page.read_text(encoding="utf-8"), flags=re.M)


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_documents_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in link:
            assert (page.parent / link).exists(), link

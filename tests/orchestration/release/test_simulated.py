"""Whoever shows simulated figures says so first; with real figures nothing is said."""

import json
import re
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from orchestration.explain import explain_customer, render_explanation
from orchestration.ingestion.company import Company
from orchestration.release.manifest import Manifest
from orchestration.release.report import render_report
from orchestration.release.store import Release
from orchestration.settings import Settings
from orchestration.status import (
    read_releases,
    read_status,
    releases_json,
    render_releases,
    render_status,
    status_json,
)

BRIGHT = Company("Bright & Parts", is_simulated=True, note="Made up.")
NOTICE = "Simulated figures: Bright & Parts does not exist."


def shown(what: RenderableType) -> str:
    console = Console(file=StringIO(), width=160)
    console.print(what)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.fixture
def simulated(
    settings: Settings, publish: Callable[..., Release], plain_build: None
) -> Callable[[], Release]:
    return lambda: publish(settings, "run1", company=BRIGHT)


def test_the_manifest_says_so(simulated: Callable[[], Release]) -> None:
    release = simulated()

    told = json.loads((release.path / "manifest.json").read_text(encoding="utf-8"))
    assert (told["company"], told["is_simulated"]) == ("Bright & Parts", True)
    assert release.manifest.notice == NOTICE


def test_a_manifest_that_never_heard_of_companies_is_real(real_page: Release) -> None:
    told = json.loads((real_page.path / "manifest.json").read_text(encoding="utf-8"))
    del told["company"], told["is_simulated"]

    assert Manifest.from_json(json.dumps(told)).notice == ""


def test_both_pages_say_so_in_title_and_banner(simulated: Callable[[], Release]) -> None:
    release = simulated()
    quality = (release.path / "quality" / "index.html").read_text(encoding="utf-8")

    for html in (render_report(release.path), quality):
        escaped = NOTICE.replace("&", "&amp;")
        assert re.search(f"<title>{re.escape(escaped)} ", html)
        banner = html.index(f"<strong>{escaped}</strong>")
        assert html.index("<body>") < banner < html.index("<h1>")


def test_commands_say_so_first(settings: Settings, simulated: Callable[[], Release]) -> None:
    release = simulated()
    told = (
        render_status(read_status(settings)),
        render_releases(read_releases(settings)),
        render_explanation(explain_customer(release.database, "c-0017")),
    )

    for each in told:
        assert shown(each).startswith(NOTICE)
    as_json = json.loads(status_json(read_status(settings)))
    assert (as_json["company"], as_json["is_simulated"]) == ("Bright & Parts", True)
    (listed,) = json.loads(releases_json(read_releases(settings)))
    assert listed["is_simulated"] is True


def test_with_real_figures_nothing_is_said(real_page: Release) -> None:
    pages = [*real_page.path.rglob("*.html")]
    settings = Settings.from_environment({}, home=real_page.path.parents[1])
    told = [page.read_text(encoding="utf-8") for page in pages] + [
        shown(render_status(read_status(settings))),
        shown(render_releases(read_releases(settings))),
        shown(render_explanation(explain_customer(real_page.database, "c-0017"))),
    ]

    assert len(pages) >= 2
    assert not [text for text in told if "simulated figures" in text.lower()]
    assert real_page.manifest.is_simulated is False

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from orchestration.progress import listen, stage
from orchestration.settings import Settings
from orchestration.terminal import LiveProgress, PlainProgress, describe_files, render_summary
from orchestration.window import Window, month_end, parse_month

COUNTS = {
    "files_loaded": 2,
    "files_known": 3,
    "files_refused": 1,
    "files_without_contract": 0,
    "rows_read": 1200,
    "rows_accepted": 1100,
    "rows_unchanged": 60,
    "rows_quarantined": 40,
    "latest_load_id": 9,
    "notes": "billing/bad.csv: the column invoice_id is missing",
}


def a_console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=160, color_system=None)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_pipe_gets_a_line_when_a_stage_begins_and_one_when_it_ends() -> None:
    console = a_console(terminal=False)
    with listen(PlainProgress(console)), stage("Load landing files") as current:
        current.advance(1, 2, "a.csv")
        current.describe("2 files loaded")
    begins, ends = written(console).splitlines()
    assert begins == "Load landing files ..."
    assert ends.startswith("Load landing files ")
    assert ends.endswith("s  2 files loaded")


def test_a_terminal_keeps_a_line_per_stage() -> None:
    console = a_console(terminal=True)
    with LiveProgress(console) as live, listen(live):
        with stage("Load landing files") as current:
            current.advance(1, 2, "a.csv")
        with pytest.raises(ValueError, match="broken"), stage("Build"):
            raise ValueError("broken")
    text = written(console)
    assert "✓ Load landing files" in text
    assert "x Build" in text
    assert "failed" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "2 loaded, 3 known, 1 refused; 1,100 rows accepted, 60 unchanged, 40 quarantined"),
        ({"files_loaded": 0, "files_refused": 0}, "nothing new to load (3 files known)"),
        ({"files_without_contract": 4}, "4 without a contract"),
    ],
)
def test_the_landing_files_are_told_in_a_line(changes: dict[str, int], words: str) -> None:
    assert words in describe_files({**COUNTS, **changes})


def a_product(decision: str, *, is_absent: bool = False) -> Any:
    return SimpleNamespace(
        decision=decision, is_absent=is_absent, last_month="2011-10-31", reason="It does not add up"
    )


@pytest.mark.parametrize(
    ("products", "expected"),
    [
        ({"finance": a_product("pass")}, ["Released", "finance"]),
        (
            {"customers": a_product("pass"), "finance": a_product("hold")},
            ["some products held back", "still shows 2011-10-31", "It does not add up"],
        ),
        ({"finance": a_product("hold", is_absent=True)}, ["absent"]),
    ],
    ids=["released", "held", "absent"],
)
def test_the_summary_says_what_passed_what_is_held_and_where_to_look(
    settings: Settings, products: dict[str, Any], expected: list[str]
) -> None:
    month = month_end(parse_month("2011-11"))
    outcome: Any = SimpleNamespace(
        ingested=COUNTS,
        months=Window(month, month, month, 1, 0, False, "no month before the last changed"),
        record=SimpleNamespace(release_id="20111201T040000Z-abc"),
    )
    release: Any = SimpleNamespace(manifest=SimpleNamespace(products=products, notice=""))
    console = a_console(terminal=False)
    console.print(render_summary(settings, outcome, release, 83.4))
    text = written(console)
    shown = " ".join(text.replace("│", " ").split())
    for words in (*expected, "20111201T040000Z-abc", "83 s", "report/index.html"):
        assert words in shown
    assert "the column invoice_id is missing" in shown

    release.manifest.notice = "Simulated figures: Bright Parts does not exist."
    loud = a_console(terminal=False)
    loud.print(render_summary(settings, outcome, release, 83.4))
    assert written(loud) == f"{release.manifest.notice}\n{text}"

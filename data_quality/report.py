"""The quality page: what an auditor reads first.

Belongs here: turning evidence into one self-contained page. Not here: judging (`gates.py`), the
numbers themselves (the release's report).

The page needs no network and no server; it holds counts and masked keys, no value of a customer.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from data_quality.docs import SITE_INDEX, page_of, put_notice
from data_quality.evidence import GateEvidence, RuleResult
from data_quality.products import SOURCE, load_products
from data_quality.rules import (
    CHARACTERISTICS,
    QUARANTINE_LIMIT,
    SEVERITIES,
    Characteristic,
    Severity,
)
from data_quality.source_summary import (
    CorrectionSummary,
    FindingSummary,
    LoadSummary,
    RefusedSummary,
)
from data_quality.trend import (
    HEIGHT,
    RUNS_LISTED,
    RUNS_SHOWN,
    WIDTH,
    RunQuality,
    product_trends,
    run_totals,
)

TEMPLATES = Path(__file__).with_name("templates")
TEMPLATE = "quality.html.j2"
DATA_DOCS = "data_docs"
SOURCE_TITLE = "Source data"

# What a failed rule costs in the quality score: as it would cost the product.
SEVERITY_WEIGHT: dict[Severity, int] = {"block": 3, "quarantine": 2, "warn": 1}


@dataclass(frozen=True)
class DbtSummary:
    """How the dbt tests of the run went.

    Attributes:
        passed: Tests that passed.
        warned: Tests that failed with severity warn.
        failed: Tests that failed with severity error.
        skipped: Tests that were not run, because what they test was not built.
    """

    passed: int
    warned: int
    failed: int
    skipped: int


@dataclass(frozen=True)
class PageContext:
    """What the page tells besides the evidence.

    Attributes:
        run_id: The run.
        months: The months that were computed, in words, e.g. `2009-12 to 2011-11`.
        loads: The ledger of loads.
        refused: Refused rows by file and rule.
        findings: What the rules found in the sources, by rule and source table.
        corrections: What was read otherwise than the sources wrote it, by rule and column.
        dbt: The dbt tests; None if none ran.
        data_docs: Folder with the built Data Docs sites, which is copied beside the page: either a
            site itself or one site per sub-folder. None for no Data Docs.
        notice: What every page says before anything else, e.g. that the figures are simulated;
            empty for nothing.
        code_fingerprint: Hash of the code of the run.
        config_fingerprint: Hash of its configuration.
        trend: What the rules gave in this run and the runs before.
    """

    run_id: str
    months: str = ""
    loads: Sequence[LoadSummary] = ()
    refused: Sequence[RefusedSummary] = ()
    findings: Sequence[FindingSummary] = ()
    corrections: Sequence[CorrectionSummary] = ()
    dbt: DbtSummary | None = None
    data_docs: Path | None = None
    notice: str = ""
    code_fingerprint: str = ""
    config_fingerprint: str = ""
    trend: Sequence[RunQuality] = ()


@dataclass(frozen=True)
class Cell:
    """Passed and judged rules of one characteristic in one product."""

    passed: int
    total: int


@dataclass(frozen=True)
class Judged:
    """One product as the page shows it.

    Attributes:
        evidence: Its evidence.
        title: What it is, for people.
        score: Weighted share of rules that hold, 0 to 100; None if nothing was judged.
        failed: Rules that did not hold, those that hold the product back first.
        cells: Rules by characteristic.
        links: Each table to its page in Data Docs.
    """

    evidence: GateEvidence
    title: str
    score: float | None
    failed: tuple[RuleResult, ...]
    cells: dict[Characteristic, Cell] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


def write_quality_page(
    evidence: Sequence[GateEvidence], output: Path, *, context: PageContext
) -> Path:
    """Write `<output>/index.html`, with the Data Docs in `<output>/data_docs/`.

    Args:
        evidence: What the gates said, that of the source gate among it.
        output: The folder `quality` of the release.
        context: What else the page tells.

    Returns:
        The path of the page.
    """
    output.mkdir(parents=True, exist_ok=True)
    sites = _copy_data_docs(context.data_docs, output, context.notice)
    titles = {SOURCE: SOURCE_TITLE} | {p.name: p.title for p in load_products().values()}
    judged = [_judged(each, titles, sites, output) for each in evidence]
    page = output / SITE_INDEX
    page.write_text(_render(judged, sites, output, context), encoding="utf-8")
    return page


def quality_score(results: Iterable[RuleResult]) -> float | None:
    """Weigh the share of rules that hold, 0 to 100; None without rules."""
    listed = list(results)
    total = sum(SEVERITY_WEIGHT[result.severity] for result in listed)
    if total == 0:
        return None
    held = sum(SEVERITY_WEIGHT[result.severity] for result in listed if result.is_passed)
    return 100 * held / total


def _render(
    judged: Sequence[Judged], sites: Sequence[Path], output: Path, context: PageContext
) -> str:
    by_weight = sorted(judged, key=lambda each: not any(r.holds_product for r in each.failed))
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(
        judged=judged,
        attention=by_weight,
        held=[each for each in judged if each.evidence.decision == "hold"],
        context=context,
        telling=[load for load in context.loads if _tells(load)],
        quiet=[load for load in context.loads if not _tells(load)],
        found=[each for each in context.findings if each.rows],
        not_found=[each for each in context.findings if each.rows == 0],
        not_measured=sorted(
            {f"{each.system}.{each.table}" for each in context.findings if each.rows is None}
        ),
        characteristics=CHARACTERISTICS,
        rule_count=sum(len(each.evidence.results) for each in judged),
        failed_count=sum(len(each.failed) for each in judged),
        limit=f"{100 * QUARANTINE_LIMIT:g} %",
        runs=run_totals(context.trend),
        trends=product_trends(context.trend, [each.evidence.product for each in judged]),
        titles={each.evidence.product: each.title for each in judged},
        chart={"width": WIDTH, "height": HEIGHT, "runs": RUNS_SHOWN, "listed": RUNS_LISTED},
        sites=[(site.name, (site / SITE_INDEX).relative_to(output).as_posix()) for site in sites],
    )


def _tells(load: LoadSummary) -> bool:
    """Say whether a load has something to read about: a refusal, refused rows, a message."""
    return load.status != "loaded" or load.rows_quarantined > 0 or bool(load.message)


def _judged(
    evidence: GateEvidence, titles: dict[str, str], sites: Sequence[Path], output: Path
) -> Judged:
    results = evidence.results
    cells = {}
    for characteristic in CHARACTERISTICS:
        chosen = [result for result in results if result.characteristic == characteristic]
        cells[characteristic] = Cell(sum(r.is_passed for r in chosen), len(chosen))
    links = {}
    for table in {result.mart for result in results}:
        for site in sites:
            page = page_of(site, evidence.suite, table)
            if page is not None:
                links[table] = page.relative_to(output).as_posix()
    return Judged(
        evidence=evidence,
        title=titles.get(evidence.product, evidence.product),
        score=quality_score(results),
        failed=tuple(
            sorted(
                (result for result in results if not result.is_passed),
                key=lambda result: (not result.holds_product, SEVERITIES.index(result.severity)),
            )
        ),
        cells=cells,
        links=links,
    )


def _copy_data_docs(data_docs: Path | None, output: Path, notice: str) -> list[Path]:
    """Copy the Data Docs beside the page and name the sites among them."""
    if data_docs is None:
        return []
    target = output / DATA_DOCS
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(data_docs, target)
    if notice:
        put_notice(target, notice)
    if (target / SITE_INDEX).exists():
        return [target]
    return sorted(path.parent for path in target.glob(f"*/{SITE_INDEX}"))

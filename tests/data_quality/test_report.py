"""The page that an auditor reads first."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from data_quality.evidence import DbtFailure, GateEvidence, RuleResult
from data_quality.fingerprint import Fingerprint
from data_quality.gates import run_gate
from data_quality.products import load_products
from data_quality.report import DbtSummary, PageContext, quality_score, write_quality_page
from data_quality.rulebook import DOCUMENT, render_rulebook
from data_quality.source_summary import (
    FindingSummary,
    LoadSummary,
    RefusedSummary,
    read_corrections,
    read_findings,
    read_loads,
    read_refused,
)
from data_quality.suites.catalogue import all_rules
from data_quality.trend import RunQuality

FOREIGN = re.compile(r"(?:src|href)=[\"']?(?:https?:)?//|url\(['\"]?https?:|@import|fetch\(")


def passed(product: str) -> GateEvidence:
    results = tuple(
        RuleResult(
            rule_id=rule.id,
            characteristic=rule.characteristic,
            severity=rule.severity,
            mart=rule.table,
            column=", ".join(rule.columns),
            description=rule.description,
            rows_checked=1000,
            rows_failed=0,
            observed="0 of 1,000 rows",
            is_passed=True,
            owner=rule.owner,
            reason=rule.reason,
        )
        for rule in all_rules()[product]
    )
    return GateEvidence(
        product=product,
        suite=product,
        run_id="run-1",
        decision="pass",
        reason=f"All {len(results)} rules hold.",
        fingerprints={"customers": Fingerprint(12345, "abc-def")},
        results=results,
    )


def spoilt(evidence: GateEvidence, position: int, *, failed: int) -> GateEvidence:
    results = list(evidence.results)
    results[position] = replace(
        results[position],
        is_passed=False,
        rows_failed=failed,
        observed=f"{failed} of 1,000 rows",
        sample_keys=("customer_id=•••01",),
    )
    return replace(evidence, decision="hold", reason="It was bad.", results=tuple(results))


def page(evidence: list[GateEvidence], output: Path, context: PageContext | None = None) -> str:
    path = write_quality_page(evidence, output, context=context or PageContext(run_id="run-1"))
    return path.read_text(encoding="utf-8")


def test_page_has_every_rule_and_every_decision(tmp_path: Path) -> None:
    evidence = [passed(product) for product in all_rules()]
    evidence[1] = spoilt(evidence[1], 0, failed=3)

    text = page(evidence, tmp_path)

    for rules in all_rules().values():
        for rule in rules:
            assert f"<code>{rule.id}</code>" in text
    assert text.count(">pass</span>") == 2 * (len(evidence) - 1)
    assert text.count(">hold</span>") == 2
    assert f"Held back: 1 of {len(evidence)}." in text


def test_page_needs_no_network(tmp_path: Path) -> None:
    assert FOREIGN.search(page([passed("customers")], tmp_path)) is None


def test_failed_rule_is_shown_first_with_keys_and_reason(tmp_path: Path) -> None:
    text = page([spoilt(passed("customers"), 2, failed=3)], tmp_path)

    attention = text[text.index("What needs attention") : text.index("By characteristic")]
    assert "customers.key_is_unique" in attention
    assert "customer_id=•••01" in attention
    assert "holds back" in attention


def test_runs_before_are_shown_with_their_hashes_and_a_chart_per_product(tmp_path: Path) -> None:
    first, second = (
        RunQuality(
            f"run-{day}",
            datetime(2024, 1, day, tzinfo=UTC),
            "billing",
            4,
            4 - failed,
            failed,
            failed > 0,
        )
        for day, failed in ((1, 1), (2, 0))
    )
    context = PageContext(
        run_id="run-2", code_fingerprint="c0de", config_fingerprint="c0f1", trend=(second, first)
    )

    text = page([passed("billing")], tmp_path, context)

    assert text.index("<code>run-2</code></td>") < text.index("<code>run-1</code></td>")
    assert "75.00 %" in text
    assert "100.00 %" in text
    assert "c0de" in text
    assert "c0f1" in text
    assert text.count("<polyline") == 2
    assert text.count('class="bad"/>') == 2


def test_page_without_a_run_on_record_says_so(tmp_path: Path) -> None:
    assert "No run is on record yet." in page([passed("billing")], tmp_path)


def test_all_well_is_said(tmp_path: Path) -> None:
    text = page([passed("customers")], tmp_path)

    assert "Every gate passes." in text
    assert "No rule failed." in text


def test_words_of_the_data_are_escaped(tmp_path: Path) -> None:
    evidence = replace(passed("customers"), reason="<script>alert(1)</script>")

    text = page([evidence], tmp_path)

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_loads_and_quarantine_are_summed_up_without_raw_text(
    good_warehouse: Path, tmp_path: Path
) -> None:
    with duckdb.connect(str(good_warehouse), read_only=True) as con:
        loads, refused = read_loads(con), read_refused(con)

    text = page(
        [passed("source")], tmp_path, PageContext(run_id="run-1", loads=loads, refused=refused)
    )

    assert loads[0] == LoadSummary(
        5, "billing", "credit_notes", "credits.csv", "loaded", 40, 40, 0, 0, ""
    )
    assert refused == (
        RefusedSummary("billing", "invoice_lines", "lines.csv", "min", "quantity", 1),
    )
    assert "lines.csv" in text
    assert "1,002" in text
    assert "secret raw text" not in text


def findings_section(text: str) -> str:
    return text[text.index('id="findings"') : text.index('id="dbt"')]


def test_findings_are_shown_with_count_share_and_meaning(
    good_warehouse: Path, tmp_path: Path
) -> None:
    with duckdb.connect(str(good_warehouse), read_only=True) as con:
        findings = read_findings(con)

    text = findings_section(
        page([passed("findings")], tmp_path, PageContext(run_id="run-1", findings=findings))
    )

    shown = re.findall(r"<tr><td class=\"rule\"><code>(\w+)</code>.*?</tr>", text, re.DOTALL)
    row = re.search(r"<code>no_customer</code>.*?</tr>", text, re.DOTALL)
    assert row is not None
    assert ">10</td>" in row[0]
    assert ">1,000</td>" in row[0]
    assert "1.00 %" in row[0]
    assert "What it means." in row[0]
    assert set(shown) == {each.rule for each in findings if each.rows is not None}
    assert "support.business_calendars" in text[text.index("Sent nothing") :]


def test_a_finding_of_one_row_in_a_million_is_not_shown_as_none(tmp_path: Path) -> None:
    finding = FindingSummary(
        "off_scale", "survey", "responses", "excluded", 1, 1_000_000, 0.000001, "Off.", None, None
    )

    text = page([passed("findings")], tmp_path, PageContext(run_id="r", findings=[finding]))

    assert "under 0.01 %" in findings_section(text)


def test_page_says_that_no_findings_are_known_before_they_are_built(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        context = PageContext(run_id="run-1", findings=read_findings(con))

    assert "No findings are listed" in findings_section(page([passed("source")], tmp_path, context))


def test_corrections_are_shown_by_rule_with_their_commonest_case(
    good_warehouse: Path, tmp_path: Path
) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{good_warehouse}' as good (read_only)")
        con.execute("create schema scorecard")
        con.execute("create table scorecard.cleaning_log as from good.scorecard.cleaning_log")
        con.execute(
            "insert into scorecard.cleaning_log select * replace ('USD' as value_before, "
            "9 as row_count, 'pay-2' as example_key) from scorecard.cleaning_log"
        )
        found = read_corrections(con)

    text = page([passed("findings")], tmp_path, PageContext(run_id="run-1", corrections=found))

    assert [(each.rows, each.pairs, each.value_before, each.example_key) for each in found] == [
        (16, 2, "USD", "•••-2")
    ]
    section = text[text.index('id="corrections"') : text.index('id="dbt"')]
    assert "currency_converted" in section
    assert '<td class="number" data-label="Rows">16</td>' in section
    assert "USD" in section
    assert "EUR" not in section


def test_page_without_a_log_of_corrections_says_so(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        assert read_corrections(con) == ()

    assert "No correction is listed for this run." in page([passed("findings")], tmp_path)


def test_dbt_tests_are_summed_up(tmp_path: Path) -> None:
    failure = DbtFailure("unique_ftr_churn", "ftr_churn", "error", 7, "Got 7 results")
    evidence = replace(passed("predictions"), decision="hold", dbt_failures=(failure,))

    text = page([evidence], tmp_path, PageContext(run_id="run-1", dbt=DbtSummary(310, 1, 2, 3)))

    assert "310 passed" in text
    assert "2 failed" in text
    assert "unique_ftr_churn" in text


def test_gate_that_judged_nothing_gives_its_reason(tmp_path: Path) -> None:
    evidence = replace(
        passed("finance"), decision="hold", results=(), reason="The mart is missing."
    )

    assert "Nothing was judged: The mart is missing." in page([evidence], tmp_path)


def test_quality_score_weighs_by_severity() -> None:
    block = passed("customers").results[0]
    warn = replace(block, severity="warn", is_passed=False, rows_failed=1)

    assert quality_score([block, warn]) == pytest.approx(75)
    assert quality_score([]) is None


def test_data_docs_are_beside_the_page_small_and_without_network(
    good_warehouse: Path, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    product = load_products()["finance"]
    evidence = run_gate(
        good_warehouse,
        product,
        run_id="run-1",
        output=tmp_path / "evidence",
        context={"docs": docs / "products"},
    )

    text = page([evidence], tmp_path / "quality", PageContext(run_id="run-1", data_docs=docs))

    site = tmp_path / "quality" / "data_docs" / "products"
    links = re.findall(r'href="(data_docs/[^"]+)"', text)
    files = [path for path in site.rglob("*") if path.is_file()]
    assert "data_docs/products/index.html" in links
    assert any("revenue_reconciliation" in link for link in links)
    assert all((tmp_path / "quality" / link).exists() for link in links)
    assert sum(path.stat().st_size for path in files) < 4_000_000
    for path in files:
        content = path.read_text(encoding="utf-8")
        assert FOREIGN.search(content) is None
        assert "<script" not in content
        assert str(tmp_path) not in content


def test_rulebook_is_in_step_with_the_suites() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render_rulebook(), (
        "docs/quality-rules.md is old: run `python -m data_quality.rulebook`."
    )


def test_simulated_figures_are_announced_on_every_page(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "validations").mkdir(parents=True)
    for name in ("index.html", "validations/one.html"):
        (site / name).write_text(
            "<html><head><title>Data Docs</title></head><body class='x'><h1>Data Docs</h1></body>",
            encoding="utf-8",
        )
    notice = r"Simulated figures: A \1 & B does not exist."
    shown = r"Simulated figures: A \1 &amp; B does not exist."
    context = PageContext(run_id="run-1", data_docs=site, notice=notice)

    text = page([passed("customers")], tmp_path / "simulated", context)

    pages = sorted((tmp_path / "simulated").rglob("*.html"))
    assert len(pages) == 3
    for each in pages:
        words = each.read_text(encoding="utf-8")
        assert re.search(r"<title>Simulated figures: A \\1 &amp; B", words)
        assert f"<strong>{shown}</strong></p>" in words
    assert text.index(shown) < text.index("<main>")
    assert 'role="note"' not in page([passed("finance")], tmp_path / "real")

"""Dagster definitions of ingestion: the raw tables, the ledger, and the check of the sources.

What belongs here: assets around `orchestration.ingestion` and the source gate as their check.
What does not: reading files (`orchestration.ingestion`), rules (`data_quality.suites`).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from data_quality.evidence import RuleResult
from orchestration.dagster_home import ScorecardHome, reported
from orchestration.gating import judge_sources
from orchestration.ingestion.contract import TableContract, load_contracts
from orchestration.ingestion.ingest import IngestProgress, IngestReport, ingest
from orchestration.progress import stage
from orchestration.settings import Settings

GROUP = "ingest"
CHECK = "source_gate"
LEDGER = dg.AssetKey(["control", "loads"])
COMPANY = dg.AssetKey(["control", "company"])
ERASED_LINKS = dg.AssetKey(["control", "erased_links"])
QUARANTINE = dg.AssetKey(["quarantine", "refused_rows"])
DECISIONS = dg.AssetKey(["quarantine", "decisions"])
DECIDED_ROWS = dg.AssetKey(["quarantine", "decided_rows"])


def raw_key(contract: TableContract) -> dg.AssetKey:
    """Give the asset key of a contract's table, the one that dbt's source has too."""
    return dg.AssetKey(["raw", contract.system, contract.name])


@dg.definitions
def ingestion() -> dg.Definitions:
    """Build the assets from the source contracts."""
    contracts = load_contracts(Settings.from_environment().contracts_root)
    return dg.Definitions(assets=[_raw_assets(contracts)], asset_checks=[_source_gate(contracts)])


def _raw_assets(contracts: Sequence[TableContract]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="ingest_landing_files",
        specs=[*(_raw_spec(contract) for contract in contracts), *_ledger_specs()],
    )
    def ingest_landing_files(scorecard_home: ScorecardHome) -> Iterator[dg.MaterializeResult[Any]]:
        with reported(scorecard_home) as settings:
            report = _ingest(settings)
        for contract in contracts:
            yield dg.MaterializeResult(
                asset_key=raw_key(contract), metadata=_table_counts(report, contract)
            )
        yield dg.MaterializeResult(asset_key=LEDGER, metadata=report_metadata(report))
        yield dg.MaterializeResult(
            asset_key=QUARANTINE, metadata={"rows_quarantined": report.rows_quarantined}
        )
        for key in (DECISIONS, DECIDED_ROWS, COMPANY, ERASED_LINKS):
            yield dg.MaterializeResult(asset_key=key)

    return ingest_landing_files


def _ingest(settings: Settings) -> IngestReport:
    with stage("Load landing files") as current:

        def follow(progress: IngestProgress) -> None:
            current.advance(progress.done, progress.total, progress.file)

        report = ingest(settings, loaded_at=datetime.now(UTC), on_progress=follow)
        current.describe(describe_report(report))
    return report


def describe_report(report: IngestReport) -> str:
    """Say in one line what became of the landing area."""
    loaded, known, refused = (
        len(report.of_status(status)) for status in ("loaded", "known", "refused")
    )
    if not loaded and not refused:
        return f"nothing new to load ({known} files known)"
    return (
        f"{loaded} files loaded, {known} known, {refused} refused; {report.rows_accepted:,} rows "
        f"accepted, {report.rows_unchanged:,} unchanged, {report.rows_quarantined:,} quarantined"
    )


def report_metadata(report: IngestReport) -> dict[str, int | str]:
    """Give the report as the ledger's metadata; the command line reads its summary from it."""
    return {
        "files_loaded": len(report.of_status("loaded")),
        "files_known": len(report.of_status("known")),
        "files_refused": len(report.of_status("refused")),
        "files_without_contract": len(report.unmatched),
        "rows_read": report.rows_read,
        "rows_accepted": report.rows_accepted,
        "rows_unchanged": report.rows_unchanged,
        "rows_quarantined": report.rows_quarantined,
        "latest_load_id": report.latest_load_id,
        "notes": "\n".join(_notes(report)),
    }


def _notes(report: IngestReport) -> Iterator[str]:
    for result in report.files:
        if result.status == "refused" or (result.status == "loaded" and result.message):
            yield f"{result.file}: {result.message}"
    for file in report.unmatched:
        yield f"{file}: no contract claims this file, or more than one does; it was left alone"


def _table_counts(report: IngestReport, contract: TableContract) -> dict[str, int]:
    files = [
        result
        for result in report.files
        if (result.system, result.table_name) == (contract.system, contract.name)
    ]
    return {
        "files_loaded": sum(result.status == "loaded" for result in files),
        "rows_accepted": sum(result.rows_accepted for result in files),
        "rows_unchanged": sum(result.rows_unchanged for result in files),
        "rows_quarantined": sum(result.rows_quarantined for result in files),
    }


def _raw_spec(contract: TableContract) -> dg.AssetSpec:
    return dg.AssetSpec(
        raw_key(contract),
        description=(
            f"{contract.description}\n\nEvery accepted row of every version, append-only. "
            f"Files: `{contract.system}/{contract.file_pattern}` in the landing area. "
            f"Contract: `{contract.path}`."
        ),
        group_name=GROUP,
        kinds={"python", "duckdb"},
        owners=["team:data-engineering"],
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn(column.name, column.data_type, column.description)
                    for column in contract.columns
                ]
            ),
        },
    )


def _ledger_specs() -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            LEDGER,
            description=(
                "One row per landing file that was loaded or refused, known by the hash of its "
                "bytes: the same file is never loaded twice."
            ),
            group_name=GROUP,
            kinds={"python", "duckdb"},
            owners=["team:data-engineering"],
        ),
        dg.AssetSpec(
            QUARANTINE,
            description=(
                "One row per refused source row, with file, line, rule and the raw text. Nothing "
                "is dropped silently."
            ),
            group_name=GROUP,
            kinds={"python", "duckdb"},
            owners=["team:data-engineering"],
        ),
        dg.AssetSpec(
            DECISIONS,
            description=(
                "One row per decision of a person on refused rows (`scorecard quarantine`), each "
                "with the hash of the one before. Ingestion keeps what is there."
            ),
            group_name=GROUP,
            kinds={"python", "duckdb"},
            owners=["team:data-engineering"],
        ),
        dg.AssetSpec(
            DECIDED_ROWS,
            description="One row per refused row that a person has decided on.",
            group_name=GROUP,
            kinds={"python", "duckdb"},
            owners=["team:data-engineering"],
        ),
        dg.AssetSpec(
            ERASED_LINKS,
            description=(
                "One row per source record of a person who was erased (`scorecard erase`): to "
                "which customer, nobody, it belongs. Ingestion keeps what is there."
            ),
            group_name=GROUP,
            kinds={"python", "duckdb"},
            owners=["team:data-engineering"],
        ),
        dg.AssetSpec(
            COMPANY,
            description=(
                "One row: whose figures these are, and whether they are simulated, as "
                "`company.yml` in the landing area says."
            ),
            group_name=GROUP,
            kinds={"python", "duckdb"},
            owners=["team:data-engineering"],
        ),
    ]


def findings(failed: Sequence[RuleResult]) -> str:
    """List the rules that did not hold, for people, in Markdown."""
    lines = [f"- **{each.severity}** {each.description}: {each.observed}" for each in failed]
    return "\n".join(lines) or "none"


def _source_gate(contracts: Sequence[TableContract]) -> dg.AssetChecksDefinition:
    anchor = dg.AssetCheckSpec(
        CHECK,
        asset=LEDGER,
        additional_deps=[raw_key(contract) for contract in contracts],
        description=(
            "The source gate: Great Expectations judge what ingestion stored (orphan lines, "
            "duplicate keys, volumes, freshness, shares of credits). While it holds, no product "
            "is released."
        ),
    )

    @dg.multi_asset_check(name="judge_sources", specs=[anchor])
    def source_gate(
        context: dg.AssetCheckExecutionContext, scorecard_home: ScorecardHome
    ) -> Iterator[dg.AssetCheckResult]:
        with reported(scorecard_home) as settings:
            evidence = judge_sources(settings, run_id=context.run.run_id)
        failed = [result for result in evidence.results if not result.is_passed]
        yield dg.AssetCheckResult(
            asset_key=LEDGER,
            check_name=CHECK,
            passed=evidence.decision == "pass",
            severity=dg.AssetCheckSeverity.ERROR,
            description=evidence.reason,
            metadata={
                "rules": len(evidence.results),
                "rules_failed": len(failed),
                "findings": dg.MetadataValue.md(findings(failed)),
            },
        )

    return source_gate

"""Dagster definitions of the transformation: the run's months, and dbt in four parts.

What belongs here: the assets that dbt builds, split where the scores of texts, the estimators and
the weights stand between, and the step that chooses the months. What does not: SQL, choosing months
(`orchestration.window`), calling dbt (`orchestration.dbt`).

dbt's tests are not part of these assets: they run once, after all parts (`defs.quality`), as
evidence for the gates. A failing test then holds the products that it casts doubt on, and no other.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration import window
from orchestration.choices import check_profile_applies
from orchestration.configuration.lint import refuse_mistakes
from orchestration.dagster_home import ScorecardHome, month_partitions, reported
from orchestration.dbt import (
    DbtNodesFailedError,
    DbtOutcome,
    prepare_manifest,
    read_manifest,
    run_dbt,
)
from orchestration.defs.ingest import LEDGER
from orchestration.prediction import ensure_ml_tables
from orchestration.progress import Stage, stage
from orchestration.runs import (
    RunMonths,
    begin,
    brings_evidence_of_identity,
    read_row_counts,
    utc_now,
    widen_to_restated_links,
)
from orchestration.settings import Settings
from orchestration.warehouse import connect

LOGGER = logging.getLogger(__name__)

CHOOSE_MONTHS = "choose_months"
RUN_WINDOW = dg.AssetKey(["control", "run_window"])
SYSTEMS = dg.AssetKey(["control", "systems"])
DECISIONS_BEFORE = dg.AssetKey(["control", "identity_decisions"])
REVISIONS = dg.AssetKey(["control", "config_revisions"])
CONFIGURATION = dg.AssetKey(["control", "config_cells"])
OWNERS = {"features": "team:data-science", "scorecard": "team:customer-analytics"}


@dataclass(frozen=True)
class DbtPart:
    """One of the parts in which dbt runs.

    Attributes:
        name: The name of the Dagster operation.
        title: What people read while it runs.
        select: dbt's selectors, with blanks between.
        exclude: Selectors of what is left out, with blanks between.
    """

    name: str
    title: str
    select: str
    exclude: str = ""


# What reads the scores of texts, and all that is computed from it.
FROM_TEXTS = "stg_ml__text_scores path:models/core/text"
# What reads the weights, and all that is computed from it.
FROM_WEIGHTS = (
    "source:ml.scorecard_weights+ source:ml.weight_sensitivity+ source:ml.topsis_comparison+"
)
BEFORE_TEXTS = DbtPart(
    "dbt_before_texts",
    "Build the models up to the core",
    "path:dbt_project/seeds path:models/staging path:models/core",
    exclude=f"{FROM_TEXTS} {FROM_WEIGHTS}",
)
BEFORE_ESTIMATORS = DbtPart(
    "dbt_before_estimators",
    "Build the models up to the features",
    f"{FROM_TEXTS} path:models/indicators path:models/features",
)
# What must be built before it is known which months restated links touch.
LINKS = "+int_identity_restatements"
AFTER_ESTIMATORS = DbtPart(
    "dbt_after_estimators",
    "Build the models up to the scores of measures",
    "path:models/scorecard path:models/scores",
    exclude=FROM_WEIGHTS,
)
AFTER_WEIGHTS = DbtPart("dbt_after_weights", "Build the models of the scorecard", FROM_WEIGHTS)


class ScorecardDbtTranslator(DagsterDbtTranslator):  # type: ignore[misc]  # untyped here
    """Keys `[schema, name]`, groups by layer; sources get the keys of the assets behind them."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(
                enable_asset_checks=False, enable_source_metadata=False
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Give `[schema, name]`, and `[raw, system, table]` for a contract's table."""
        props = dbt_resource_props
        if props["resource_type"] == "source" and props["schema"] == "raw":
            return dg.AssetKey(["raw", props["source_name"], props["name"]])
        return dg.AssetKey([props["schema"], props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Group by layer, which is the schema."""
        return str(dbt_resource_props["schema"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Give the description of the YAML and the file; the SQL itself is in the file."""
        props = dbt_resource_props
        return f"{props.get('description') or ''}\n\nFile: `{props['original_file_path']}`".strip()

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        """Name the team of the layer, unless the YAML names an owner."""
        stated = super().get_owners(dbt_resource_props) or ()
        return stated or [OWNERS.get(dbt_resource_props["schema"], "team:analytics-engineering")]


@dg.definitions
def transformation() -> dg.Definitions:
    """Build the assets from dbt's manifest, which is parsed anew where it is out of date."""
    manifest = read_manifest(prepare_manifest(Settings.from_environment()))
    return dg.Definitions(
        assets=[
            _run_months(),
            _dbt_part(manifest, BEFORE_TEXTS),
            _dbt_part(manifest, BEFORE_ESTIMATORS),
            _dbt_part(manifest, AFTER_ESTIMATORS),
            _dbt_part(manifest, AFTER_WEIGHTS),
        ]
    )


class MonthsConfig(dg.Config):
    """What a run may say about its months beside its partitions.

    Attributes:
        may_go_back: Whether a run that stops before months that were computed takes these out, so
            that the release stands as of its last month (`scorecard run --to`). Without it the
            run goes on to the newest month: computing an old partition again loses nothing.
    """

    may_go_back: bool = False


def _run_months() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=CHOOSE_MONTHS,
        specs=[
            dg.AssetSpec(
                RUN_WINDOW,
                deps=[LEDGER],
                description=(
                    "One row: the months that the run computes. It starts at the earliest month "
                    "that new loads touch, or at the beginning when code or configuration "
                    "changed; the partitions asked for can only widen that. It goes on to the "
                    "newest month that was computed before."
                ),
                group_name="control",
                kinds={"python", "duckdb"},
                owners=["team:data-engineering"],
                partitions_def=month_partitions(),
            ),
            dg.AssetSpec(
                SYSTEMS,
                deps=[LEDGER],
                description=(
                    "One row per source system: from which day to which day it was measured. "
                    "Outside that its measures are null, never zero."
                ),
                group_name="control",
                kinds={"python", "duckdb"},
                owners=["team:data-engineering"],
            ),
            dg.AssetSpec(
                DECISIONS_BEFORE,
                deps=[LEDGER],
                description=(
                    "One row per decision by hand on who a source record is, as the completed run "
                    "before knew it: what changed since is listed as a restatement."
                ),
                group_name="control",
                kinds={"python", "duckdb"},
                owners=["team:data-engineering"],
            ),
            dg.AssetSpec(
                REVISIONS,
                deps=[LEDGER],
                description=(
                    "One row per state of the configuration that a run found different from the "
                    "run before: which run, and which months were published by then."
                ),
                group_name="control",
                kinds={"python", "duckdb"},
                owners=["team:data-engineering"],
            ),
            dg.AssetSpec(
                CONFIGURATION,
                deps=[LEDGER],
                description=(
                    "One row per filled cell of a row of a seed, as long as the row stayed the "
                    "same: what the mart `config_versions` compares."
                ),
                group_name="control",
                kinds={"python", "duckdb"},
                owners=["team:data-engineering"],
            ),
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def choose_months(
        context: dg.AssetExecutionContext, config: MonthsConfig, scorecard_home: ScorecardHome
    ) -> Iterator[dg.MaterializeResult[Any]]:
        keys = context.partition_key_range
        asked = RunMonths(
            run_id=context.run.run_id,
            from_month=window.parse_month(keys.start),
            to_month=window.parse_month(keys.end),
            may_go_back=config.may_go_back,
        )
        with reported(scorecard_home) as settings, stage("Choose the months") as current:
            refuse_mistakes(settings)  # a run that the command line did not begin
            chosen = begin(settings, asked, now=utc_now())
            with connect(settings) as con:
                ensure_ml_tables(con)
            current.describe(describe_window(chosen))
        for key in (RUN_WINDOW, SYSTEMS, DECISIONS_BEFORE, REVISIONS, CONFIGURATION):
            yield dg.MaterializeResult(asset_key=key, metadata=window_metadata(chosen))

    return choose_months


def describe_window(chosen: window.Window) -> str:
    """Say in one line which months a run computes, and why."""
    first, last = window.format_month(chosen.first_month), window.format_month(chosen.last_month)
    months = first if first == last else f"{first} to {last}"
    return f"{months} ({chosen.reason})" if chosen.reason else months


def window_metadata(chosen: window.Window) -> dict[str, str | int | bool]:
    """Give a window as asset metadata."""
    return {
        "first_month": window.format_month(chosen.first_month),
        "last_month": window.format_month(chosen.last_month),
        "history_start": window.format_month(chosen.history_start),
        "known_load_id": chosen.known_load_id,
        "is_full_refresh": chosen.is_full_refresh,
        "reason": chosen.reason,
    }


def _dbt_part(manifest: Mapping[str, Any], named: DbtPart) -> dg.AssetsDefinition:
    translator = ScorecardDbtTranslator()

    @dbt_assets(  # type: ignore[untyped-decorator]
        manifest=manifest,
        select=named.select,
        exclude=named.exclude or None,
        name=named.name,
        dagster_dbt_translator=translator,
    )
    def part(
        context: dg.AssetExecutionContext, scorecard_home: ScorecardHome
    ) -> Iterator[dg.MaterializeResult[Any]]:
        selectors, left_out = named.select.split(), named.exclude.split()
        if context.is_subset:
            selectors, left_out = [key.path[-1] for key in context.selected_asset_keys], []
        with reported(scorecard_home) as settings:
            failure: DbtNodesFailedError | None = None
            with stage(named.title) as current:
                try:
                    if named is BEFORE_TEXTS and not context.is_subset:
                        outcome = _build_links_first(settings, selectors, current, left_out)
                    else:
                        outcome = _build(settings, selectors, current, exclude=left_out)
                except DbtNodesFailedError as error:
                    outcome, failure = error.outcome, error
                current.describe(f"{len(outcome.nodes)} tables and views")
            yield from _results(settings, manifest, translator, outcome)
            if failure is not None:
                raise failure
            if named is AFTER_WEIGHTS and not context.is_subset:
                check_profile_applies(settings)

    definition: dg.AssetsDefinition = part
    return definition


def _build_links_first(
    settings: Settings, selectors: Sequence[str], current: Stage, left_out: Sequence[str]
) -> DbtOutcome:
    """Build; where new loads may restate links, these first, since they may widen the months."""
    if not brings_evidence_of_identity(settings):
        return _build(settings, selectors, current, exclude=left_out)
    links = _build(settings, [LINKS], current)
    first = widen_to_restated_links(settings)
    if first is not None:
        LOGGER.info(
            "records changed customers: every month from %s on is computed again",
            window.format_month(first),
        )
    rest = _build(settings, selectors, current, exclude=[LINKS, *left_out])
    return DbtOutcome((*links.nodes, *rest.nodes), links.seconds + rest.seconds)


def _build(
    settings: Settings,
    selectors: Sequence[str],
    current: Stage,
    *,
    exclude: Sequence[str] = (),
) -> DbtOutcome:
    with connect(settings, read_only=True) as con:
        full_refresh = window.is_full_refresh(window.read_runs(con))
    return run_dbt(
        settings,
        "build",
        select=selectors,
        exclude=exclude,
        exclude_types=("test", "unit_test"),
        full_refresh=full_refresh,
        stage=current,
    )


def _results(
    settings: Settings,
    manifest: Mapping[str, Any],
    translator: DagsterDbtTranslator,
    outcome: DbtOutcome,
) -> Iterator[dg.MaterializeResult[Any]]:
    """Report the nodes that were built, with the rows that their tables hold now."""
    rows = read_row_counts(settings)
    for node in outcome.nodes:
        props = manifest["nodes"].get(node.unique_id)
        if node.status != "success" or props is None:
            continue
        metadata: dict[str, float | int] = {"seconds": round(node.seconds, 3)}
        relation = (props["schema"], props.get("alias") or props["name"])
        if relation in rows:
            metadata["dagster/row_count"] = rows[relation]
        yield dg.MaterializeResult(asset_key=translator.get_asset_key(props), metadata=metadata)

"""`lineage.json` of a release: what each mart was computed from, model by model, down to the files.

Belongs here: the lineage of dbt's manifest as events of OpenLineage, one for each model, seed and
table of an estimator behind the marts of a release. Not here: what dbt does not see between models
and estimators (`orchestration.dbt`), whether a row is right (the gates).

Column by column dbt says no more than that a table has it; the inputs are told by table.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from orchestration.dbt import direct_inputs, read_manifest
from orchestration.release.manifest import Manifest

LINEAGE_NAME: Final = "lineage.json"
NAMESPACE: Final = "scorecard"
_PRODUCER: Final = "scorecard"
_EVENT_SCHEMA: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_COLUMNS_SCHEMA: Final = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json"
_WORDS_SCHEMA: Final = "https://openlineage.io/spec/facets/1-0-1/DocumentationDatasetFacet.json"


def write_lineage(folder: Path, manifest: Manifest, dbt_manifest: Path) -> None:
    """Write the lineage of a release's marts; nothing where dbt has left no manifest.

    Args:
        folder: The folder of the release.
        manifest: What the release says of itself.
        dbt_manifest: Where dbt's manifest of the run stands.
    """
    if not dbt_manifest.is_file():
        return
    events = lineage_events(manifest, read_manifest(dbt_manifest))
    text = json.dumps(events, indent=1, ensure_ascii=False) + "\n"
    (folder / LINEAGE_NAME).write_text(text, encoding="utf-8")


def lineage_events(manifest: Manifest, dbt_manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give one event per table that the marts of a release rest on, inputs before outputs.

    Args:
        manifest: What the release says of itself.
        dbt_manifest: dbt's manifest of the run.

    Returns:
        Events of OpenLineage: job, inputs, output with its columns; raw tables are inputs alone.
    """
    inputs = direct_inputs(dbt_manifest)
    nodes = {**dbt_manifest["nodes"], **dbt_manifest["sources"]}
    marts = {
        node["name"]: name
        for name, node in dbt_manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed") and node["schema"] == "scorecard"
    }
    order: dict[str, None] = {}
    for mart in sorted(manifest.marts):
        if mart in marts:
            _visit(marts[mart], inputs, order)
    return [_event(name, inputs[name], nodes, manifest) for name in order if inputs.get(name)]


def _visit(start: str, inputs: Mapping[str, Sequence[str]], order: dict[str, None]) -> None:
    """Put a table behind all that it is computed from."""
    waiting, entered = [start], set()
    while waiting:
        name = waiting[-1]
        missing = [
            each for each in inputs.get(name, ()) if each not in order and each not in entered
        ]
        if name in entered or not missing:
            waiting.pop()
            order.setdefault(name)
        else:
            entered.add(name)
            waiting += missing


def _event(
    name: str, read: Sequence[str], nodes: Mapping[str, Any], manifest: Manifest
) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": manifest.created_at,
        "producer": _PRODUCER,
        "schemaURL": _EVENT_SCHEMA,
        "run": {"runId": manifest.run_id},
        "job": {"namespace": NAMESPACE, "name": nodes[name].get("original_file_path", name)},
        "inputs": sorted((_dataset(nodes[each]) for each in read), key=lambda each: each["name"]),
        "outputs": [{**_dataset(nodes[name]), "facets": _facets(nodes[name])}],
    }


def _dataset(node: Mapping[str, Any]) -> dict[str, Any]:
    table = node.get("identifier") or node.get("alias") or node["name"]
    return {"namespace": NAMESPACE, "name": f"{node['schema']}.{table}"}


def _is_restricted(column: Mapping[str, Any]) -> bool:
    """Whether readers of a release may not even learn that there is such a column."""
    return bool(
        {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}.get("restricted")
    )


def _facets(node: Mapping[str, Any]) -> dict[str, Any]:
    fields = [
        {
            "name": column["name"],
            **({"type": column["data_type"]} if column.get("data_type") else {}),
            "description": " ".join((column.get("description") or "").split()),
        }
        for column in node.get("columns", {}).values()
        if not _is_restricted(column)
    ]
    words = " ".join((node.get("description") or "").split())
    return {
        "schema": {"_producer": _PRODUCER, "_schemaURL": _COLUMNS_SCHEMA, "fields": fields},
        "documentation": {
            "_producer": _PRODUCER,
            "_schemaURL": _WORDS_SCHEMA,
            "description": words,
        },
    }

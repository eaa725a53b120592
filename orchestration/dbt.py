"""Running dbt inside this process, and reading its manifest.

What belongs here: one wrapper around `dbtRunner`, what it did as plain records, and questions to
the manifest. What does not: Dagster (`orchestration.defs.transform`), and SQL.

dbt runs in the process, since a subprocess costs 15 s for each call and the runner about 1 s after
its first. The project is parsed once for all calls of a process (13 s where nothing was parsed
before, 1.5 s where dbt's own cache serves) and again only when a file changed. Its import takes
3.1 s on two cores, so it is imported where it is run. DuckDB lets nobody else open the warehouse
meanwhile: no connection of ours may be open around a call.
"""

import itertools
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
import msgpack  # type: ignore[import-untyped]  # dbt stores what it parsed with it

from orchestration.association import ASSOCIATIONS
from orchestration.errors import ScorecardError
from orchestration.progress import Stage
from orchestration.settings import Settings
from orchestration.text import TEXT_MODELS, TEXT_SCORES
from orchestration.warehouse import warehouse_errors
from orchestration.weighting import MATRICES, SENSITIVITY, TOPSIS, WEIGHTS

LOGGER = logging.getLogger(__name__)

Command = Literal["build", "run", "seed", "test", "parse"]
MANIFEST_NAME = "manifest.json"
PARSED_NAME = "partial_parse.msgpack"
FAILED = frozenset({"error", "fail", "runtime error"})
# What dbt tells its callbacks when a node has finished, and which field holds the number of nodes
# (dbt-core 1.11, `dbt.events.types`).
_FINISHED_EVENTS = {
    "LogModelResult": "total",
    "LogSeedResult": "total",
    "LogTestResult": "num_models",
}
# The models that are read for an `ml` table; for any other, all features.
_JUDGED = ("stg_organisation__ahp_judgements",)
_WEIGHED = ("scr_measures", *_JUDGED)
_READ_FOR: Mapping[str, Sequence[str]] = {
    TEXT_SCORES: TEXT_MODELS,
    MATRICES: _JUDGED,
    WEIGHTS: _WEIGHED,
    SENSITIVITY: _WEIGHED,
    TOPSIS: _WEIGHED,
}
# The project as this process parsed it, by root, target and newest change.
_PARSED: dict[tuple[Path, str, float], Any] = {}


@dataclass(frozen=True)
class NodeResult:
    """What dbt did with one node.

    Attributes:
        unique_id: dbt's name of the node.
        name: Its short name.
        resource_type: `model`, `seed`, `test`, ...
        status: dbt's word: `success`, `pass`, `warn`, `fail`, `error`, `skipped`, ...
        seconds: How long it took.
        message: dbt's message, empty when it had nothing to say.
        failures: Failing rows of a test, None for other nodes.
        rows: Rows that the node wrote, where the adapter tells.
    """

    unique_id: str
    name: str
    resource_type: str
    status: str
    seconds: float
    message: str
    failures: int | None
    rows: int | None

    @property
    def is_failed(self) -> bool:
        """Whether the node went wrong (a warning did not)."""
        return self.status in FAILED


@dataclass(frozen=True)
class DbtOutcome:
    """What one call of dbt did."""

    nodes: tuple[NodeResult, ...]
    seconds: float


@dataclass(frozen=True)
class DbtTestResult:
    """What one dbt test found.

    Attributes:
        test: The test's name.
        unique_id: dbt's name of it.
        severity: `error` or `warn`, as the project declares it.
        status: dbt's word: `pass`, `warn`, `fail`, `error` or `skipped`.
        failures: Failing rows; 0 when it could not run.
        message: What dbt said.
        models: The models (or sources) it looks at.
        seconds: How long it took.
    """

    test: str
    unique_id: str
    severity: str
    status: str
    failures: int
    message: str
    models: tuple[str, ...]
    seconds: float

    @property
    def is_passed(self) -> bool:
        """Whether it ran and found nothing."""
        return self.status == "pass"


class DbtNodesFailedError(ScorecardError):
    """Models or seeds failed; `outcome` says what dbt did to every node, good ones too."""

    def __init__(self, message: str, outcome: DbtOutcome) -> None:
        super().__init__(message)
        self.outcome = outcome


def run_dbt(
    settings: Settings,
    command: Command,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    exclude_types: Sequence[str] = (),
    full_refresh: bool = False,
    stage: Stage | None = None,
) -> DbtOutcome:
    """Call dbt in this process and say what it did to each node.

    Failing tests are a result, not an error. Models and seeds that fail are an error.

    Args:
        settings: The project root, the home, the target.
        command: dbt's command.
        select: dbt selectors; all nodes by default.
        exclude: dbt selectors of nodes to leave out.
        exclude_types: Resource types to leave out.
        full_refresh: Build incremental models anew.
        stage: The stage whose progress follows dbt's nodes.

    Raises:
        ScorecardError: A model or seed failed, the project does not parse, or the warehouse
            cannot be opened; the message names the node and repeats what dbt said.
    """
    from dbt.cli.main import dbtRunner

    arguments = _arguments(settings, command, full_refresh=full_refresh)
    if select:
        arguments += ["--select", *select]
    if exclude:
        arguments += ["--exclude", *exclude]
    for kind in exclude_types:
        arguments += ["--exclude-resource-type", kind]
    callbacks = [_follow(stage)] if stage is not None else []
    started = time.perf_counter()
    with _dbt_environment(settings), _warehouse_kept_open():
        result = _parsed(settings, again=command == "parse")
        if result.success and command != "parse":
            result = dbtRunner(manifest=result.result, callbacks=callbacks).invoke(arguments)
    seconds = time.perf_counter() - started
    if isinstance(result.exception, KeyboardInterrupt | SystemExit):
        raise result.exception
    if result.exception is not None:
        raise _failure(settings, command, str(result.exception)) from result.exception
    nodes = tuple(_node_result(node) for node in getattr(result.result, "results", ()))
    LOGGER.info("dbt %s: %d nodes in %.2f s", command, len(nodes), seconds)
    broken = [node for node in nodes if node.is_failed and node.resource_type != "test"]
    if broken:
        message = str(_failure(settings, command, _broken_words(broken, nodes)))
        raise DbtNodesFailedError(message, DbtOutcome(nodes, seconds))
    return DbtOutcome(nodes, seconds)


def _parsed(settings: Settings, *, again: bool) -> Any:
    """Parse the project unless this process has, and give dbt's result, which holds the manifest.

    A project is the same in every home: its relations are named by schema, not by file. So dbt is
    told the warehouse's name alone, which it does not open here: told another path than the last
    time, as in a home that was moved or copied, it would parse everything anew.
    """
    from dbt.cli.main import dbtRunner

    key = (settings.root, settings.target, _newest_change(settings.root))
    if again or key not in _PARSED:
        _move_parsed(settings.dbt_target / PARSED_NAME, settings.root)
        with _environment({"SCORECARD_WAREHOUSE": settings.warehouse.name}):
            result = dbtRunner().invoke(_arguments(settings, "parse", full_refresh=False))
        # One project is enough: a parsed one takes some hundred MB.
        _PARSED.clear()
        if not result.success:
            return result
        _PARSED[key] = result
    return _PARSED[key]


def _move_parsed(parsed: Path, root: Path) -> None:
    """Let what dbt has parsed before name the project that it is used for now.

    A parsed seed names the folder that its rows are read from. A home that another copy of the
    project uses, or one that was moved, would load the rows of the old one, without a word.
    """
    try:
        content = parsed.read_bytes()
    except FileNotFoundError:
        return
    if msgpack.packb(str(root)) in content:
        return
    stored = msgpack.unpackb(content, strict_map_key=False)
    for node in stored["nodes"].values():
        if "root_path" in node:
            node["root_path"] = str(root)
    aside = parsed.with_name(f"{PARSED_NAME}.new")
    aside.write_bytes(msgpack.packb(stored))
    aside.replace(parsed)


def _arguments(settings: Settings, command: Command, *, full_refresh: bool) -> list[str]:
    arguments = [
        *("--log-level", "none", "--log-level-file", "info", "--no-use-colors"),
        *("--log-path", str(settings.logs)),
        command,
        *("--project-dir", str(settings.root)),
        *("--profiles-dir", str(settings.root / "dbt_project" / "profiles")),
        *("--target", settings.target),
        *("--target-path", str(settings.dbt_target)),
    ]
    if command == "parse":
        return arguments
    # The manifest on disk is the one that was parsed; writing it again costs 2 s in every call.
    arguments += ["--threads", str(settings.threads), "--no-write-json"]
    if full_refresh:
        arguments.append("--full-refresh")
    return arguments


def _dbt_environment(settings: Settings) -> AbstractContextManager[None]:
    """Set what dbt and its profile read from the environment, for the length of the block."""
    return _environment(
        {
            "SCORECARD_WAREHOUSE": str(settings.warehouse),
            "SCORECARD_MEMORY_LIMIT": settings.memory_limit,
            "SCORECARD_KEEP_OPEN": "True",
            "DBT_TARGET_PATH": str(settings.dbt_target),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
    )


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for the length of the block."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _warehouse_kept_open() -> Iterator[None]:
    """Let dbt keep its connection from its first node to its last, and close it then.

    The profile would otherwise open and close the warehouse around every node, which costs a
    quarter of the time (167 tests: 11 s against 8 s); left open, it would keep the lock on it.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    try:
        yield
    finally:
        environment = DuckDBConnectionManager._ENV
        if environment is not None:
            environment.close()
        DuckDBConnectionManager.close_all_connections()


def _follow(stage: Stage) -> Any:
    """Make a callback that counts finished nodes; dbt calls it from its worker threads.

    An exception in a callback makes dbt fail the node, so nothing here may raise.
    """
    finished = itertools.count(1)

    def callback(event: Any) -> None:
        total_field = _FINISHED_EVENTS.get(event.info.name)
        if total_field is not None:
            total = getattr(event.data, total_field, 0)
            stage.advance(next(finished), total, event.data.node_info.node_name)

    return callback


def _node_result(result: Any) -> NodeResult:
    node = result.node
    rows = (result.adapter_response or {}).get("rows_affected")
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status=str(result.status),
        seconds=float(result.execution_time),
        message=(result.message or "").strip(),
        failures=result.failures,
        rows=int(rows) if isinstance(rows, int) and rows >= 0 else None,
    )


def _broken_words(broken: Sequence[NodeResult], nodes: Sequence[NodeResult]) -> str:
    words = "\n".join(f"{node.resource_type} {node.name}: {node.message}" for node in broken)
    skipped = sum(node.status == "skipped" for node in nodes)
    return words + (f"\n{skipped} node(s) that build on them were skipped." if skipped else "")


def _failure(settings: Settings, command: Command, words: str) -> ScorecardError:
    """Make a message of what dbt said; storage errors get the warehouse's own message."""
    try:
        with warehouse_errors(settings):
            raise duckdb.Error(words)
    except ScorecardError as error:
        return error
    except duckdb.Error:
        return ScorecardError(
            f"dbt {command} failed:\n{words}\nMend the file that dbt names, then run again; "
            f"`dbt {command} --profiles-dir dbt_project/profiles` from {settings.root} shows the "
            f"same by hand, and {settings.logs / 'dbt.log'} has the whole log."
        )


def prepare_manifest(settings: Settings) -> Path:
    """Give the path of an up-to-date manifest, parsing the project when it is missing or old.

    Costs a look at the modification times when nothing changed, and a parse (4 s the first time
    in a process, with the import) when something did.

    Raises:
        ScorecardError: The project does not parse.
    """
    manifest = settings.dbt_target / MANIFEST_NAME
    if not manifest.exists() or manifest.stat().st_mtime < _newest_change(settings.root):
        settings.dbt_target.mkdir(parents=True, exist_ok=True)
        run_dbt(settings, "parse")
        # dbt leaves the file alone when partial parsing finds nothing new in it.
        manifest.touch()
    return manifest


def _newest_change(root: Path) -> float:
    """The newest modification below dbt's folders; folders count, so that deletions do too."""
    folders = [root / "models", root / "dbt_project"]
    paths = [root / "dbt_project.yml", *folders]
    for folder in folders:
        paths += folder.rglob("*")
    return max(path.stat().st_mtime for path in paths if path.exists())


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def test_results(outcome: DbtOutcome, manifest: Mapping[str, Any]) -> tuple[DbtTestResult, ...]:
    """Say what each data test found, and what it looked at.

    Args:
        outcome: What a `dbt test` did.
        manifest: The manifest of the project.
    """
    return tuple(
        DbtTestResult(
            test=node.name,
            unique_id=node.unique_id,
            severity=str(manifest["nodes"][node.unique_id]["config"]["severity"]).lower(),
            status=node.status,
            failures=node.failures or 0,
            message=node.message,
            models=tuple(
                short_name(manifest, name) for name in tested_nodes(manifest, node.unique_id)
            ),
            seconds=round(node.seconds, 3),
        )
        for node in outcome.nodes
        if node.resource_type == "test"
    )


def tested_nodes(manifest: Mapping[str, Any], test_id: str) -> tuple[str, ...]:
    """Name what a test looks at: the node it is attached to, else everything it refers to."""
    node = manifest["nodes"][test_id]
    attached = node.get("attached_node")
    return (str(attached),) if attached else tuple(node["depends_on"]["nodes"])


def models_behind(manifest: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Give each mart of the schema `scorecard` with the short names of all it is computed from.

    dbt does not see what stands between models and the `ml` tables: here the scores of texts count
    as computed from the models that hold the texts, weights from judgements and scores of measures,
    and every other `ml` table from every feature model.
    """
    inputs = direct_inputs(manifest)
    return {
        str(node["name"]): frozenset(
            short_name(manifest, each) for each in _ancestors(inputs, name)
        )
        for name, node in manifest["nodes"].items()
        if name.startswith(("model.", "seed.")) and node["schema"] == "scorecard"
    }


def direct_inputs(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Give each model, seed and source with what it is computed from, by dbt's names of them.

    `models_behind` says what dbt does not see and is filled in here.
    """
    nodes = manifest["nodes"].items()
    features = tuple(name for name, node in nodes if _is_feature(name, node))
    between = {
        table: tuple(name for name, node in nodes if node["name"] in models)
        for table, models in _READ_FOR.items()
    }
    of_python = {
        name: between.get(source["identifier"], features)
        for name, source in manifest["sources"].items()
        if source["source_name"] == "ml"
    }
    parents = {name: tuple(each) for name, each in manifest["parent_map"].items()}
    return {**parents, **of_python}


def is_of_estimators(name: str) -> bool:
    """Whether a name that `models_behind` gives is a table that trained estimators write."""
    return name.startswith("ml.") and name.removeprefix("ml.") not in {*_READ_FOR, ASSOCIATIONS}


def _is_feature(unique_id: str, node: Mapping[str, Any]) -> bool:
    return unique_id.startswith("model.") and node["schema"] == "features"


def _ancestors(inputs: Mapping[str, Sequence[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += inputs.get(name, ())
    return seen


def short_name(manifest: Mapping[str, Any], unique_id: str) -> str:
    """Give a model's or seed's own name; a source is told apart by its schema."""
    if unique_id in manifest["sources"]:
        source = manifest["sources"][unique_id]
        return f"{source['schema']}.{source['identifier']}"
    return str(manifest["nodes"][unique_id]["name"])


def write_test_results(results: Sequence[DbtTestResult], path: Path) -> None:
    """Keep what a run's tests found as evidence."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(result) for result in results], indent=2, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def read_test_results(path: Path) -> tuple[DbtTestResult, ...]:
    """Read what `write_test_results` wrote.

    Raises:
        ScorecardError: The run's tests have not run.
    """
    if not path.exists():
        raise ScorecardError(
            f"The dbt tests of this run have left no evidence at {path}. Materialise "
            "`quality/dbt_tests` first, or start the whole way with `scorecard run`."
        )
    rows = json.loads(path.read_text(encoding="utf-8"))
    return tuple(DbtTestResult(**{**row, "models": tuple(row["models"])}) for row in rows)

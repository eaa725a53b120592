"""`make lint`, the dbt half: catalogue, conventions (dbt-bouncer) and style (sqlfluff) of the SQL.

The last two need a parsed project and sqlfluff a warehouse with the seeds in it, since the
scorecard engine is generated from them. A scratch home in a temporary folder serves; the real one
is not touched. Style takes minutes over all files; `python -m tests.lint_dbt FILE ...` looks at the
style of these alone.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.catalogue import CatalogueError, find_problems
from orchestration.dbt import run_dbt
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SQL = ("models", "dbt_project/tests")
LINE_LENGTH = 100
# Comments, strings and Jinja have their own spacing; of Jinja's statements nothing is left in SQL.
NOTHING, OTHER = "~", "x"
STATEMENTS = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
OTHER_THAN_SQL = re.compile(r"\{\{.*?\}\}|--[^\n]*|'(?:[^']|'')*'", re.DOTALL)
SPACING = {
    "a blank or tab too many": re.compile(r"[ \t]$|\t|\S {2,}\S"),
    "one blank after a comma, none before": re.compile(r" ,|,[^\s~]"),
    "no blank inside brackets": re.compile(r"\( +\S|[^ (] +\)"),
    "blanks around operators": re.compile(
        r"[^\s<>=!](?:<>|<=|>=|!=|=|<|>|\|\|)|(?:<>|<=|>=|!=|=|<|>|\|\|)[^\s<>=]"
        r"|[\w)][+*/%]|[+*/%][\w(]"
    ),
}


def main(files: Sequence[str] = ()) -> int:
    """Run all linters; the exit code is 0 when none has anything to say.

    Args:
        files: SQL files whose style is looked at; all when empty.
    """
    failed = {"catalogue": _catalogue(), "long lines": _long_lines(), "blanks": _spacing()}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({}, root=ROOT, home=Path(folder))
        prepare_home(settings)
        run_dbt(settings, "seed")
        _keep_one_profile(settings)
        environment = {
            **os.environ,
            "SCORECARD_WAREHOUSE": str(settings.warehouse),
            "DBT_TARGET_PATH": str(settings.dbt_target),
            "DBT_LOG_PATH": str(settings.logs),
            "DBT_PROFILES_DIR": str(ROOT / "dbt_project" / "profiles"),
        }
        bouncer = [BIN / "dbt-bouncer", "--config-file", _bouncer_config(settings)]
        failed["conventions"] = subprocess.run(
            bouncer, cwd=ROOT, env=environment, check=False
        ).returncode
        failed["style"] = _style(files or SQL, environment)
    told = ", ".join(name for name, code in failed.items() if code)
    sys.stdout.write("The SQL is clean.\n" if not told else f"Faults found: {told}.\n")
    return max(failed.values())


def _style(files: Sequence[str], environment: Mapping[str, str]) -> int:
    """sqlfluff's findings; a model that it cannot compile, and so passes over, is one of them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.lint_sql", "lint", *files, "--disable-progress-bar"],
        cwd=ROOT,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    sys.stdout.write(done.stdout)
    return max(done.returncode, int("fatal exception during compilation" in done.stdout))


def _keep_one_profile(settings: Settings) -> None:
    """Leave one profile that scores customers, and one perspective of the portfolio's.

    The SQL of the others is the same, over again, and longer than sqlfluff reads. What else the
    engine's SQL is generated from, the weights in force, is there without a row.
    """
    with connect(settings) as con:
        con.execute(
            """
            create schema if not exists scores;
            create table scores.scr_weights (
                profile varchar, node_id varchar, parent_id varchar, as_of_date date, weight double
            );
            create schema if not exists staging;
            create table staging.stg_control__run_window (
                first_month date, last_month date, history_start date
            );
            """
        )
        con.execute(
            "delete from seeds.scorecard_nodes where profile in (select profile "
            "from seeds.scorecards where subject = 'customer' and profile <> 'retail_billing')"
        )
        con.execute(
            "delete from seeds.scorecard_nodes where profile = 'balanced' "
            "and 'value' not in (node_id, parent_id) and parent_id is not null"
        )


def _catalogue() -> int:
    """Say where catalogue, models, contract and page differ; the exit code is 0 when nowhere."""
    try:
        found = find_problems(ROOT)
    except CatalogueError as error:
        found = [str(error)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def _long_lines() -> int:
    """Name the lines of SQL that are too long; the exit code is 0 when there is none."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {len(line)} characters, {LINE_LENGTH} are allowed"
        for folder in SQL
        for path in sorted((ROOT / folder).rglob("*.sql"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > LINE_LENGTH
    ]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def _spacing() -> int:
    """Name the lines of SQL with blanks where none belong; the exit code is 0 when there is none.

    sqlfluff's own rule (LT01) takes a third of the time of all its rules together.
    """
    found = [
        f"{path.relative_to(ROOT)}:{number}: {fault}"
        for folder in SQL
        for path in sorted((ROOT / folder).rglob("*.sql"))
        for number, fault in spacing_faults(path.read_text(encoding="utf-8"))
    ]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def spacing_faults(text: str) -> list[tuple[int, str]]:
    """Number of the line and fault, of each kind of fault in a line of SQL."""
    sql = text
    for pattern, mark in ((STATEMENTS, NOTHING), (OTHER_THAN_SQL, OTHER)):
        sql = pattern.sub(lambda found, mark=mark: re.sub(r"[^\n]", mark, found.group()), sql)
    return [
        (number, fault)
        for number, line in enumerate(sql.split("\n"), start=1)
        for fault, pattern in SPACING.items()
        if pattern.search(line.lstrip(" "))
    ]


def _bouncer_config(settings: Settings) -> Path:
    """dbt-bouncer reads the place of the artifacts from its file alone."""
    text = (ROOT / "dbt-bouncer.yml").read_text(encoding="utf-8")
    place = "dbt_artifacts_dir: .scorecard/dbt_target"
    if place not in text:
        raise ValueError(f"dbt-bouncer.yml does not say {place!r}")
    config = settings.home / "dbt-bouncer.yml"
    config.write_text(
        text.replace(place, f"dbt_artifacts_dir: {settings.dbt_target}"), encoding="utf-8"
    )
    return config


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

from pathlib import Path

import duckdb
import pytest

from orchestration.fingerprints import (
    code_fingerprint,
    combine,
    config_fingerprint,
    query_fingerprint,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "dbt_project.yml": "name: x",
        "models/core/a.sql": "select 1",
        "dbt_project/macros/m.sql": "{% macro m() %}{% endmacro %}",
        "dbt_project/seeds/bands.csv": "band\nred\n",
        "ml/text/data/words.csv": "term,valence\ngood,2\n",
        "README.md": "words",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "dbt_project.yml",
        "models/core/a.sql",
        "dbt_project/macros/m.sql",
        "ml/text/data/words.csv",
    ],
)
def test_changed_code_changes_the_code_and_not_the_configuration(project: Path, name: str) -> None:
    code, config = code_fingerprint(project), config_fingerprint(project, "p")
    (project / name).write_text("changed", encoding="utf-8")
    assert code_fingerprint(project) != code
    assert config_fingerprint(project, "p") == config


def test_a_renamed_model_changes_the_code(project: Path) -> None:
    before = code_fingerprint(project)
    (project / "models/core/a.sql").rename(project / "models/core/b.sql")
    assert code_fingerprint(project) != before


def test_a_changed_seed_or_profile_changes_the_configuration_only(project: Path) -> None:
    code, config = code_fingerprint(project), config_fingerprint(project, "p")
    assert config_fingerprint(project, "other") != config
    (project / "dbt_project/seeds/bands.csv").write_text("band\ngreen\n", encoding="utf-8")
    assert config_fingerprint(project, "p") != config
    assert code_fingerprint(project) == code


def test_prose_changes_nothing(project: Path) -> None:
    before = code_fingerprint(project)
    (project / "README.md").write_text("other words", encoding="utf-8")
    assert code_fingerprint(project) == before


def test_rows_in_any_order_have_one_fingerprint() -> None:
    with duckdb.connect() as con:
        rows = "select * from (values (1, 'a'), (2, 'b'), (2, 'b')) as t(x, y)"
        assert query_fingerprint(con, rows) == query_fingerprint(con, f"{rows} order by x desc")


@pytest.mark.parametrize(
    "other",
    [
        "select * from (values (1, 'a'), (2, 'b')) as t(x, y)",
        "select * from (values (1, 'a'), (2, 'c'), (2, 'b')) as t(x, y)",
        "select * from (values (1, 'a'), (2, 'b'), (2, 'b')) as t(x, z)",
        "select x::bigint as x, y from (values (1, 'a'), (2, 'b'), (2, 'b')) as t(x, y)",
    ],
    ids=["a row less", "another value", "another name", "another type"],
)
def test_other_rows_names_or_types_have_another_fingerprint(other: str) -> None:
    with duckdb.connect() as con:
        rows = "select * from (values (1, 'a'), (2, 'b'), (2, 'b')) as t(x, y)"
        assert query_fingerprint(con, rows) != query_fingerprint(con, other)


def test_the_borders_of_combined_parts_count() -> None:
    assert combine("ab", "c") != combine("a", "bc")
